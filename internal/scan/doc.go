// Package scan looks into folders with Trivy's engine. It is the only package
// that imports Trivy, and Trivy compiles only with GOEXPERIMENT=jsonv2: without it
// this package is empty.
package scan

// Package image is access to container images, wherever they are: what is scanned,
// signed and promoted is read by it, bounded and verified, and tags move by it.
package image

// Package e2e tests the images and the actions in them as workflows use them:
// under act, as container actions, with the artifacts of a run. Its tests have
// the build tag e2e and run by make e2e, which builds the images first.
package e2e

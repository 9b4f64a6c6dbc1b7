// Package imagetest has what tests of images share: a registry that refuses what real
// ones refuse and can be told to fail, and images made on the spot.
package imagetest

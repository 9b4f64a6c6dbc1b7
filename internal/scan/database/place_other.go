//go:build !linux

package database

import (
	"errors"
	"os"
)

// exchange is not to be had here; swap takes two steps.
func exchange(string, string) error { return errors.ErrUnsupported }

// flock is not to be had here: a laptop's user is alone.
func flock(string) (*os.File, error) { return nil, errors.ErrUnsupported }

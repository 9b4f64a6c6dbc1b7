// Package trial has no code: its tests build pages with webpack, Vite and
// build-bundle, have package page rewrite them, and see what Chromium blocks when a
// byte of a file changes on the server.
package trial

// Package ghtest is GitHub for tests: a strict http.Handler that keeps issues,
// labels, comments and code scanning's uploads of one repository, refuses what
// GitHub refuses, in its words, and checks each request and each of its own
// answers against GitHub's REST description where npm has installed it.
package ghtest

import (
	"net/http"
	"testing"
	"time"
)

// Options are what the fake is. Repository and Permissions are required.
type Options struct {
	Repository string // owner/name
	// Permissions are the token's, as in a workflow: "issues": "write". What is
	// not there is none, as in a workflow that has a permissions block.
	Permissions map[string]string
	// Login is the token's user; "" is github-actions[bot].
	Login string
	// Token is the one that is taken; "" is Token.
	Token string
	// Private repositories are not there for a token that can't read them.
	Private bool
	// Prefix is the path before the API's: "" as on github.com, "/api/v3" as on
	// an Enterprise Server.
	Prefix string
	// Now is the clock of dates and limits; nil is a fixed date.
	Now func() time.Time
}

// Token is a token that the fake takes.
const Token = "ghs_0123456789abcdefghijklmnopqrstuvwxyzA"

// Fake is the server. What it was asked that GitHub's description does not
// allow fails the test.
type Fake struct{}

// New starts nothing: a Fake is a http.Handler.
func New(t testing.TB, o Options) *Fake { panic("soon") }

// Serve starts a server for the test and returns the API's URL.
func (f *Fake) Serve(t testing.TB) string { panic("soon") }

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("soon") }

// Issue is one that the fake keeps.
type Issue struct {
	Number      int
	Title, Body string
	Author      string
	Bot         bool // what the author is
	Labels      []string
	State       string // "open" or "closed"
	Reason      string // why it is closed
	PullRequest bool
	Comments    []Comment
}

// Comment is one of an issue.
type Comment struct {
	ID           int64
	Author, Body string
}

// Issues are copies of all that there are, in order.
func (f *Fake) Issues() []Issue { panic("soon") }

// Add puts an issue there as its author would, with the next number.
func (f *Fake) Add(i Issue) int { panic("soon") }

// Script has the next requests whose method and path match answered by the
// steps, one each, before the fake answers by itself again.
func (f *Fake) Script(method, path string, steps ...Step) { panic("soon") }

// Step is one answer: see the functions that make them.
type Step func(w http.ResponseWriter, r *http.Request, next http.Handler)

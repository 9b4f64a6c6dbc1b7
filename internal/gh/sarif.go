package gh

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

const (
	maxSARIF  = 10 << 20         // gzipped: GitHub refuses more
	firstPoll = 2 * time.Second  // after the upload, and twice as long each time
	slowPoll  = 30 * time.Second // at most
	maxPolls  = 60
)

// SARIF is a file of findings for code scanning.
type SARIF struct {
	Commit string // 40 hex digits
	Ref    string // "refs/heads/main", "refs/pull/1/merge"
	// CheckoutURI is what absolute paths in the file begin with, such as
	// "file:///github/workspace/"; "" if it has none.
	CheckoutURI string
	Data        []byte
}

// SARIFResult is what GitHub made of a file.
type SARIFResult struct {
	ID       string
	Complete bool   // false where GitHub was still at it when MaxWait was over
	URL      string // of the analyses, in the API; "" until they are complete
}

var (
	commitForm  = regexp.MustCompile(`^[0-9a-f]{40}$`)
	refForm     = regexp.MustCompile(`^refs/(?:heads/.+|pull/[0-9]+/(?:merge|head)|tags/.+)$`)
	sarifIDForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,100}$`)
)

// UploadSARIF sends the file and waits until GitHub has read it. It needs the
// permission security-events: write. What GitHub finds wrong in the file is an
// error.
func (c *Client) UploadSARIF(ctx context.Context, s SARIF) (SARIFResult, error) {
	packed, err := s.pack()
	if err != nil {
		return SARIFResult{}, fmt.Errorf("uploading SARIF: %w", err)
	}
	upload := &github.SarifAnalysis{CommitSHA: &s.Commit, Ref: &s.Ref, Sarif: &packed}
	if s.CheckoutURI != "" {
		upload.CheckoutURI = &s.CheckoutURI
	}
	ctx = c.call(ctx, "security-events: write")
	// A second upload takes the place of the first: both are of one tool,
	// category and commit.
	id, _, err := c.api.CodeScanning.UploadSarif(repeating(ctx), c.owner, c.repo, upload)
	if err != nil {
		return SARIFResult{}, fmt.Errorf("uploading SARIF: %w", clean(err))
	}
	if !sarifIDForm.MatchString(id.GetID()) {
		return SARIFResult{}, fmt.Errorf("uploading SARIF: got the id %.80q of the upload: %w", id.GetID(), ErrUnavailable)
	}
	return c.processed(ctx, id.GetID())
}

// pack checks what GitHub would refuse, all at once, and writes the file as
// GitHub takes it.
func (s *SARIF) pack() (string, error) {
	var problems []error
	if !commitForm.MatchString(s.Commit) {
		problems = append(problems, fmt.Errorf("got the commit %.80q; it is 40 hex digits", s.Commit))
	}
	if !refForm.MatchString(s.Ref) {
		problems = append(problems, fmt.Errorf("got the ref %.200q; it is a full one, such as refs/heads/main or refs/pull/1/merge", s.Ref))
	}
	var packed bytes.Buffer
	text := base64.NewEncoder(base64.StdEncoding, &packed)
	zip := gzip.NewWriter(text)
	_, err := zip.Write(s.Data)
	problems = append(problems, err, zip.Close(), text.Close())
	if size := base64.StdEncoding.DecodedLen(packed.Len()); size > maxSARIF {
		problems = append(problems, fmt.Errorf("got %d MB of SARIF, gzipped; GitHub takes %d MB: report less, or in several files", size>>20, maxSARIF>>20))
	}
	return packed.String(), errors.Join(problems...)
}

// processed asks until GitHub has read the file or the time is over. It may not
// know of an upload that it has just taken.
func (c *Client) processed(ctx context.Context, id string) (SARIFResult, error) {
	result := SARIFResult{ID: id}
	path := c.path("code-scanning/sarifs/" + id)
	left, pause := budget(ctx, c.options), firstPoll
	for range maxPolls {
		if left.take(ctx, pause, c.options.Now()) != nil {
			return result, nil
		}
		if err := c.options.Sleep(ctx, pause); err != nil {
			return result, fmt.Errorf("reading what became of the SARIF file: %w", err)
		}
		pause = min(2*pause, slowPoll)
		var answer struct {
			Status string   `json:"processing_status"`
			URL    string   `json:"analyses_url"`
			Errors []string `json:"errors"`
		}
		_, err := c.get(ctx, path, &answer)
		switch {
		case errors.Is(err, ErrNotFound):
			continue
		case err != nil:
			return result, fmt.Errorf("reading what became of the SARIF file: %w", err)
		}
		switch answer.Status {
		case "complete":
			result.Complete, result.URL = true, answer.URL
			return result, nil
		case "failed":
			return result, fmt.Errorf("GitHub could not take the SARIF file: %s", said([]byte(strings.Join(answer.Errors, ", ")), c.options.Token))
		}
	}
	return result, nil
}

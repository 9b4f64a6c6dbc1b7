package gh

import "context"

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
	Complete bool   // false where it was still at it when MaxWait was over
	URL      string // of the analysis, in the API
}

// UploadSARIF sends the file and waits until GitHub has read it. It needs the
// permission security-events: write. What GitHub finds wrong in the file is an
// error.
func (c *Client) UploadSARIF(ctx context.Context, s SARIF) (SARIFResult, error) { panic("soon") }

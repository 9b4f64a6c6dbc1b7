package ghtest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
)

// Upload is a SARIF file as it was sent, unpacked.
type Upload struct {
	ID, Commit, Ref, CheckoutURI string
	Data                         []byte
}

type upload struct {
	Upload
	polls int
}

// Uploads are all that were taken, in order.
func (f *Fake) Uploads() []Upload {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Upload
	for _, u := range f.uploads {
		all = append(all, u.Upload)
	}
	return all
}

var (
	commitForm = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
	refForm    = regexp.MustCompile(`^refs/(heads|tags|pull)/.+$`)
)

func (f *Fake) uploadSARIF(q *request) answer {
	const docs = "code-scanning/code-scanning#upload-an-analysis-as-sarif-data"
	text := func(name string) string { s, _ := q.fields[name].(string); return s }
	u := &upload{Upload: Upload{Commit: text("commit_sha"), Ref: text("ref"), CheckoutURI: text("checkout_uri")}}
	switch {
	case !commitForm.MatchString(u.Commit):
		return failed(http.StatusBadRequest, "commit_sha is not a SHA-1", docs)
	case !refForm.MatchString(u.Ref):
		return failed(http.StatusBadRequest, "ref is not a full git reference", docs)
	}
	packed, err := base64.StdEncoding.DecodeString(text("sarif"))
	if err != nil {
		return failed(http.StatusBadRequest, "The SARIF field is not a valid base64 string.", docs)
	}
	if len(packed) > 10<<20 {
		return failed(http.StatusRequestEntityTooLarge, "Payload too large", docs)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		u.Data, err = io.ReadAll(io.LimitReader(zip, 64<<20))
	}
	if err != nil {
		return failed(http.StatusBadRequest, "The SARIF field is not gzip.", docs)
	}
	u.ID = fmt.Sprintf("47177e22-5596-11eb-80a1-%012d", len(f.uploads)+1)
	f.uploads = append(f.uploads, u)
	return answer{status: http.StatusAccepted, body: map[string]any{"id": u.ID, "url": f.repoURL(q) + "/code-scanning/sarifs/" + u.ID}}
}

// sarifStatus is "pending" at first; then GitHub has read the file.
func (f *Fake) sarifStatus(q *request) answer {
	for _, u := range f.uploads {
		if u.ID != q.vars["sarif_id"] {
			continue
		}
		if u.polls++; u.polls <= f.options.Polls {
			return answer{status: http.StatusOK, body: map[string]any{"processing_status": "pending"}}
		}
		var file struct {
			Version string
			Runs    []json.RawMessage
		}
		if json.Unmarshal(u.Data, &file) != nil || file.Version != "2.1.0" || file.Runs == nil {
			return answer{status: http.StatusOK, body: map[string]any{
				"processing_status": "failed", "analyses_url": nil,
				"errors": []any{"Invalid SARIF. JSON syntax error or a version other than 2.1.0"},
			}}
		}
		return answer{status: http.StatusOK, body: map[string]any{
			"processing_status": "complete", "analyses_url": f.repoURL(q) + "/code-scanning/analyses?sarif_id=" + u.ID,
		}}
	}
	return failed(http.StatusNotFound, "Not Found", "code-scanning/code-scanning#get-information-about-a-sarif-upload")
}

package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// message is a protobuf message in its JSON form. GitHub spells fields as
// "signed_url", act as "signedUrl", and a reader must take both (ProtoJSON):
// keys are kept in lower case and without "_".
type message map[string]json.RawMessage

func parseMessage(data []byte) (message, error) {
	var m message
	err := json.Unmarshal(data, &m)
	return m, err
}

func (m *message) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	*m = make(message, len(fields))
	for key, value := range fields {
		(*m)[strings.ToLower(strings.ReplaceAll(key, "_", ""))] = value
	}
	return nil
}

// text returns a string field, "" if it is absent, null or no string.
func (m message) text(key string) string {
	var s string
	if json.Unmarshal(m[key], &s) != nil {
		return ""
	}
	return s
}

// number returns an int64 field, which ProtoJSON writes as a string and lets
// others write as a number; 0 if it is absent.
func (m message) number(key string) (int64, error) {
	text := strings.Trim(string(m[key]), `"`)
	if text == "" || text == "null" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: got %.40q, want an integer", key, text)
	}
	return n, nil
}

// artifact reads one of ListArtifacts' answer.
func (m message) artifact() (Artifact, error) {
	a := Artifact{Name: m.text("name"), ids: backendIDs{m.text("workflowrunbackendid"), m.text("workflowjobrunbackendid")}}
	var err error
	if a.ID, err = m.number("databaseid"); err != nil {
		return a, err
	}
	if a.Size, err = m.number("size"); err != nil {
		return a, err
	}
	if text := m.text("digest"); text != "" {
		hex, ok := strings.CutPrefix(text, digestPrefix)
		if !ok {
			return a, fmt.Errorf("digest: got %.80q, want sha256:<hexadecimal>", text)
		}
		if a.Digest, err = release.ParseDigest(hex); err != nil {
			return a, fmt.Errorf("digest: %w", err)
		}
		if a.Digest.IsZero() { // it would count as none, and nothing be checked
			return a, errors.New("digest: got zeros, want a SHA-256")
		}
	}
	if text := m.text("createdat"); text != "" {
		if a.Created, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return a, fmt.Errorf("created_at: got %.40q, want a time of RFC 3339", text)
		}
	}
	return a, nil
}

const digestPrefix = "sha256:"

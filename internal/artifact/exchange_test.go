package artifact

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestMaskWhereverItIsCut echoes secrets at every place around the ends of what
// is read and shown. No eight characters of one may be left.
func TestMaskWhereverItIsCut(t *testing.T) {
	secret := "q1w2e3r4t5/z6+u7i8o9=p0"
	secrets := []string{strings.Repeat(secret, 30), secret}
	for _, echoed := range append(secrets, "q1w2e3r4t5%2Fz6%2Bu7i8o9%3Dp0") {
		for _, end := range []int{maxShown, maxErrorBody} {
			for before := max(end-len(echoed)-30, 0); before < end+30; before++ {
				body := strings.Repeat(".", before) + echoed + " " + strings.Repeat(echoed, 8)
				shown := describeBody(body, secrets)
				for i := range len(shown) - 7 {
					if part := shown[i : i+8]; strings.Trim(part, ".*…") == part && strings.Contains(body, part) {
						t.Fatalf("behind %d bytes %q shows %q of %q", before, shown, part, echoed)
					}
				}
			}
		}
	}
}

// TestMaskWhatIsCutManyTimes lets masking shorten the text so much that its end
// comes into view.
func TestMaskWhatIsCutManyTimes(t *testing.T) {
	secret := strings.Repeat("q1w2e3r4t5", 40)
	for before := range len(secret) {
		body := strings.Repeat(".", before) + strings.Repeat(secret, 30)
		if shown := describeBody(body, []string{secret}); strings.Contains(shown, "q1w2") {
			t.Fatalf("behind %d bytes %q shows a part of the secret", before, shown)
		}
	}
}

func describeBody(body string, secrets []string) string {
	resp := &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	defer resp.Body.Close()
	return describe(resp, secrets).message
}

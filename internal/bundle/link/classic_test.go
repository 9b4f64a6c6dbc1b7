package link

import (
	"bytes"
	"testing"
)

// A development server tells by this that only a style sheet has changed.
func TestRunTimeIsTheSameForAnyHash(t *testing.T) {
	for text, module := range map[string]bool{runtimeClassic: false, runtimeOfModules: false, runtimeModule: true} {
		one, two := `{f:[["a-0123456789.css","sha384-aaaa"]]}`, `{f:[["a-fedcba9876.css","sha384-zzzz"]]}`
		a, err := withTable(text, []byte(one), module)
		if err != nil {
			t.Fatal(err)
		}
		b, err := withTable(text, []byte(two), module)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(a, []byte(one)) || !bytes.Equal(bytes.Replace(a, []byte(one), []byte(two), 1), b) {
			t.Errorf("got\n%s\n%s", a, b)
		}
	}
}

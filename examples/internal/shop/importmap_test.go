package shop

import "testing"

func TestRebase(t *testing.T) {
	got, err := rebase([]byte(`{
		"imports": {"app/a": "./a-1.js", "react": "https://cdn.example/react.js"},
		"integrity": {"./a-1.js": "sha384-x", "https://cdn.example/react.js": "sha384-y"}
	}`), "http://assets.example/")
	want := `{"imports":{"app/a":"http://assets.example/a-1.js","react":"https://cdn.example/react.js"},` +
		`"integrity":{"http://assets.example/a-1.js":"sha384-x","https://cdn.example/react.js":"sha384-y"}}`
	if err != nil || string(got) != want {
		t.Errorf("got %s (%v)\nwant %s", got, err, want)
	}
	if _, err := rebase([]byte(`{`), ""); err == nil {
		t.Error("got no error for what is no JSON")
	}
}

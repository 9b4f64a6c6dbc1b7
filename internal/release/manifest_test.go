package release

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/golden"
)

func TestCheckoutManifest(t *testing.T) {
	data, err := sample(t).CheckoutManifest("app", "checkout")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", data)

	var m struct {
		JS, CSS       []string
		DynamicChunks struct{ JS, CSS []string }
		Integrity     map[string]string
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.JS, []string{"vendor-1f.js", "checkout-2a.js"}) {
		t.Errorf("js is not in load order: %s", m.JS)
	}
	for _, path := range slices.Concat(m.JS, m.CSS, m.DynamicChunks.JS, m.DynamicChunks.CSS) {
		if want := IntegrityOf(sampleContent(path)).String(); m.Integrity[path] != want {
			t.Errorf("%s: integrity %q, want %q", path, m.Integrity[path], want)
		}
		delete(m.Integrity, path)
	}
	if len(m.Integrity) > 0 {
		t.Errorf("integrity of what is not loaded: %v", m.Integrity)
	}
}

func TestCheckoutManifestOfWhatIsNotThere(t *testing.T) {
	r := sample(t)
	for _, tt := range []struct{ pass, entry, want string }{
		{"apps", "checkout", `has "app", "loader"`},
		{"loader", "checkout", `has "auto-loader", "loader"`},
	} {
		if _, err := r.CheckoutManifest(tt.pass, tt.entry); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s/%s: got %v, want %s", tt.pass, tt.entry, err, tt.want)
		}
	}
}

func TestImportMap(t *testing.T) {
	r := sampleClone(t)
	if _, err := r.ImportMap("app", "./"); err == nil {
		t.Error("an import map of a classic pass")
	}
	r.Passes[0].Format = ESM
	if _, err := r.ImportMap("app", "https://cdn.example/a"); err == nil {
		t.Error("a base without a slash was taken")
	}
	data, err := r.ImportMap("app", "./")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", data)
}

func TestStatement(t *testing.T) {
	id, _ := sample(t).ID()
	s := Statement{Release: id, PredicateType: "https://example.com/coverage/v1", Predicate: []byte(`{"pinned": 9, "all": 9, "share": 1.0}`)}
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", data)
	read, err := ReadStatement(data)
	if err != nil || read.Release != id || read.PredicateType != s.PredicateType || !strings.Contains(string(read.Predicate), `"pinned"`) {
		t.Errorf("read again: got %+v, %v", read, err)
	}
	whole := string(data)
	for name, text := range map[string]string{
		"cut off":        whole[:len(whole)/2],
		"a name twice":   strings.Replace(whole, `"_type"`, `"predicateType":"p","_type"`, 1),
		"another type":   strings.Replace(whole, "Statement/v1", "Statement/v2", 1),
		"no subject":     `{"_type":"` + StatementType + `","subject":[],"predicateType":"p","predicate":{}}`,
		"a short digest": strings.Replace(whole, id.String(), id.String()[1:], 1),
		"more":           strings.Replace(whole, `"_type"`, `"x":1,"_type"`, 1),
		"no predicate":   strings.Replace(whole, `"predicate":`, `"Predicate":`, 1),
		"capitals":       strings.Replace(whole, `"subject"`, `"Subject"`, 1),
	} {
		if text == whole {
			t.Fatalf("%s: nothing was changed", name)
		}
		if got, err := ReadStatement([]byte(text)); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}

	for name, s := range map[string]Statement{
		"no release":      {PredicateType: "p", Predicate: []byte("{}")},
		"no type":         {Release: id, Predicate: []byte("{}")},
		"no predicate":    {Release: id, PredicateType: "p"},
		"an array":        {Release: id, PredicateType: "p", Predicate: []byte("[]")},
		"duplicate names": {Release: id, PredicateType: "p", Predicate: []byte(`{"a":1,"a":2}`)},
	} {
		if data, err := s.Encode(); err == nil {
			t.Errorf("%s: got %s", name, data)
		}
	}
}

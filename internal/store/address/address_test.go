package address_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/address"
)

func TestParse(t *testing.T) {
	for _, text := range append(address.Examples(),
		"public", "/srv/a:b", "./a:b", "../up", "dir:public", "s3://shop-checkout", "s3://shop-checkout/?region=eu-west-1&role=arn:aws:iam::123456789012:role/deploy",
		"s3://b?endpoint=http://127.0.0.1:7070", "gs://shop-checkout", "http+webdav://127.0.0.1:8080/dav",
	) {
		if a, err := address.Parse(text); err != nil || a.String() == "" {
			t.Errorf("%s: got %q, %v", text, a, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct {
		text string
		want []string
	}{
		{"", []string{"got no address"}},
		{"dir:", []string{"got no folder's path"}},
		{"file://server/share", []string{"more than a path"}},
		{"ftp://host/x", []string{`got the scheme "ftp", want such as ./public`}},
		{"https://shop.example", []string{`got the scheme "https"`}},
		{"s3://user:hunter2@b/p?regio=x&sig=1&endpoint=http://evil.example&role=me#f", []string{
			"credentials come from the environment", "got a fragment", `got the parameter "regio", want one of endpoint, path-style, region, role`,
			`got the parameter "sig", want no credentials`, "plain http is for this machine", "role: got",
		}},
		{"s3:///p", []string{"got no bucket's name"}},
		{"s3://b:80", []string{"got no bucket's name"}},
		{"s3://b/../up", []string{"the prefix: got"}},
		{"s3://b?region=EU&region=x", []string{"got region 2 times"}},
		{"s3://b?path-style=maybe", []string{"want true or false"}},
		{"gs://b?region=eu-west-1", []string{`got the parameter "region", want one of endpoint`}},
		{"azblob://c?account_key=hunter2", []string{"want no credentials"}},
		{"https+webdav://me:hunter2@host/dav", []string{"want https://host/path, and the user by itself"}},
		{"http+webdav://host/dav", []string{"https only"}},
		{"s3://b/\x00hunter2", []string{"can't be read"}},
	} {
		a, err := address.Parse(row.text)
		if err == nil {
			t.Errorf("%s: got %q, want an error", row.text, a)
			continue
		}
		for _, want := range row.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", row.text, err, want)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a password is in the error: %v", row.text, err)
		}
	}
}

func TestOpen(t *testing.T) {
	folder := t.TempDir()
	for _, text := range []string{folder + "/a", "dir:" + folder + "/b", "file://" + filepath.ToSlash(folder) + "/c", "s3://shop-checkout?region=eu-west-1", "http+webdav://127.0.0.1:1/dav"} {
		a, err := address.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s, closed, err := a.Open(t.Context(), address.Options{Now: time.Now})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, ok := a.Folder(); ok {
			if _, err := s.Write(t.Context(), "x", store.Bytes(nil), store.Header{}, store.Anew); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		if err := closed(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, _, err := (address.Address{}).Open(t.Context(), address.Options{}); err == nil {
		t.Error("the zero Address was opened")
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range address.Examples() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := address.Parse(text)
		if err != nil {
			return
		}
		// What was taken is taken again, and means the same.
		again, err := address.Parse(a.String())
		if _, ok := a.Folder(); !ok && (err != nil || again.String() != a.String()) {
			t.Errorf("%q: %q, then %q, %v", text, a, again, err)
		}
	})
}

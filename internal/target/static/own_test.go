package static

import (
	"testing"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
)

// at is a target at a base.
func at(base string) *Target { return &Target{Base: base, Entry: "index.html"} }

// TestOwn: what the live check takes for the release's page is that, and no more.
func TestOwn(t *testing.T) {
	const page = "<!doctype html><html><head><script src=a.js></script></head></html>\n"
	ref := channel.Ref{Seq: 4, Nonce: channel.Nonce{1}, Release: release.DigestOf([]byte("x")), Channel: release.DigestOf([]byte("c"))}
	served, err := at("/a&b/").render([]byte(page), ref)
	if err != nil {
		t.Fatal(err)
	}
	if got := Own(served); string(got) != page {
		t.Errorf("got %q", got)
	}
	for _, foreign := range []string{page, page + ref.String(), "x" + string(served) + "x"} {
		if got := Own([]byte(foreign)); string(got) != foreign {
			t.Errorf("%q: got %q", foreign, got)
		}
	}
	altered := string(served[:len(served)-len(ref.String())]) + "<script>steal()</script>" + ref.String()
	if got := Own([]byte(altered)); string(got) == page {
		t.Error("an altered page is taken for the release's")
	}
}

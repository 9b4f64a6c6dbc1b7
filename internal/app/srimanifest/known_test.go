package srimanifest

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/gh/ghtest"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/inventory"
	"github.com/org/checkout-deploy/internal/live"
	"github.com/org/checkout-deploy/internal/sign"
)

// watched is a page with a script of its own, and a project with the signed baseline
// of its first release and the signed record of its second. No browser is there: what
// the checks say of files needs none.
type watched struct {
	url, dir string
	app      atomic.Value // the script as it is served
	at       atomic.Value // its address in the page
}

const first, second = "window.app = 1;\n", "window.app = 2;\n"

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{}
	w.app.Store(first)
	w.at.Store("app.js")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/app.js") {
			rw.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(rw, w.app.Load())
			return
		}
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(rw, "<!doctype html><title>Pay</title><script src='%s' integrity='%s'></script>", w.at.Load(), live.Pin([]byte(w.app.Load().(string))))
	}))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*authority}}
	server.StartTLS()
	t.Cleanup(server.Close)
	w.url = server.URL + "/"
	private := openssl(t, openssl(t, "", "ecparam", "-genkey", "-name", "prime256v1", "-noout"), "pkcs8", "-topk8", "-nocrypt")
	keys := map[string]string{"key.pem": private, "key.pub": openssl(t, private, "pkey", "-pubout")}
	t.Setenv("PATH", t.TempDir())
	shop := project(t, keys)
	write(t, shop, map[string]string{"dist/index.html": "<!doctype html><title>Pay</title><script src='app.js'></script>", "dist/app.js": second})
	if got := laptop(t, shop, "--sign", "key", "--key", "key.pem", "--fail-severity", "none"); got.code != 0 {
		t.Fatalf("the release: got %+v", got)
	}
	w.dir = project(t, keys)
	for name, text := range tree(t, shop) {
		if below, ok := strings.CutPrefix(name, "dist/"); ok && (below == "release.json" || strings.HasPrefix(below, "attestations/")) {
			write(t, w.dir, map[string]string{"records/78/" + below: text})
		}
	}
	w.configure(t, "{ signed-by: { key: key.pub }, live: { pages: [PAGE], allow: [127.0.0.1] } }")
	w.baseline(t, nil)
	return w
}

func (w *watched) configure(t *testing.T, integrity string) {
	t.Helper()
	write(t, w.dir, map[string]string{"checkout-deploy.yml": "version: 1\nintegrity: " + strings.ReplaceAll(integrity, "PAGE", w.url) + "\n"})
}

// baseline writes what is live now, as if a browser had seen it.
func (w *watched) baseline(t *testing.T, own map[string]string) {
	t.Helper()
	o, err := live.Observe(t.Context(), live.Options{Pages: []string{w.url}, Scan: scanLive, Allow: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	o.Browser = "Chrome/1"
	b, err := live.NewBaseline(o, own)
	if err != nil {
		t.Fatal(err)
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := sign.NewKeySigner(t.Context(), sign.KeyOptions{Reference: "key.pem", ReadFile: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(w.dir, name)) }})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := s.Sign(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	write(t, w.dir, map[string]string{"checkout-baseline.json": string(data), "checkout-baseline.json.sigstore.json": string(bundle)})
}

// told are the rules of the last run's findings, without those of a check that has no
// browser.
func (w *watched) told(t *testing.T) []string {
	t.Helper()
	var log struct {
		Runs []struct {
			Results []struct{ RuleID string }
		}
	}
	if err := json.Unmarshal([]byte(tree(t, w.dir)["integrity/live/findings.sarif"]), &log); err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, r := range log.Runs[0].Results {
		rules[r.RuleID] = true
	}
	delete(rules, "live/not-executed")
	return slices.Sorted(maps.Keys(rules))
}

// A deploy of signed bytes is quiet; a byte that no signed record knows is not.
func TestRecords(t *testing.T) {
	w := newWatched(t)
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(tree(t, w.dir)["records/78/release.json"])))
	unsigned := strings.Replace(tree(t, w.dir)["records/78/release.json"], `"name":"`, `"name":"x`, 1)
	for _, test := range []struct {
		name, app, records string
		files              map[string]string
		want               []string
	}{
		{name: "nothing was deployed", app: first, records: "records"},
		{name: "a deploy", app: second, records: "records"},
		{name: "a deploy that no record is of", app: second, want: []string{"live/changed-script"}},
		{name: "a byte more", app: second + ";", records: "records", want: []string{"live/changed-script"}},
		{name: "a record that is not as it was signed", app: second, records: "theirs", files: map[string]string{
			"theirs/1/release.json": unsigned, "theirs/1/attestations/release.json.sigstore.json": tree(t, w.dir)["records/78/attestations/release.json.sigstore.json"],
		}, want: []string{"live/changed-script", "live/record-refused"}},
		{name: "a record that nobody signed", app: second, records: "bare", files: map[string]string{"bare/1/release.json": tree(t, w.dir)["records/78/release.json"]}, want: []string{"live/changed-script", "live/record-refused"}},
		{name: "a record among statements", app: second, records: "below", files: map[string]string{"below/attestations/1/release.json": "{}"}, want: []string{"live/changed-script"}},
		{name: "no such folder", app: first, records: "elsewhere", want: []string{"live/record-refused"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.app.Store(test.app)
			write(t, w.dir, test.files)
			args := []string{"--mode", "live", "--sign", "key", "--key", "key.pem"}
			if test.records != "" {
				args = append(args, "--records", test.records)
			}
			got := laptop(t, w.dir, args...)
			if rules := w.told(t); got.code == 0 || !slices.Equal(rules, test.want) {
				t.Errorf("got %q, want %q: %+v", rules, test.want, got)
			}
			shown := test.app == second && test.records == "records"
			if pack := tree(t, w.dir)["integrity/live/evidence.json"]; strings.Contains(pack, `"release":"`+id+`"`) != shown || strings.Contains(pack, `"name":"app.js"`) != shown {
				t.Errorf("got the pack %s, want the release %s in it: %t", pack, id, shown)
			}
		})
	}
}

// Whatever breaks a check, people are told: by the issue, the evidence and the exit.
func TestBrokenCheckIsTold(t *testing.T) {
	w := newWatched(t)
	before := tree(t, w.dir)
	many := ""
	for i := range live.MaxPages + 1 {
		many += fmt.Sprintf("PAGE%d, ", i)
	}
	for _, test := range []struct {
		name   string
		config string // "" for the one that is there
		files  map[string]string
		inputs []string
		code   int
		want   []string
		says   string // by the pack
	}{
		{name: "no previous pack", inputs: []string{"previous=last.json"}, code: 2, want: []string{"live/chain-broken"}, says: "begins a new chain"},
		{name: "a previous pack that nobody signed", files: map[string]string{"last.json": "{}"}, inputs: []string{"previous=last.json"}, code: 2, want: []string{"live/chain-broken"}, says: "begins a new chain"},
		{name: "a browser that does not answer", inputs: []string{"browser=http://127.0.0.1:1"}, code: 3, says: "The browser did not answer"},
		{name: "no baseline", config: "{ live: { pages: [PAGE], allow: [127.0.0.1], baseline: none.json } }", code: 2, want: []string{"live/no-baseline"}, says: "compared with no baseline"},
		{name: "a baseline that somebody changed", files: map[string]string{"checkout-baseline.json": strings.Replace(before["checkout-baseline.json"], "app.js", "evil.js", 1)}, code: 4, want: []string{"live/no-baseline"}, says: "compared with no baseline"},
		{name: "no identity to sign with", inputs: []string{"sign=keyless", "key="}, code: 4, want: []string{"live/incomplete"}, says: "identity token"},
		{name: "an inventory that can't be read", config: "{ inventory: key.pem, live: { pages: [PAGE], allow: [127.0.0.1] } }", code: 2, want: []string{"live/incomplete", "live/unsigned-baseline"}, says: "key.pem"},
		{name: "pages that can't be looked at", config: "{ live: { pages: [" + many + "] } }", code: 1, want: []string{"live/incomplete", "live/page-not-seen", "live/unsigned-baseline"}, says: "101 pages"},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(t, w.dir, before)
			write(t, w.dir, test.files)
			if test.config != "" {
				w.configure(t, test.config)
			}
			fake := ghtest.New(t, ghtest.Options{Repository: "org/shop", Permissions: permissions(t)})
			got := inAJob(t, w.dir, fake.Serve(t), append([]string{"mode=live", "sign=key", "key=key.pem"}, test.inputs...)...)
			if rules := w.told(t); got.code != test.code || !slices.Equal(rules, test.want) {
				t.Errorf("got code %d and %q, want %d and %q: %+v", got.code, rules, test.code, test.want, got)
			}
			if issues := fake.Issues(); len(issues) != 1 || issues[0].State != "open" || !strings.Contains(issues[0].Title, "not all was looked at") {
				t.Errorf("got the issues %+v", issues)
			}
			if pack := tree(t, w.dir)["integrity/live/evidence.json"]; !strings.Contains(pack, test.says) || !strings.Contains(pack, `"sequence":1`) {
				t.Errorf("got no %q in the pack\n%s", test.says, pack)
			}
		})
	}
	w.app.Store(second)
	write(t, w.dir, before)
	if got := laptop(t, w.dir, "--mode", "live", "--sign", "key", "--key", "key.pem", "--previous", "none.json"); !slices.Equal(w.told(t), []string{"live/chain-broken", "live/changed-script"}) {
		t.Errorf("a broken check hides what changed: got %+v", got)
	}
}

// The evidence names its baseline and who signed it; one that nobody had to sign is a
// finding, which fails only who asks for it.
func TestBaselineSigner(t *testing.T) {
	w := newWatched(t)
	for _, test := range []struct{ name, config, want, says string }{
		{"signed", "{ signed-by: { key: key.pub }, live: { pages: [PAGE], allow: [127.0.0.1] } }", "", ", signed by key sha256:"},
		{"by nobody in particular", "{ live: { pages: [PAGE], allow: [127.0.0.1] } }", "live/unsigned-baseline", ", no signature was asked for"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.configure(t, test.config)
			laptop(t, w.dir, "--mode", "live", "--sign", "key", "--key", "key.pem")
			pack, err := evidence.Read([]byte(tree(t, w.dir)["integrity/live/evidence.json"]))
			if err != nil {
				t.Fatal(err)
			}
			if notes := strings.Join(pack.Notes, "\n"); strings.Join(w.told(t), " ") != test.want || !strings.Contains(notes, "baseline of SHA-256 "+fmt.Sprintf("%x", sha256.Sum256([]byte(tree(t, w.dir)["checkout-baseline.json"])))) || !strings.Contains(notes, test.says) {
				t.Errorf("got %q and the notes %q", w.told(t), notes)
			}
		})
	}
}

// A byte of an own script is one finding, and nothing proposes to approve it.
func TestFlippedOwnScript(t *testing.T) {
	w := newWatched(t)
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(tree(t, w.dir)["records/78/release.json"])))
	w.configure(t, "{ signed-by: { key: key.pub }, inventory: scripts.yml, live: { pages: [PAGE], allow: [127.0.0.1] } }")
	write(t, w.dir, map[string]string{"scripts.yml": fmt.Sprintf("version: 1\npages: [{ url: %q, purpose: takes cards }]\nscripts:\n  - files: [app.js]\n    source: us\n    owner: us\n    purpose: it\n", w.url) +
		"    justification: { business: it }\n    approved: { by: Ada, reference: R-1, on: 2026-01-01, expires: 2027-01-01 }\n"})
	w.app.Store(second)
	w.baseline(t, map[string]string{"app.js": live.Pin([]byte(second))})
	for _, test := range []struct {
		name, app, at string
		want          []string
		proposed      bool
	}{
		{name: "as it was signed", app: second, at: "app.js"},
		{name: "a byte more", app: second + ";", at: "app.js", want: []string{"live/changed-script"}},
		{name: "a byte more in the folder of a later release", app: second + ";", at: "r/" + id + "/app.js", want: []string{"live/another-page"}},
		{name: "another script", app: second + ";", at: "app.js'></script><script src='tag/app.js", want: []string{"inventory/new", "live/changed-script", "live/new-script", "live/unpinned"}, proposed: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.app.Store(test.app)
			w.at.Store(test.at)
			got := laptop(t, w.dir, "--mode", "live", "--sign", "key", "--key", "key.pem", "--records", "records")
			diff := tree(t, w.dir)["integrity/live/inventory.diff"]
			if !slices.Equal(w.told(t), test.want) || (diff != "") != test.proposed || strings.Contains(diff, w.url+"app.js") || strings.Contains(diff, id) {
				t.Errorf("got %q and the diff %q, want %q and one: %t: %+v", w.told(t), diff, test.want, test.proposed, got)
			}
		})
	}
}

// A pin counts by whichever of the three algorithms it is.
func TestPinsOfAnyAlgorithm(t *testing.T) {
	w := newWatched(t)
	w.configure(t, "{ signed-by: { key: key.pub }, inventory: scripts.yml, live: { pages: [PAGE], allow: [127.0.0.1] } }")
	for _, a := range integrity.Algorithms {
		for _, test := range []struct {
			name, bytes string
			want        []string
		}{{"the bytes", first, nil}, {"other bytes", second, []string{"inventory/changed"}}} {
			t.Run(string(a)+" of "+test.name, func(t *testing.T) {
				write(t, w.dir, map[string]string{"scripts.yml": fmt.Sprintf("version: 1\npages: [{ url: %q, purpose: takes cards }]\nscripts:\n  - url: %sapp.js\n    source: us\n    owner: us\n    purpose: it\n", w.url, w.url) +
					"    justification: { business: it }\n    approved: { by: Ada, reference: R-1, on: 2026-01-01, expires: 2027-01-01 }\n    pin: " + integrity.Sum(a, []byte(test.bytes)).String() + "\n"})
				got := laptop(t, w.dir, "--mode", "live", "--sign", "key", "--key", "key.pem")
				if !slices.Equal(w.told(t), test.want) {
					t.Errorf("got %q, want %q: %+v", w.told(t), test.want, got)
				}
				diff, proposed := tree(t, w.dir)["integrity/live/inventory.diff"]
				if right := integrity.Sum(a, []byte(first)).String(); proposed != (test.want != nil) || proposed && !strings.Contains(diff, "+    pin: "+right+"\n") {
					t.Errorf("got the diff %q, want it with %s: %t", diff, right, test.want != nil)
				}
				if pack := tree(t, w.dir)["integrity/live/evidence.json"]; !strings.Contains(pack, `"hash":"`+live.Pin([]byte(first))+`"`) {
					t.Errorf("got no sha384 alone in %s", pack)
				}
			})
		}
	}
}

// Whom the next check will not believe is told by this one.
func TestSigner(t *testing.T) {
	other := openssl(t, openssl(t, "", "ecparam", "-genkey", "-name", "prime256v1", "-noout"), "pkcs8", "-topk8", "-nocrypt")
	w := newWatched(t)
	write(t, w.dir, map[string]string{"other.pem": other})
	named, nobody := "{ signed-by: { key: key.pub }, live: { pages: [PAGE], allow: [127.0.0.1] } }", "{ live: { pages: [PAGE], allow: [127.0.0.1] } }"
	for _, test := range []struct {
		name, config string
		args         []string
		code         int // nothing fails but an error
		want         []string
		bundle       bool
	}{
		{"whom it names", named, []string{"--sign", "key", "--key", "key.pem"}, 0, nil, true},
		{"somebody else", named, []string{"--sign", "key", "--key", "other.pem"}, 2, nil, false},
		{"nobody", named, nil, 0, []string{"live/unsigned"}, false},
		{"anybody", nobody, []string{"--sign", "key", "--key", "other.pem"}, 0, []string{"live/unsigned-baseline"}, true},
		{"nobody where nobody is named", nobody, nil, 0, []string{"live/unsigned-baseline"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.configure(t, test.config)
			got := laptop(t, w.dir, append(test.args, "--mode", "live", "--fail-severity", "none")...)
			pack := tree(t, w.dir)["integrity/live/evidence.json"]
			_, signed := tree(t, w.dir)["integrity/live/evidence.json.sigstore.json"]
			if got.code != test.code || !slices.Equal(w.told(t), test.want) || signed != test.bundle || pack == "" {
				t.Errorf("got code %d, %q and a signature: %t, want %d, %q and %t: %+v", got.code, w.told(t), signed, test.code, test.want, test.bundle, got)
			}
			if test.code != 0 && (!strings.Contains(got.log, "integrity.signed-by names somebody else") || !strings.Contains(got.log, "sign as whom")) {
				t.Errorf("got no cause and no help: %s", got.log)
			}
		})
	}
}

// A live check and a drill leave what a release wrote into out.
func TestLiveLeavesTheRelease(t *testing.T) {
	w := newWatched(t)
	write(t, w.dir, map[string]string{"dist/index.html": "<!doctype html><title>Pay</title><script src='app.js'></script>", "dist/app.js": second})
	laptop(t, w.dir, "--fail-severity", "none")
	before := tree(t, w.dir)
	if before["integrity/evidence.json"] == "" || before["integrity/_headers"] == "" {
		t.Fatal("got no evidence and headers of a release")
	}
	laptop(t, w.dir, "--mode", "live")
	after := tree(t, w.dir)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("the live check changed %s", name)
		}
	}
	if after["integrity/live/evidence.json"] == "" {
		t.Error("got no evidence of the live check")
	}
}

// The example's workflow finds packs by these names: a drill's are none of the chain,
// and a second attempt's does not have to be that of the first.
func TestArtifactOfALook(t *testing.T) {
	for _, test := range []struct {
		mode          mode
		attempt, want string
	}{
		{ofLive, "", "checkout-live-integrity"},
		{ofLive, "1", "checkout-live-integrity"},
		{ofLive, "2", "checkout-live-integrity-2"},
		{ofDrill, "1", "checkout-drill-integrity"},
	} {
		if got := lookName(test.mode, test.attempt); got != test.want {
			t.Errorf("%s, attempt %q: got %q, want %q", test.mode, test.attempt, got, test.want)
		}
	}
}

// What is excepted is what the line of the inventory is of, with its query and no other
// host's, as long as the exception lasts.
func TestExceptions(t *testing.T) {
	line := func(what, expires string) string {
		return "  - " + what + "\n    exception: { reason: it changes, compensating-control: the live check, expires: " + expires + " }\n"
	}
	inv, err := inventory.Parse("scripts.yml", []byte("version: 1\nscripts:\n"+
		line("url: 'https://tags.example.com/gtm.js?id=GTM-1'", "2027-01-01")+line("url: 'https://*.example.com/x/*.js'", "2027-01-01")+
		line("url: https://old.example.org/x.js", "2026-01-01")+line("inline: https://shop.example/pay", "2027-01-01")))
	if err != nil {
		t.Fatal(err)
	}
	excepted := exceptions(inv, today)
	for _, test := range []struct {
		name string
		r    live.Resource
		want bool
	}{
		{"a query that is named", live.Resource{Via: live.Linked, URL: "https://tags.example.com/gtm.js?id=GTM-1"}, true},
		{"another query", live.Resource{Via: live.Linked, URL: "https://tags.example.com/gtm.js?id=GTM-2"}, false},
		{"a host's label", live.Resource{Via: live.Linked, URL: "https://cdn.example.com/x/a.js"}, true},
		{"that host in another's path", live.Resource{Via: live.Linked, URL: "https://evil.net/a.example.com/x/a.js"}, false},
		{"a style at a script's address", live.Resource{Kind: live.Style, Via: live.Linked, URL: "https://cdn.example.com/x/a.js"}, false},
		{"an exception that ended", live.Resource{Via: live.Linked, URL: "https://old.example.org/x.js"}, false},
		{"inline", live.Resource{Via: live.Inline, URL: "https://shop.example/pay?session=1"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := excepted("https://shop.example/pay?session=1", test.r); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

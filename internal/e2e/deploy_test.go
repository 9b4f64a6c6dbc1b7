//go:build e2e

package e2e

import (
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
	"github.com/org/checkout-deploy/internal/store"
	stores "github.com/org/checkout-deploy/internal/store/address"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
)

// cdn is what stands before a bucket: it sends the objects with their headers, and
// those that a bucket has not. The shop's server answers at /health beside it.
type cdn struct{ bucket store.Store }

// failsWith is the title of a page with which the shop takes no payments.
const failsWith = "<title>Checkout that fails</title>"

func (c *cdn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	if name == "health" {
		c.health(w, r)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	data, header, err := c.object(r, name)
	if err != nil || strings.HasPrefix(name, "deploy/") {
		w.Header().Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", header.ContentType)
	w.Header().Set("Cache-Control", header.CacheControl)
	w.Header().Set("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || !strings.HasPrefix(header.ContentType, "text/") {
		_, _ = w.Write(data)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	packed := gzip.NewWriter(w)
	_, _ = packed.Write(data)
	_ = packed.Close()
}

// health takes a payment on the page that shoppers get.
func (c *cdn) health(w http.ResponseWriter, r *http.Request) {
	page, _, err := c.object(r, "index.html")
	if err == nil && strings.Contains(string(page), failsWith) {
		http.Error(w, "no payments", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok")
}

func (c *cdn) object(r *http.Request, name string) ([]byte, store.Header, error) {
	body, info, err := c.bucket.Open(r.Context(), name)
	if err != nil {
		return nil, store.Header{}, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	return data, info.Header, err
}

// shopDeployed is a shop whose workflows deploy to a bucket, and take back.
type shopDeployed struct {
	url, api, trusted string
	objects           string // the folder of the bucket's objects
	github            *ghtest.Fake
	project           map[string]string
	secrets           map[string]string
}

func newShopDeployed(t *testing.T) *shopDeployed {
	t.Helper()
	const prefix = "pay"
	s3, host := peer.NewS3(t), address(t)
	by := certificate(t, host)
	s := &shopDeployed{
		trusted: authority(t, by), objects: filepath.Join(s3.Folder, prefix),
		github: ghtest.New(t, ghtest.Options{Repository: "example/shop"}),
	}
	s.url, s.api = serve(t, host, by, &cdn{bucket: bucket(t, s3, prefix)})+"/", serve(t, host, by, s.github)
	gateway, err := url.Parse(s3.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	private, public := keyPair(t)
	s.secrets = map[string]string{"CHECKOUT_KEY": private, "AWS_ACCESS_KEY_ID": s3.AccessKey, "AWS_SECRET_ACCESS_KEY": s3.Secret}
	s.project = map[string]string{"checkout.pub": public}
	for name, text := range example(t, "page") {
		s.project[strings.TrimPrefix(name, "examples/page/")] = text
	}
	s.project["checkout-deploy.yml"] = replaced(t, shown(t, "docs/deploying.md", "\nenvironments:\n"), map[string]string{
		"https://pay.example.com/":                s.url,
		"s3://shop-checkout/pay?region=eu-west-1": "s3://" + peer.Bucket + "/" + prefix + "?region=" + peer.Region + "&endpoint=https://" + overTLS(t, host, by, gateway.Host),
		"strategy: { watch: 5m }":                 "strategy: { watch: 2s, every: 500ms }",
	})
	return s
}

// overTLS serves to containers by TLS what this machine has in plain, and returns where.
func overTLS(t *testing.T, host string, by *tls.Config, to string) (address string) {
	t.Helper()
	listener, err := tls.Listen("tcp", net.JoinHostPort(host, "0"), by)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go forward(listener, to)
	return listener.Addr().String()
}

// bucket is the store as the CDN reads it.
func bucket(t *testing.T, s3 *peer.S3, prefix string) store.Store {
	t.Helper()
	s3.SetEnv(t)
	at, err := stores.Parse(s3.URL(prefix))
	if err != nil {
		t.Fatal(err)
	}
	opened, end, err := at.Open(t.Context(), stores.Options{Now: time.Now, Lookup: os.LookupEnv})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = end() })
	return opened
}

// replaced changes what is there once.
func replaced(t *testing.T, text string, pairs map[string]string) string {
	t.Helper()
	for from, to := range pairs {
		if strings.Count(text, from) != 1 {
			t.Fatalf("got %q not once in\n%s", from, text)
		}
		text = strings.Replace(text, from, to, 1)
	}
	return text
}

// run runs a workflow of the examples, changed by pairs. GitHub refuses what the
// permissions of the job do not say.
func (s *shopDeployed) run(t *testing.T, name, job, trigger, inputs string, pairs map[string]string) outcome {
	t.Helper()
	text := read(t, repository(t), "examples/workflows", name)
	s.github.Grant(permissions(t, text, job))
	return workflow{
		file: name, text: replaced(t, text, pairs), files: s.project, trigger: trigger, event: `{"inputs": {` + inputs + `}}`,
		env: []string{"GITHUB_API_URL=" + s.api}, token: ghtest.Token, secrets: s.secrets, trusted: s.trusted,
	}.run(t)
}

// page is what a shopper gets.
func (s *shopDeployed) page(t *testing.T) string {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(read(t, s.trusted)))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %s, %v", s.url, answer.Status, err)
	}
	return string(text)
}

// push runs checkout.yml on a change of a file, and wants how the deploy ends.
func (s *shopDeployed) push(t *testing.T, file, from, to, state string) (id string) {
	t.Helper()
	s.project[file] = replaced(t, s.project[file], map[string]string{from: to})
	return s.deployed(t, s.run(t, "checkout.yml", "deploy", "push", "", nil), state)
}

// deployed wants a release made, and how its deploy ended.
func (s *shopDeployed) deployed(t *testing.T, got outcome, state string) (id string) {
	t.Helper()
	want := map[string]string{"release": "success", "deploy": "success"}
	if state != "live" {
		want["deploy"] = "failure"
	}
	id = got.outputs("integrity")["release"]
	outputs := got.outputs("deploy")
	if results := got.results(); !maps.Equal(results, want) || (got.code == 0) != (state == "live") {
		t.Fatalf("got code %d and the results %v, want %v", got.code, results, want)
	}
	if outputs["state"] != state || outputs["url"] != s.url || outputs["release"] != id {
		t.Fatalf("got the outputs %v, want the state %s of release %s at %s", outputs, state, id, s.url)
	}
	return id
}

// shows wants the public address to show a release, and its files to be there.
func (s *shopDeployed) shows(t *testing.T, id string) {
	t.Helper()
	page := s.page(t)
	if len(id) != 64 || !strings.Contains(page, "release="+id) || !strings.Contains(page, `<base href="/r/`+id+`/">`) || !strings.Contains(page, ` integrity="sha384-`) {
		t.Fatalf("the public address does not show release %s:\n%s", id, page)
	}
}

// recorded wants GitHub's deployments: of each its task, its release and its states.
func (s *shopDeployed) recorded(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, d := range s.github.Deployments() {
		payload, _ := d.Payload.(map[string]any)
		states := make([]string, 0, len(d.Statuses))
		for _, status := range d.Statuses {
			states = append(states, status.State)
			if status.State != "inactive" && (status.EnvironmentURL != s.url || status.LogURL == "") {
				t.Errorf("got the status %+v, want it with the address %s and a run", status, s.url)
			}
		}
		got = append(got, fmt.Sprintf("%s %v %s", d.Task, payload["release"], strings.Join(states, " ")))
		if d.Environment != "production" || !d.Production {
			t.Errorf("got the deployment %+v, want it to production", d)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("GitHub: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// stored are the names of the bucket's objects.
func (s *shopDeployed) stored(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(s.objects, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// The workflows of docs/deploying.md, by the images: a release is signed in one job and
// deployed by another to a bucket; one that fails is taken back; by hand the next one is
// deployed, and then taken back too.
func TestDeployWorkflows(t *testing.T) {
	shop := newShopDeployed(t)
	unsigned := shop.run(t, "checkout.yml", "deploy", "push", "", map[string]string{`with: { sign: key, key: "env://CHECKOUT_KEY" }`: "with: { sign: none }"})
	if errs := unsigned.errors("deploy"); unsigned.code == 0 || !strings.Contains(errs, "nothing was written") || !strings.Contains(errs, "record is not signed") || unsigned.outputs("deploy")["state"] != "unchanged" {
		t.Fatalf("without a signature: got code %d and the errors %q", unsigned.code, errs)
	}
	if names := shop.stored(t); len(names) > 0 {
		t.Fatalf("without a signature: got the objects %q, want none", names)
	}

	first := shop.push(t, "src/index.ts", "42.00", "43.00", "live")
	shop.shows(t, first)
	shop.recorded(t, "deploy "+first+" in_progress success")

	bad := shop.push(t, "index.html", "<title>Checkout</title>", failsWith, "reverted")
	shop.shows(t, first)
	shop.recorded(t, "deploy "+first+" in_progress success inactive", "deploy "+bad+" in_progress failure", "rollback "+first+" success")

	shop.project["index.html"] = replaced(t, shop.project["index.html"], map[string]string{failsWith: "<title>Pay</title>"})
	second := shop.deployed(t, shop.run(t, "checkout.yml", "deploy", "workflow_dispatch", `"clear-hold": "true"`, nil), "live")
	shop.shows(t, second)

	back := shop.run(t, "rollback.yml", "rollback", "workflow_dispatch", `"release": ""`, nil)
	back.succeeded(t, "rollback")
	if outputs := back.outputs("rollback"); outputs["state"] != "reverted" || outputs["release"] != first || outputs["url"] != shop.url {
		t.Errorf("got the outputs %v of rollback", outputs)
	}
	shop.shows(t, first)
	recorded := []string{
		"deploy " + first + " in_progress success inactive", "deploy " + bad + " in_progress failure", "rollback " + first + " success inactive",
		"deploy " + second + " in_progress success inactive", "rollback " + first + " success",
	}
	shop.recorded(t, recorded...)

	shop.push(t, "src/index.ts", "43.00", "44.00", "holding")
	shop.shows(t, first)
	shop.recorded(t, recorded...)
}

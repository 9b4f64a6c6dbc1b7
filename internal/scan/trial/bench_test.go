//go:build goexperiment.jsonv2

package trial

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// peer is one of those that are compared.
type peer struct {
	name string
	run  func(t testing.TB) []*exec.Cmd
	took []usage
}

// BenchmarkScan is scan-image against stock trivy, processes in turn, of the same
// image, the same database and warm files; bench/README.md says what each peer does.
// What the environment's SCAN_IMAGE names is measured too.
func BenchmarkScan(b *testing.B) {
	ours, err := filepath.Abs("../../../bin/scan-image")
	check(b, err)
	if _, err := os.Stat(ours); err != nil {
		b.Fatal("no bin/scan-image: make bench-scan")
	}
	s := newShop(b, flawed()(b), imagetest.RegistryOptions{})
	s.run("image="+s.push(imagetest.Debian(b, imagetest.Options{})), "fail-severity=none").shows(b, 0) // the database is there now
	images := map[string]string{"debian": s.push(large(b))}
	if real := os.Getenv("SCAN_IMAGE"); real != "" {
		images["archive"] = "docker-archive:" + real
	}
	for name, reference := range images {
		b.Run(name, func(b *testing.B) {
			peers := s.peers(ours, reference)
			for range b.N {
				for i := range peers {
					peers[i].measure(b)
				}
			}
			if b.N > 1 {
				b.ReportMetric(0, "ns/op")
				told(b, peers)
			}
		})
	}
}

// large is the image of 320 packages, and a layer of 200 MB in files of all sizes.
func large(t testing.TB) *imagetest.Image {
	img := imagetest.Debian(t, imagetest.Options{})
	random := rand.NewChaCha8([32]byte{1})
	files := map[string][]byte{}
	words := strings.Fields("checkout payment card address shipping total order item price tax return const function await export")
	for i := range 2000 {
		var text strings.Builder
		for text.Len() < 40<<10 {
			text.WriteString(words[random.Uint64()%uint64(len(words))] + " ")
		}
		files[fmt.Sprintf("srv/app/%d/file%d.js", i%50, i)] = []byte(text.String())
	}
	for i := range 30 {
		data := make([]byte, 4<<20)
		_, _ = random.Read(data)
		files[fmt.Sprintf("usr/lib/lib%d.so", i)] = data
	}
	more, err := mutate.AppendLayers(img.Images[0], imagetest.Layer(t, imagetest.Tar(t, files), false))
	check(t, err)
	img.Images = []v1.Image{more}
	return img
}

func (s *shop) peers(ours, reference string) []peer {
	cache := filepath.Join(s.dir, "cache")
	stockCache := filepath.Join(s.dir, "stock")
	check(s.t, os.RemoveAll(stockCache))
	check(s.t, os.CopyFS(filepath.Join(stockCache, "db"), os.DirFS(filepath.Join(cache, "db"))))
	at := func(env []string, name string, args ...string) *exec.Cmd {
		c := exec.CommandContext(s.t.Context(), name, args...)
		c.Dir, c.Env = s.dir, append([]string{"HOME=" + s.dir, "PATH=/usr/bin:/bin", "TMPDIR=" + s.temp()}, env...)
		return c
	}
	trivy := tool(s.t, "trivy")
	quiet := []string{"--quiet", "--disable-telemetry", "--skip-version-check", "--cache-dir", stockCache}
	scan := append([]string{"image", "--skip-db-update", "--skip-java-db-update", "--format", "json", "--output", "stock.json"}, quiet...)
	if file, ok := strings.CutPrefix(reference, "docker-archive:"); ok {
		scan = append(scan, "--input", file)
	} else {
		scan = append(scan, reference)
	}
	fresh := func() { check(s.t, os.RemoveAll(filepath.Join(stockCache, "fanal"))) }
	return []peer{
		{name: "stock", run: func(testing.TB) []*exec.Cmd { fresh(); return []*exec.Cmd{at(nil, trivy, scan...)} }},
		{name: "scan-image", run: func(testing.TB) []*exec.Cmd {
			return []*exec.Cmd{at(nil, ours, "--image="+reference, "--cache-dir=cache", "--offline=true", "--fail-severity=none")}
		}},
		{name: "engine alone", run: func(testing.TB) []*exec.Cmd {
			return []*exec.Cmd{at([]string{asProgram + "=engine"}, os.Args[0], reference, cache, "engine.json")}
		}},
		{name: "stock, four views", run: func(testing.TB) []*exec.Cmd {
			fresh()
			all := []*exec.Cmd{at(nil, trivy, append(slices.Clone(scan), "--list-all-pkgs")...)}
			for _, format := range []string{"sarif", "cyclonedx", "spdx-json", "table"} {
				all = append(all, at(nil, trivy, "convert", "--format", format, "--output", "view."+format, "--quiet", "--cache-dir", stockCache, "stock.json"))
			}
			return all
		}},
	}
}

func (p *peer) measure(b *testing.B) {
	var all usage
	for _, c := range p.run(b) {
		r, u := measured(b, c)
		if r.code != 0 {
			b.Fatalf("%s: got exit code %d of\n%s", p.name, r.code, tail(r.log))
		}
		all.wall, all.processor, all.peak = all.wall+u.wall, all.processor+u.processor, max(all.peak, u.peak)
	}
	p.took = append(p.took, all)
}

// told prints medians, and their ratios to the first peer's.
func told(b *testing.B, peers []peer) {
	first := peers[0].median()
	var out strings.Builder
	fmt.Fprintf(&out, "\n| scan | runs | wall s | × stock | CPU s | × stock | peak MiB | × stock |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range peers {
		m := p.median()
		fmt.Fprintf(&out, "| %s | %d | %.2f | %.2f | %.2f | %.2f | %d | %.2f |\n", p.name, len(p.took),
			m.wall.Seconds(), float64(m.wall)/float64(first.wall), m.processor.Seconds(), float64(m.processor)/float64(first.processor),
			m.peak>>20, float64(m.peak)/float64(first.peak))
	}
	b.Log(out.String())
}

func (p *peer) median() usage {
	return usage{middle(p.took, func(u usage) time.Duration { return u.wall }), middle(p.took, func(u usage) time.Duration { return u.processor }), middle(p.took, func(u usage) int64 { return u.peak })}
}

func middle[T cmp.Ordered](all []usage, of func(usage) T) T {
	var values []T
	for _, u := range all {
		values = append(values, of(u))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

package buildbundle

import (
	"context"
	"encoding/json"

	"github.com/org/checkout-deploy/internal/compress"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
)

// sizesType is the predicate type of the statement attestations/sizes.json.
// docs/build-bundle.md describes it.
const sizesType = "https://github.com/org/checkout-deploy/attestations/sizes/v1"

type sizesPredicate struct {
	Levels  levels             `json:"levels"`
	Files   map[string]size    `json:"files"`
	Entries map[string]content `json:"entries"`
	Chunks  map[string]content `json:"chunks"`
}

type levels struct {
	Gzip   int `json:"gzip"`
	Brotli int `json:"brotli"`
}

// content is what an entry or a chunk loads: the sums of its files.
type content struct {
	JS  size `json:"js"`
	CSS size `json:"css"`
}

type size struct {
	Raw    int64 `json:"raw"`
	Gzip   int64 `json:"gzip"`
	Brotli int64 `json:"brotli"`
}

// measure weighs the files and writes what it finds.
func (b *builder) measure(ctx context.Context, stage *release.Stage, id release.Digest) (map[string]compress.Sizes, error) {
	sizes, err := compress.Measure(ctx, b.texts())
	if err != nil {
		return nil, err
	}
	statement, err := sizesStatement(b.rel, id, sizes)
	if err != nil {
		return nil, err
	}
	return sizes, stage.WriteStatement("sizes", statement)
}

// sizesStatement says what the files of a release weigh on the way.
func sizesStatement(rel *release.Release, id release.Digest, sizes map[string]compress.Sizes) (release.Statement, error) {
	p := sizesPredicate{
		Levels: levels{compress.GzipOnTheFly, compress.BrotliOnTheFly},
		Files:  map[string]size{}, Entries: map[string]content{}, Chunks: map[string]content{},
	}
	for path, s := range sizes {
		p.Files[path] = size(s)
	}
	for _, pass := range rel.Passes {
		for _, e := range pass.Entries {
			p.Entries[pass.Name+"/"+e.Name] = content{size(sum(sizes, e.JS)), size(sum(sizes, e.CSS))}
		}
		for _, c := range pass.Chunks {
			p.Chunks[pass.Name+"/"+c.Name] = content{size(sum(sizes, c.JS)), size(sum(sizes, c.CSS))}
		}
	}
	data, err := json.Marshal(p)
	return release.Statement{Release: id, PredicateType: sizesType, Predicate: data}, err
}

func sum(sizes map[string]compress.Sizes, paths []string) (all compress.Sizes) {
	for _, path := range paths {
		all = all.Add(sizes[path])
	}
	return all
}

// texts are the files that are sent compressed. Maps are not: no page loads them.
func (b *builder) texts() map[string][]byte {
	out := map[string][]byte{}
	for _, f := range b.rel.Files {
		mediaType := f.Type
		if mediaType == "" { // not sealed yet
			mediaType = release.TypeOf(f.Path)
		}
		if f.Role != release.Map && f.Role != release.Compressed && compress.Text(mediaType) {
			out[f.Path] = b.contents[f.Path]
		}
	}
	return out
}

var encodings = map[config.Compression]compress.Format{config.CompressGzip: compress.Gzip, config.CompressBrotli: compress.Brotli}

// precompress adds copies that the configuration asks for.
func (b *builder) precompress(ctx context.Context) error {
	var formats []compress.Format
	for _, c := range b.cfg.Build.Precompress {
		formats = append(formats, encodings[c])
	}
	copies, err := compress.Copies(ctx, b.texts(), formats)
	if err != nil {
		return err
	}
	for _, of := range b.rel.Files {
		for format, data := range copies[of.Path] {
			e := release.Encoding(format)
			path := of.Path + e.Extension()
			b.contents[path] = data
			b.rel.Files = append(b.rel.Files, release.File{
				Path: path, Size: int64(len(data)), Integrity: release.IntegrityOf(data),
				Role: release.Compressed, Of: of.Path, Encoding: e, Passes: of.Passes,
			})
		}
	}
	return nil
}

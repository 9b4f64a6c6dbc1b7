package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxFiles is how many files an archive of an image has at most: three a layer, in
// docker's old form.
const maxFiles = 100_000

// archive has the files of a tar file, read in place.
type archive struct {
	file *os.File
	size int64
	all  map[string]member
}

type member struct {
	at, size int64
	link     string
}

// archive opens a tar file. One that is compressed can't be read in place: it is
// unpacked into a temporary file that Close removes.
func (o *opener) archive(name string) (*archive, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, not an archive; for a layout write oci:%[1]s", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	o.source.closers = append(o.source.closers, file)
	magic := make([]byte, 4)
	n, err := io.ReadFull(file, magic)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if compressed(magic[:n]) {
		if file, err = o.unpacked(file); err != nil {
			return nil, err
		}
	}
	return indexed(file)
}

// compressed says whether these are the first bytes of a gzip or a zstd.
func compressed(magic []byte) bool {
	return bytes.HasPrefix(magic, []byte{0x1f, 0x8b}) || bytes.HasPrefix(magic, []byte("\x28\xb5\x2f\xfd"))
}

func (o *opener) unpacked(file io.Reader) (*os.File, error) {
	plain, done, err := uncompressed(file)
	if err != nil {
		return nil, err
	}
	defer done()
	return o.temporary(plain)
}

// temporary keeps a stream in a file as long as the Source is open.
func (o *opener) temporary(in io.Reader) (*os.File, error) {
	file, err := os.CreateTemp(o.TempDir, "image-")
	if err != nil {
		return nil, err
	}
	o.source.closers = append(o.source.closers, removed{file})
	n, err := io.Copy(file, io.LimitReader(in, o.MaxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("unpacking the archive: %w", err)
	case n > o.MaxSize:
		return nil, fmt.Errorf("the archive has more than %d bytes uncompressed; is it a bomb? If not, raise max-image-size", o.MaxSize)
	}
	_, err = file.Seek(0, io.SeekStart)
	return file, err
}

type removed struct{ file *os.File }

func (r removed) Close() error { return errors.Join(r.file.Close(), os.Remove(r.file.Name())) }

// indexed notes where the files of a tar are.
func indexed(file *os.File) (*archive, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	a := &archive{file: file, size: info.Size(), all: map[string]member{}}
	r := tar.NewReader(file)
	for {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return a, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("the archive is cut off")
		case err != nil:
			return nil, fmt.Errorf("the archive is no tar, or a broken one: %w", err)
		case len(a.all) == maxFiles:
			return nil, fmt.Errorf("the archive has more than %d files", maxFiles)
		}
		m := member{size: h.Size}
		switch h.Typeflag {
		case tar.TypeReg:
		case tar.TypeSymlink:
			m.link = path.Join(path.Dir(h.Name), h.Linkname)
		case tar.TypeLink:
			m.link = path.Clean(h.Linkname)
		default:
			continue
		}
		if m.at, err = file.Seek(0, io.SeekCurrent); err != nil {
			return nil, err
		}
		if m.link == "" && m.at+m.size > a.size {
			return nil, errors.New("the archive is cut off")
		}
		a.all[path.Clean(h.Name)] = m
	}
}

func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	m, ok := a.all[path.Clean(name)]
	for n := 0; ok && m.link != ""; n++ {
		if n == 10 {
			return nil, 0, fmt.Errorf("%s in the archive is a link to a link, ten times", clean(name))
		}
		m, ok = a.all[m.link]
	}
	if !ok {
		return nil, 0, fmt.Errorf("%s is missing in the archive: %w", clean(name), fs.ErrNotExist)
	}
	return io.NopCloser(io.NewSectionReader(a.file, m.at, m.size)), m.size, nil
}

// saved is an image in the manifest.json of `docker save`.
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// dockerArchive opens what `docker save` writes.
func (o *opener) dockerArchive(ref Reference) error {
	a, err := o.archive(o.path(ref))
	if err != nil {
		return err
	}
	return o.fromSaved(a, ref)
}

func (o *opener) fromSaved(a *archive, ref Reference) error {
	var all []saved
	if err := readJSON(a, "manifest.json", &all); err != nil {
		if _, _, layout := a.open("oci-layout"); layout == nil {
			return fmt.Errorf("it is an OCI layout; write oci-archive:%s", ref.Path)
		}
		return fmt.Errorf("it is no docker archive: %w", err)
	}
	one, err := pickSaved(all, ref)
	if err != nil {
		return err
	}
	img, err := o.savedImage(a, one)
	if err != nil {
		return err
	}
	o.source.RepoTags = one.RepoTags
	o.source.MediaType = string(types.DockerManifestSchema2)
	o.source.Digest = img.manifest.Config.Digest.String()
	o.source.Platforms = []Platform{{platformOf(img.config), o.source.Digest, img}}
	return nil
}

func pickSaved(all []saved, ref Reference) (saved, error) {
	var names []string
	for _, s := range all {
		names = append(names, s.RepoTags...)
		if ref.Within != "" && slices.ContainsFunc(s.RepoTags, func(t string) bool { return sameTag(t, ref.Within) }) {
			return s, nil
		}
	}
	switch {
	case len(all) == 0:
		return saved{}, errors.New("the archive has no image")
	case ref.Within != "":
		return saved{}, fmt.Errorf("the archive has no image %q; there are %s", ref.Within, clean(strings.Join(names, ", ")))
	case len(all) > 1:
		return saved{}, fmt.Errorf("the archive has %d images; write %s:%s:name:tag; there are %s", len(all), ref.Transport, ref.Path, clean(strings.Join(names, ", ")))
	}
	return all[0], nil
}

func sameTag(a, b string) bool {
	x, errX := name.NewTag(a)
	y, errY := name.NewTag(b)
	return errX == nil && errY == nil && x.Name() == y.Name()
}

// savedImage makes the manifest that a docker archive does not have. Its layers are
// mostly tars: their digests are their diff ids.
func (o *opener) savedImage(a *archive, s saved) (*image, error) {
	if n := len(s.Layers); n > o.MaxLayers {
		return nil, fmt.Errorf("the image has %d layers; at most %d are taken (max-layers)", n, o.MaxLayers)
	}
	raw, err := a.config(s.Config)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(raw)
	if err != nil {
		return nil, err
	}
	if x, y := len(s.Layers), len(config.RootFS.DiffIDs); x != y {
		return nil, fmt.Errorf("the archive has %d layers, and the image's configuration %d", x, y)
	}
	img := &image{rawConfig: raw, config: config, manifest: &v1.Manifest{
		SchemaVersion: 2, MediaType: types.DockerManifestSchema2,
		Config: v1.Descriptor{MediaType: types.DockerConfigJSON, Size: int64(len(raw)), Digest: sha(raw)},
		Layers: make([]v1.Descriptor, 0, len(s.Layers)),
	}}
	paths, tars := map[v1.Hash]string{}, map[v1.Hash]bool{}
	for i, layer := range s.Layers {
		d, isTar, err := a.describe(layer, config.RootFS.DiffIDs[i])
		if err != nil {
			return nil, err
		}
		img.manifest.Layers = append(img.manifest.Layers, d)
		paths[d.Digest], tars[d.Digest] = layer, isTar
	}
	if img.rawManifest, err = json.Marshal(img.manifest); err != nil {
		return nil, err
	}
	img.digest = sha(img.rawManifest)
	img.addLayers(o, func(d v1.Descriptor) (io.ReadCloser, error) {
		r, _, err := a.open(paths[d.Digest])
		return r, err
	}, tars)
	return img, nil
}

func (a *archive) config(name string) ([]byte, error) {
	r, size, err := a.open(name)
	if err != nil {
		return nil, err
	}
	if size > maxConfig {
		return nil, fmt.Errorf("the configuration has %d bytes; at most %d are taken", size, maxConfig)
	}
	return io.ReadAll(r)
}

// describe is a layer's descriptor. Only that of a compressed one has to be read for
// its digest.
func (a *archive) describe(name string, diffID v1.Hash) (v1.Descriptor, bool, error) {
	r, size, err := a.open(name)
	if err != nil {
		return v1.Descriptor{}, false, err
	}
	magic := make([]byte, 4)
	n, err := io.ReadFull(r, magic)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return v1.Descriptor{}, false, err
	}
	if !compressed(magic[:n]) {
		return v1.Descriptor{MediaType: types.DockerUncompressedLayer, Size: size, Digest: diffID}, true, nil
	}
	h := sha256.New()
	h.Write(magic[:n])
	if _, err := io.Copy(h, r); err != nil {
		return v1.Descriptor{}, false, err
	}
	return v1.Descriptor{MediaType: types.DockerLayer, Size: size, Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", h.Sum(nil))}}, false, nil
}

func sha(data []byte) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", sha256.Sum256(data))}
}

package image_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/org/checkout-deploy/internal/image"
	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// Whatever a layer is, what is read of it is it, and all of it unless there is an
// error; and there is one exactly where archive/tar has one.
func FuzzLayer(f *testing.F) {
	good := imagetest.Tar(f, map[string][]byte{"a/b": []byte("text"), "c": bytes.Repeat([]byte("c"), 70_000)})
	for _, seed := range [][]byte{good, good[:600], good[:2000], sparse(), nil, []byte("text"), make([]byte, 1024)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 4 && (data[0] == 0x1f && data[1] == 0x8b || string(data[:4]) == "\x28\xb5\x2f\xfd") {
			t.Skip("compressed")
		}
		s, err := open(t, "oci:"+inLayout(t, of(t, data, data)), image.Options{MaxSize: 1 << 50})
		if err != nil {
			t.Fatal(err)
		}
		layers, err := s.Platforms[0].Image.Layers()
		if err != nil {
			t.Fatal(err)
		}
		r, err := layers[0].Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if e := r.Close(); e != nil {
			t.Error(e)
		}
		size, want := walk(data)
		if (err == nil) != (want == nil) && size < 1<<50 {
			t.Errorf("got %v, archive/tar says %v", err, want)
		}
		if !bytes.HasPrefix(data, got) || err == nil && len(got) != len(data) {
			t.Errorf("got %d bytes, which are not the layer's %d", len(got), len(data))
		}
	})
}

// walk is archive/tar's word on a tar, and the size of the largest file in it.
func walk(data []byte) (size int64, err error) {
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
		size = max(size, h.Size)
	}
}

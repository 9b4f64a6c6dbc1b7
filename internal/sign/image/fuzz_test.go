package image_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/sign/image"
	"github.com/org/checkout-deploy/internal/sign/predicate"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// Whatever lies under a tag, what is believed is what was signed.
func FuzzOld(f *testing.F) {
	s := signtest.New(f)
	h := newHub(f, true)
	d := h.push(f)
	parties := []party{byKey(f), keyless(f, s)}
	var signed [][]byte
	for _, p := range parties {
		p.signed(f, d, image.Tag)
		for _, suffix := range []string{".sig", ".att"} {
			layers := manifestOf(f, tagOf(d, suffix)).Layers
			last := layers[len(layers)-1]
			annotations, err := json.Marshal(last.Annotations)
			check(f, err)
			data := read(f, d.Context(), last)
			f.Add(data, annotations, suffix == ".sig")
			payload, err := image.JudgeOld(f.Context(), p.verifier, d, data, last.Annotations, suffix == ".sig")
			check(f, err)
			signed = append(signed, payload)
		}
	}
	f.Fuzz(func(t *testing.T, data, text []byte, signatures bool) {
		var annotations map[string]string
		if json.Unmarshal(text, &annotations) != nil {
			return
		}
		for _, p := range parties {
			payload, err := image.JudgeOld(t.Context(), p.verifier, d, data, annotations, signatures)
			if err != nil {
				continue
			}
			known := false
			for _, one := range signed {
				known = known || bytes.Equal(one, payload)
			}
			if !known {
				t.Errorf("believed %q", payload)
			}
		}
	})
}

// What is read and written again reads the same.
func FuzzProvenance(f *testing.F) {
	f.Add([]byte(builtJSON))
	f.Add([]byte(strings.ReplaceAll(builtJSON, "https://github.com", "https://git.example:8443")))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := predicate.ReadProvenance(data)
		if err != nil {
			return
		}
		again, err := p.Predicate()
		check(t, err)
		if q, err := predicate.ReadProvenance(again); err != nil || !equal(p, q) {
			t.Errorf("got %+v, %v, want %+v", q, err, p)
		}
	})
}

func equal(a, b predicate.Provenance) bool {
	same := a.Started.Equal(b.Started) && a.Finished.Equal(b.Finished)
	a.Started, a.Finished, b.Started, b.Finished = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return same && reflect.DeepEqual(a, b)
}

package link

import (
	"encoding/json"
	"slices"
	"testing"
)

func FuzzVLQ(f *testing.F) {
	for _, v := range []int{0, 1, -1, 15, 16, -16, 1 << 20, -(1 << 30)} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v int) {
		if v > 1<<40 || v < -(1<<40) {
			t.Skip("no file is that large")
		}
		text := string(appendVLQ(nil, v))
		got, next, ok := decodeVLQ(text, 0)
		if !ok || got != v || next != len(text) {
			t.Errorf("%d: got %d, %d of %d, %v from %q", v, got, next, len(text), ok, text)
		}
	})
}

// TestSegmentsOfWrittenMaps writes a map over text of one, two and four byte
// characters and reads it again.
func TestSegmentsOfWrittenMaps(t *testing.T) {
	pieces := []struct {
		text         string
		line, column int
	}{{"let a=\"é\";", 0, 0}, {"let b=\"😀\";\n", 1, 4}, {"c()", 7, 2}, {";d()", 3, 0}}
	w := newMapWriter()
	source := w.source("src/a.ts", nil)
	var text []byte
	var want []segment
	for _, p := range pieces {
		want = append(want, segment{int32(len(text)), int32(source), int32(p.line), int32(p.column)})
		w.add(source, p.line, p.column, "")
		w.advance([]byte(p.text))
		text = append(text, p.text...)
	}
	data, err := w.encode("a.js")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(data) {
		t.Fatalf("not JSON: %s", data)
	}
	m, err := readSourceMap(data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.segments(text)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v %v, want %v", got, err, want)
	}
}

func FuzzSegments(f *testing.F) {
	f.Add("AAAA,CAAC;;EAEE", "ab\ncd\nef")
	f.Add("A,,;g", "é😀")
	f.Fuzz(func(t *testing.T, mappings, text string) {
		segments, err := (&sourceMap{Mappings: mappings}).segments([]byte(text))
		for _, s := range segments {
			if err == nil && int(s.offset) > len(text) {
				t.Errorf("offset %d behind the text's end %d", s.offset, len(text))
			}
		}
	})
}

func TestShortNames(t *testing.T) {
	seen := map[string]bool{}
	for i := range 10_000 {
		name := shortName(i)
		if seen[name] || !identifier.MatchString(name) {
			t.Fatalf("%d: %q is taken or no name", i, name)
		}
		seen[name] = true
	}
}

// TestStyleRuns keeps apart what roots want in different orders or without each other.
func TestStyleRuns(t *testing.T) {
	tests := []struct {
		name      string
		sequences map[string][]string
		want      [][]string
	}{
		{"one root", map[string][]string{"a": {"1", "2"}}, [][]string{{"1", "2"}}},
		{"shared in between", map[string][]string{"a": {"1", "s", "2"}, "b": {"s"}}, [][]string{{"1"}, {"s"}, {"2"}}},
		{"shared together", map[string][]string{"a": {"s", "t", "1"}, "b": {"s", "t"}}, [][]string{{"s", "t"}, {"1"}}},
		{"two orders", map[string][]string{"a": {"s", "t"}, "b": {"t", "s"}}, [][]string{{"s"}, {"t"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := &linker{Input: Input{Name: "page"}, roots: map[string]*Root{"a": {Name: "a"}, "b": {Name: "b"}}}
			var got [][]string
			for _, run := range l.styleRuns(test.sequences) {
				got = append(got, run.keys)
			}
			if !slices.EqualFunc(got, test.want, slices.Equal[[]string]) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

package composition_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/golden"
)

func TestMain(m *testing.M) { golden.Main(m) }

func TestEncode(t *testing.T) {
	got, err := sample(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", append(got, '\n'))
	back, err := composition.Decode(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	if want := sample(t); !reflect.DeepEqual(back, want) {
		t.Errorf("got  %+v\nwant %+v", back, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	c := sample(t)
	c.Passes[0].Files[0].Parts[0].Module = 99
	const want = "encoding a composition: checkout-0123456789.js: got the module 99, the pass has 8"
	if _, err := c.Encode(); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole, err := sample(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"no JSON", `{"passes"`, `passes`, "invalid character 'p'"},
		{"cut off", `"files":[`, ``, "invalid character"},
		{"an unknown key", `{"passes":[`, `{"more":1,"passes":[`, `unknown field "more"`},
		{"more behind the end", `{"passes":[`, `{"passes":[]}{"passes":[`, "got more behind its end"},
		{"two passes of a name", `{"passes":[`, `{"passes":[{"name":"app"},`, `got the pass "app" twice`},
		{"a pass without a name", `"name":"app"`, `"name":""`, "got a pass's name of 0 bytes"},
		{"columns of different lengths", `"sizes":[100,`, `"sizes":[`, "got 8 paths, 7 sizes"},
		{"half a pair of an import", `[[1,0]`, `[[1]`, "got 1 numbers for its imports, want pairs"},
		{"half a pair of a part", `[0,50,`, `[0,50,1,`, "got 7 numbers for its parts, want pairs"},
		{"an import of an unknown kind", `[[1,0]`, `[[1,9]`, "got an import of kind 0 and route 3"},
		{"an import of a negative kind", `[[1,0]`, `[[1,-1]`, "got an import of kind -1"},
		{"an import that leads nowhere", `[[1,0]`, `[[8,0]`, "got the module 8, the pass has 8"},
		{"an entry that leads nowhere", `"modules":[3]`, `"modules":[-1]`, "got the module -1, the pass has 8"},
		{"modules out of order", `"src/lazy.ts"`, `"z.ts"`, `got the module "src/page.tsx" after "z.ts"`},
		{"a path of the machine", `"node_modules/a/index.js"`, `"/a"`, `got the module "/a", want a path relative`},
		{"a part of nothing", `[0,50,`, `[0,0,`, "got a part of 0 bytes"},
		{"parts larger than the file", `"size":290`, `"size":279`, "got the size 279, want at least the 280 of its parts"},
		{"a part twice", `[0,50,1,200`, `[1,50,1,200`, "got parts out of order"},
		{"an unknown package", `"packages":[0,`, `"packages":[7,`, "got the package 7, the pass has 3"},
		{"a fraction", `"size":290`, `"size":290.5`, "cannot unmarshal number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(string(whole), test.old, test.new, 1)
			if text == string(whole) {
				t.Fatalf("%s is not in %s", test.old, whole)
			}
			_, err := composition.Decode(strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestProblemsAreBounded(t *testing.T) {
	text := `{"passes":[` + strings.Repeat(`{"name":""},`, 40) + `{"name":""}]}`
	_, err := composition.Decode(strings.NewReader(text))
	if err == nil || strings.Count(err.Error(), "\n") != 9 {
		t.Errorf("got %v, want ten lines", err)
	}
}

// FuzzDecode: what is read can be written and read again, and the analyses take it.
func FuzzDecode(f *testing.F) {
	whole, err := sample(&testing.T{}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"passes":[{"name":"a","modules":{"paths":["a"],"sizes":[1],"packages":[-1],"imports":[[0,0]]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := composition.Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		text, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := composition.Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := again.Encode(); err != nil || !bytes.Equal(text, second) {
			t.Errorf("got %s (%v), want %s", second, err, text)
		}
		for i := range c.Passes {
			p := &c.Passes[i]
			p.Duplicates()
			p.Cycles(func(string) bool { return true })
			for _, e := range p.Entries {
				o := p.Origins(e)
				for m := range p.Modules {
					o.Chain(m)
				}
			}
		}
	})
}

package release

import (
	"math"
	"strings"
	"testing"
)

// The numbers are those of RFC 8785, appendix B.
func TestAppendNumberRFC8785(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0",
		0x8000000000000000: "0",
		0x0000000000000001: "5e-324",
		0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308",
		0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992",
		0xc340000000000000: "-9007199254740992",
		0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22",
		0x44b52d02c7e14af6: "1e+23",
		0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000",
		0x444b1ae4d6e2ef4f: "999999999999999900000",
		0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
		0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332",
		0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333",
		0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		if got := string(appendNumber(nil, math.Float64frombits(bits))); got != want {
			t.Errorf("%016x: got %s, want %s", bits, got, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"RFC 8785, 3.2.2", `{
			"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
			"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
			"literals": [null, true, false]
		}`, `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`},
		{
			"RFC 8785, 3.2.3: UTF-16 order", `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
		},
		{"a prefix comes first", `{"ab":1,"a":2,"":3}`, `{"":3,"a":2,"ab":1}`},
		{"nothing escaped for HTML", `"<\u2028&\u007f>"`, "\"<\u2028&\u007f>\""},
		{"minus zero", `[-0, -0.0, 0e5]`, `[0,0,0]`},
		{"a scalar", " \n7\t", "7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Canonical([]byte(tt.in))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", "end of the input"},
		{"trailing data", `{} {}`, "data after the end"},
		{"trailing comma", `[1,]`, "a JSON value"},
		{"a comma too few", `[1 2]`, `"," or "]"`},
		{"no colon", `{"a" 1}`, `":"`},
		{"an unquoted name", `{a:1}`, "name in quotes"},
		{"a leading zero", `01`, "data after the end"},
		{"a plus sign", `+1`, "a JSON value"},
		{"a bare dot", `1.`, "a digit"},
		{"a bare exponent", `1e`, "a digit"},
		{"a number out of range", `1e999`, "range of a double"},
		{"NaN", `NaN`, "a JSON value"},
		{"a comment", `/**/1`, "a JSON value"},
		{"a byte order mark", "\ufeff{}", "a JSON value"},
		{"a duplicate name", `{"a":1,"b":{"c":1,"\u0063":2}}`, "$.b.c: got this name twice"},
		{"half a pair, high", `"\ud800"`, "half of a surrogate pair"},
		{"half a pair, low", `"\udc00x"`, "half of a surrogate pair"},
		{"two highs", `"\ud800\ud800"`, "half of a surrogate pair"},
		{"an escape of JavaScript", `"\x41"`, "an escape of JSON"},
		{"a short escape", `"\u12"`, "an escape of JSON"},
		{"a control character", "\"a\tb\"", "control character 0x09"},
		{"a control character after an escape", "\"\\n\x00\"", "control character 0x00"},
		{"not UTF-8", "\"\xff\"", "not UTF-8"},
		{"not UTF-8 after an escape", "\"\\n\xed\xa0\x80\"", "not UTF-8"},
		{"an open string", `"abc`, "closing"},
		{"an open escape", `"abc\`, "end of the input"},
		{"an open object", `{"a":1`, `"," or "}"`},
		{"deep nesting", strings.Repeat("[", 100_000), "nesting deeper than 64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Canonical([]byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %s, %v; want an error with %s", got, err, tt.want)
			}
		})
	}
}

// What Canonical returns is canonical: it returns it again.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-7,"\u20ac"],"":null}`, `"\ud83d\ude00"`, `[[[]]]`, `-0.0`, `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := Canonical(data)
		if err != nil {
			return
		}
		twice, err := Canonical(once)
		if err != nil || string(twice) != string(once) {
			t.Errorf("%q: once %q, twice %q, %v", data, once, twice, err)
		}
	})
}

package release

import (
	"strings"
	"testing"
)

func TestParseDigest(t *testing.T) {
	// FIPS 180-4's example, "abc".
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if d, err := ParseDigest(abc); err != nil || d != DigestOf([]byte("abc")) || d.String() != abc {
		t.Errorf("got %s, %v", d, err)
	}
	for name, s := range map[string]string{
		"empty": "", "short": abc[1:], "long": abc + "0", "upper case": strings.ToUpper(abc),
		"prefixed": "sha256:" + abc, "not hexadecimal": "g" + abc[1:], "space": " " + abc[1:],
	} {
		if d, err := ParseDigest(s); err == nil || !d.IsZero() {
			t.Errorf("%s: got %s, %v", name, d, err)
		}
	}
}

func TestParseIntegrity(t *testing.T) {
	const abc = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
	if i, err := ParseIntegrity(abc); err != nil || i != IntegrityOf([]byte("abc")) || i.String() != abc {
		t.Errorf("got %s, %v", i, err)
	}
	if i, n, err := IntegrityFrom(strings.NewReader("abc")); err != nil || n != 3 || i.String() != abc {
		t.Errorf("from a reader: got %s, %d, %v", i, n, err)
	}
	for name, s := range map[string]string{
		"empty":           "",
		"undefined":       "undefined",
		"sha256":          "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
		"sha512 by name":  "sha512-" + abc[7:],
		"upper case":      "SHA384-" + abc[7:],
		"two hashes":      abc + " " + abc,
		"options":         abc + "?ct=x",
		"URL alphabet":    strings.ReplaceAll(strings.ReplaceAll(abc, "/", "_"), "+", "-"),
		"cut":             abc[:len(abc)-1],
		"padded too much": abc[:len(abc)-1] + "=",
		"line break":      abc[:20] + "\n" + abc[20:],
		"space around":    " " + abc,
		"47 bytes padded": "sha384-" + strings.Repeat("A", 63) + "=",
	} {
		if i, err := ParseIntegrity(s); err == nil || !i.IsZero() {
			t.Errorf("%s: got %s, %v", name, i, err)
		}
	}
}

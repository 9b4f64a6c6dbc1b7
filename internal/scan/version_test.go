//go:build goexperiment.jsonv2

package scan

import "testing"

func TestCompare(t *testing.T) {
	for _, row := range []struct {
		ecosystem, a, b string
		want            int
	}{
		{"debian", "1.2.3-4", "1.2.3-4", 0},
		{"debian", "1:1.0-1", "2.0-1", 1},
		{"debian", "3.0.11-1~deb12u1", "3.0.11-1", -1},
		{"alpine", "1.2.3-r10", "1.2.3-r9", 1},
		{"redhat", "0:1.2-3.el9", "0:1.2-10.el9", -1},
		{"npm", "10.0.0", "9.9.9", 1},
		{"node-pkg", "1.0.0-beta.2", "1.0.0", -1},
		{"gobinary", "v1.10.0", "v1.9.0", 1},
		{"stdlib", "1.22.3", "1.21.11", 1},
		{"python-pkg", "1.0.post1", "1.0", 1},
		{"jar", "2.17.1", "2.17.1-rc1", 1},
		{"cargo", "0.10.0", "0.9.0", 1},
		{"npm", "not a version", "9.0.0", 1},
	} {
		got := Compare(row.ecosystem, row.a, row.b)
		if back := Compare(row.ecosystem, row.b, row.a); sign(got) != row.want || sign(back) != -row.want {
			t.Errorf("%s: %s and %s: got %d, and back %d, want %d", row.ecosystem, row.a, row.b, got, back, row.want)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

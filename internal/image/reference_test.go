package image

import (
	"strings"
	"testing"
)

var someDigest = "sha256:" + strings.Repeat("a1", 32)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		written         string
		transport       Transport
		name            string
		path, within    string
		host, repo, tag string
		digest          string
	}{
		{"ghcr.io/org/shop:1.2", Docker, "ghcr.io/org/shop:1.2", "", "", "ghcr.io", "ghcr.io/org/shop", "1.2", ""},
		{"ghcr.io/org/shop", Docker, "ghcr.io/org/shop", "", "", "ghcr.io", "ghcr.io/org/shop", "latest", ""},
		{"ghcr.io/org/shop@" + someDigest, Docker, "ghcr.io/org/shop@" + someDigest, "", "", "ghcr.io", "ghcr.io/org/shop", "", someDigest},
		{"ghcr.io/org/shop:1@" + someDigest, Docker, "ghcr.io/org/shop:1@" + someDigest, "", "", "ghcr.io", "ghcr.io/org/shop", "1", someDigest},
		{"docker://ghcr.io/org/shop:1", Docker, "ghcr.io/org/shop:1", "", "", "ghcr.io", "ghcr.io/org/shop", "1", ""},
		{"docker://docker:20", Docker, "docker:20", "", "", "index.docker.io", "index.docker.io/library/docker", "20", ""},
		{"docker:20", Docker, "docker:20", "", "", "index.docker.io", "index.docker.io/library/docker", "20", ""},
		{"debian", Docker, "debian", "", "", "index.docker.io", "index.docker.io/library/debian", "latest", ""},
		{"docker.io/org/shop:1", Docker, "docker.io/org/shop:1", "", "", "index.docker.io", "index.docker.io/org/shop", "1", ""},
		{"localhost:5000/shop", Docker, "localhost:5000/shop", "", "", "localhost:5000", "localhost:5000/shop", "latest", ""},
		{"localhost:5000/shop:1@" + someDigest, Docker, "localhost:5000/shop:1@" + someDigest, "", "", "localhost:5000", "localhost:5000/shop", "1", someDigest},
		{"localhost:5000/shop@" + someDigest, Docker, "localhost:5000/shop@" + someDigest, "", "", "localhost:5000", "localhost:5000/shop", "", someDigest},
		{"[::1]:5000/shop:2", Docker, "[::1]:5000/shop:2", "", "", "[::1]:5000", "[::1]:5000/shop", "2", ""},
		{"oci:build/image", OCI, "build/image", "build/image", "", "", "", "", ""},
		{"oci:build/image:1.2", OCI, "build/image:1.2", "build/image", "1.2", "", "", "", ""},
		{"oci:build/image@" + someDigest, OCI, "build/image@" + someDigest, "build/image", someDigest, "", "", "", ""},
		{"oci-archive:/tmp/x.tar:org/shop:1", OCIArchive, "/tmp/x.tar:org/shop:1", "/tmp/x.tar", "org/shop:1", "", "", "", ""},
		{"docker-archive:x.tar", DockerArchive, "x.tar", "x.tar", "", "", "", "", ""},
		{"docker-archive:x.tar:org/shop:1", DockerArchive, "x.tar:org/shop:1", "x.tar", "org/shop:1", "", "", "", ""},
		{"docker-daemon:shop:1", DockerDaemon, "shop:1", "", "", "", "", "", ""},
		{"docker-daemon:" + someDigest, DockerDaemon, someDigest, "", "", "", "", "", ""},
	} {
		t.Run(test.written, func(t *testing.T) {
			r, err := Parse(test.written)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{string(r.Transport), r.Name, r.Path, r.Within, r.Host(), r.Repository(), r.Tag(), r.Digest()}
			want := []string{string(test.transport), test.name, test.path, test.within, test.host, test.repo, test.tag, test.digest}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("got %q, want %q", got, want)
					break
				}
			}
			again, err := Parse(r.String())
			if err != nil || again.String() != r.String() || again.Transport != r.Transport {
				t.Errorf("got %q, %v of %q", again, err, r)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ name, written, want string }{
		{"nothing", "", "got no image; allowed are ghcr.io/org/shop:tag"},
		{"spaces", "ghcr.io/org/shop 1", `got the image "ghcr.io/org/shop 1", which has spaces`},
		{"a line's end", "ghcr.io/org/shop:1\n", "control characters"},
		{"capitals", "ghcr.io/Org/Shop:1", "small letters only, as ghcr.io/org/shop:1"},
		{"half a digest", "ghcr.io/org/shop@sha256:12", `"sha256:12" is no digest`},
		{"another tool's transport", "containers-storage:shop", `the transport "containers-storage"; allowed are`},
		{"an address", "https://ghcr.io/org/shop", `the transport "https"`},
		{"a file", "./shop.tar", "write oci:./shop.tar"},
		{"an archive", "shop.tar", "docker-archive:shop.tar"},
		{"no path", "oci:", `got the image "oci:" without a path; write oci:path`},
		{"no tag", "oci:x:", "nothing after the last colon; write oci:x or oci:x:tag"},
		{"no name in an archive", "docker-archive:x:Shop:1", `"Shop:1" is no name and tag`},
		{"no name in the daemon", "docker-daemon:Shop", "small letters only, as shop"},
		{"a tag too long", "ghcr.io/org/shop:" + strings.Repeat("x", 129), "got the image"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.written)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

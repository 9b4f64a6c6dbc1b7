package srimanifest

import (
	"os/exec"
	"strings"
	"testing"
)

const approved = "source: here, owner: us, purpose: it, justification: { business: it }, approved: { by: A, reference: R, on: 2026-01-01, expires: 2027-01-01 }"

// foreign is another bundler's folder with a script of somebody else's.
func foreign(t *testing.T, address, inventory string) string {
	t.Helper()
	dir := project(t, map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity: { inventory: s.yml }\n",
		"dist/index.html":     `<!doctype html><title>x</title><script src="` + address + `"></script><script src=main.js></script>`,
		"dist/main.js":        "const s=document.createElement('script');s.src='lazy.js';document.head.append(s)", "dist/lazy.js": "window.lazy=1",
	})
	if inventory != "" {
		write(t, dir, map[string]string{"s.yml": inventory})
	}
	return dir
}

// A line whose address is a pattern allows what it names, in the policy too; and the
// guard is nobody's script to approve, also when an earlier run wrote it.
func TestPatternOfTheInventory(t *testing.T) {
	for _, address := range []string{"https://js.example.com/v3/x.js", "//JS.example.com:443/v3/x.js", `https:\\js.example.com\v3\x.js`} {
		t.Run(address, func(t *testing.T) {
			dir := foreign(t, address, "version: 1\npages: [{ url: https://shop.example.com/, purpose: pays }]\nscripts:\n"+
				"  - { files: ['*.js'], "+approved+" }\n"+
				"  - { url: 'https://js.example.com/v*/x.js', "+approved+", exception: { reason: evergreen, compensating-control: the live check, expires: 2027-01-01 } }\n")
			for _, run := range []string{"first", "second"} {
				got := laptop(t, dir)
				if got.code != 0 || strings.Contains(got.log, "not approved") || strings.Contains(got.log, "the policy blocks") {
					t.Errorf("%s: got %+v", run, got)
				}
				if policy := tree(t, dir)["integrity/_headers"]; !strings.Contains(policy, " https://js.example.com/ https://js.example.com/v3/x.js;") || strings.Contains(policy, "%2A") {
					t.Errorf("%s: got %s", run, policy)
				}
			}
		})
	}
}

// A file that is not there yet is one finding, with a proposal that git applies.
func TestNoInventoryYet(t *testing.T) {
	dir := foreign(t, "https://js.example.com/v3/x.js", "")
	got := laptop(t, dir)
	if got.output("findings") != "2" || !strings.Contains(got.log, "got no inventory s.yml") || !strings.Contains(got.log, "x.js\" is not pinned") || strings.Contains(got.log, "not approved") {
		t.Errorf("got %+v", got)
	}
	git(t, dir, "init", "-q")
	git(t, dir, "apply", "integrity/inventory.diff")
	if text := tree(t, dir)["s.yml"]; !strings.Contains(text, "url: https://js.example.com/v3/x.js") {
		t.Errorf("got %s", text)
	}
}

// Without an inventory nobody was asked, and nothing is new.
func TestNotListed(t *testing.T) {
	dir := foreign(t, "https://js.example.com/v3/x.js", "")
	write(t, dir, map[string]string{"checkout-deploy.yml": "version: 1\n"})
	laptop(t, dir)
	files := tree(t, dir)
	if pack := files["integrity/evidence.json"]; !strings.Contains(pack, `"state":"not listed"`) || strings.Contains(pack, `"state":"new"`) {
		t.Errorf("got %s", pack)
	}
	if page := files["integrity/evidence.html"]; strings.Contains(page, ">new<") {
		t.Error("the page says that scripts are new")
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v %s", strings.Join(args, " "), err, out)
	}
}

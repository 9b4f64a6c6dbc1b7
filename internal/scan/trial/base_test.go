//go:build goexperiment.jsonv2

package trial

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// The base lies in another registry, which gets no credentials of the image's. What it
// has too is set aside, as is what an ignore and a VEX statement cover; all of that is
// in the result.
func TestBaseElsewhere(t *testing.T) {
	s := newShop(t, flawed()(t), imagetest.RegistryOptions{Username: "ada", Password: "of-the-registry"})
	other := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	base := imagetest.Debian(t, imagetest.Options{Packages: 300, Clean: true})
	base.Push(t, other.Host+"/library/debian:12")
	reference := s.pushAs(imagetest.Debian(t, imagetest.Options{Clean: true}), imagetest.RegistryOptions{Username: "ada", Password: "of-the-registry"})
	inputs := []string{"image=" + reference, "registry-username=ada", "registry-password=of-the-registry", "insecure-registry=true"}
	s.run(inputs...).shows(t, 1)
	before := s.result(t)
	s.run(append(inputs, "base="+other.Host+"/library/debian:12")...)
	after := s.result(t)
	if n := len(before.Findings) - len(after.Findings); n < 250 || len(after.Findings) == 0 {
		t.Errorf("got %d findings beside %d without a base", len(after.Findings), len(before.Findings))
	}
	for _, e := range other.Log() {
		if e.Auth != "" {
			t.Errorf("got %s of %s with credentials of another registry", e.Method, e.Path)
		}
	}
	first := after.Findings[0]
	s.write("checkout-deploy.yml", "version: 1\nscan:\n  ignore:\n    - { id: "+first.ID+", owner: Ada, reason: not reached, expires: \"2999-12-31\" }\n")
	second := after.Findings[len(after.Findings)-1]
	s.write("vex.json", `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://shop.example/vex","author":"Ada","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"`+second.ID+`"},"products":[{"@id":"`+second.PURL+`"}],"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"}]}`)
	s.run(append(inputs, "base="+other.Host+"/library/debian:12", "vex=vex.json")...)
	why := map[string]string{}
	for _, a := range s.result(t).Aside {
		why[a.ID] = a.Why + " " + a.Owner + " " + a.Reason
	}
	if got := why[first.ID]; got != "ignored Ada not reached" {
		t.Errorf("got %s aside as %q", first.ID, got)
	}
	if got := why[second.ID]; !strings.HasPrefix(got, "vex vex.json") && !strings.Contains(got, "OpenVEX") {
		t.Errorf("got %s aside as %q", second.ID, got)
	}
}

type stored struct {
	Findings []struct{ ID, PURL string }
	Aside    []struct{ ID, Why, Owner, Reason string }
}

func (s *shop) result(t *testing.T) (r stored) {
	t.Helper()
	check(t, json.Unmarshal(s.read("scan/result.json"), &r))
	return r
}

package advice

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// revokes is about secrets, each file once.
func revokes(found []policy.One) (all []Advice) {
	for _, group := range groups(found, result.Secret, func(f policy.One) string { return f.Path }) {
		a := about(Revoke, group)
		a.Sentence = fmt.Sprintf("Revoke the secret in %s, and remove it.", name(group[0].Path))
		looks := "It looks like"
		if n := len(group); n > 1 {
			a.Sentence = fmt.Sprintf("Revoke the %d secrets in %s, and remove them.", n, name(group[0].Path))
			looks = "They look like"
		}
		a.detail("%s", sentence(looks+": "+strings.Join(distinct(group, func(f policy.One) string { return f.Title }), ", ")))
		if group[0].Layer != "" {
			a.detail("Who has the image has it: a later layer that deletes the file does not remove it.")
		}
		all = append(all, a)
	}
	return all
}

// mends is about misconfigurations, each check once.
func mends(found []policy.One) (all []Advice) {
	for _, group := range groups(found, result.Misconfiguration, func(f policy.One) string { return f.ID }) {
		a := about(Mend, group)
		first := group[0]
		a.Sentence = cmp.Or(sentence(first.Resolution), sentence("Mend "+name(first.ID)+": "+cmp.Or(first.Title, first.Message)))
		a.detail("%s", sentence(name(first.ID)+": "+cmp.Or(first.Title, first.Message)))
		if places := distinct(group, place); len(places) > 0 {
			a.detail("At %s.", listed(places))
		}
		all = append(all, a)
	}
	return all
}

func place(f policy.One) string {
	return finding.Location{Path: f.Path, Line: f.Line}.String()
}

// licences is about licences, each once.
func licences(found []policy.One) (all []Advice) {
	for _, group := range groups(found, result.License, func(f policy.One) string { return f.ID }) {
		a := about(Settle, group)
		what := distinct(group, func(f policy.One) string { return cmp.Or(f.Package, f.Path) })
		a.Sentence = fmt.Sprintf("Replace what is under %s, or have the licence approved: %s.", name(group[0].ID), listed(what))
		a.detail("Its category is %s.", name(cmp.Or(group[0].Category, "unknown")))
		all = append(all, a)
	}
	return all
}

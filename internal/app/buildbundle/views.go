package buildbundle

import (
	"errors"
	"slices"

	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
)

// views writes what others read: the manifests that the configuration asks for,
// and an import map for each entry of an esm pass.
func (b *builder) views() error {
	sealed := *b.rel
	if err := sealed.Seal(); err != nil {
		return err
	}
	var errs []error
	add := func(name, pass string, text []byte, err error) {
		if err == nil {
			err = b.file(release.File{Path: name, Role: release.Manifest}, text, pass)
		}
		errs = append(errs, err)
	}
	wanted := func(v config.View) bool { return slices.Contains(b.cfg.Build.Views, v) }
	for i, p := range sealed.Passes {
		for j, e := range p.Entries {
			if wanted(config.ViewCheckout) {
				text, err := sealed.CheckoutManifest(p.Name, e.Name)
				add(entryView("manifest", sealed.Passes, i, j), p.Name, text, err)
			}
			if text := b.maps[p.Name+"/"+e.Name]; text != nil {
				add(entryView("importmap", sealed.Passes, i, j), p.Name, text, nil)
			}
		}
		if wanted(config.ViewWebpack) {
			text, err := sealed.WebpackAssets(p.Name)
			add(passView("assets-manifest", sealed.Passes, i)+".json", p.Name, text, err)
		}
		if wanted(config.ViewVite) {
			text, err := sealed.ViteManifest(p.Name)
			add(passView("vite-manifest", sealed.Passes, i)+".json", p.Name, text, err)
		}
	}
	return errors.Join(errs...)
}

// entryView is manifest.json for the first pass's only entry, and a name of its
// own for every other.
func entryView(name string, passes []release.Pass, pass, entry int) string {
	name = passView(name, passes, pass)
	if len(passes[pass].Entries) > 1 {
		name += "-" + passes[pass].Entries[entry].Name
	}
	return name + ".json"
}

// passView ends in the pass's name for all but the first.
func passView(name string, passes []release.Pass, pass int) string {
	if pass > 0 {
		name += "-" + passes[pass].Name
	}
	return name
}

package target

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/spell"
)

// browser is a browser by caniuse's name, which browserslist uses.
type browser struct {
	name string
	// whole: its versions are whole numbers from this one on; 0: never.
	whole int
	// last is the last version there will ever be; zero: more come.
	last version
	// engine gives the esbuild engine of a version. Nil: none is known.
	engine func(v version) (api.EngineName, version)
	// why there is none.
	why string
}

// next is the lowest version above v.
func (b *browser) next(v version) version {
	if b.whole > 0 && v.major >= b.whole && v.minor == 0 {
		return version{v.major + 1, 0}
	}
	return version{v.major, v.minor + 1}
}

// only is v alone, as the set of versions it stands for.
func (b *browser) only(v version) span { return span{v, b.next(v)} }

// end is above every version there is.
func (b *browser) end() version {
	if b.last == (version{}) {
		return newest
	}
	return b.next(b.last)
}

func same(name api.EngineName) func(version) (api.EngineName, version) {
	return func(v version) (api.EngineName, version) { return name, v }
}

var browsers = func() map[string]*browser {
	all := map[string]*browser{}
	for _, b := range []*browser{
		{name: "chrome", whole: 1, engine: same(api.EngineChrome)},
		{name: "and_chr", whole: 1, engine: same(api.EngineChrome)},
		{name: "android", whole: 37, engine: androidEngine},
		{name: "edge", whole: 12, engine: same(api.EngineEdge)},
		{name: "firefox", whole: 4, engine: same(api.EngineFirefox)},
		{name: "and_ff", whole: 4, engine: same(api.EngineFirefox)},
		{name: "safari", engine: same(api.EngineSafari)},
		{name: "ios_saf", engine: same(api.EngineIOS)},
		{name: "opera", whole: 15, engine: same(api.EngineOpera)},
		{name: "op_mob", engine: operaMobileEngine},
		{name: "samsung", engine: samsungEngine},
		{name: "ie", last: version{11, 0}, engine: same(api.EngineIE)},
		{name: "ie_mob", last: version{11, 0}, engine: same(api.EngineIE)},
		{name: "node", engine: same(api.EngineNode)},
		{name: "op_mini", why: "it runs scripts on Opera's servers"},
		{name: "kaios", why: "its Firefox 48 is older than what esbuild can write for"},
		{name: "and_uc", why: "the Chromium in it is not published"},
		{name: "and_qq", why: "the Chromium in it is not published"},
		{name: "baidu", why: "the Chromium in it is not published"},
		{name: "bb", last: version{10, 0}, why: "BlackBerry 10 is out of support"},
	} {
		all[b.name] = b
	}
	return all
}()

// aliases are browserslist's other names.
var aliases = map[string]string{
	"fx": "firefox", "ff": "firefox", "ios": "ios_saf", "explorer": "ie",
	"blackberry": "bb", "explorermobile": "ie_mob", "operamini": "op_mini",
	"operamobile": "op_mob", "chromeandroid": "and_chr", "firefoxandroid": "and_ff",
	"ucandroid": "and_uc", "qqandroid": "and_qq",
}

func findBrowser(name string) (*browser, error) {
	lower := strings.ToLower(name)
	if other, ok := aliases[lower]; ok {
		lower = other
	}
	if b, ok := browsers[lower]; ok {
		return b, nil
	}
	known := slices.Sorted(maps.Keys(browsers))
	if meant := spell.Nearest(strings.ToLower(name), known); meant != "" {
		return nil, fmt.Errorf("unknown browser %q: did you mean %q?", name, meant)
	}
	return nil, fmt.Errorf("unknown browser %q: allowed are %s", name, strings.Join(known, ", "))
}

// samsungChromium is the Chromium in a major version of Samsung Internet, from
// MDN's browser-compat-data. Newer versions have that of the newest listed at
// least, which is what counts: a target may be too low, never too high.
var samsungChromium = []struct{ samsung, chromium int }{
	{1, 28},
	{2, 34},
	{3, 38},
	{4, 44},
	{5, 51},
	{6, 56},
	{7, 59},
	{8, 63},
	{9, 67},
	{10, 71},
	{11, 75},
	{12, 79},
	{13, 83},
	{14, 87},
	{15, 90},
	{16, 92},
	{17, 96},
	{18, 99},
	{19, 102},
	{20, 106},
	{21, 110},
	{22, 111},
	{23, 115},
	{24, 117},
	{25, 121},
	{26, 122},
	{27, 125},
}

func samsungEngine(v version) (api.EngineName, version) {
	chromium := 18
	for _, row := range samsungChromium {
		if row.samsung <= v.major {
			chromium = row.chromium
		}
	}
	return api.EngineChrome, version{chromium, 0}
}

// operaMobileEngine: version 14 came with Chromium 26, and none since had one
// less than 12 above its own number (MDN's browser-compat-data). Before 14 it
// was Presto.
func operaMobileEngine(v version) (api.EngineName, version) {
	if v.major < 14 {
		return api.EngineOpera, v
	}
	return api.EngineChrome, version{v.major + 12, 0}
}

// androidEngine: the browser of Android up to 4.3 was a WebKit of Safari 4's
// age, that of 4.4 was Chromium 30; from 37 on it is Chrome under its number.
func androidEngine(v version) (api.EngineName, version) {
	switch {
	case v.less(version{4, 4}):
		return api.EngineSafari, version{4, 0}
	case v.major < 30:
		return api.EngineChrome, version{30, 0}
	}
	return api.EngineChrome, v
}

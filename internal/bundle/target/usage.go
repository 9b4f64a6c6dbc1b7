package target

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/bundle/style/literal"
)

// errNoUsage is the answer to a query about usage or releases without the data.
var errNoUsage = errors.New("it needs figures on releases or usage, and the project has no node_modules/caniuse-lite; install it (npm install --save-dev browserslist), or write versions: allowed are " + forms)

// usage is what caniuse-lite says: releases, dates and shares of browsers. It
// is the project's own copy, held by its lock file: nothing is fetched.
type usage struct {
	folder   string // of caniuse-lite's data
	names    map[string]string
	versions map[string]string
	agents   []agent
}

// agent is a browser in caniuse.
type agent struct {
	name       string
	released   []string // oldest first
	unreleased []string
	date       map[string]int64 // of release, Unix seconds
	share      map[string]float64
}

// findUsage reads the caniuse-lite nearest to root, as Node would find it from
// browserslist. Nil, and no error: there is none.
func findUsage(root string) (*usage, error) {
	for folder := root; ; folder = filepath.Dir(folder) {
		for _, place := range []string{"caniuse-lite", "browserslist/node_modules/caniuse-lite", ".pnpm/node_modules/caniuse-lite"} {
			data := filepath.Join(folder, "node_modules", filepath.FromSlash(place), "data")
			if info, err := os.Stat(filepath.Join(data, "agents.js")); err == nil && info.Mode().IsRegular() {
				return readUsage(data)
			}
		}
		if filepath.Dir(folder) == folder {
			return nil, nil
		}
	}
}

func readUsage(folder string) (*usage, error) {
	u := &usage{folder: folder}
	names, err1 := u.object("browsers.js")
	versions, err2 := u.object("browserVersions.js")
	agents, err3 := u.object("agents.js")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	u.names, u.versions = stringsOf(names), stringsOf(versions)
	for _, member := range agents {
		packed, ok := member.Value.(literal.Object)
		if name := u.names[member.Key]; ok && browsers[name] != nil {
			u.agents = append(u.agents, u.unpack(name, packed))
		}
	}
	if len(u.agents) == 0 {
		return nil, fmt.Errorf("reading %q: no browsers in it; this form of caniuse-lite is not known, write versions instead of usage", folder)
	}
	return u, nil
}

// object reads one of the data files: "module.exports={…}".
func (u *usage) object(name string) (literal.Object, error) {
	path := filepath.Join(u.folder, filepath.FromSlash(name))
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading caniuse-lite: %w", err)
	}
	value, err := literal.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", path, err)
	}
	object, ok := value.(literal.Object)
	if !ok {
		return nil, fmt.Errorf("reading %q: got a list, want an object", path)
	}
	return object, nil
}

func stringsOf(o literal.Object) map[string]string {
	out := map[string]string{}
	for _, m := range o {
		if text, ok := m.Value.(string); ok {
			out[m.Key] = text
		}
	}
	return out
}

// unpack reads an agent: A is the share by version, C the versions in order
// (the last three places are for those to come), F the dates.
func (u *usage) unpack(name string, packed literal.Object) agent {
	a := agent{name: name, date: map[string]int64{}, share: map[string]float64{}}
	list, _ := packed.Get("C").([]any)
	for i, entry := range list {
		key, _ := entry.(string)
		if key == "" {
			continue
		}
		if i < len(list)-3 {
			a.released = append(a.released, u.versions[key])
		} else {
			a.unreleased = append(a.unreleased, u.versions[key])
		}
	}
	shares, _ := packed.Get("A").(literal.Object)
	for _, m := range shares {
		a.share[u.versions[m.Key]], _ = m.Value.(float64)
	}
	dates, _ := packed.Get("F").(literal.Object)
	for _, m := range dates {
		if date, ok := m.Value.(float64); ok {
			a.date[u.versions[m.Key]] = int64(date)
		}
	}
	return a
}

// spanOf reads caniuse's notation of a version: "61", "15.2-15.3", "all", "TP".
// False: it stands for no version one could write down.
func (b *browser) spanOf(text string) (span, bool) {
	if text == "all" {
		return span{version{}, newest}, true
	}
	first, last, ranged := strings.Cut(text, "-")
	from, err := parseVersion(first)
	if err != nil {
		return span{}, false
	}
	if !ranged {
		return b.only(from), true
	}
	to, err := parseVersion(last)
	if err != nil {
		return span{}, false
	}
	return span{from, b.next(to)}, true
}

func (s *selection) addReleases(name string, releases []string) {
	for _, release := range releases {
		if sp, ok := browsers[name].spanOf(release); ok {
			s.add(name, sp)
		}
	}
}

func onData(pattern string, run func(match []string, data *usage) (selection, error)) form {
	return form{regexp.MustCompile(`(?i)^` + pattern + `$`), true, run}
}

const percent = `(\d+|\d+\.\d+|\.\d+)%`

var usageForms = []form{
	onData(`defaults`, defaults),
	onData(`last (\d+) versions?`, lastVersions),
	onData(`last (\d+) major versions?`, lastVersions),
	onData(`last (\d+) (\w+) versions?`, lastOf),
	onData(`last (\d+) (\w+) major versions?`, lastOf),
	onData(`unreleased versions`, unreleased),
	onData(`unreleased (\w+) versions`, unreleased),
	onData(`since (\d+)(?:-(\d+))?(?:-(\d+))?`, since),
	onData(`(>=?|<=?) ?`+percent, popular),
	onData(`(>=?|<=?) ?`+percent+` in ((?:alt-)?\w\w)`, popular),
	onData(`cover `+percent, cover),
	onData(`cover `+percent+` in ((?:alt-)?\w\w)`, cover),
	onData(`(?:(fully|partially) )?supports ([\w-]+)`, supports),
}

// defaults is browserslist's own default.
func defaults(_ []string, data *usage) (selection, error) {
	queries, err := parse([]string{"> 0.5%, last 2 versions, Firefox ESR, not dead"})
	if err != nil {
		return selection{}, err
	}
	return resolve(queries, data)
}

func lastVersions(m []string, data *usage) (s selection, err error) {
	for _, a := range data.agents {
		s.addReleases(a.name, a.last(atoi(m[1]), isMajor(m)))
	}
	return s, nil
}

func lastOf(m []string, data *usage) (s selection, err error) {
	a, err := data.agent(m[2])
	if err == nil {
		s.addReleases(a.name, a.last(atoi(m[1]), isMajor(m)))
	}
	return s, err
}

func isMajor(m []string) bool { return strings.Contains(strings.ToLower(m[0]), " major ") }

func (u *usage) agent(name string) (agent, error) {
	b, err := findBrowser(name)
	if err != nil {
		return agent{}, err
	}
	for _, a := range u.agents {
		if a.name == b.name {
			return a, nil
		}
	}
	return agent{}, fmt.Errorf("caniuse-lite has no releases of %s; write its versions", b.name)
}

// last is the newest n releases, or those of the newest n major versions.
func (a agent) last(n int, major bool) []string {
	list := a.released
	if major {
		list = a.lastMajors(n)
	} else {
		list = list[len(list)-min(n, len(list)):]
	}
	return a.withoutJump(list, n)
}

func (a agent) lastMajors(n int) []string {
	var majors []string
	for i, release := range slices.Backward(a.released) {
		major, _, _ := strings.Cut(release, ".")
		major, _, _ = strings.Cut(major, "-")
		if !slices.Contains(majors, major) {
			majors = append(majors, major)
		}
		if len(majors) > n {
			return a.released[i+1:]
		}
	}
	return a.released
}

// withoutJump is browserslist's rule for the two browsers of which caniuse has
// only the newest release after a very old one: the old one is not among "the
// last 2". Unlike there, a larger n keeps what is left, too.
func (a agent) withoutJump(list []string, n int) []string {
	switch a.name {
	case "android", "op_mob":
		if n <= 50 && len(list) > 1 {
			return list[len(list)-1:]
		}
	}
	return list
}

func unreleased(m []string, data *usage) (s selection, err error) {
	agents := data.agents
	if len(m) > 1 {
		a, err := data.agent(m[1])
		if err != nil {
			return s, err
		}
		agents = []agent{a}
	}
	for _, a := range agents {
		s.addReleases(a.name, a.unreleased)
	}
	return s, nil
}

func since(m []string, data *usage) (s selection, err error) {
	month, day := max(1, atoi(m[2])), max(1, atoi(m[3]))
	start := time.Date(atoi(m[1]), time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()
	for _, a := range data.agents {
		for release, date := range a.date {
			if date >= start {
				s.addReleases(a.name, []string{release})
			}
		}
	}
	return s, nil
}

func popular(m []string, data *usage) (s selection, err error) {
	limit, err := strconv.ParseFloat(m[2], 64)
	if err != nil {
		return s, err
	}
	shares, err := data.shares(m[3:])
	if err != nil {
		return s, err
	}
	for _, share := range shares {
		if compares(share.percent, m[1], limit) {
			s.addReleases(share.browser, []string{share.release})
		}
	}
	return s, nil
}

func compares(a float64, sign string, b float64) bool {
	switch sign {
	case ">":
		return a > b
	case ">=":
		return a >= b
	case "<":
		return a < b
	}
	return a <= b
}

func cover(m []string, data *usage) (s selection, err error) {
	goal, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return s, err
	}
	shares, err := data.shares(m[2:])
	if err != nil {
		return s, err
	}
	slices.SortStableFunc(shares, func(a, b share) int { return cmp.Compare(b.percent, a.percent) })
	covered := 0.0
	for _, share := range shares {
		if share.percent == 0 || covered >= goal {
			break
		}
		covered += share.percent
		s.addReleases(share.browser, []string{share.release})
	}
	return s, nil
}

// share is a release's part of the traffic, in percent.
type share struct {
	browser, release string
	percent          float64
}

// shares are the world's, or those of the place named, sorted by name.
func (u *usage) shares(place []string) (out []share, err error) {
	if len(place) > 0 && place[0] != "" {
		return u.placeShares(place[0])
	}
	for _, a := range u.agents {
		for release, percent := range a.share {
			out = append(out, share{a.name, release, percent})
		}
	}
	sortShares(out)
	return out, nil
}

func sortShares(list []share) {
	slices.SortFunc(list, func(a, b share) int {
		return cmp.Or(strings.Compare(a.browser, b.browser), strings.Compare(a.release, b.release))
	})
}

func (u *usage) placeShares(place string) (out []share, err error) {
	name := strings.ToLower(place)
	if len(place) == 2 {
		name = strings.ToUpper(place)
	}
	regions, err := u.object("regions/" + name + ".js")
	if err != nil {
		return nil, fmt.Errorf("no figures for the place %q (want a country as in US, or alt-eu): %w", place, err)
	}
	for _, member := range regions {
		packed, _ := member.Value.(literal.Object)
		a, err := u.agent(u.names[member.Key])
		if err != nil {
			continue // a browser of which nothing is known
		}
		for _, m := range packed {
			percent, ok := m.Value.(float64)
			if !ok {
				continue
			}
			release := m.Key
			if release == "0" && len(a.released) > 0 { // the newest, whichever it is
				release = a.released[len(a.released)-1]
			}
			out = append(out, share{a.name, release, percent})
		}
	}
	sortShares(out)
	return out, nil
}

// caniuse's marks of support.
const (
	supportsFully  = 1 << 0
	supportsPartly = 1 << 2
)

func supports(m []string, data *usage) (s selection, err error) {
	feature, err := data.object("features/" + m[2] + ".js")
	if err != nil {
		return s, fmt.Errorf("caniuse-lite has no feature %q: %w", m[2], err)
	}
	wanted := supportsFully | supportsPartly
	if strings.EqualFold(m[1], "fully") {
		wanted = supportsFully
	}
	byBrowser, _ := feature.Get("A").(literal.Object)
	for _, member := range byBrowser {
		name := data.names[member.Key]
		marks, _ := member.Value.(literal.Object)
		if browsers[name] == nil {
			continue
		}
		for _, mark := range marks {
			keys, _ := mark.Value.(string)
			if atoi(mark.Key)&wanted == 0 {
				continue
			}
			for _, key := range strings.Fields(keys) {
				s.addReleases(name, []string{data.versions[key]})
			}
		}
	}
	return s, nil
}

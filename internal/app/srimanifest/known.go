package srimanifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/inventory"
	"github.com/org/checkout-deploy/internal/live"
	"github.com/org/checkout-deploy/internal/release"
)

// maxRecords bounds how many releases count at once.
const maxRecords = 100

// known is what pages are compared with.
type known struct {
	records   []record
	own       map[string]string // files of all of them, "<release>/<path>" to integrity
	baseline  *live.Baseline
	digest    release.Digest // of the baseline's file
	signedBy  string         // who signed the baseline, "" where nobody had to
	inventory *inventory.Inventory
	previous  []byte // the pack before, nil for none
	newChain  bool   // that is not believed
}

// record is a release of which only the record is here: its files need not be, as
// only their hashes are asked for.
type record struct {
	release *release.Release
	id      release.Digest
}

// readKnown reads what the pages are compared with.
func (j *job) readKnown(ctx context.Context, l *looked) error {
	if err := j.readRecords(ctx, l); err != nil {
		return err
	}
	told := len(j.findings)
	var err error
	l.inventory, err = j.readInventory()
	if j.in.mode == ofBaseline { // asks for its exceptions alone
		j.findings = j.findings[:told]
		return err
	}
	if err := j.goOn(ctx, l, "live/incomplete", err); err != nil {
		return err
	}
	if j.in.mode == ofLive { // a drill is outside the chain
		l.previous, err = j.last(ctx)
		l.newChain = err != nil
		if err := j.goOn(ctx, l, "live/chain-broken", err); err != nil {
			return err
		}
	}
	return j.goOn(ctx, l, "live/no-baseline", j.readBaseline(ctx, l))
}

// last is the pack before this one, which has to be older.
func (j *job) last(ctx context.Context) ([]byte, error) {
	data, err := j.previous(ctx)
	if data == nil || err != nil {
		return nil, err
	}
	pack, err := evidence.Read(data)
	if err != nil {
		return nil, err
	}
	if pack.Made.After(j.r.Now()) {
		return nil, action.Misuse(fmt.Errorf("previous: %s: got a pack made %s, which is yet to come", j.in.previous, pack.Made.Format("2006-01-02 15:04 UTC")))
	}
	return data, nil
}

func (j *job) readBaseline(ctx context.Context, l *looked) error {
	name := j.cfg.Integrity.Live.Baseline
	data, err := j.file(name, live.MaxBaseline)
	if errors.Is(err, fs.ErrNotExist) {
		return action.Explain(action.Misuse(fmt.Errorf("integrity.live.baseline: got no %s, so there is nothing to compare with", name)),
			"sri-manifest --mode baseline writes it from what is live now: look at it, then commit it with its signature")
	}
	if err != nil {
		return action.Misuse(fmt.Errorf("integrity.live.baseline: %w", err))
	}
	if l.signedBy, err = j.verify(ctx, "integrity.live.baseline", name, data); err != nil {
		return err
	}
	if l.baseline, err = live.ReadBaseline(data); err != nil {
		return action.Misuse(fmt.Errorf("%s: %w", name, err))
	}
	l.digest = release.DigestOf(data)
	if l.signedBy == "" {
		j.found(finding.Finding{
			Rule: "live/unsigned-baseline", Severity: finding.Medium, Location: finding.Location{Path: name},
			Message: fmt.Sprintf("Nobody has to have signed the baseline %s: who can change the file says what is right", name),
			Hint:    "Name in integrity.signed-by whose signature counts, for records and packs too; with the input sign the mode baseline signs what it writes.",
		})
	}
	return nil
}

// baselineBy says which baseline it was, and who vouches for it.
func (l *looked) baselineBy() string {
	switch {
	case l.baseline == nil:
		return ""
	case l.signedBy == "":
		return fmt.Sprintf("SHA-256 %s, no signature was asked for", l.digest)
	}
	return fmt.Sprintf("SHA-256 %s, signed by %s", l.digest, l.signedBy)
}

// notes are what a reader of the pack has to know of what pages were compared with.
func (l *looked) notes() (notes []string) {
	if by := l.baselineBy(); by != "" {
		notes = append(notes, "The pages were compared with the baseline of "+by+".")
	} else {
		notes = append(notes, "The pages were compared with no baseline: there was none to be believed.")
	}
	if l.newChain {
		notes = append(notes, "The pack before this one was not believed: see the findings. This pack begins a new chain.")
	}
	return notes
}

// readRecords reads the records of the releases whose files are right: that in dist,
// and those in the folder records.
func (j *job) readRecords(ctx context.Context, l *looked) error {
	l.own = map[string]string{}
	id, err := handover.ParseID(j.in.release)
	if err != nil {
		return action.Misuse(err)
	}
	if _, err := os.Lstat(filepath.Join(j.dist, release.RecordName)); err == nil || !id.IsZero() {
		if err := j.goOn(ctx, l, ruleRecord, j.readRecord(ctx, l, "dist", j.dist, id)); err != nil {
			return err
		}
	}
	folders, err := j.recordFolders()
	if err := j.goOn(ctx, l, ruleRecord, err); err != nil {
		return err
	}
	for _, folder := range folders {
		if err := j.goOn(ctx, l, ruleRecord, j.readRecord(ctx, l, "records", folder, release.Digest{})); err != nil {
			return err
		}
	}
	return nil
}

const ruleRecord = "live/record-refused"

// recordFolders are those with a record, in the folder of the input records. Below
// their statements lie records of what they were made from, which nobody is served.
func (j *job) recordFolders() (folders []string, err error) {
	if j.in.records == "" {
		return nil, nil
	}
	root := place.Within(j.dir, filepath.FromSlash(j.in.records))
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == release.StatementDir:
			return fs.SkipDir
		case d.Name() == release.RecordName && d.Type().IsRegular():
			folders = append(folders, filepath.Dir(name))
		}
		return nil
	})
	if err != nil {
		return nil, action.Misuse(fmt.Errorf("records: got %q, want a folder: %w", j.in.records, place.Cause(err)))
	}
	if len(folders) > maxRecords {
		return nil, action.Misuse(fmt.Errorf("records: got %d records in %q, want at most %d", len(folders), j.in.records, maxRecords))
	}
	return folders, nil
}

// readRecord reads a record, which has to be signed where the configuration says by
// whom, and to be that of id, unless that is zero.
func (j *job) readRecord(ctx context.Context, l *looked, input, folder string, id release.Digest) error {
	name := filepath.Join(folder, release.RecordName)
	data, err := j.file(name, release.MaxRecordSize)
	if err != nil {
		return action.Misuse(fmt.Errorf("%s: reading the release's record: %w", input, err))
	}
	rel, err := release.Read(bytes.NewReader(data))
	if err != nil {
		return action.Misuse(j.r.In(folder, err))
	}
	got, err := rel.ID()
	if err != nil {
		return err
	}
	if !id.IsZero() && id != got {
		return action.Misuse(fmt.Errorf("release: got %s, but the record in %s is that of %s", id, j.r.Shown(folder), got))
	}
	signature := filepath.Join(folder, release.StatementDir, release.RecordName+signed)
	if _, err := j.verifyBy(ctx, input, j.r.Shown(name), signature, data); err != nil {
		return err
	}
	l.records = append(l.records, record{rel, got})
	for _, f := range rel.Files {
		l.own[got.String()+"/"+f.Path] = f.Integrity.String()
	}
	return nil
}

// shown is the record of the release that the pages showed the most files of; of two
// alike the first. nil where they showed none of any.
func (l *looked) shown() (best *record) {
	most := 0
	for i := range l.records {
		if n := len(l.seenOf(l.records[i].release)); n > most {
			best, most = &l.records[i], n
		}
	}
	return best
}

// ownSeen are the scripts and styles of the release that is shown, and those of the
// others that the pages had: during a rollout there are two.
func (l *looked) ownSeen() []inventory.Own {
	shown := l.shown()
	if shown == nil {
		return nil
	}
	all := inventory.OwnOf(shown.release)
	had := map[string]bool{}
	for _, o := range all {
		had[o.Integrity] = true
	}
	for _, r := range l.records {
		for _, o := range l.seenOf(r.release) {
			if !had[o.Integrity] {
				had[o.Integrity], all = true, append(all, o)
			}
		}
	}
	return all
}

// seenOf are the scripts and styles of a release that the pages had.
func (l *looked) seenOf(r *release.Release) (own []inventory.Own) {
	seen := map[string]bool{}
	for _, p := range l.seen.Pages {
		for _, r := range p.Resources {
			seen[r.SHA384] = true
		}
	}
	for _, o := range inventory.OwnOf(r) {
		if seen[o.Integrity] {
			own = append(own, o)
		}
	}
	return own
}

// ofRelease says whether an address is that of a release's file, in a folder that has
// the release's name, whatever its bytes are.
func (l *looked) ofRelease(r live.Resource) bool {
	u, err := url.Parse(r.URL)
	if err != nil || r.Via != live.Linked {
		return false
	}
	for file := range l.own { // "<release>/<path>"
		if strings.HasSuffix(u.Path, "/"+file) {
			return true
		}
	}
	return false
}

// against is what excuses a difference: the release, and exceptions of the inventory.
func (j *job) against(l *looked) live.Against {
	return live.Against{Own: l.own, Evergreen: exceptions(l.inventory, j.r.Now())}
}

// exceptions are those of an inventory, nil for none, that have not ended.
func exceptions(inv *inventory.Inventory, now time.Time) func(page string, r live.Resource) bool {
	return func(page string, r live.Resource) bool {
		return inv != nil && inv.Excepts(loadedLive(page, r), now)
	}
}

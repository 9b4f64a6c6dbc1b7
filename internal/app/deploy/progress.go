package deploy

import (
	"time"

	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/store"
)

// between is the least time between two lines about how far an upload is.
const between = 5 * time.Second

// uploading tells how far the upload is, now and then, and what it came to.
func (j *job) uploading() func(store.Uploaded) {
	last := j.Now()
	return func(u store.Uploaded) {
		if now := j.Now(); u.Objects == u.Of || now.Sub(last) >= between {
			last = now
			j.Logf("%d of %d files are in the store, %s; %d were there before", u.Objects, u.Of, report.FormatBytes(u.Bytes), u.Skipped)
		}
	}
}

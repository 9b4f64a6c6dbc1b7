package blob

import (
	"context"
	"errors"
	"hash"
	"hash/crc32"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/org/checkout-deploy/internal/store"
)

// openGCS takes the credentials that google-github-actions/auth leaves (Application
// Default Credentials).
func openGCS(ctx context.Context, u *url.URL, o Options) (*Bucket, error) {
	creds, err := gcp.DefaultCredentials(ctx)
	if err != nil {
		return nil, &noCredentials{store.Denied, "Google's (GOOGLE_APPLICATION_CREDENTIALS, as google-github-actions/auth sets it) are not there or can't be read"}
	}
	client, err := gcp.NewHTTPClient(o.transport(), gcp.CredentialsTokenSource(creds))
	if err != nil {
		return nil, err
	}
	options := &gcsblob.Options{}
	if endpoint := u.Query().Get("endpoint"); endpoint != "" {
		options.ClientOptions = append(options.ClientOptions, option.WithEndpoint(endpoint+"/storage/v1/"))
	}
	bucket, err := gcsblob.OpenBucket(ctx, client, u.Host, options)
	if err != nil {
		return nil, err
	}
	var storageClient *storage.Client
	if !bucket.As(&storageClient) {
		return nil, errDriver
	}
	// A conditional write that is tried again fails by its own first attempt.
	storageClient.SetRetry(storage.WithPolicy(storage.RetryNever))
	return &Bucket{bucket: bucket, cloud: gcsCloud{}}, nil
}

// gcsCloud compares by generation: each write has its own, whatever its bytes.
type gcsCloud struct{}

func (gcsCloud) condition(as as, when store.When, written *written, sum func(hash.Hash) error) error {
	var handle **storage.ObjectHandle
	if !as(&handle) {
		return errDriver
	}
	if when == store.Anew {
		*handle = (*handle).If(storage.Conditions{DoesNotExist: true})
	} else {
		*handle = (*handle).If(storage.Conditions{GenerationMatch: generation(when.Version)})
	}
	var w *storage.Writer
	if !as(&w) {
		return errDriver
	}
	checksum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	if err := sum(checksum); err != nil {
		return err
	}
	w.CRC32C, w.SendCRC32C = checksum.Sum32(), true
	written.ask = func() store.Version {
		if attrs := w.Attrs(); attrs != nil {
			return store.Version(strconv.FormatInt(attrs.Generation, 10))
		}
		return ""
	}
	return nil
}

func (gcsCloud) only(as as, version store.Version) error {
	var handle **storage.ObjectHandle
	if !as(&handle) {
		return errDriver
	}
	*handle = (*handle).If(storage.Conditions{GenerationMatch: generation(version)})
	return nil
}

var digits = regexp.MustCompile(`\A[1-9][0-9]{0,17}\z`)

func (gcsCloud) wellFormed(v store.Version) bool { return digits.MatchString(string(v)) }

func generation(v store.Version) int64 {
	n, _ := strconv.ParseInt(string(v), 10, 64) // it is well formed
	return n
}

func (gcsCloud) seen(as as) (store.Version, store.Header) {
	var r *storage.Reader
	if !as(&r) {
		return "", store.Header{}
	}
	return store.Version(strconv.FormatInt(r.Attrs.Generation, 10)), store.Header{
		ContentType: r.Attrs.ContentType, CacheControl: r.Attrs.CacheControl, ContentEncoding: r.Attrs.ContentEncoding,
	}
}

// asGiven keeps the server from decoding what is stored encoded.
func (gcsCloud) asGiven(as as) error {
	var handle **storage.ObjectHandle
	if !as(&handle) {
		return errDriver
	}
	*handle = (*handle).ReadCompressed(true)
	return nil
}

func (gcsCloud) cutShort() bool { return true }

func (gcsCloud) said(err error) (answer, bool) {
	if errors.Is(err, storage.ErrBucketNotExist) {
		return answer{status: http.StatusNotFound, code: "NoSuchBucket"}, true
	}
	if e := (*googleapi.Error)(nil); errors.As(err, &e) {
		a := answer{status: e.Code, header: e.Header}
		if len(e.Errors) > 0 {
			a.code = e.Errors[0].Reason
		}
		return a, true
	}
	if errors.Is(err, storage.ErrObjectNotExist) {
		return answer{status: http.StatusNotFound}, true
	}
	return answer{}, false
}

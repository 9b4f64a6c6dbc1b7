package blob

import (
	"context"
	"crypto/md5" //nolint:gosec // the protocol's
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azure "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob/azureblob"

	"github.com/org/checkout-deploy/internal/store"
)

// openAzure takes an account's key or signature, where the environment has one, else
// what azidentity finds.
func openAzure(ctx context.Context, u *url.URL, o Options) (*Bucket, error) {
	account := u.Query().Get("account")
	if account == "" {
		account = o.variable("AZURE_STORAGE_ACCOUNT")
	}
	service := u.Query().Get("endpoint")
	switch {
	case account == "":
		return nil, errors.New("got no account, want azblob://container?account=NAME, or AZURE_STORAGE_ACCOUNT")
	case service == "":
		service = "https://" + account + ".blob.core.windows.net"
	}
	client, err := azureClient(service+"/"+u.Host, account, o)
	if err != nil {
		return nil, err
	}
	bucket, err := azureblob.OpenBucket(ctx, client, nil)
	if err != nil {
		return nil, err
	}
	return &Bucket{bucket: bucket, cloud: azureCloud{}}, nil
}

func azureClient(address, account string, o Options) (*container.Client, error) {
	options := &container.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: &http.Client{Transport: o.transport(), CheckRedirect: stay},
		// A conditional write that is tried again fails by its own first attempt.
		Retry:           policy.RetryOptions{MaxRetries: -1},
		PerCallPolicies: []policy.Policy{ofWrites{}},
	}}
	if key := o.variable("AZURE_STORAGE_KEY"); key != "" {
		credential, err := azblob.NewSharedKeyCredential(account, key)
		if err != nil {
			return nil, &noCredentials{store.Denied, "AZURE_STORAGE_KEY is no account's key"}
		}
		return container.NewClientWithSharedKeyCredential(address, credential, options)
	}
	if signature := o.variable("AZURE_STORAGE_SAS_TOKEN"); signature != "" {
		return container.NewClientWithNoCredential(address+"?"+signature, options)
	}
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, &noCredentials{store.Denied, "Azure's (AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE; or AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN) are not there"}
	}
	return container.NewClient(address, credential, options)
}

// azureCloud compares by ETag, which each write makes anew.
type azureCloud struct{}

func (azureCloud) condition(as as, when store.When, _ *written, _ func(hash.Hash) error) error {
	var options *azblob.UploadStreamOptions
	if !as(&options) {
		return errDriver
	}
	conditions := &azure.ModifiedAccessConditions{}
	if when == store.Anew {
		anything := azcore.ETagAny
		conditions.IfNoneMatch = &anything
	} else {
		conditions.IfMatch = etag(when.Version)
	}
	options.AccessConditions = &azblob.AccessConditions{ModifiedAccessConditions: conditions}
	return nil
}

func etag(v store.Version) *azcore.ETag {
	e := azcore.ETag(v)
	return &e
}

func (azureCloud) only(as as, version store.Version) error {
	var options *azure.DeleteOptions
	if !as(&options) {
		return errDriver
	}
	options.AccessConditions = &azblob.AccessConditions{ModifiedAccessConditions: &azure.ModifiedAccessConditions{IfMatch: etag(version)}}
	return nil
}

func (azureCloud) wellFormed(v store.Version) bool { return entityTag.MatchString(string(v)) }

func (azureCloud) seen(as as) (v store.Version, h store.Header) {
	var out azure.DownloadStreamResponse
	if !as(&out) {
		return "", store.Header{}
	}
	if out.ETag != nil {
		v = store.Version(*out.ETag)
	}
	for to, from := range map[*string]*string{&h.ContentType: out.ContentType, &h.CacheControl: out.CacheControl, &h.ContentEncoding: out.ContentEncoding} {
		if from != nil {
			*to = *from
		}
	}
	return v, h
}

func (azureCloud) asGiven(as) error { return nil }

func (azureCloud) cutShort() bool { return false }

func (azureCloud) said(err error) (answer, bool) {
	e := (*azcore.ResponseError)(nil)
	if !errors.As(err, &e) {
		return answer{}, false
	}
	a := answer{status: e.StatusCode, code: e.ErrorCode}
	if e.RawResponse != nil {
		a.header = e.RawResponse.Header
	}
	return a, true
}

// ofWrites is what the SDK leaves out: it names a checksum of the bytes, which its own
// option does for large objects alone, and keeps the ETag that the answer has.
type ofWrites struct{}

func (ofWrites) Do(request *policy.Request) (*http.Response, error) {
	raw := request.Raw()
	if raw.Method != http.MethodPut {
		return request.Next()
	}
	part := raw.URL.Query().Get("comp")
	if body := request.Body(); body != nil && (part == "" || part == "block") {
		sum := md5.New() //nolint:gosec // the protocol's; not against an enemy
		if _, err := io.Copy(sum, body); err != nil {
			return nil, err
		}
		if err := request.RewindBody(); err != nil {
			return nil, err
		}
		// The SDK signs it under this spelling, which is not Go's.
		raw.Header["Content-MD5"] = []string{base64.StdEncoding.EncodeToString(sum.Sum(nil))}
	}
	response, err := request.Next()
	if err == nil && part != "block" {
		note(raw.Context(), store.Version(response.Header.Get("ETag")))
	}
	return response, err
}

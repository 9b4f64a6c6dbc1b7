package blob

import (
	"context"
	"errors"
	"hash"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/org/checkout-deploy/internal/store"
)

// s3Cloud compares by ETag. Above 16 MiB an object is sent in parts, and the
// condition is one of their completion.
type s3Cloud struct{}

func (s3Cloud) condition(as as, when store.When, _ *written, _ func(hash.Hash) error) error {
	var in *transfermanager.UploadObjectInput
	if !as(&in) {
		return errDriver
	}
	if when == store.Anew {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(string(when.Version))
	}
	return nil
}

func (s3Cloud) only(as as, version store.Version) error {
	var in *s3.DeleteObjectInput
	if !as(&in) {
		return errDriver
	}
	in.IfMatch = aws.String(string(version))
	return nil
}

func (s3Cloud) wellFormed(v store.Version) bool { return entityTag.MatchString(string(v)) }

func (s3Cloud) seen(as as) (store.Version, store.Header) {
	var out s3.GetObjectOutput
	if !as(&out) {
		return "", store.Header{}
	}
	return store.Version(aws.ToString(out.ETag)), store.Header{
		ContentType: aws.ToString(out.ContentType), CacheControl: aws.ToString(out.CacheControl), ContentEncoding: aws.ToString(out.ContentEncoding),
	}
}

func (s3Cloud) asGiven(as) error { return nil }

func (s3Cloud) cutShort() bool { return false }

func (s3Cloud) said(err error) (answer, bool) {
	var a answer
	if api := smithy.APIError(nil); errors.As(err, &api) {
		a.code = api.ErrorCode()
	}
	re := (*awshttp.ResponseError)(nil)
	if !errors.As(err, &re) || re.HTTPStatusCode() == 0 {
		return a, false
	}
	a.status, a.header = re.HTTPStatusCode(), re.Response.Header
	return a, true
}

// errDriver would be a change in gocloud.dev that no test of ours has seen.
var errDriver = errors.New("gocloud.dev has other types than this program was built for")

// noteS3 keeps the ETag that the answer to a write has.
func noteS3(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("noteVersion", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		switch result := out.Result.(type) {
		case *s3.PutObjectOutput:
			note(ctx, store.Version(aws.ToString(result.ETag)))
		case *s3.CompleteMultipartUploadOutput:
			note(ctx, store.Version(aws.ToString(result.ETag)))
		}
		return out, metadata, err
	}), middleware.After)
}

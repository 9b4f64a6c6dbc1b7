package blob

import (
	"context"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"gocloud.dev/blob/s3blob"
)

// openS3 takes credentials as aws-actions/configure-aws-credentials leaves them, or
// those of a role that trusts the workflow's own token.
func openS3(ctx context.Context, u *url.URL, o Options) (*Bucket, error) {
	query := u.Query()
	load := []func(*config.LoadOptions) error{config.WithHTTPClient(awsClient(o)), config.WithLogger(logging.Nop{})}
	if region := query.Get("region"); region != "" {
		load = append(load, config.WithRegion(region))
	}
	role := query.Get("role")
	if role != "" { // nobody else's
		load = append(load, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, &noCredentials{text: "AWS's configuration (AWS_CONFIG_FILE, AWS_PROFILE) can't be read"}
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // which other servers than AWS's take as well
	}
	if role != "" {
		if cfg.Credentials, err = assume(cfg, role, o); err != nil {
			return nil, err
		}
	}
	cfg.Credentials = aws.NewCredentialsCache(explained{cfg.Credentials})
	client := s3.NewFromConfig(cfg, func(options *s3.Options) {
		// A conditional write that is tried again fails by its own first attempt.
		options.Retryer = aws.NopRetryer{}
		// What is read is compared by who reads it, with a better digest.
		options.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		options.APIOptions = append(options.APIOptions, noteS3)
		if endpoint := query.Get("endpoint"); endpoint != "" {
			options.BaseEndpoint = &endpoint
			options.UsePathStyle = query.Get("path-style") != "false"
		}
	})
	bucket, err := s3blob.OpenBucket(ctx, client, u.Host, nil)
	if err != nil {
		return nil, err
	}
	return &Bucket{bucket: bucket, cloud: s3Cloud{}}, nil
}

// awsClient is one that the SDK can give the certificates of AWS_CA_BUNDLE.
func awsClient(o Options) aws.HTTPClient {
	if o.HTTP != nil {
		return &http.Client{Transport: o.HTTP, CheckRedirect: stay}
	}
	return awshttp.NewBuildableClient().WithTransportOptions(tune)
}

// assume takes on a role by the token that GitHub gives to a workflow's run.
func assume(cfg aws.Config, role string, o Options) (aws.CredentialsProvider, error) {
	token, err := newIDToken(o, "sts.amazonaws.com")
	if err != nil {
		return nil, err
	}
	provider := stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), role, token, func(p *stscreds.WebIdentityRoleOptions) {
		p.RoleSessionName = "checkout-deploy"
	})
	return aws.NewCredentialsCache(provider), nil
}

// explained says what is lacking, where the SDK lists all that it has tried.
type explained struct{ aws.CredentialsProvider }

func (e explained) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if e.CredentialsProvider == nil {
		return aws.Credentials{}, without("none of AWS's ways gave any", nil, s3Cloud{}.said)
	}
	got, err := e.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		if no := (*noCredentials)(nil); asNoCredentials(err, &no) {
			return got, no
		}
		return got, without("neither the environment (AWS_ACCESS_KEY_ID, as aws-actions/configure-aws-credentials sets it) nor AWS's files have any that work", err, s3Cloud{}.said)
	}
	return got, nil
}

package peer

import (
	"os"
	"path/filepath"
	"testing"
)

// S3 is a versitygw with one bucket, Bucket. Its versions are compared for real, also
// by two writers at once.
type S3 struct {
	// Endpoint is its address.
	Endpoint string
	// Folder has the bucket's objects as files.
	Folder string
	// AccessKey and Secret are those of its owner.
	AccessKey, Secret string
}

// Bucket and Region are what the servers here have.
const (
	Bucket = "shop-checkout"
	Region = "eu-west-1"
)

// URL is the store's address, with a prefix in the bucket.
func (s *S3) URL(prefix string) string {
	return "s3://" + Bucket + "/" + prefix + "?region=" + Region + "&endpoint=" + s.Endpoint
}

// Env is the environment that AWS's SDK finds the owner's credentials in, and nothing
// of this machine's.
func (s *S3) Env() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": s.AccessKey, "AWS_SECRET_ACCESS_KEY": s.Secret, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	}
}

// NewS3 starts a server.
func NewS3(t testing.TB) *S3 {
	t.Helper()
	program := need(t, ".cache/bin/versitygw", "make .cache/bin/versitygw")
	port := free(t)
	s := &S3{Endpoint: "http://127.0.0.1:" + port, AccessKey: "owner-of-tests", Secret: "secret-of-tests-c2VjcmV0"}
	served := t.TempDir()
	s.Folder = filepath.Join(served, Bucket)
	if err := os.Mkdir(s.Folder, 0o755); err != nil { //nolint:gosec // a test's
		t.Fatal(err)
	}
	start(t, port, nil, program, "--port", "127.0.0.1:"+port, "--access", s.AccessKey, "--secret", s.Secret, "--region", Region, "--keep-alive", "--quiet", "posix", served)
	return s
}

// SetEnv has the test's process find the owner's credentials.
func (s *S3) SetEnv(t *testing.T) {
	t.Helper()
	for name, value := range s.Env() {
		t.Setenv(name, value)
	}
}

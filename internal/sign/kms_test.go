package sign_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

const (
	kmsRegion = "eu-west-2"
	kmsID     = "AKIDCHECKOUT"
	kmsSecret = "the-secret-of-the-key-of-aws"
)

// awsKMS is local-kms, behind what local-kms lacks: TLS, and AWS's refusal of
// requests that are not signed by the account's key.
type awsKMS struct {
	*httptest.Server
	behind string
	keys   map[string]string // ids, by what they are
	says   map[string]refusal
	spoils bool // turns over a bit of each signature
}

// refusal is an answer that AWS gives in place of an operation's.
type refusal struct {
	status int
	kind   string
}

func newAWSKMS(t *testing.T) *awsKMS {
	t.Helper()
	k := &awsKMS{behind: localKMS(t), keys: map[string]string{}, says: map[string]refusal{}}
	for name, ask := range map[string]map[string]any{
		"p256": {"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"}, "p384": {"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P384"},
		"pss": {"KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048"}, "aes": {}, "disabled": {"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"},
	} {
		k.keys[name] = k.ask(t, "CreateKey", ask)["KeyMetadata"].(map[string]any)["KeyId"].(string)
	}
	k.ask(t, "CreateAlias", map[string]any{"AliasName": "alias/checkout", "TargetKeyId": k.keys["p256"]})
	k.ask(t, "DisableKey", map[string]any{"KeyId": k.keys["disabled"]})

	target, err := url.Parse(k.behind)
	check(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, ModifyResponse: k.spoil}
	k.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
		switch no, stop := k.says[operation]; {
		case err != nil || !signedForKMS(r, body):
			refuseAWS(w, refusal{400, "InvalidSignatureException"})
		case stop:
			refuseAWS(w, no)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(k.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	write(t, bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate().Raw}))
	for name, value := range map[string]string{
		"AWS_REGION": kmsRegion, "AWS_ACCESS_KEY_ID": kmsID, "AWS_SECRET_ACCESS_KEY": kmsSecret, "AWS_CA_BUNDLE": bundle, "AWS_MAX_ATTEMPTS": "1",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	return k
}

// localKMS starts the program that `make .cache/bin/local-kms` builds.
func localKMS(t *testing.T) (address string) {
	t.Helper()
	program := tool(t, "local-kms")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program)
	dir := t.TempDir()
	cmd.Env = []string{"PORT=0", "KMS_DATA_PATH=" + filepath.Join(dir, "data"), "KMS_SEED_PATH=" + filepath.Join(dir, "none"), "KMS_REGION=" + kmsRegion}
	out, err := cmd.StderrPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // it was killed
	started := regexp.MustCompile(`started on 0\.0\.0\.0:(\d+)`)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := started.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return "http://127.0.0.1:" + m[1]
		}
	}
	t.Fatal("local-kms ended before it listened")
	return ""
}

// ask is for what a test sets up, past the signatures.
func (k *awsKMS) ask(t *testing.T, operation string, body map[string]any) (answer map[string]any) {
	t.Helper()
	data, err := json.Marshal(body)
	check(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, k.behind, bytes.NewReader(data))
	check(t, err)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "TrentService."+operation)
	response, err := http.DefaultClient.Do(request)
	check(t, err)
	defer response.Body.Close()
	data, err = io.ReadAll(response.Body)
	check(t, err)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %d: %s", operation, response.StatusCode, data)
	}
	if len(data) > 0 {
		check(t, json.Unmarshal(data, &answer))
	}
	return answer
}

// reference is what a user writes: the service's address, and a key.
func (k *awsKMS) reference(key string) sign.KeyOptions {
	return sign.KeyOptions{Reference: "awskms://" + strings.TrimPrefix(k.URL, "https://") + "/" + key}
}

// signedForKMS signs the request again (AWS Signature Version 4) and compares.
func signedForKMS(r *http.Request, body []byte) bool {
	m := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=.*, SignedHeaders=([a-z0-9;-]+), Signature=`).FindStringSubmatch(r.Header.Get("Authorization"))
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if m == nil || err != nil || time.Since(at).Abs() > 5*time.Minute {
		return false
	}
	again := &http.Request{Method: r.Method, URL: &url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path}, Host: r.Host, ContentLength: r.ContentLength, Header: http.Header{}}
	for name := range strings.SplitSeq(m[1], ";") {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: kmsID, SecretAccessKey: kmsSecret}
	err = v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(sum[:]), "kms", kmsRegion, at)
	return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
}

func refuseAWS(w http.ResponseWriter, no refusal) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(no.status)
	answer(w, map[string]string{"__type": no.kind, "message": "as AWS says it"})
}

func (k *awsKMS) spoil(r *http.Response) error {
	if !k.spoils || r.Request.Header.Get("X-Amz-Target") != "TrentService.Sign" {
		return nil
	}
	var signed map[string]any
	if err := json.NewDecoder(r.Body).Decode(&signed); err != nil {
		return err
	}
	signed["Signature"] = "AAAA" + signed["Signature"].(string)[4:]
	data, err := json.Marshal(signed)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	r.Header.Del("Content-Length")
	return err
}

// publicPEM is the key as the account's owner would hand it to those who verify.
func (k *awsKMS) publicPEM(t *testing.T) []byte {
	t.Helper()
	encoded, err := json.Marshal(k.ask(t, "GetPublicKey", map[string]any{"KeyId": k.keys["p256"]})["PublicKey"])
	check(t, err)
	var der []byte
	check(t, json.Unmarshal(encoded, &der))
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestAWSKMS(t *testing.T) {
	k := newAWSKMS(t)
	for _, test := range []struct{ name, key string }{
		{"an alias", "alias/checkout"},
		{"an id", k.keys["p256"]},
		{"an ARN", "arn:aws:kms:" + kmsRegion + ":111122223333:key/" + k.keys["p256"]},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := sign.NewKeySigner(t.Context(), k.reference(test.key))
			check(t, err)
			verifiesBoth(t, s, k.reference(test.key), of(k.publicPEM(t)))
		})
	}
	t.Run("the account's usual address", func(t *testing.T) {
		t.Setenv("AWS_ENDPOINT_URL_KMS", k.URL)
		s, err := sign.NewKeySigner(t.Context(), sign.KeyOptions{Reference: "awskms:///alias/checkout"})
		check(t, err)
		verifiesBoth(t, s, of(k.publicPEM(t)))
	})
}

// verifiesBoth signs a record and a statement, and verifies them by each key.
func verifiesBoth(t *testing.T, s sign.Signer, keys ...sign.KeyOptions) {
	t.Helper()
	blob, err := s.Sign(t.Context(), record)
	check(t, err)
	envelope, err := s.SignStatement(t.Context(), statement)
	check(t, err)
	for _, o := range keys {
		v, err := sign.NewKeyVerifier(t.Context(), o)
		check(t, err)
		if id, err := v.Verify(t.Context(), record, blob); err != nil || len(id.Key) != 64 {
			t.Errorf("by %s: got %+v, %v", o.Reference, id, err)
		}
		if _, err := v.VerifyStatement(t.Context(), statement, envelope); err != nil {
			t.Errorf("by %s: %v", o.Reference, err)
		}
		if _, err := v.Verify(t.Context(), other, blob); !errors.Is(err, sign.ErrRefused) {
			t.Errorf("by %s: other bytes: got %v", o.Reference, err)
		}
	}
}

// Each row fails when the key is opened, or else when it signs. A row without a
// kind is about the reference.
func TestAWSKMSRefused(t *testing.T) {
	k := newAWSKMS(t)
	nowhere := sign.KeyOptions{Reference: "awskms://127.0.0.1:1/alias/checkout"}
	checkout := k.reference("alias/checkout")
	for _, test := range []struct {
		name    string
		key     sign.KeyOptions
		says    map[string]refusal
		kind    error
		message string
	}{
		{"no such alias", k.reference("alias/nobody"), nil, sign.ErrRefused, "NotFoundException"},
		{"a disabled key", k.reference(k.keys["disabled"]), nil, sign.ErrRefused, "DisabledException"},
		{"a key to encrypt with", k.reference(k.keys["aes"]), nil, sign.ErrRefused, "UnsupportedOperationException"},
		{"a key on another curve", k.reference(k.keys["p384"]), nil, nil, "is ECDSA on P-384; a KMS's key is"},
		{"a key that signs by PSS first", k.reference(k.keys["pss"]), nil, sign.ErrRefused, "what was signed does not verify"},
		{"no alias and no id", k.reference("checkout"), nil, nil, "kms specification should be in the format"},
		{"the key denied", checkout, map[string]refusal{"GetPublicKey": {400, "AccessDeniedException"}}, sign.ErrRefused, "asking for the public key of awskms://"},
		{"describing denied", checkout, map[string]refusal{"DescribeKey": {400, "AccessDeniedException"}}, sign.ErrRefused, "getting key metadata"},
		{"signing denied", checkout, map[string]refusal{"Sign": {400, "AccessDeniedException"}}, sign.ErrRefused, "signing with awskms://"},
		{"throttled", checkout, map[string]refusal{"Sign": {400, "ThrottlingException"}}, sign.ErrUnavailable, "signing with awskms://"},
		{"broken", checkout, map[string]refusal{"GetPublicKey": {500, "KMSInternalException"}}, sign.ErrUnavailable, "KMSInternalException"},
		{"broken while signing", checkout, map[string]refusal{"Sign": {503, "DependencyTimeoutException"}}, sign.ErrUnavailable, "DependencyTimeoutException"},
		{"nobody there", nowhere, nil, sign.ErrUnavailable, "connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k.says = test.says
			expectFailure(t, test.key, test.kind, test.message)
		})
	}
	k.says = nil
	t.Run("a signature that is none", func(t *testing.T) {
		k.spoils = true
		defer func() { k.spoils = false }()
		expectFailure(t, checkout, sign.ErrRefused, "what was signed does not verify")
	})
	t.Run("a wrong secret", func(t *testing.T) {
		t.Setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
		expectFailure(t, checkout, sign.ErrRefused, "InvalidSignatureException")
	})
	t.Run("no credentials", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		expectFailure(t, checkout, sign.ErrRefused, "get credentials")
	})
}

func expectFailure(t *testing.T, key sign.KeyOptions, kind error, message string) {
	t.Helper()
	var bundle []byte
	s, err := sign.NewKeySigner(t.Context(), key)
	if err == nil {
		bundle, err = s.Sign(t.Context(), record)
	}
	if err == nil || !strings.Contains(err.Error(), message) || bundle != nil {
		t.Fatalf("got %v, want …%s…", err, message)
	}
	for _, k := range []error{sign.ErrRefused, sign.ErrUnavailable} {
		if errors.Is(err, k) != errors.Is(kind, k) {
			t.Errorf("got %v, want the kind %v", err, kind)
		}
	}
	if strings.Contains(err.Error(), kmsSecret) {
		t.Errorf("the error holds the secret: %v", err)
	}
}

func TestAWSKMSCanceled(t *testing.T) {
	k := newAWSKMS(t)
	s, err := sign.NewKeySigner(t.Context(), k.reference("alias/checkout"))
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Sign(ctx, record); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := sign.NewKeySigner(ctx, k.reference("alias/checkout")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Stock cosign and this package take each other's signatures by one key of a KMS.
func TestCosignAndAWSKMS(t *testing.T) {
	k := newAWSKMS(t)
	run := cosign(t)
	key := k.reference("alias/checkout")
	write(t, "release.json", record)
	s, err := sign.NewKeySigner(t.Context(), key)
	check(t, err)
	ours, err := s.Sign(t.Context(), record)
	check(t, err)
	write(t, "ours.json", ours)
	write(t, "trusted_root.json", signtest.New(t).Trust(t).Root)
	if out, err := run("verify-blob", "--new-bundle-format", "--key", key.Reference, "--insecure-ignore-tlog", "--trusted-root", "trusted_root.json", "--bundle", "ours.json", "release.json"); err != nil {
		t.Errorf("cosign refuses ours: %v: %s", err, out)
	}
	if out, err := run("sign-blob", "--yes", "--key", key.Reference, "--new-bundle-format", "--tlog-upload=false", "--bundle", "theirs.json", "release.json"); err != nil {
		t.Fatalf("cosign can't sign: %v: %s", err, out)
	}
	theirs, err := os.ReadFile("theirs.json")
	check(t, err)
	v, err := sign.NewKeyVerifier(t.Context(), key)
	check(t, err)
	if _, err := v.Verify(t.Context(), record, theirs); err != nil {
		t.Error(err)
	}
}

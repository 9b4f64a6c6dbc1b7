package sign_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/org/checkout-deploy/internal/sign"
)

const vaultToken = "the-token-of-vault"

// vault has Vault's transit engine, with keys by name.
type vault struct {
	*httptest.Server
	keys   map[string]crypto.Signer
	denies string // a path's beginning
	fails  int    // a status for all
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{keys: map[string]crypto.Signer{}}
	for _, kind := range []string{"p256", "p384", "rsa"} {
		block, _ := pem.Decode(newPair(t, kind).private)
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		check(t, err)
		v.keys[kind] = key.(crypto.Signer)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/transit/keys/{name}", v.key)
	mux.HandleFunc("PUT /v1/transit/sign/{name}/{hash}", v.sign)
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case v.fails != 0:
			vaultSays(w, v.fails, "as Vault says it")
		case r.Header.Get("X-Vault-Token") != vaultToken || r.Header.Get("X-Vault-Request") != "true":
			vaultSays(w, http.StatusForbidden, "permission denied")
		case v.denies != "" && strings.HasPrefix(r.URL.Path, v.denies):
			vaultSays(w, http.StatusForbidden, "1 error occurred: permission denied")
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(v.Close)
	t.Setenv("VAULT_ADDR", v.URL)
	t.Setenv("VAULT_TOKEN", vaultToken)
	t.Setenv("VAULT_MAX_RETRIES", "0")
	return v
}

func vaultSays(w http.ResponseWriter, code int, problems ...string) {
	w.WriteHeader(code)
	answer(w, map[string]any{"errors": problems})
}

func (v *vault) key(w http.ResponseWriter, r *http.Request) {
	key, ok := v.keys[r.PathValue("name")]
	if !ok {
		vaultSays(w, http.StatusNotFound)
		return
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		vaultSays(w, http.StatusInternalServerError, err.Error())
		return
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	answer(w, map[string]any{"data": map[string]any{"latest_version": 1, "keys": map[string]any{"1": map[string]any{"name": r.PathValue("name"), "public_key": text}}}})
}

func (v *vault) sign(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Input              []byte
		Prehashed          bool
		KeyVersion         string `json:"key_version"`
		SignatureAlgorithm string `json:"signature_algorithm"`
	}
	key, ok := v.keys[r.PathValue("name")]
	err := json.NewDecoder(r.Body).Decode(&ask)
	_, isRSA := key.(*rsa.PrivateKey)
	switch {
	case err != nil:
		vaultSays(w, http.StatusBadRequest, err.Error())
		return
	case !ok:
		vaultSays(w, http.StatusBadRequest, "signing key not found")
		return
	case r.PathValue("hash") != "sha2-256" || !ask.Prehashed || len(ask.Input) != 32:
		vaultSays(w, http.StatusBadRequest, "the input is no SHA-256")
		return
	case ask.KeyVersion != "0" && ask.KeyVersion != "1":
		vaultSays(w, http.StatusBadRequest, "cannot sign with that version")
		return
	case isRSA && ask.SignatureAlgorithm != "pkcs1v15": // "" would be PSS
		vaultSays(w, http.StatusBadRequest, "unsupported signature algorithm")
		return
	}
	sig, err := key.Sign(rand.Reader, ask.Input, crypto.SHA256)
	if err != nil {
		vaultSays(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, map[string]any{"data": map[string]any{"key_version": 1, "signature": "vault:v1:" + base64.StdEncoding.EncodeToString(sig)}})
}

func TestVault(t *testing.T) {
	v := newVault(t)
	for _, name := range []string{"p256", "rsa"} {
		t.Run(name, func(t *testing.T) {
			der, err := x509.MarshalPKIXPublicKey(v.keys[name].Public())
			check(t, err)
			key := sign.KeyOptions{Reference: "hashivault://" + name}
			s, err := sign.NewKeySigner(t.Context(), key)
			check(t, err)
			verifiesBoth(t, s, key, of(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
		})
	}
}

func TestVaultRefused(t *testing.T) {
	v := newVault(t)
	for _, test := range []struct {
		name, key, token, address string
		denies                    string
		fails                     int
		kind                      error
		message                   string
	}{
		{"no such key", "nobody", "", "", "", 0, sign.ErrRefused, "could not read data from transit key path"},
		{"a key on another curve", "p384", "", "", "", 0, nil, "is ECDSA on P-384; a KMS's key is"},
		{"a wrong token", "p256", "not-the-token", "", "", 0, sign.ErrRefused, "permission denied"},
		{"signing denied", "p256", "", "", "/v1/transit/sign/", 0, sign.ErrRefused, "signing with hashivault://p256"},
		{"sealed", "p256", "", "", "", http.StatusServiceUnavailable, sign.ErrUnavailable, "as Vault says it"},
		{"throttled", "p256", "", "", "", http.StatusTooManyRequests, sign.ErrUnavailable, "as Vault says it"},
		{"nobody there", "p256", "", "http://127.0.0.1:1", "", 0, sign.ErrUnavailable, "connection refused"},
		{"a path", "a/b", "", "", "", 0, nil, "hashivault://"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v.denies, v.fails = test.denies, test.fails
			if test.token != "" {
				t.Setenv("VAULT_TOKEN", test.token)
			}
			if test.address != "" {
				t.Setenv("VAULT_ADDR", test.address)
			}
			expectFailure(t, sign.KeyOptions{Reference: "hashivault://" + test.key}, test.kind, test.message)
		})
	}
}

// Azure's and Google's answers, as their libraries make errors of them.
func TestTransient(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"Azure denies", &azcore.ResponseError{StatusCode: http.StatusForbidden}, false},
		{"Azure throttles", &azcore.ResponseError{StatusCode: http.StatusTooManyRequests}, true},
		{"Azure breaks", &azcore.ResponseError{StatusCode: http.StatusBadGateway}, true},
		{"Google denies", status.Error(codes.PermissionDenied, ""), false},
		{"Google has no such key", status.Error(codes.NotFound, ""), false},
		{"Google is not reached", status.Error(codes.Unavailable, ""), true},
		{"Google throttles", status.Error(codes.ResourceExhausted, ""), true},
		{"no route", &net.OpError{Op: "dial", Err: errors.New("no route")}, true},
		{"anything else", errors.New("no token found"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := sign.Transient(fmt.Errorf("public key: %w", test.err)); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

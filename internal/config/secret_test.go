package config

import (
	"strings"
	"testing"
)

func TestSecretNames(t *testing.T) {
	for name, want := range map[string]bool{
		"GITHUB_TOKEN": true, "ACTIONS_RUNTIME_TOKEN": true, "ACTIONS_ID_TOKEN_REQUEST_URL": true, "AWS_SECRET_ACCESS_KEY": true,
		"AWS_ACCESS_KEY_ID": true, "DB_PASSWORD": true, "PRIVATE_KEY": true, "npm_token": true, "stripeSecretKey": true, "TOKEN": true,
		"SIGNING_KEY_PEM": true, "DB_PASS": true, "STRIPE_KEY": true, "API_KEY": true, "APIKEY": true, "SECRETKEY": true, "NPM_AUTH": true,
		"SSH_KEY": true, "DOCKER_AUTH_CONFIG": true, "SECRETS_JSON": true, "TOKEN1": true, "TOKEN_2": true, "INPUT_ANYTHING": true,
		"KUBECONFIG": true, "MY_PAT": true, "RUNNER_TEMP": true, "ACTIONS_CACHE_URL": true, "SITE_KEY": false, "RECAPTCHA_SITE_KEY": false,
		"TOKEN_URL": false, "APP_VERSION": false, "STRIPE_PUBLISHABLE_KEY": false, "MAPS_API_KEY": false, "PASSWORD_MIN_LENGTH": false,
		"TOKENISER": false, "SECRETARY": false, "MONKEY": false,
	} {
		if got := secretName(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// Whatever a secret stands in, no message has more of it than its prefix.
func TestSecretsAreNotPrinted(t *testing.T) {
	secrets := []string{
		"ghp_hunter2hunter2hunter2hunter2", "github_pat_hunter2hunter2hunter2hunter2", "AKIAHUNTER2HUNTER2AA", "xoxp-hunter2-hunter2",
		"rk_live_hunter2hunter2", "npm_hunter2hunter2hunter2hunter2hunter2a", "https://u:hunter2@h/", "glpat-hunter2hunter2hunter2",
		`-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2hunter2hunter2hunter2hunter2hunter2hunter2hunter2hunter2hunter2\n`,
		"eyJhunter2hunter2.eyJhunter2hunter2.hunter2",
	}
	places := []string{
		`{"version": "X"}`, `{"X": 1}`, `{"version": 1, "build": "X"}`, `{"version": 1, "build": {"X": "X"}}`,
		`{"version": 1, "build": {"format": "X", "outdir": "/X", "target": ["X", "X"], "alias": {"/X": "X"}, "groups": "X"}}`,
		`{"version": 1, "build": {"groups": [{"name": "X", "pattern": "(X", "chunks": "X"}], "loaders": {"X": "X"}, "side-effects": {"[X": "X"}}}`,
		`{"version": 1, "build": {"passes": [{"name": "X", "library": "X", "entries": {"X": "/X"}, "define": {"X": {"manifest-of": "X"}, "A": {"env": "X"}}}]}}`,
		`{"version": 1, "build": {"env": ["X"], "app-version": "${X}"}}`, `X: [`, `[*X]`, `? [X]`, "a: !X b", "&X a: &X b",
	}
	for _, secret := range secrets {
		for _, place := range places {
			_, err := Parse("f.yml", []byte(strings.ReplaceAll(place, "X", secret)), project, testEnv)
			if err == nil {
				t.Errorf("%s: got nothing, want a problem", place)
				continue
			}
			if strings.Contains(strings.ToLower(err.Error()), "hunter2") {
				t.Errorf("%s: %v", place, err)
			}
		}
	}
}

func TestLooksRandom(t *testing.T) {
	for s, want := range map[string]bool{
		"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": true, "7Kq9hunter2Zw4Rt": true, "a3f9c2e17b604d58a3f9c2e17b604d58": true,
		"correct-horse-battery-staple": false, "checkout.payment.tokenName": false, "short1A": false, "aaaaaaaaaaaaaaaaaaaaaa": false,
		"https://example.com/a3f9c2e17b604d58": false, "3f0c9f2e-8a44-4b0e-9a53-0d6a1a2b3c4d": false, "pk_live_51H8abcdefghijkl": false,
		"sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K": false, "1234567890123456": false, "two words of 7Kq9Zw4Rt8Bm": false,
	} {
		if got := looksRandom(s); got != want {
			t.Errorf("%s: got %v, want %v", s, got, want)
		}
	}
}

package advice

import (
	"fmt"
	"slices"
	"strings"
)

// builtins are Node.js's modules (node:module's builtinModules).
var builtins = strings.Fields(`assert async_hooks buffer child_process cluster console constants crypto dgram
diagnostics_channel dns domain events fs http http2 https inspector module net os path perf_hooks process punycode
querystring readline repl stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib`)

// forBrowsers are packages that do in a browser what the module does, as webpack
// lists them for resolve.fallback.
var forBrowsers = map[string]string{
	"assert": "assert", "buffer": "buffer", "console": "console-browserify", "constants": "constants-browserify",
	"crypto": "crypto-browserify", "domain": "domain-browser", "events": "events", "http": "stream-http",
	"https": "https-browserify", "os": "os-browserify", "path": "path-browserify", "process": "process",
	"punycode": "punycode", "querystring": "querystring-es3", "stream": "stream-browserify",
	"string_decoder": "string_decoder", "sys": "util", "timers": "timers-browserify", "tty": "tty-browserify",
	"url": "url", "util": "util", "vm": "vm-browserify", "zlib": "browserify-zlib",
}

// builtin is about a module of Node.js, "" for what is none.
func builtin(spec string) string {
	name := strings.TrimPrefix(spec, "node:")
	name, _, _ = strings.Cut(name, "/") // fs/promises
	if !slices.Contains(builtins, name) {
		return ""
	}
	says := fmt.Sprintf("%q is a module of Node.js, which browsers don't have", name)
	pkg, ok := forBrowsers[name]
	switch {
	case !ok:
		return says + ": import this file on servers only"
	case pkg == spec:
		return fmt.Sprintf("%s: npm install %s has one for them", says, pkg)
	}
	return fmt.Sprintf("%s: npm install %s, and write alias: { %q: %s } under build in checkout-deploy.yml", says, pkg, spec, pkg)
}

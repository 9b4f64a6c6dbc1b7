# One set of build flags everywhere: they are a part of the build cache's key.
export CGO_ENABLED = 0
export GOEXPERIMENT = jsonv2
export GOFLAGS = -trimpath -buildvcs=false

GO ?= go
# The suites that wait for a browser more than they compute.
WAITING = '/(examples|bench|difftest|browser)(/|$$)'
FUZZTIME ?= 20s
SASS = .cache/node_modules/sass-embedded-linux-x64/dart-sass/sass
MODULES = examples/checkout/node_modules/.installed
HAS_NPM := $(shell command -v npm 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo serve serve-react test test-computing test-waiting lint generate verify fuzz bench npm sass build

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/build-bundle
	$(GO) build -o bin/ ./cmd/...

demo: build ## build the examples, go through them in a browser if there is one, say what to open
	bin/build-bundle -C examples/checkout-vanilla
	$(GO) run ./examples/serve -check -example examples/checkout-vanilla
ifneq ($(HAS_NPM),)
	@$(MAKE) --no-print-directory npm
	bin/build-bundle -C examples/checkout
	$(GO) run ./examples/serve -check -example examples/checkout
else
	@echo "examples/checkout (React) is left out: it needs npm (apt-get install nodejs npm)"
endif
	@echo "To look at it yourself: make serve, then open http://127.0.0.1:8080/"
ifneq ($(HAS_NPM),)
	@echo "The React one: make serve-react"
endif

serve: build ## serve the example without npm until Ctrl-C
	bin/build-bundle -C examples/checkout-vanilla
	$(GO) run ./examples/serve -example examples/checkout-vanilla

serve-react: build npm ## serve the React example until Ctrl-C
	bin/build-bundle -C examples/checkout
	$(GO) run ./examples/serve -example examples/checkout

# The Sass suites take the compiler from here; the examples bring their own.
test: export DART_SASS := $(wildcard $(abspath $(SASS)))
test: ## run every suite that this machine has the tools for, and name the others
	@[ "$$CI" != true ] || .ci/suites
ifeq ($(RACE),1)
	@$(MAKE) --no-print-directory -j2 -O test-computing test-waiting
else
	$(GO) test -timeout 20m ./...
endif
	@.ci/suites

# The race detector needs cgo, which the rest does without.
test-computing:
	CGO_ENABLED=1 $(GO) test -race -timeout 20m $$($(GO) list ./... | grep -Ev $(WAITING))

test-waiting:
	$(GO) test -timeout 30m $$($(GO) list ./... | grep -E $(WAITING))

lint: ## gofmt and go vet
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...

generate: ## make action.yml files and the parts of documents that come from the code
	$(GO) run ./internal/generate

verify: ## check that all that is made from the code is up to date, and go.mod tidy
	$(GO) run ./internal/generate -check
	$(GO) mod tidy -diff
	$(GO) mod verify

fuzz: ## run each fuzz test for FUZZTIME (20s)
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
	  done; \
	done

bench: build ## measure against bare esbuild, Rspack and webpack: make bench APP=<an installed checkout-js>
	@[ -n "$(APP)" ] || { echo "make bench: got no APP; name the folder of an installed checkout-js: make bench APP=../checkout-js"; exit 2; }
	$(GO) run ./bench -app "$(APP)"

npm: $(MODULES) ## install the React example's npm packages, if their lock changed

$(MODULES): examples/checkout/package-lock.json $(shell find examples/checkout/vendor)
	cd examples/checkout && npm ci --ignore-scripts
	@touch $@

sass: $(SASS) ## get Dart Sass into .cache, for the suites that compile Sass

$(SASS): examples/checkout/package-lock.json
	version=$$(sed -n '/"node_modules\/sass-embedded-linux-x64"/,/version/s/.*"version": "\(.*\)".*/\1/p' $<); \
	npm install --prefix .cache --no-save --ignore-scripts --no-audit --no-fund "sass-embedded-linux-x64@$$version"
	@touch $@

# One set of build flags everywhere: they are a part of the build cache's key.
export CGO_ENABLED = 0
export GOEXPERIMENT = jsonv2
export GOFLAGS = -trimpath -buildvcs=false

GO ?= go
# The suites that wait for a browser more than they compute, or have one goroutine.
WAITING = '/(examples|bench|difftest|browser|config|report|trial)(/|$$$$)'
FUZZTIME ?= 20s
# What this machine has of npm, and what it installs there.
HAS_NPM := $(shell command -v npm 2>/dev/null)
SASS = .cache/node_modules/sass-embedded-linux-x64/dart-sass/sass
PACKAGES = examples/checkout internal/artifact/testdata/npm internal/integrity/testdata/npm internal/integrity/trial/testdata/npm internal/gh/ghtest/testdata/npm internal/report/testdata/axe internal/store/storetest/peer/testdata/npm
TOOLS = .cache/bin
# docker, or podman where DOCKER_HOST says so (.ci/containers-up). Podman has no
# BuildKit: the caches of this machine are mounted.
ENGINE ?= $(if $(findstring podman,$(DOCKER_HOST)),podman,docker)
CACHES = $(if $(findstring podman,$(ENGINE)),--timestamp 0 --volume "$$($(GO) env GOCACHE):/root/.cache/go-build" --volume "$$($(GO) env GOMODCACHE):/go/pkg/mod")
VERSION ?= devel

.DEFAULT_GOAL := help
.PHONY: help build demo serve serve-react test test-computing test-waiting test-scan lint generate verify fuzz bench bench-rebuild bench-scan image e2e npm sass

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the programs into bin
	$(GO) build -o bin/ ./cmd/...

demo: build ## build the examples, go through them in a browser if there is one, say what to open
	bin/build-bundle -C examples/checkout-vanilla
	bin/checkout-deploy verify --dist examples/checkout-vanilla/dist
	$(GO) run ./examples/serve -check -example examples/checkout-vanilla
ifneq ($(HAS_NPM),)
	@$(MAKE) --no-print-directory examples/checkout/node_modules/.installed
	bin/build-bundle -C examples/checkout
	$(GO) run ./examples/serve -check -example examples/checkout
else
	@echo "examples/checkout (React) is left out: it needs npm (apt-get install nodejs npm)"
endif
	$(GO) run ./examples/story
	@echo "To look at it yourself: make serve, then open http://127.0.0.1:8080/"
ifneq ($(HAS_NPM),)
	@echo "The React one: make serve-react"
endif

serve: build ## serve the example without npm until Ctrl-C
	bin/build-bundle -C examples/checkout-vanilla
	$(GO) run ./examples/serve -example examples/checkout-vanilla

serve-react: build examples/checkout/node_modules/.installed ## serve the React example until Ctrl-C
	bin/build-bundle -C examples/checkout
	$(GO) run ./examples/serve -example examples/checkout

# The Sass suites take the compiler from here; the examples bring their own.
test: export DART_SASS := $(wildcard $(abspath $(SASS)))
test: ## run every suite that this machine has the tools for, and name the others
	@[ "$$CI" != true ] || .ci/suites
ifeq ($(RACE),1)
	@$(MAKE) --no-print-directory -j2 -O test-computing test-waiting
else
	@packages=$$(.ci/packages without-trivy) && $(GO) test -timeout 20m $$packages
endif
	@.ci/suites

# The race detector needs cgo, which the rest does without.
test-computing:
	@packages=$$(.ci/packages without-trivy) && CGO_ENABLED=1 $(GO) test -race -timeout 45m $$(echo "$$packages" | grep -Ev $(WAITING))

test-waiting:
	@packages=$$(.ci/packages without-trivy) && $(GO) test -timeout 45m $$(echo "$$packages" | grep -E $(WAITING))

test-scan: ## run the suites of the packages that link Trivy
	@packages=$$(.ci/packages with-trivy) && $(GO) test -timeout 20m $$packages

lint: $(TOOLS)/golangci-lint $(TOOLS)/actionlint ## golangci-lint, actionlint, and shellcheck if there is one
	$(TOOLS)/golangci-lint run --build-tags e2e ./...
	$(TOOLS)/actionlint
	@if command -v shellcheck >/dev/null; then shellcheck $$(grep -lE '^#!.*/(env )?(ba)?sh' $$(git ls-files .ci)); \
	else echo "shellcheck is left out: apt-get install shellcheck"; [ "$$CI" != true ]; fi

generate: ## make action.yml files and the parts of documents that come from the code
	$(GO) run ./internal/generate

verify: ## check that all that is made from the code is up to date, and the modules' sums
	$(GO) run ./internal/generate -check
	$(GO) mod tidy -diff
	$(GO) mod verify

fuzz: ## run each fuzz test for FUZZTIME (20s)
	@for package in $$($(GO) list ./...); do \
	  targets=$$($(GO) test -list '^Fuzz' $$package) || exit 1; \
	  for target in $$(echo "$$targets" | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package || exit 1; \
	  done; \
	done

bench: build ## measure against bare esbuild, Rspack and webpack: make bench APP=<an installed checkout-js>
bench-rebuild: build ## the same for builds again after an edit: make bench-rebuild APP=<an installed checkout-js>
bench bench-rebuild:
	@[ -n "$(APP)" ] || { echo "make $@: got no APP; name the folder of an installed checkout-js: make $@ APP=../checkout-js"; exit 2; }
	$(GO) run ./bench -app "$(APP)" $(if $(filter bench-rebuild,$@),-rebuild)

bench-hashing: ## measure hashing 10,000 files, 2 GB, against openssl
	$(GO) run ./bench/hashing

bench-flip: $(TOOLS)/versitygw ## measure a flip and a rollback over S3
	$(GO) test -run '^$$' -bench Flip -benchtime 100x ./internal/rollout/trial

bench-upload: $(TOOLS)/versitygw $(TOOLS)/s5cmd ## measure an upload of 10,000 files against rclone and s5cmd
	@command -v rclone >/dev/null || { echo "make $@: got no rclone: apt-get install rclone"; exit 2; }
	$(GO) run ./bench/upload

bench-scan: $(TOOLS)/trivy ## measure scan-image against stock trivy, also of SCAN_IMAGE=<an absolute docker archive>
	$(GO) build -ldflags "-s -w" -o bin/scan-image ./cmd/scan-image
	SCAN_IMAGE="$(SCAN_IMAGE)" $(GO) test -run '^$$' -bench Scan -benchtime 7x -timeout 40m ./internal/scan/trial

image: ## build the images localhost/checkout-deploy/{build-bundle,sri-manifest,scan-image,deploy,rollback,checkout-deploy}:devel
	@$(ENGINE) info >/dev/null 2>&1 || { echo 'make image: no container engine answers; on Debian, as root: eval "$$(.ci/containers-up golang:1.26-bookworm node:22-bookworm-slim debian:bookworm-slim)"'; exit 2; }
	@mkdir -p "$$($(GO) env GOCACHE)" "$$($(GO) env GOMODCACHE)"
	@for stage in build-bundle sri-manifest scan-image deploy rollback checkout-deploy; do \
	  $(ENGINE) build $(CACHES) --build-arg VERSION=$(VERSION) --target $$stage --tag localhost/checkout-deploy/$$stage:devel . || exit 1; \
	done

e2e: export ACT := $(abspath $(TOOLS)/act)
e2e: export ENGINE := $(ENGINE)
e2e: image $(TOOLS)/act $(TOOLS)/versitygw ## run workflows with the images, under act
	$(GO) test -tags e2e -count=1 -timeout 15m -bench Start -benchtime 20x ./internal/e2e

npm: $(PACKAGES:%=%/node_modules/.installed) ## install what the suites have of npm, if a lock changed

examples/checkout/node_modules/.installed: $(shell find examples/checkout/vendor)

%/node_modules/.installed: %/package-lock.json
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund
	@touch $@

sass: $(SASS) ## get Dart Sass into .cache, for the suites that compile Sass

$(SASS): examples/checkout/package-lock.json
	version=$$(sed -n '/"node_modules\/sass-embedded-linux-x64"/,/version/s/.*"version": "\(.*\)".*/\1/p' $<); \
	npm install --prefix .cache --no-save --ignore-scripts --no-audit --no-fund "sass-embedded-linux-x64@$$version"
	@touch $@

# Stock cosign and trivy, to compare with: of this module, as they have our
# dependencies' versions.
$(TOOLS)/cosign: go.mod go.sum
	$(GO) build -o $@ github.com/sigstore/cosign/v2/cmd/cosign
	@touch $@

$(TOOLS)/trivy: go.mod go.sum
	$(GO) build -ldflags "-s -w" -o $@ github.com/aquasecurity/trivy/cmd/trivy
	@touch $@

# Tools are no part of the product's module; each has a module of its own.
$(TOOLS)/%: .ci/tools/%/go.mod .ci/tools/%/go.sum
	$(GO) build -C .ci/tools/$* -o $(abspath $@) tool
	@touch $@

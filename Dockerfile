# The actions' images, one stage each:
#
#	docker build --target build-bundle .
#	docker build .                          # every program; for actions/* on main
#
# The last stages hold only what their programs need: no shell, no package
# manager. Files of other machines' architectures are copied, never run, so
# --platform linux/arm64 needs no emulator.

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS go

FROM go AS source
WORKDIR /src
# The flags are the Makefile's, so that a build cache mounted here is of use.
ENV CGO_ENABLED=0 GOEXPERIMENT=jsonv2 GOFLAGS="-trimpath -buildvcs=false" GOTOOLCHAIN=local
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY .ci/programs /usr/local/bin/
COPY LICENSE NOTICE ./
COPY cmd cmd
COPY internal internal

# Programs, and the licences of the modules in them: of an image, no more than it
# needs.
FROM source AS build-bundle-programs
ARG TARGETARCH
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build programs ./cmd/build-bundle ./cmd/sass-launcher

FROM source AS scan-image-programs
ARG TARGETARCH
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build programs ./cmd/scan-image

FROM source AS sri-manifest-programs
ARG TARGETARCH
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build programs ./cmd/sri-manifest

FROM source AS deploy-programs
ARG TARGETARCH
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build programs ./cmd/deploy

FROM source AS rollback-programs
ARG TARGETARCH
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build programs ./cmd/rollback

FROM source AS all-programs
ARG TARGETARCH
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build programs ./cmd/...

# Dart Sass, as npm's packages have it; the lock holds their digests.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS sass
WORKDIR /sass
COPY cmd/build-bundle/dart-sass/ ./
ARG TARGETARCH
RUN npm ci --os=linux --cpu="$(echo "$TARGETARCH" | sed s/amd64/x64/)" && mv node_modules/sass-embedded-linux-*/dart-sass /dart-sass

# The C library that Dart Sass is linked to.
FROM debian:bookworm-slim AS libc

# The root of build-bundle's image. The layout of the libraries is Debian's: a
# loader where the programs name it, its libraries in /lib.
FROM go AS build-bundle-root
WORKDIR /root-fs
RUN mkdir -p bin etc/ssl/certs lib lib64 opt/checkout-deploy tmp usr/share/doc/libc6 var/lib/dpkg/status.d && chmod 1777 tmp
COPY --from=libc /usr/lib/*-linux-gnu/ld-linux-*.so.* /usr/lib/*-linux-gnu/libc.so.6 /usr/lib/*-linux-gnu/libm.so.6 /usr/lib/*-linux-gnu/libdl.so.2 /usr/lib/*-linux-gnu/libpthread.so.0 lib/
COPY --from=libc /usr/share/doc/libc6/copyright usr/share/doc/libc6/
COPY --from=libc /usr/lib/os-release etc/
COPY --from=libc /var/lib/dpkg/status /debian-status
COPY --from=sass /dart-sass opt/checkout-deploy/dart-sass
COPY --from=build-bundle-programs /licences usr/share/doc
COPY --from=build-bundle-programs /programs/sass-launcher bin/sh
COPY --from=build-bundle-programs /programs/build-bundle opt/checkout-deploy/
ARG TARGETARCH
# The package's entry lets a scanner see which C library this is.
RUN set -eu; \
	[ "$TARGETARCH" != amd64 ] || mv lib/ld-linux-*.so.* lib64/; \
	rmdir --ignore-fail-on-non-empty lib64; \
	awk 'BEGIN { RS = ""; ORS = "\n" } /^Package: libc6\n/' /debian-status >var/lib/dpkg/status.d/libc6; \
	cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/; \
	find . -exec touch -h -d @0 {} +

FROM scratch AS build-bundle
COPY --from=build-bundle-root /root-fs /
ENTRYPOINT ["/opt/checkout-deploy/build-bundle"]

# Scan-image needs nothing at run time but certificates.
FROM go AS scan-image-root
WORKDIR /root-fs
RUN mkdir -p etc/ssl/certs opt/checkout-deploy tmp usr/share && chmod 1777 tmp && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
COPY --from=scan-image-programs /licences usr/share/doc
COPY --from=scan-image-programs /programs/scan-image opt/checkout-deploy/
RUN find . -exec touch -h -d @0 {} +

FROM scratch AS scan-image
COPY --from=scan-image-root /root-fs /
ENTRYPOINT ["/opt/checkout-deploy/scan-image"]

# Nor do these: their browser is a service beside them.
FROM go AS sri-manifest-root
WORKDIR /root-fs
RUN mkdir -p etc/ssl/certs opt/checkout-deploy tmp usr/share && chmod 1777 tmp && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
COPY --from=sri-manifest-programs /licences usr/share/doc
COPY --from=sri-manifest-programs /programs/sri-manifest opt/checkout-deploy/
RUN find . -exec touch -h -d @0 {} +

FROM scratch AS sri-manifest
COPY --from=sri-manifest-root /root-fs /
ENTRYPOINT ["/opt/checkout-deploy/sri-manifest"]

FROM go AS deploy-root
WORKDIR /root-fs
RUN mkdir -p etc/ssl/certs opt/checkout-deploy tmp usr/share && chmod 1777 tmp && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
COPY --from=deploy-programs /licences usr/share/doc
COPY --from=deploy-programs /programs/deploy opt/checkout-deploy/
RUN find . -exec touch -h -d @0 {} +

FROM scratch AS deploy
COPY --from=deploy-root /root-fs /
ENTRYPOINT ["/opt/checkout-deploy/deploy"]

FROM go AS rollback-root
WORKDIR /root-fs
RUN mkdir -p etc/ssl/certs opt/checkout-deploy tmp usr/share && chmod 1777 tmp && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
COPY --from=rollback-programs /licences usr/share/doc
COPY --from=rollback-programs /programs/rollback opt/checkout-deploy/
RUN find . -exec touch -h -d @0 {} +

FROM scratch AS rollback
COPY --from=rollback-root /root-fs /
ENTRYPOINT ["/opt/checkout-deploy/rollback"]

# Every program. Build-bundle's root is all of what the others need.
FROM go AS checkout-deploy-root
COPY --from=build-bundle-root /root-fs /root-fs
COPY --from=all-programs /licences /root-fs/usr/share/doc
COPY --from=all-programs /programs /root-fs/opt/checkout-deploy
RUN rm /root-fs/opt/checkout-deploy/sass-launcher && find /root-fs -exec touch -h -d @0 {} +

FROM scratch AS checkout-deploy
COPY --from=checkout-deploy-root /root-fs /
ENTRYPOINT ["/opt/checkout-deploy/checkout-deploy"]

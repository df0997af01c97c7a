# One file, and one build, for every function:
#
#   docker build --build-arg FUNCTION=vision -t vision .
#
# The result is a static binary on an empty image: no shell, no package manager, user 1000, fit for a read-only root.
# All functions are built by the same layer, so the second image takes seconds. It takes BuildKit, which is what Docker
# builds with unless told otherwise.
#
# BUILDER can be any image with this Rust version, a C compiler and a static C library: glibc from 2.36 on, whose
# resolver needs no other files, or musl from 1.2.4 on. For another architecture: `docker buildx build --platform linux/arm64 ...`.
ARG BUILDER=docker.io/library/rust:1.95-trixie
# `dist` (small) or `release` (quick to build).
ARG PROFILE=dist
# Where the folder /functions with the static binaries is: the stage below, or an image of yours that has them already.
ARG FUNCTIONS=build

FROM ${BUILDER} AS build
ARG PROFILE
WORKDIR /src
COPY . .
# With --target the flags are those of the functions alone, not of the procedural macros that run here. Frame pointers and
# packed relocations make a function 1.2 MB smaller, names of source files without the folder before them 0.05 MB.
RUN set -eu; \
    target=$(rustc --print host-tuple); \
    cargo fetch --locked --target "$target"; \
    export RUSTFLAGS="-C target-feature=+crt-static -C force-frame-pointers=yes -C link-arg=-Wl,-z,pack-relative-relocs"; \
    for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$folder="; done; \
    bins=$(cd functions && for name in *; do echo "-p $name --bin $name"; done); \
    cargo build --locked --profile "$PROFILE" --target "$target" $bins; \
    mkdir /functions; \
    for name in $(ls functions); do cp "target/$target/$PROFILE/$name" /functions/ && "/functions/$name" --help > /dev/null; done

FROM ${FUNCTIONS} AS built

FROM scratch
ARG FUNCTION
ARG PROFILE
# Of what is built: that of func.yaml, and the commit. Whoever builds knows them; nothing here does.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="${FUNCTION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.description="A function of Causeway for Oracle Cloud and AWS Lambda" \
      org.opencontainers.image.licenses="Apache-2.0" \
      causeway.profile="${PROFILE}"
COPY --from=built ["/functions/${FUNCTION:?name a folder of functions/ with --build-arg FUNCTION=}", "/function"]
USER 1000:1000
ENTRYPOINT ["/function"]

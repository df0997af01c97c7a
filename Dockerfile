# syntax=docker/dockerfile:1
# One file for every function:
#
#   docker build --build-arg FUNCTION=discovery-agent -t discovery-agent .
#
# The result is a static binary on an empty image: no shell, no package manager, user 1000, fit for a
# read-only root. BUILDER can be any image with this Rust version and a musl C toolchain.
ARG BUILDER=docker.io/library/rust:1.95-alpine

FROM ${BUILDER} AS build
ARG FUNCTION
RUN test -n "$FUNCTION" && (command -v apk >/dev/null && apk add --no-cache musl-dev || true)
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/src/target --mount=type=cache,target=/usr/local/cargo/registry \
    cargo build --locked --profile dist --package "$FUNCTION" \
 && cp "target/dist/$FUNCTION" /function

FROM scratch
ARG FUNCTION
LABEL org.opencontainers.image.title="${FUNCTION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /function /function
USER 1000:1000
ENTRYPOINT ["/function"]

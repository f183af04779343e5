# syntax=docker/dockerfile:1
# One image with every binary: zerosum, zerosum-cash, zerosum-accounting, zerosum-wallet-spend.
# Its command says which one a container runs; see docker-compose.yml.

FROM rust:1.95-slim-bookworm AS build
# The image has a C compiler; the allocator is built with make.
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The caches stay on the building machine, so the binaries are copied out of them in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release \
      -p zerosum -p zerosum-cash -p zerosum-accounting -p zerosum-wallet-spend \
    && mkdir /out \
    && cp target/release/zerosum target/release/zerosum-cash target/release/zerosum-accounting \
      target/release/zerosum-wallet-spend /out/

# The same Debian as the build, for the same C library.
FROM debian:bookworm-slim
# Not root, and a number that Kubernetes can check. The folders are there for volumes, which take over their owner.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin zerosum \
    && install -d -o zerosum -g zerosum -m 0700 /state \
    && install -d -o zerosum -g zerosum -m 0755 /public
COPY --from=build /out/ /usr/local/bin/
USER 10001:10001
# Where `zerosum` keeps the key that development tokens are signed with.
ENV ZEROSUM_DATA_DIR=/state
EXPOSE 8081 8082 8083
CMD ["zerosum", "--help"]

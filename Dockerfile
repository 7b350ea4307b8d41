# The server as an image: `docker build -t tidegauge .`; docs/install.md says how to run it.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
# Of the debug information nothing is kept, and the binary is a quarter as large.
ENV CARGO_PROFILE_RELEASE_DEBUG=none CARGO_PROFILE_RELEASE_STRIP=debuginfo
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked -p tidegauge \
    && install -D target/release/tidegauge /out/usr/local/bin/tidegauge \
    && install -d -m 0700 /out/data

FROM debian:bookworm-slim
# Certificate authorities, for servers that Tidegauge asks over TLS: the newest ones, whatever their version.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build --chown=10001:10001 /out/data /data
COPY --from=build /out/usr/local/bin/tidegauge /usr/local/bin/tidegauge
# A number, so that a cluster can see that it is not root.
USER 10001:10001
ENV TIDEGAUGE_LISTEN=0.0.0.0:8080 TIDEGAUGE_DATA=/data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=2m CMD ["tidegauge", "health"]
ENTRYPOINT ["tidegauge"]
CMD ["serve"]

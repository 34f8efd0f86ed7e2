# The server only: no media libraries, one static folder of state.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package server

FROM debian:bookworm-slim
# What signs the certificates of webhooks' receivers.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --home-dir /var/lib/rtc-chat --create-home rtc-chat
COPY --from=build /src/target/release/rtc-chat-server /usr/local/bin/
USER rtc-chat
VOLUME /var/lib/rtc-chat
# SIGHUP reloads, SIGTERM ends it within 10 s (later with --drain-seconds).
STOPSIGNAL SIGTERM
# TCP for pages and the API, UDP for WebRTC. Tell it the address that clients reach: --rtc-address.
EXPOSE 5000/tcp 5000/udp
ENTRYPOINT ["rtc-chat-server", "--data-dir", "/var/lib/rtc-chat", "--listen", "0.0.0.0:5000"]

//! Accepting connections and speaking HTTP on them, with a limit on how many, how slow and how quiet they may be.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::crowd::{Crowd, Ticket};
use super::patience::Patient;
use crate::metrics::Metrics;
use crate::tls::Tls;

/// A request's head must be whole this long after the connection is open, or after the request before it.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// So long may a handshake take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How long to wait when the system has no descriptor left for the next connection.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// What a connection over the limit hears, where it can be said in the clear.
const CROWDED: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\n\
    content-length: 73\r\nconnection: close\r\n\r\n\
    {\"error\":{\"id\":\"too-many\",\"message\":\"too many connections are open now\"}}";

/// One way in: a listener, and what is answered there.
pub(crate) struct Entrance {
    pub listener: TcpListener,
    /// `None`: in the clear.
    pub tls: Option<Tls>,
    pub crowd: Arc<Crowd>,
    pub router: Router,
    pub metrics: Metrics,
}

impl Entrance {
    /// Serves until `stop` is cancelled and the requests that are under way have come to their end.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.admit(stream, peer, &stop, &mut connections),
                    Err(error) => pause_after(&error).await,
                },
                Some(_) = connections.join_next() => {}
                () = stop.cancelled() => break,
            }
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr, stop: &CancellationToken, connections: &mut JoinSet<()>) {
        let Some(ticket) = self.crowd.enter(peer.ip()) else {
            self.metrics.crowded();
            if self.tls.is_none() {
                // Best effort: whoever does not read it finds the connection closed.
                drop(stream.try_write(CROWDED));
            }
            return;
        };
        // Without it an answer may wait for the acknowledgement of its first half.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        connections.spawn(attend(stream, self.tls.clone(), self.router.clone(), peer, ticket, stop.clone()));
    }
}

/// Running out of descriptors is over when others close theirs; any other error is one connection's own.
async fn pause_after(error: &io::Error) {
    let is_its_own = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    );
    if !is_its_own {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// One connection from its first byte to its last. The ticket is held as long.
async fn attend<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    tls: Option<Tls>,
    router: Router,
    peer: SocketAddr,
    _ticket: Ticket,
    stop: CancellationToken,
) {
    let stream = Patient::new(stream);
    let Some(tls) = tls else { return converse(stream, router, peer, stop).await };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)) => shaken,
        () = stop.cancelled() => return,
    };
    match shaken {
        Ok(Ok(Some(stream))) => converse(stream, router, peer, stop).await,
        Ok(Ok(None)) => tracing::debug!("a certificate authority looked at the proof"),
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    router: Router,
    peer: SocketAddr,
    stop: CancellationToken,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let done = tokio::select! {
        done = connection.as_mut() => done,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;
    use crate::settings::TlsSource;

    const SOMEONE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

    fn connected(tls: Option<Tls>, room_for: usize) -> (DuplexStream, JoinSet<()>) {
        let (ours, theirs) = duplex(room_for);
        let router = Router::new().route("/", get(|| async { "x".repeat(10_000) }));
        let crowd = Arc::new(Crowd::new(1, 1));
        let ticket = crowd.enter(SOMEONE.ip()).expect("a place");
        let mut tasks = JoinSet::new();
        tasks.spawn(attend(theirs, tls, router, SOMEONE, ticket, CancellationToken::new()));
        (ours, tasks)
    }

    async fn seconds_until_closed(mut stream: DuplexStream, start: Instant) -> u64 {
        drop(stream.read_to_end(&mut Vec::new()).await);
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_finish_its_request_is_gone_after_10_s() {
        for said in ["", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
            let (mut stream, _tasks) = connected(None, 65_536);
            let start = Instant::now();
            stream.write_all(said.as_bytes()).await.unwrap();
            assert_eq!(seconds_until_closed(stream, start).await, 10, "{said:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn dripping_a_request_byte_by_byte_gains_no_time() {
        let (stream, _tasks) = connected(None, 65_536);
        let start = Instant::now();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let drip = async {
            while writer.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let mut heard = Vec::new();
        tokio::select! {
            () = drip => {}
            _ = reader.read_to_end(&mut heard) => {}
        }
        assert_eq!(start.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_whole_within_10_s_is_answered_and_so_is_the_next() {
        let (mut stream, _tasks) = connected(None, 65_536);
        for _ in 0..2 {
            stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
            tokio::time::sleep(Duration::from_millis(9_900)).await;
            stream.write_all(b"host: a\r\n\r\n").await.unwrap();
            let mut answer = vec![0; 10_000];
            stream.read_exact(&mut answer).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
            // The rest of it: the head's share.
            while !answer.ends_with(b"x") || stream.read_buf(&mut answer).await.unwrap() == 0 {}
            let rest = answer.len() - answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() - 4;
            let mut missing = vec![0; 10_000 - rest];
            stream.read_exact(&mut missing).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_takes_10_s_at_most() {
        let data = tempfile::tempdir().unwrap();
        let tls = Tls::open(TlsSource::SelfSigned { names: Vec::new() }, data.path()).unwrap();
        let (stream, _tasks) = connected(tls, 65_536);
        assert_eq!(seconds_until_closed(stream, Instant::now()).await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_take_its_answer_is_gone_after_30_s() {
        let (mut stream, mut tasks) = connected(None, 1_000);
        let start = Instant::now();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        tasks.join_next().await;
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[test]
    fn what_a_crowd_hears_has_the_length_that_it_says() {
        let text = std::str::from_utf8(CROWDED).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert_eq!(serde_json::from_str::<protocol::api::Failure>(body).unwrap().error.id, protocol::ErrorId::TooMany);
    }
}

//! The accept loop: connections, their bounds, and their graceful end.
//!
//! Promise: a connection that sends no whole head within `head_timeout` is closed, its handshake included, no more than
//! `max_connections` are held, of one address no more than `max_connections_per_address`, and after `stop` resolves
//! nothing new is accepted, requests under way end within `drain_timeout`, and then `serve` returns.

mod per_address;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use self::per_address::{AddressPlace, PerAddress};
use crate::app::Limits;
use crate::client_address::TrustedProxies;
use crate::tls::Tls;

/// Longest head of a request, in bytes; a longer one is answered with 431. So is one of more than 100 fields, which is
/// how many hyper has room for without asking for memory.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Pause after the system refused a connection (no file descriptor left, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often it is said that an address holds as many connections as it may.
const SAY_EVERY: Duration = Duration::from_secs(60);
/// The first byte of a TLS record that begins a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// What is told to who speaks plain HTTP where TLS is spoken.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 36\r\n\
    connection: close\r\n\r\nThis port speaks TLS: use https://.\n";
/// How much of his request is read after that, so that the answer is not lost with it, and how long.
const UNHEARD_BYTES: u64 = 64 * 1024;
const UNHEARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Where callers come in.
#[derive(Debug)]
pub struct Entrance {
    /// The address.
    pub listener: TcpListener,
    /// TLS, when it is spoken.
    pub tls: Option<Tls>,
    /// Who may hold any number of connections: he forwards for others.
    pub trusted_proxies: TrustedProxies,
}

impl From<TcpListener> for Entrance {
    /// Plain HTTP, and nobody is trusted.
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None, trusted_proxies: TrustedProxies::default() }
    }
}

/// The other end of a request's connection: an extension of every request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The connection's place among all. Who keeps a connection beyond its requests keeps this.
    pub place: Arc<ConnectionPlace>,
    /// Ends the connection at once, whatever is under way on it.
    pub hang_up: CancellationToken,
}

impl Peer {
    fn new(address: SocketAddr, place: ConnectionPlace) -> Self {
        Self { address, place: Arc::new(place), hang_up: CancellationToken::new() }
    }
}

/// A connection's place among `max_connections`, and among its address's.
#[derive(Debug)]
pub struct ConnectionPlace {
    _among_all: OwnedSemaphorePermit,
    _of_address: Option<AddressPlace>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken.
    #[error("{address} is in use by another program")]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The system refused the address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// Takes an address.
///
/// # Errors
/// It is in use, or the system refuses it.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::InUse { address },
        _ => ServeError::Listen { address, source },
    })
}

/// Serves the routes until `stop` resolves and what is under way has ended.
pub async fn serve(
    entrance: impl Into<Entrance>,
    routes: Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) {
    let Entrance { listener, tls, trusted_proxies } = entrance.into();
    let connections = Arc::new(Semaphore::new(limits.max_connections));
    let addresses = PerAddress::new(limits.max_connections_per_address, trusted_proxies);
    let mut said: Option<Instant> = None;
    let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_timeout).max_buf_size(MAX_HEAD_BYTES);
    let serving = Serving {
        http,
        routes,
        tls,
        head_timeout: limits.head_timeout,
        unread_timeout: limits.unread_timeout,
        stopping: stopping.clone(),
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        let accept = async {
            // The semaphore is never closed, so a place always comes.
            let among_all = Arc::clone(&connections).acquire_owned().await.map_err(io::Error::other)?;
            let (stream, address) = listener.accept().await?;
            Ok::<_, io::Error>((stream, address, among_all))
        };
        let (stream, address, among_all) = tokio::select! {
            accepted = accept => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        match addresses.enter(address.ip()) {
            Ok(of_address) => {
                let place = ConnectionPlace { _among_all: among_all, _of_address: of_address };
                tasks.spawn(serving.clone().serve_one(stream, Peer::new(address, place)));
            }
            Err(most) => {
                if said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
                    said = Some(Instant::now());
                    tracing::warn!(
                        address = %address.ip(),
                        most,
                        "an address holds as many connections as it may, and further ones are closed; \
                         if it is a proxy of yours, name it in trusted_proxies"
                    );
                }
            }
        }
    }
    drop(listener);
    stopping.cancel();
    tasks.close();
    if tokio::time::timeout(limits.drain_timeout, tasks.wait()).await.is_err() {
        tracing::warn!("some requests had not ended in time; their connections were closed");
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct Serving {
    http: http1::Builder,
    routes: Router,
    tls: Option<Tls>,
    head_timeout: Duration,
    unread_timeout: Duration,
    stopping: CancellationToken,
}

impl Serving {
    async fn serve_one(self, stream: TcpStream, peer: Peer) {
        // Answers are small and complete: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        // A client that reads nothing, or is gone, does not keep its place for ever.
        let unread_ms = u32::try_from(self.unread_timeout.as_millis()).unwrap_or(u32::MAX);
        let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, unread_ms);
        let Some(tls) = &self.tls else { return self.serve_http(stream, peer).await };
        let secured = tokio::select! {
            secured = tokio::time::timeout(self.head_timeout, secure(tls, stream)) => secured,
            () = self.stopping.cancelled() => return,
        };
        match secured {
            Ok(Ok(Some(stream))) => self.serve_http(stream, peer).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        }
    }

    async fn serve_http<S>(self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let hang_up = peer.hang_up.clone();
        let routes = self.routes.map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            request
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
        let mut connection = std::pin::pin!(connection.with_upgrades());
        let served = async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = self.stopping.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        };
        let ended = tokio::select! {
            ended = served => ended,
            () = hang_up.cancelled() => return,
        };
        // A client that goes away or sends no HTTP ends its own connection; that is no error of ours.
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// The connection over TLS; `None` when its other end spoke plain HTTP, and was told so.
async fn secure(
    tls: &Tls,
    mut stream: TcpStream,
) -> io::Result<Option<tokio_rustls::server::TlsStream<TcpStream>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
        stream.write_all(SPEAK_TLS).await?;
        stream.shutdown().await?;
        let mut rest = stream.take(UNHEARD_BYTES);
        let mut unheard = tokio::io::sink();
        let _ = tokio::time::timeout(UNHEARD_TIMEOUT, tokio::io::copy(&mut rest, &mut unheard)).await;
        return Ok(None);
    }
    tls.accept(stream).await.map(Some)
}

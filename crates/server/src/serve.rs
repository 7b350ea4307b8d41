//! The accept loop: connections, their bounds, and their graceful end.
//!
//! Promise: a connection that sends no whole head within `head_timeout` is closed, no more than
//! `max_connections` are held, and after `stop` resolves nothing new is accepted, requests under way end
//! within `drain_timeout`, and then `serve` returns.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::app::Limits;

/// Longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How long an answer may stay unread.
const UNREAD_TIMEOUT_MS: u32 = 60_000;
/// Pause after the system refused a connection (no file descriptor left, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The other end of a request's connection: an extension of every request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The connection's place among `max_connections`. Who keeps a connection beyond its requests keeps this.
    pub place: Arc<OwnedSemaphorePermit>,
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
pub async fn serve(listener: TcpListener, routes: Router, limits: &Limits, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(limits.max_connections));
    let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_timeout).max_buf_size(MAX_HEAD_BYTES);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accept = async {
            // The semaphore is never closed, so a place always comes.
            let place = Arc::clone(&connections).acquire_owned().await.map_err(io::Error::other)?;
            let (stream, address) = listener.accept().await?;
            Ok::<_, io::Error>((stream, Peer { address, place: Arc::new(place) }))
        };
        let (stream, peer) = tokio::select! {
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
        tasks.spawn(serve_one(http.clone(), stream, routes.clone(), peer, stopping.clone()));
    }
    drop(listener);
    stopping.cancel();
    tasks.close();
    if tokio::time::timeout(limits.drain_timeout, tasks.wait()).await.is_err() {
        tracing::warn!("some requests had not ended in time; their connections were closed");
    }
}

async fn serve_one(
    http: http1::Builder,
    stream: TcpStream,
    routes: Router,
    peer: Peer,
    stopping: CancellationToken,
) {
    // Answers are small and complete: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    // A client that reads nothing, or is gone, does not keep its place for ever.
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, UNREAD_TIMEOUT_MS);
    let routes = routes.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        request
    });
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A client that goes away or sends no HTTP ends its own connection; that is no error of ours.
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

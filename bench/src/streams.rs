//! A crowd of readers of a live stream in one thread: each reads all that comes, counts the snapshots, and notes when
//! events came whose ids it can read a number from. Raw bytes: a parser's work would be measured too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// What stands before the number of an event in its id.
pub const ID_MARK: &str = "\"event_id\":\"live-";
const SNAPSHOT: &[u8] = b"event: snapshot";
/// Readers that may be on their way at once.
const OPENING: usize = 256;
/// How long all may take to open.
const OPEN_LIMIT: Duration = Duration::from_secs(120);
const PIECE_BYTES: usize = 64 * 1024;

/// An event that came to a reader: its number, and when.
pub type Arrival = (u64, Instant);

/// The readers.
pub struct Readers {
    runtime: Runtime,
    snapshots: Arc<AtomicU64>,
    ended: Arc<AtomicU64>,
}

impl Readers {
    /// A thread for readers.
    pub fn new() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime, snapshots: Arc::default(), ended: Arc::default() })
    }

    /// Opens so many readers of `path`, and returns when each has been sent something. Arrivals of events are told, if that is asked for.
    pub fn open(
        &self,
        address: SocketAddr,
        path: &str,
        authorization: &str,
        count: usize,
        arrivals: Option<&mpsc::UnboundedSender<Arrival>>,
    ) -> anyhow::Result<()> {
        let request: Arc<[u8]> =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{authorization}\r\n").into_bytes().into();
        let opened = async {
            let room = Arc::new(Semaphore::new(OPENING));
            let mut opening = JoinSet::new();
            for _ in 0..count {
                let (room, request, arrivals) = (Arc::clone(&room), Arc::clone(&request), arrivals.cloned());
                let (snapshots, ended) = (Arc::clone(&self.snapshots), Arc::clone(&self.ended));
                opening.spawn(async move {
                    let _place = room.acquire().await?;
                    let mut stream = TcpStream::connect(address).await?;
                    stream.write_all(&request).await?;
                    let mut piece = vec![0; 1024];
                    let read = stream.read(&mut piece).await?;
                    let head = String::from_utf8_lossy(&piece[..read]).into_owned();
                    ensure!(head.starts_with("HTTP/1.1 200"), "no stream: {head}");
                    tokio::spawn(async move {
                        read_on(stream, &snapshots, arrivals).await;
                        ended.fetch_add(1, Ordering::Relaxed);
                    });
                    anyhow::Ok(())
                });
            }
            while let Some(opened) = opening.join_next().await {
                opened??;
            }
            anyhow::Ok(())
        };
        let timed = async { tokio::time::timeout(OPEN_LIMIT, opened).await };
        self.runtime.block_on(timed).context("the streams did not open in time")?
    }

    /// Snapshots that all together were sent so far.
    pub fn snapshots(&self) -> u64 {
        self.snapshots.load(Ordering::Relaxed)
    }

    /// Readers whose stream has ended.
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }
}

async fn read_on(
    mut stream: TcpStream,
    snapshots: &AtomicU64,
    arrivals: Option<mpsc::UnboundedSender<Arrival>>,
) {
    let mut piece = vec![0; if arrivals.is_some() { PIECE_BYTES } else { 1024 }];
    // The end of what was read before: a mark may be cut in two.
    let mut kept = 0;
    while let Ok(read @ 1..) = stream.read(&mut piece[kept..]).await {
        let (now, whole) = (Instant::now(), kept + read);
        let text = &piece[..whole];
        // A message ends with an empty line; what follows the last one waits for its end.
        let end = text.windows(2).rposition(|pair| pair == b"\n\n").map_or(0, |at| at + 2);
        let found = text[..end].windows(SNAPSHOT.len()).filter(|window| *window == SNAPSHOT).count();
        snapshots.fetch_add(found as u64, Ordering::Relaxed);
        if let Some(arrivals) = &arrivals {
            let messages = String::from_utf8_lossy(&text[..end]);
            for number in messages.split(ID_MARK).skip(1) {
                let number = number.split('"').next().and_then(|number| number.parse().ok());
                let _ = number.map(|number| arrivals.send((number, now)));
            }
        }
        let rest = if whole - end < piece.len() / 2 { end } else { whole };
        piece.copy_within(rest..whole, 0);
        kept = whole - rest;
    }
}

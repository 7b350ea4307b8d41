//! Live streams: what happens in a project, or in a whole tenant, told to whoever looks as it happens.
//!
//! ```text
//! commit ─ follower (store) ─ hub: a round each 100 ms, a snapshot a second ─ channel: text, once ─ ring ─ readers
//! ```
//! Promise: what is told is put into text once, whatever the number of readers; a reader takes it from where all do, and no
//! queue is his own, so that a slow one costs nothing and is hung up on. Without readers nothing runs.

mod arrivals;
mod channel;
mod columns;
mod event_text;
mod hub;
mod message;
mod past;
mod position;
mod reader;
mod resume;
mod ring;
mod snapshot;
mod window;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegauge_store::{Follower, Store};
use tokio_util::sync::CancellationToken;

use self::channel::{Channel, Seat};
pub use self::channel::{Key, LINGER, MAX_ROUND_EVENTS, UNREAD_TIMEOUT};
pub use self::event_text::MAX_EVENT_BYTES;
pub use self::hub::{ROUND_EVERY, SNAPSHOT_EVERY};
pub use self::message::{End, EndReason, Missed, MissedReason, RETRY_MS};
pub(crate) use self::reader::{Asked, open};
pub use self::resume::MAX_RESUMED_EVENTS;
pub use self::ring::{MAX_RING_BYTES, MAX_RING_ITEMS, MAX_RINGS_BYTES, RING_KEPT};
pub use self::snapshot::{LiveName, Snapshot};

/// Readers at once; one more is refused with 503.
pub const MAX_READERS: usize = 4096;
/// Readers of one tenant, so that others find places; one more is refused with 429.
pub const MAX_READERS_OF_TENANT: usize = MAX_READERS / 8 * 7;
/// How long readers may take to hear that the server stops.
const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// All streams of the process; clones share them.
#[derive(Debug, Clone)]
pub struct Live(Arc<Shared>);

pub(crate) struct Shared {
    store: Arc<Store>,
    channels: Mutex<Channels>,
    stopping: CancellationToken,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Channels {
    by_key: HashMap<Key, Arc<Channel>>,
    /// While the hub runs.
    follower: Option<Arc<Follower>>,
}

/// Why there is no place for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// There are as many as may be, or the server stops.
    Full,
    /// The tenant has as many as it may.
    FullOfTenant,
}

impl Live {
    /// Streams of what this store is told.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self(Arc::new(Shared {
            store,
            channels: Mutex::default(),
            stopping: CancellationToken::new(),
            dropped: AtomicU64::new(0),
        }))
    }

    /// How many read.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.0.channels.lock().by_key.values().map(|channel| channel.readers()).sum()
    }

    /// How many were dropped since the start because they did not read.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Ends all streams: readers are told, and those who do not listen are hung up on.
    pub fn stop(&self) {
        self.0.stopping.cancel();
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            tokio::time::sleep(STOP_PATIENCE).await;
            shared.all().iter().for_each(|channel| channel.hang_up());
        });
    }

    /// A place among those who read this.
    fn enter(&self, key: Key, hang_up: CancellationToken) -> Result<Seat, NoPlace> {
        if self.0.stopping.is_cancelled() {
            return Err(NoPlace::Full);
        }
        let mut channels = self.0.channels.lock();
        let (mut all, mut of_tenant) = (0, 0);
        for channel in channels.by_key.values() {
            all += channel.readers();
            of_tenant += if channel.key.tenant == key.tenant { channel.readers() } else { 0 };
        }
        if all >= MAX_READERS {
            return Err(NoPlace::Full);
        }
        if of_tenant >= MAX_READERS_OF_TENANT {
            return Err(NoPlace::FullOfTenant);
        }
        if channels.follower.is_none() {
            channels.follower = Some(self.start().ok_or(NoPlace::Full)?);
        }
        let made = || Arc::new(Channel::new(key.clone()));
        Ok(channels.by_key.entry(key.clone()).or_insert_with(made).enter(hang_up))
    }

    fn start(&self) -> Option<Arc<Follower>> {
        let follower = Arc::new(self.0.store.follow(hub::TABLES));
        let (shared, followed) = (Arc::clone(&self.0), Arc::clone(&follower));
        let started =
            thread::Builder::new().name("live".to_owned()).spawn(move || hub::run(&shared, &followed));
        if let Err(error) = &started {
            tracing::error!(%error, "the thread of live streams cannot be started");
        }
        started.is_ok().then_some(follower)
    }
}

impl Shared {
    fn all(&self) -> Vec<Arc<Channel>> {
        self.channels.lock().by_key.values().cloned().collect()
    }

    fn note_dropped(&self, readers: u64) {
        self.dropped.fetch_add(readers, Ordering::Relaxed);
    }

    /// Lets go of what nobody has read for a while; true when nothing is left, and the hub is to end.
    fn forget_deserted(&self, now: Instant) -> bool {
        let mut channels = self.channels.lock();
        channels.by_key.retain(|_, channel| !channel.is_deserted(now));
        if channels.by_key.is_empty() {
            channels.follower = None;
        }
        channels.by_key.is_empty()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

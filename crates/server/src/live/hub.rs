//! The thread that looks after all streams while there are readers, and after nothing else.
//!
//! Promise: it takes what the store has committed, in rounds: at once after a pause, else each [`ROUND_EVERY`], so that a reader
//! is woken ten times a second at most; and each second it makes one snapshot a stream. It ends when nobody has read for a
//! while, and then a commit costs what it costs without it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tidegauge_facts::Table;
use tidegauge_store::{Followed, Follower};

use super::Shared;
use super::arrivals::Streams;
use super::channel::Channel;
use super::ring::ring_bytes;

/// The shortest time between two rounds.
pub const ROUND_EVERY: Duration = Duration::from_millis(100);
/// The time between two snapshots.
pub const SNAPSHOT_EVERY: Duration = Duration::from_secs(1);
/// What is followed.
pub(super) const TABLES: &[Table] = &[Table::Events, Table::Requests];

pub(super) fn run(shared: &Arc<Shared>, follower: &Follower) {
    let mut next_turn = Instant::now() + SNAPSHOT_EVERY;
    let mut next_round = Instant::now();
    while !shared.stopping.is_cancelled() {
        follower.wait_until(next_turn);
        let now = Instant::now();
        if now < next_round {
            thread::sleep((next_round - now).min(next_turn.saturating_duration_since(now)));
        }
        next_round = Instant::now() + ROUND_EVERY;
        let channels = shared.all();
        let rings = channels.iter().filter(|channel| channel.has_feed()).count();
        round(&channels, follower.take(), ring_bytes(rings));
        let now = Instant::now();
        if now < next_turn {
            continue;
        }
        // A machine that was held up does not make up for the seconds that it has lost.
        next_turn = (next_turn + SNAPSHOT_EVERY).max(now);
        for channel in &channels {
            channel.turn(&shared.store, now, ring_bytes(rings));
            shared.note_dropped(channel.tidy(now));
        }
        if shared.forget_deserted(now) {
            return;
        }
    }
}

/// Gives each stream its rows.
fn round(channels: &[Arc<Channel>], followed: Followed, max_ring_bytes: usize) {
    let Followed { batches, lost_rows } = followed;
    if batches.is_empty() && lost_rows == 0 {
        return;
    }
    let mut streams = Streams::default();
    for (number, channel) in channels.iter().enumerate() {
        let project = channel.key.project.as_ref().map(|project| project.as_str());
        streams.add(channel.key.tenant.as_str(), project, number);
    }
    let last_sequence = batches.back().map(|published| published.sequence);
    for published in &batches {
        for (number, rows) in streams.rows(&published.batch) {
            channels[number].take(published, &rows, max_ring_bytes);
        }
    }
    let now = Instant::now();
    for channel in channels {
        channel.end_round(last_sequence, lost_rows, now, max_ring_bytes);
    }
}

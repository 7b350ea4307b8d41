//! The loop: read the head of a list, hand it on, wait until it is durable, take it off.
//!
//! Promise: the four steps happen in this order for every record, and a failure anywhere begins again with the first.

mod batch;
mod pace;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use self::batch::Batch;
use self::pace::{Break, Pace};
use crate::figures::Figures;
use crate::lists::List;
use crate::queue::{Queue, Removed};
use crate::sink::{Identified, Outcome, Refused, Sink, Trouble};

/// Most records read at once.
pub const MAX_READ_RECORDS: usize = 1000;
/// Bytes that a read is meant to have at most: fewer records are read at once where they are large.
pub const READ_BYTES: usize = 8 * 1024 * 1024;
/// Records of a first read, before anything is known of their size.
const FIRST_READ_RECORDS: usize = 50;
/// Pause between two looks at lists that were all empty.
pub const IDLE_PAUSE: Duration = Duration::from_millis(500);
/// How long the write under way may take to end once the connector is asked to stop.
pub const STOP_GRACE: Duration = Duration::from_secs(10);

/// When a connector ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Never.
    Follow,
    /// When the records that waited at its start have left, or after trouble has lasted for so long.
    Once {
        /// How long.
        patience: Duration,
    },
}

/// How a connector ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// What was to be done is done.
    Done,
    /// It was asked to stop. What is not durable is still in its list.
    Stopped,
}

/// Why a connector gave up. What is not durable is still in its list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fatal(pub String);

/// Takes records from lists to a sink.
#[derive(Debug)]
pub struct Connector<S> {
    /// Where the lists are.
    pub queue: Queue,
    /// The lists.
    pub lists: Vec<List>,
    /// Where the records go.
    pub sink: S,
    /// What has been done.
    pub figures: Arc<Figures>,
    /// Most records that stay set aside of one list; the oldest are given up for newer ones.
    pub most_set_aside: usize,
}

/// Records that belong together, each with its place in what was read.
type Placed = Vec<(usize, Identified)>;

impl<S: Sink> Connector<S> {
    /// Works until it is asked to stop, or as `mode` says.
    ///
    /// # Errors
    /// [`Fatal`]: a person has to do something, or the patience of [`Mode::Once`] is over.
    pub async fn run(mut self, mode: Mode, stop: &CancellationToken) -> Result<Ended, Fatal> {
        let mut pace = Pace::new(mode, stop);
        let mut sizes = vec![FIRST_READ_RECORDS; self.lists.len()];
        let mut left: Option<Vec<u64>> = None;
        loop {
            match self.round(&mut pace, &mut sizes, &mut left).await {
                Ok(_) if mode != Mode::Follow && left.iter().flatten().all(|left| *left == 0) => {
                    return Ok(Ended::Done);
                }
                Ok(taken) if taken > 0 => {}
                Ok(_) => {
                    let _ = tokio::time::timeout(IDLE_PAUSE, stop.cancelled()).await;
                }
                Err(Break::Again) => {}
                Err(Break::Stopped) => return Ok(Ended::Stopped),
                Err(Break::Fatal(fatal)) => return Err(fatal),
            }
            if stop.is_cancelled() {
                return Ok(Ended::Stopped);
            }
        }
    }

    /// One batch of each list that has records; how many were taken.
    async fn round(
        &mut self,
        pace: &mut Pace<'_>,
        sizes: &mut [usize],
        left: &mut Option<Vec<u64>>,
    ) -> Result<usize, Break> {
        let lengths = self.queue.lengths(&self.lists).await;
        let lengths = self.redis(pace, lengths).await?;
        self.figures.set_waiting(self.lists.iter().map(|list| list.key.clone()).zip(lengths.iter().copied()));
        if lengths.iter().all(|length| *length == 0) {
            pace.went_well();
        } else {
            let kept = self.queue.keep(&self.lists).await;
            self.redis(pace, kept).await?;
        }
        let left = left.get_or_insert_with(|| lengths.clone());
        let mut taken = 0;
        for (index, length) in lengths.into_iter().enumerate() {
            if length == 0 {
                left[index] = 0;
                continue;
            }
            let count = self.one_batch(pace, index, &mut sizes[index]).await?;
            left[index] = left[index].saturating_sub(count as u64);
            taken += count;
            if pace.stop().is_cancelled() {
                return Err(Break::Stopped);
            }
        }
        Ok(taken)
    }

    async fn one_batch(
        &mut self,
        pace: &mut Pace<'_>,
        index: usize,
        most: &mut usize,
    ) -> Result<usize, Break> {
        let list = self.lists[index].clone();
        let read = self.queue.read(&list, *most).await;
        if read.is_err() {
            // Perhaps it is more than can be answered in time.
            *most = (*most / 2).max(1);
        }
        let read = self.redis(pace, read).await?;
        if read.is_empty() {
            return Ok(0);
        }
        *most = next_read(*most, &read);
        let mut batch = Batch::new(list.encoding, &read);
        let (mut stored, mut repeated) = (0, 0);
        for (place, records) in self.places(pace, &mut batch).await? {
            let (indexes, records): (Vec<usize>, Vec<Identified>) = records.into_iter().unzip();
            let outcome = self.store(pace, &place, &records).await?;
            stored += outcome.stored;
            repeated += outcome.repeated;
            for Refused { index, reason } in outcome.refused {
                batch.set_aside(indexes[index], reason);
            }
        }
        let unusable = batch.report(&list);
        let removed = self.queue.remove(&list, &read, &unusable, self.most_set_aside).await;
        match self.redis(pace, removed).await? {
            Removed::Done { given_up } => {
                self.figures.stored.fetch_add(stored as u64, Relaxed);
                self.figures.repeated.fetch_add(repeated as u64, Relaxed);
                self.figures.set_aside.fetch_add(unusable.len() as u64, Relaxed);
                self.figures.given_up.fetch_add(given_up, Relaxed);
                self.figures.succeeded();
                pace.went_well();
                if given_up > 0 {
                    tracing::error!(list = %list.set_aside, given_up, "too many records are set aside: the oldest were given up");
                }
                Ok(read.len())
            }
            Removed::Changed => {
                self.figures.contended.fetch_add(1, Relaxed);
                tracing::warn!(%list, "somebody else takes records off this list, a Pump or another connector; \
                    records that it takes are not here");
                Ok(0)
            }
        }
    }

    /// The batch's good records by whom they belong to, each with its place in the batch.
    async fn places(
        &mut self,
        pace: &mut Pace<'_>,
        batch: &mut Batch,
    ) -> Result<Vec<(S::Place, Placed)>, Break> {
        let mut places: Vec<(S::Place, Placed)> = Vec::new();
        for (organization, mut records) in batch.take_by_organization() {
            let place = loop {
                match self.sink.place(&organization).await {
                    Ok(place) => break place,
                    Err(trouble) => self.server(pace, trouble).await?,
                }
            };
            match place {
                Err(reason) => records.iter().for_each(|(at, _)| batch.set_aside(*at, reason.clone())),
                Ok(place) => match places.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, known)) => known.append(&mut records),
                    None => places.push((place, records)),
                },
            }
        }
        Ok(places)
    }

    /// Hands records over until each has its end.
    async fn store(
        &mut self,
        pace: &mut Pace<'_>,
        place: &S::Place,
        records: &[Identified],
    ) -> Result<Outcome, Break> {
        loop {
            let out_of_grace = async {
                pace.stop().cancelled().await;
                tokio::time::sleep(STOP_GRACE).await;
            };
            let answer = tokio::select! {
                answer = self.sink.store(place, records) => answer,
                never = self.queue.keep_on(&self.lists) => match never {},
                () = out_of_grace => return Err(Break::Stopped),
            };
            match answer {
                Ok(outcome) => return Ok(outcome),
                Err(trouble) => self.server(pace, trouble).await?,
            }
        }
    }

    /// The answer of Redis, or a wait and a fresh start: after trouble nothing is known of what was read.
    async fn redis<T>(&mut self, pace: &mut Pace<'_>, answer: Result<T, Trouble>) -> Result<T, Break> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(trouble) => {
                self.figures.redis_retries.fetch_add(1, Relaxed);
                self.wait(pace, trouble).await?;
                Err(Break::Again)
            }
        }
    }

    async fn server(&mut self, pace: &mut Pace<'_>, trouble: Trouble) -> Result<(), Break> {
        self.figures.server_retries.fetch_add(1, Relaxed);
        self.wait(pace, trouble).await
    }

    /// Waits before the next try; what waits in the lists does not expire meanwhile.
    async fn wait(&mut self, pace: &mut Pace<'_>, trouble: Trouble) -> Result<(), Break> {
        tokio::select! {
            waited = pace.wait(trouble) => waited,
            never = self.queue.keep_on(&self.lists) => match never {},
        }
    }
}

/// How many records to read next of a list of which this was read when `most` were asked for.
fn next_read(most: usize, read: &[Vec<u8>]) -> usize {
    let bytes: usize = read.iter().map(Vec::len).sum();
    let each = (bytes / read.len().max(1)).max(1);
    (READ_BYTES / each).clamp(1, MAX_READ_RECORDS).min(most.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_records_are_read_in_smaller_numbers() {
        assert_eq!(next_read(1000, &[vec![0; 500], vec![0; 900]]), MAX_READ_RECORDS);
        assert_eq!(next_read(1000, &[vec![0; 1024 * 1024]]), 8);
        assert_eq!(next_read(1000, &[vec![0; 64 * 1024 * 1024]]), 1);
        assert_eq!(next_read(1000, &[Vec::new()]), MAX_READ_RECORDS);
    }

    #[test]
    fn reads_grow_by_doubling_only_however_small_the_last_records_were() {
        assert_eq!(next_read(1, &[Vec::new()]), 2);
        assert_eq!(next_read(50, &[vec![0; 10]]), 100);
        assert_eq!(next_read(600, &[vec![0; 10]]), MAX_READ_RECORDS);
    }
}

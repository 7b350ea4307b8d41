//! The newest event of each distinct combination of fields, of the last 24 hours (seed 002).
//!
//! Each piece of the events is gone through once, side by side with others: only the columns that tell events
//! apart are read. The other columns are read of the events that are answered.
//! Promise: of the events of a combination, the one with the greatest (`event_time`, `event_id`) is answered.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::cmp::Reverse;
use std::sync::{Arc, OnceLock};

use ahash::RandomState;
use arrow_array::RecordBatch;
use arrow_select::interleave::interleave_record_batch;
use hashbrown::HashSet;
use parking_lot::Mutex;
use tidegauge_facts::{Micros, Table};
use tidegauge_store::{Piece, Position, Query, Snapshot};

use crate::coded::Printer;
use crate::combinations::{Combinations, newest_of};
use crate::error::ReportError;
use crate::event_field::EventField;
use crate::event_rows::{EVENT_COLUMNS, EventRows, OF_SESSION};
use crate::page::{Page, after};
use crate::recent_events::EventFilter;
use crate::row_filter::{Join, Joined, RowFilter};
use crate::scope::{Scope, day_before};
use crate::session_ids::SessionIds;
use crate::side_by_side::side_by_side;
use crate::values::Values;

/// Combinations held for one report; about 100 bytes each.
pub const MAX_COMBINATIONS: usize = 1_000_000;
const COMBINATION_BYTES: usize = 100;
/// Events whose columns are read at a time: so many rows, or bytes of long rows, but at least a few.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 32 * 1024 * 1024;
const MIN_BATCH_ROWS: usize = 64;

/// A page of the report, a few thousand events at a time.
#[derive(Debug)]
pub struct LatestEvents {
    pieces: Vec<Piece>,
    /// What is not answered yet, newest first.
    found: std::vec::IntoIter<Found>,
    next: Option<Position>,
    join: Arc<Join>,
    batch_rows: usize,
}

/// An event among the pieces.
#[derive(Debug, Clone)]
struct Found {
    time: i64,
    /// Read only where the instant alone does not decide.
    id: Option<String>,
    /// Which combination it is of, as a number.
    of: u32,
    piece: u32,
    row: u32,
}

/// The report as of `now`. `fields` are those that tell events apart.
///
/// # Errors
/// Facts cannot be read, or there are more combinations or sessions than can be held.
pub fn latest_events(
    snapshot: &Snapshot,
    scope: &Scope,
    fields: &[&'static EventField],
    filter: &EventFilter,
    page: &Page,
    now: Micros,
) -> Result<LatestEvents, ReportError> {
    let from = day_before(now);
    let printer = Printer::new();
    let of_fields = fields.iter().filter_map(|field| field.of_session).chain(filter.of_session());
    let of_session: Vec<&'static str> = of_fields.collect();
    // Sessions are looked up for all events only where they decide which events are answered.
    let is_decided_by_sessions = !of_session.is_empty();
    let join = Arc::new(match is_decided_by_sessions {
        true => {
            let wanted = SessionIds::of_events(snapshot, scope, from, &printer)?;
            Join::new(snapshot, scope, from, &of_session, printer, &wanted)?
        }
        false => Join::without_sessions(printer),
    });
    let filter = RowFilter::new(filter, scope, &join.printer);
    let mut columns = filter.columns();
    columns.extend(fields.iter().flat_map(|field| field.columns()).chain(["event_time"]));
    columns.sort_unstable();
    columns.dedup();
    let query = Query {
        table: Table::Events,
        tenant: scope.tenant.as_str().to_owned(),
        from,
        to: i64::MAX,
        columns,
        test: None,
    };
    let pieces = snapshot.pieces(query)?;
    let combinations = Mutex::new(Combinations::new(MAX_COMBINATIONS));
    side_by_side(pieces.len(), |place| {
        let batch = pieces[place].read()?;
        let newest = newest_of(&Joined::new(&batch, &join), fields, &filter, &join);
        let mut combinations = combinations.lock();
        let known = combinations.len();
        newest
            .into_iter()
            .try_for_each(|(print, time, row)| combinations.add(print, time, (place as u32, row)))?;
        snapshot.budget().take((combinations.len() - known) * COMBINATION_BYTES)?;
        Ok(())
    })?;
    let mut found = in_order(combinations.into_inner(), &pieces, page)?;
    let next = cut(&mut found, &pieces, page)?;
    let printer = join.printer.clone();
    let mut wanted = sessions_of(&found, &pieces, &printer)?;
    if is_decided_by_sessions {
        // Those that were not found need not be looked for again.
        wanted.0.retain(|id| join.sessions.holds(*id));
    }
    let join = Arc::new(Join::new(snapshot, scope, from, &OF_SESSION, printer, &wanted)?);
    let mut row_bytes = 1;
    for piece in &pieces {
        row_bytes = row_bytes.max(piece.row_bytes(&EVENT_COLUMNS)?);
    }
    let batch_rows = (BATCH_BYTES / row_bytes).clamp(MIN_BATCH_ROWS, BATCH_ROWS);
    Ok(LatestEvents { pieces, found: found.into_iter(), next, join, batch_rows })
}

/// One event a combination, newest first.
fn in_order(combinations: Combinations, pieces: &[Piece], page: &Page) -> Result<Vec<Found>, ReportError> {
    let mut found = Vec::new();
    for (of, (time, places)) in (0..).zip(combinations.into_newest()) {
        found.extend(places.map(|(piece, row)| Found { time, id: None, of, piece, row }));
    }
    found.sort_unstable_by_key(|found| Reverse(found.time));
    let begins_within = |time| page.before.as_ref().is_some_and(|before| before.time == time);
    let mut undecided: Vec<&mut Found> = found
        .chunk_by_mut(|a, b| a.time == b.time)
        .filter(|instant| instant.len() > 1 || begins_within(instant[0].time))
        .flatten()
        .collect();
    read_ids(&mut undecided, pieces)?;
    for instant in found.chunk_by_mut(|a, b| a.time == b.time) {
        instant.sort_by(|a, b| b.id.cmp(&a.id));
    }
    let mut answered = HashSet::<u32, RandomState>::with_capacity_and_hasher(found.len(), RandomState::new());
    found.retain(|found| answered.insert(found.of));
    Ok(found)
}

/// Keeps the page's events, and says where the next page begins.
fn cut(found: &mut Vec<Found>, pieces: &[Piece], page: &Page) -> Result<Option<Position>, ReportError> {
    if let Some(before) = &page.before {
        let mut seen = before.seen;
        found.retain(|found| {
            let place = (found.time, found.id.as_deref().unwrap_or_default());
            match place.cmp(&(before.time, &before.id)) {
                Less => true,
                Equal if seen == 0 => true,
                Equal => {
                    seen -= 1;
                    false
                }
                Greater => false,
            }
        });
    }
    let Some(limit) = page.limit.filter(|limit| *limit < found.len()) else { return Ok(None) };
    found.truncate(limit);
    // The place of the last one needs those of its instant.
    let last = found.last().map(|last| last.time);
    let mut of_last: Vec<&mut Found> =
        found.iter_mut().filter(|found| Some(found.time) == last && found.id.is_none()).collect();
    read_ids(&mut of_last, pieces)?;
    Ok(found.iter().filter(|found| Some(found.time) == last).fold(page.before.clone(), |so_far, found| {
        Some(after(so_far, found.time, found.id.as_deref().unwrap_or_default()))
    }))
}

/// The sessions of these events.
fn sessions_of(found: &[Found], pieces: &[Piece], printer: &Printer) -> Result<SessionIds, ReportError> {
    let mut places: Vec<(u32, u32)> = found.iter().map(|found| (found.piece, found.row)).collect();
    places.sort_unstable();
    let by_piece: Vec<&[(u32, u32)]> = places.chunk_by(|a, b| a.0 == b.0).collect();
    let ids = Mutex::new(SessionIds::default());
    side_by_side(by_piece.len(), |at| {
        let rows: Vec<u32> = by_piece[at].iter().map(|(_, row)| *row).collect();
        let batch = pieces[by_piece[at][0].0 as usize].pick(&rows, &["session_id"])?;
        ids.lock().add(&batch, printer)
    })?;
    Ok(ids.into_inner())
}

fn read_ids(found: &mut [&mut Found], pieces: &[Piece]) -> Result<(), ReportError> {
    found.sort_by_key(|found| (found.piece, found.row));
    for of_piece in found.chunk_by_mut(|a, b| a.piece == b.piece) {
        let rows: Vec<u32> = of_piece.iter().map(|found| found.row).collect();
        let batch = pieces[of_piece[0].piece as usize].pick(&rows, &["event_id"])?;
        let ids = Values::of(&batch, "event_id");
        for (row, found) in of_piece.iter_mut().enumerate() {
            found.id = Some(ids.text(row).unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

impl LatestEvents {
    /// Where the next page begins, if there is one.
    #[must_use]
    pub fn next_page(&self) -> Option<&Position> {
        self.next.as_ref()
    }

    /// All columns of these events, in their order.
    fn read(&self, found: &[Found]) -> Result<EventRows, ReportError> {
        let mut sorted: Vec<(u32, u32, usize)> =
            found.iter().enumerate().map(|(place, found)| (found.piece, found.row, place)).collect();
        sorted.sort_unstable();
        let by_piece: Vec<&[(u32, u32, usize)]> = sorted.chunk_by(|a, b| a.0 == b.0).collect();
        let mut places = vec![(0, 0); found.len()];
        for (batch, rows) in by_piece.iter().enumerate() {
            for (row, (_, _, place)) in rows.iter().enumerate() {
                places[*place] = (batch, row);
            }
        }
        let batches: Vec<OnceLock<RecordBatch>> = by_piece.iter().map(|_| OnceLock::new()).collect();
        side_by_side(by_piece.len(), |at| {
            let rows: Vec<u32> = by_piece[at].iter().map(|(_, row, _)| *row).collect();
            let batch = self.pieces[by_piece[at][0].0 as usize].pick(&rows, &EVENT_COLUMNS)?;
            let _ = batches[at].set(batch);
            Ok(())
        })?;
        let batches: Vec<&RecordBatch> = batches.iter().filter_map(OnceLock::get).collect();
        Ok(EventRows::new(interleave_record_batch(&batches, &places)?, Arc::clone(&self.join)))
    }
}

impl Iterator for LatestEvents {
    type Item = Result<EventRows, ReportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found: Vec<Found> = self.found.by_ref().take(self.batch_rows).collect();
        if found.is_empty() {
            return None;
        }
        let rows = self.read(&found);
        if rows.is_err() {
            self.found = Vec::new().into_iter();
        }
        Some(rows)
    }
}

//! Hot: the committed facts that are in no segment yet, in the order of their commits.
//!
//! Promise: a fact is here from its commit until it is in the manifest. At most [`MAX_RESIDENT_BYTES`] and
//! [`MAX_RESIDENT_FACTS`] are held in memory; what comes beyond that is read back from the log.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::RecordBatch;
use tidegauge_facts::Table;

use crate::error::StoreError;
use crate::feed::Published;
use crate::gauges::count_by_code;
use crate::log::FrameRef;
use crate::merge::merge;
use crate::read::{self, Labels};

/// Bytes of batches held in memory.
pub const MAX_RESIDENT_BYTES: u64 = 192 * 1024 * 1024;
/// Facts held in memory.
pub const MAX_RESIDENT_FACTS: u64 = 4_000_000;
/// This many small parts in a row are merged into one.
const MERGE_PARTS: usize = 32;
/// A part of fewer rows and bytes than these is small.
const SMALL_PART_ROWS: usize = 2048;
const SMALL_PART_BYTES: u64 = 1024 * 1024;

/// Facts of one table, of one or several groups that follow each other.
#[derive(Debug)]
pub struct Part {
    pub(crate) table: Table,
    pub(crate) last_sequence: u64,
    pub(crate) rows: usize,
    /// Bytes in the log, and about as many in memory.
    pub(crate) bytes: u64,
    /// Rows per tenant.
    pub(crate) tenants: Vec<(Box<str>, u64)>,
    /// Earliest and latest `event_time`, in microseconds: readers of another time skip the part.
    pub(crate) times: RangeInclusive<i64>,
    frames: Vec<FrameRef>,
    resident: Option<RecordBatch>,
}

impl Part {
    fn new(frame: FrameRef, batch: RecordBatch, is_resident: bool) -> Result<Self, StoreError> {
        let tenants = count_by_code(&Labels::of(&batch, "tenant_id")?);
        let times = read::instants(&batch, "event_time")?;
        let earliest = times.iter().copied().min().unwrap_or(i64::MAX);
        let latest = times.iter().copied().max().unwrap_or(i64::MIN);
        Ok(Self {
            times: earliest..=latest,
            table: frame.header.table,
            last_sequence: frame.header.sequence,
            rows: batch.num_rows(),
            bytes: frame.header.frame_len() as u64,
            tenants: tenants.into_iter().map(|(tenant, rows)| (tenant.into(), rows)).collect(),
            frames: vec![frame],
            resident: is_resident.then_some(batch),
        })
    }

    /// The part's facts, from memory or from the log.
    ///
    /// # Errors
    /// The log could not be read.
    pub fn load(&self) -> Result<RecordBatch, StoreError> {
        if let Some(batch) = &self.resident {
            return Ok(batch.clone());
        }
        let batches = self.frames.iter().map(FrameRef::load).collect::<Result<Vec<_>, _>>()?;
        merge(self.table, &batches)
    }

    /// What it was committed as, oldest first.
    pub(crate) fn committed(&self) -> impl Iterator<Item = Committed<'_>> {
        let whole = self.resident.as_ref().filter(|_| self.frames.len() == 1);
        self.frames.iter().map(move |frame| Committed { frame, resident: whole })
    }

    /// True when the part is held in memory.
    pub(crate) fn is_resident(&self) -> bool {
        self.resident.is_some()
    }

    fn is_small(&self) -> bool {
        self.resident.is_some() && self.rows < SMALL_PART_ROWS && self.bytes < SMALL_PART_BYTES
    }

    /// Bytes and facts held in memory.
    fn resident_size(&self) -> (u64, u64) {
        if self.resident.is_some() { (self.bytes, self.rows as u64) } else { (0, 0) }
    }
}

/// One frame of a part.
pub(crate) struct Committed<'p> {
    frame: &'p FrameRef,
    resident: Option<&'p RecordBatch>,
}

impl Committed<'_> {
    pub fn sequence(&self) -> u64 {
        self.frame.header.sequence
    }

    /// Its facts, from memory or from the log.
    pub fn load(&self) -> Result<Published, StoreError> {
        let batch = self.resident.map_or_else(|| self.frame.load(), |batch| Ok(batch.clone()))?;
        Ok(Published::new(self.frame, batch))
    }
}

/// All parts, and their sums.
#[derive(Debug, Clone, Default)]
pub struct Hot {
    parts: Vec<Arc<Part>>,
    bytes: u64,
    resident_bytes: u64,
    resident_facts: u64,
    /// Parts up to this sequence are on their way into segments: they stay as they are.
    flushing_through: u64,
    /// What was committed up to each of these sequences goes into no part and no segment with what came later.
    apart: Vec<u64>,
}

impl Hot {
    /// The parts, oldest first.
    #[must_use]
    pub fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// Bytes of log that are in no segment yet.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Facts of one tenant that are held in memory.
    #[must_use]
    pub fn resident_facts_of(&self, tenant: &str) -> u64 {
        let resident = self.parts.iter().filter(|part| part.resident.is_some());
        resident.flat_map(|part| &part.tenants).filter(|(name, _)| **name == *tenant).map(|(_, n)| n).sum()
    }

    /// Adds a committed frame.
    pub(crate) fn push(&mut self, frame: FrameRef, batch: RecordBatch) -> Result<(), StoreError> {
        let is_resident =
            self.resident_bytes < MAX_RESIDENT_BYTES && self.resident_facts < MAX_RESIDENT_FACTS;
        let part = Part::new(frame, batch, is_resident)?;
        let (bytes, facts) = part.resident_size();
        self.bytes += part.bytes;
        self.resident_bytes += bytes;
        self.resident_facts += facts;
        self.parts.push(Arc::new(part));
        self.merge_small_tail()
    }

    /// From now on nothing committed up to `sequence` gets into one part, or one segment, with what came later.
    pub(crate) fn keep_apart(&mut self, sequence: u64) {
        self.apart.push(sequence);
    }

    /// The oldest parts, as many as have about `max_rows` rows and `max_bytes` bytes, but at least one. From now
    /// on they stay as they are, until `remove_through`.
    pub(crate) fn begin_flush(&mut self, max_rows: usize, max_bytes: u64) -> Vec<Arc<Part>> {
        let (mut rows, mut bytes) = (0, 0);
        let first = self.parts.first().map_or(0, |part| part.last_sequence);
        let end = self.apart.iter().copied().filter(|at| first <= *at).min().unwrap_or(u64::MAX);
        let picked = self.parts.iter().take_while(|part| part.last_sequence <= end).take_while(|part| {
            let is_first = rows == 0;
            rows += part.rows;
            bytes += part.bytes;
            is_first || rows <= max_rows && bytes <= max_bytes
        });
        let picked: Vec<_> = picked.cloned().collect();
        self.flushing_through = picked.last().map_or(self.flushing_through, |part| part.last_sequence);
        picked
    }

    /// Removes the parts up to and including `sequence`: they are in segments now.
    pub(crate) fn remove_through(&mut self, sequence: u64) -> Vec<Arc<Part>> {
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.parts).into_iter().partition(|part| part.last_sequence <= sequence);
        self.parts = kept;
        self.apart.retain(|at| *at > sequence);
        for part in &gone {
            let (bytes, facts) = part.resident_size();
            self.bytes -= part.bytes;
            self.resident_bytes -= bytes;
            self.resident_facts -= facts;
        }
        gone
    }

    /// Lone events come as groups of one: 32 small parts of a table in a row become one, so that a
    /// reader meets few parts and little memory goes to headers.
    fn merge_small_tail(&mut self) -> Result<(), StoreError> {
        let Some(start) = self.parts.len().checked_sub(MERGE_PARTS) else { return Ok(()) };
        if self.parts[start].last_sequence <= self.flushing_through {
            return Ok(());
        }
        let first = self.parts[start].last_sequence;
        let last = self.parts.last().map_or(first, |part| part.last_sequence);
        if self.apart.iter().any(|at| (first..last).contains(at)) {
            return Ok(());
        }
        let table = self.parts[start].table;
        if !self.parts[start..].iter().all(|part| part.table == table && part.is_small()) {
            return Ok(());
        }
        let tail = self.parts.split_off(start);
        let batches: Vec<RecordBatch> = tail.iter().filter_map(|part| part.resident.clone()).collect();
        let batch = merge(table, &batches)?;
        let part = Part {
            table,
            last_sequence: tail.iter().map(|part| part.last_sequence).max().unwrap_or_default(),
            rows: batch.num_rows(),
            bytes: tail.iter().map(|part| part.bytes).sum(),
            tenants: sum_by_tenant(&tail),
            times: tail.iter().map(|part| *part.times.start()).min().unwrap_or(i64::MAX)
                ..=tail.iter().map(|part| *part.times.end()).max().unwrap_or(i64::MIN),
            frames: tail.iter().flat_map(|part| part.frames.iter().cloned()).collect(),
            resident: Some(batch),
        };
        self.parts.push(Arc::new(part));
        Ok(())
    }
}

/// The rows per tenant of several parts: each part has counted its own.
fn sum_by_tenant(parts: &[Arc<Part>]) -> Vec<(Box<str>, u64)> {
    let mut sums: Vec<(Box<str>, u64)> = Vec::new();
    for (tenant, rows) in parts.iter().flat_map(|part| &part.tenants) {
        match sums.iter_mut().find(|(known, _)| known == tenant) {
            Some((_, sum)) => *sum += rows,
            None => sums.push((tenant.clone(), *rows)),
        }
    }
    sums
}

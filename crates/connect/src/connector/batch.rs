//! What was read at once: each record decoded, given its id, and sorted into those that go on and those that do not.

use std::collections::BTreeMap;

use super::Placed;
use crate::gateway_record::Unusable;
use crate::lists::{Encoding, List};
use crate::request_id::RequestIds;
use crate::sink::Identified;
use crate::wire;

/// Most different reasons that are reported of one batch; the others are counted.
const MAX_REASONS: usize = 10;

/// The records of a read, by their places in it.
pub(super) struct Batch {
    good: Placed,
    bad: Vec<(usize, Unusable)>,
}

impl Batch {
    pub fn new(encoding: Encoding, read: &[Vec<u8>]) -> Self {
        let mut ids = RequestIds::default();
        let mut batch = Self { good: Vec::with_capacity(read.len()), bad: Vec::new() };
        for (index, bytes) in read.iter().enumerate() {
            let request_id = ids.next(bytes);
            match wire::read(encoding, bytes) {
                Ok(record) => batch.good.push((index, Identified { request_id, record })),
                Err(reason) => batch.set_aside(index, reason),
            }
        }
        batch
    }

    /// The good records of each organization, in their order.
    pub fn take_by_organization(&mut self) -> BTreeMap<String, Placed> {
        let mut organizations: BTreeMap<String, Placed> = BTreeMap::new();
        for (index, record) in self.good.drain(..) {
            match organizations.get_mut(&record.record.organization) {
                Some(records) => records.push((index, record)),
                None => drop(organizations.insert(record.record.organization.clone(), vec![(index, record)])),
            }
        }
        organizations
    }

    pub fn set_aside(&mut self, index: usize, reason: Unusable) {
        self.bad.push((index, reason));
    }

    /// Says which records are set aside and why, without their texts; answers their places in the read, in order.
    pub fn report(mut self, list: &List) -> Vec<usize> {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, reason) in &self.bad {
            *reasons.entry(&reason.0).or_default() += 1;
        }
        for (reason, records) in reasons.iter().take(MAX_REASONS) {
            tracing::warn!(%list, records, "set aside in {}: {reason}", list.set_aside);
        }
        let more: usize = reasons.values().skip(MAX_REASONS).sum();
        if more > 0 {
            tracing::warn!(%list, records = more, "set aside in {}: further reasons", list.set_aside);
        }
        self.bad.sort_by_key(|(index, _)| *index);
        self.bad.into_iter().map(|(index, _)| index).collect()
    }
}

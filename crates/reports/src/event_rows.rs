//! Events as a report answers them: their own columns, and what they take from their sessions.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use tidegauge_facts::Micros;

use crate::row_filter::Join;
use crate::session_index::SessionColumn;
use crate::values::Values;

/// The events' columns that an [`EventRow`] is made of.
pub(crate) const EVENT_COLUMNS: [&str; 26] = [
    "event_time",
    "event_id",
    "event_name",
    "session_id",
    "client_id",
    "installation_id",
    "device_id",
    "space_id",
    "data_residency",
    "ip",
    "interaction",
    "capture_id",
    "product_id",
    "category_id",
    "int1",
    "int2",
    "int3",
    "int4",
    "int5",
    "str1",
    "str2",
    "str3",
    "str4",
    "str5",
    "stateful",
    "public",
];
/// The columns of its session that an [`EventRow`] may take values from.
pub(crate) const OF_SESSION: [&str; 3] = ["installation_id", "device_id", "space_id"];

/// One event. A text that is always answered is empty where it is unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventRow<'a> {
    /// The event's own id.
    pub event_id: &'a str,
    /// When it happened.
    pub event_time: Micros,
    /// Its own, else its session's.
    pub installation_id: &'a str,
    /// Its own, else its session's.
    pub device_id: &'a str,
    /// Its own, else its session's.
    pub space_id: &'a str,
    /// Its own.
    pub data_residency: &'a str,
    /// The session it belongs to.
    pub session_id: &'a str,
    /// Its own.
    pub client_id: &'a str,
    /// Its name.
    pub event_type: &'a str,
    /// Whether a person caused it; not, where that is unknown.
    pub interaction: bool,
    /// Its own.
    pub ip: &'a str,
    /// Its own, else its id.
    pub capture_id: &'a str,
    /// The product.
    pub product_id: Option<&'a str>,
    /// The product's category.
    pub category_id: Option<&'a str>,
    /// `int1` to `int5`.
    pub ints: [Option<i64>; 5],
    /// `str1` to `str5`.
    pub strs: [Option<&'a str>; 5],
    /// Whether it changes a state.
    pub stateful: Option<bool>,
    /// An expiry in milliseconds.
    pub public: Option<i64>,
}

/// Some events, newest first.
#[derive(Debug)]
pub struct EventRows {
    batch: RecordBatch,
    places: Vec<u32>,
    join: Arc<Join>,
}

impl EventRows {
    pub(crate) fn new(batch: RecordBatch, join: Arc<Join>) -> Self {
        Self { places: join.sessions.places(&batch, &join.printer), batch, join }
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the events, in their order.
    pub fn iter<'a>(&'a self, rows: Range<usize>) -> impl Iterator<Item = EventRow<'a>> {
        let of = |column| Values::of(&self.batch, column);
        let shared = |column| (of(column), self.join.sessions.column(column));
        let [times, ids, names, sessions] = ["event_time", "event_id", "event_name", "session_id"].map(of);
        let [interactions, captures, products, categories, stateful, public] =
            ["interaction", "capture_id", "product_id", "category_id", "stateful", "public"].map(of);
        let ints = ["int1", "int2", "int3", "int4", "int5"].map(of);
        let strs = ["str1", "str2", "str3", "str4", "str5"].map(of);
        let [clients, residencies, ips] = ["client_id", "data_residency", "ip"].map(of);
        let [installations, devices, spaces] = OF_SESSION.map(shared);
        rows.map(move |row| {
            let joined = |(own, of_session): (Values<'a>, Option<&'a SessionColumn>)| {
                let session = || of_session.and_then(|column| column.said(self.places[row]));
                own.said(row).or_else(session).unwrap_or_default()
            };
            let event_id = ids.said(row).unwrap_or_default();
            EventRow {
                event_id,
                event_time: Micros(times.int(row).unwrap_or_default()),
                installation_id: joined(installations),
                device_id: joined(devices),
                space_id: joined(spaces),
                data_residency: residencies.said(row).unwrap_or_default(),
                session_id: sessions.said(row).unwrap_or_default(),
                client_id: clients.said(row).unwrap_or_default(),
                event_type: names.said(row).unwrap_or_default(),
                interaction: interactions.flag(row).unwrap_or(false),
                ip: ips.said(row).unwrap_or_default(),
                capture_id: captures.said(row).unwrap_or(event_id),
                product_id: products.text(row),
                category_id: categories.text(row),
                ints: ints.map(|int| int.int(row)),
                strs: strs.map(|str| str.text(row)),
                stateful: stateful.flag(row),
                public: public.int(row),
            }
        })
    }
}

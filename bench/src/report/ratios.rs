//! What the cases say about each other, and whether the project's bars hold (architecture, "Numbers to hold").
//! A ratio whose cases were not both measured is left out.

use serde::Serialize;

use crate::cases::Case;
use crate::cases::result::{CaseResult, Load};

/// The sustained case's memory is called flat if its last third needs at most this much more than its middle third.
const FLAT: f64 = 1.1;

/// One comparison.
#[derive(Serialize, Debug)]
pub struct Ratio {
    /// What is compared, in words.
    pub what: &'static str,
    /// The figure.
    pub value: f64,
    /// Its unit; empty for a plain ratio.
    pub unit: &'static str,
    /// The bar, if the project has one for it.
    pub bar: Option<Bar>,
}

/// What a figure has to be.
#[derive(Serialize, Debug, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// Not less than this.
    AtLeast(f64),
    /// Not more than this.
    AtMost(f64),
}

impl Ratio {
    /// Whether its bar holds; `None` without one.
    pub fn holds(&self) -> Option<bool> {
        self.bar.map(|bar| match bar {
            Bar::AtLeast(least) => self.value >= least,
            Bar::AtMost(most) => self.value <= most,
        })
    }
}

/// All that can be said.
pub fn all(cases: &[CaseResult]) -> Vec<Ratio> {
    use Bar::{AtLeast, AtMost};
    use Case::{
        Batch, Clickhouse, Idle, Ids, Noop, Parse, ParseRequests, Postgres, Requests, Single, Sustained,
        Websockets,
    };
    let requests = |load: &Load| load.requests_per_s;
    let events = |load: &Load| load.events_per_s;
    let ratio = |what, over, under, per_s: fn(&Load) -> f64, bar| {
        let value = per_s(find(cases, over)?.load.as_ref()?) / per_s(find(cases, under)?.load.as_ref()?);
        Some(Ratio { what, value, unit: "", bar })
    };
    let figure = |what, value: Option<f64>, unit, bar| Some(Ratio { what, value: value?, unit, bar });
    let p99_ms = |case| Some(find(cases, case)?.open.as_ref()?.latency.p99_us as f64 / 1e3);
    let sockets = || find(cases, Websockets)?.sockets;
    let sockets_mb = || Some(find(cases, Websockets)?.memory?.resident_bytes as f64 / 1e6);
    let idle_mb = || Some(find(cases, Idle)?.memory?.resident_bytes as f64 / 1e6);
    [
        ratio("durable single / no-op handler, requests/s", Single, Noop, requests, Some(AtLeast(0.6))),
        figure("durable single, p99 at the open loop's load", p99_ms(Single), "ms", Some(AtMost(5.0))),
        ratio("durable batch / parse-only handler, events/s", Batch, Parse, events, Some(AtLeast(0.5))),
        ratio(
            "durable sustained / parse-only handler, events/s",
            Sustained,
            Parse,
            events,
            Some(AtLeast(0.3)),
        ),
        figure(
            "sustained: resident memory, last third / middle third",
            memory_growth(cases),
            "",
            Some(AtMost(FLAT)),
        ),
        figure(
            "sustained: disk after the server stopped",
            disk_per_event(cases, Sustained),
            "bytes/event",
            None,
        ),
        figure("idle: resident memory", idle_mb(), "MB", Some(AtMost(64.0))),
        figure("websockets: resident memory with all open", sockets_mb(), "MB", Some(AtMost(400.0))),
        figure(
            "websockets: the same, after each has sent its longest message",
            sockets().map(|sockets| sockets.talked_bytes as f64 / 1e6),
            "MB",
            Some(AtMost(400.0)),
        ),
        figure(
            "websockets: until the last silent one is noticed",
            sockets().map(|sockets| sockets.silent_noticed_s),
            "s",
            Some(AtMost(60.0)),
        ),
        ratio(
            "durable API requests / parse-only handler, requests told/s",
            Requests,
            ParseRequests,
            events,
            None,
        ),
        ratio("unique event_id / without, events/s", Ids, Batch, events, None),
        ratio("durable batch / PostgreSQL 15 (durable), events/s", Batch, Postgres, events, None),
        ratio("durable batch / ClickHouse 18.16 (not durable), events/s", Batch, Clickhouse, events, None),
        figure("PostgreSQL: disk, tables without WAL", disk_per_event(cases, Postgres), "bytes/event", None),
        figure("ClickHouse: disk, active parts", disk_per_event(cases, Clickhouse), "bytes/event", None),
    ]
    .into_iter()
    .flatten()
    .filter(|ratio| ratio.value.is_finite())
    .collect()
}

/// A case that was measured and is sound: nothing is concluded from one that lost events.
fn find(cases: &[CaseResult], case: Case) -> Option<&CaseResult> {
    cases.iter().find(|result| result.case == case && result.failures.is_empty())
}

fn disk_per_event(cases: &[CaseResult], case: Case) -> Option<f64> {
    let result = find(cases, case)?;
    let events = result.counted?.stored;
    (events > 0).then_some(result.disk_bytes? as f64 / events as f64)
}

fn memory_growth(cases: &[CaseResult]) -> Option<f64> {
    let samples = &find(cases, Case::Sustained)?.samples;
    let third = samples.len() / 3;
    if third == 0 {
        return None;
    }
    let mean = |part: &[crate::measure::Sample]| {
        part.iter().map(|sample| sample.resident_bytes as f64).sum::<f64>() / part.len() as f64
    };
    Some(mean(&samples[samples.len() - third..]) / mean(&samples[third..2 * third]))
}

//! Figures that somebody else keeps: looked up when they are asked for.

use std::fs;

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tidegauge_facts::Micros;

use crate::app::App;

/// Registers all of them as they are now.
pub fn register(registry: &mut Registry, app: &App) {
    store(registry, app);
    process(registry, app);
    if let Some(figures) = &app.connector {
        connector(registry, &figures.tally());
    }
}

fn store(registry: &mut Registry, app: &App) {
    let health = app.store.health();
    let (flushed, segments, segment_bytes, backlog, last_flush) = app.store.look(|view| {
        let manifest = &view.manifest;
        let bytes = manifest.segment_bytes();
        (manifest.facts_flushed, manifest.segments.len(), bytes, view.hot.bytes(), manifest.last_flush)
    });
    let takes_writes = u64::from(health.refuses.is_none());
    gauge(registry, "takes_writes", "1 when facts are taken in, 0 when they are refused", takes_writes);
    gauge(registry, "log_bytes", "Bytes of log that are in no segment yet", backlog);
    gauge(registry, "segments", "Segments", segments as u64);
    gauge(registry, "segment_bytes", "Bytes of all segments", segment_bytes);
    let damaged = health.damaged_segments.len() as u64;
    gauge(registry, "damaged_segments", "Segments that cannot be read", damaged);
    gauge(registry, "free_bytes", "Bytes that the data directory's file system has free", health.free_bytes);
    let now = Micros::now();
    if let Some(last) = health.last_write {
        seconds_since(registry, "last_write_age_seconds", "Time since the last commit", now, last);
    }
    seconds_since(
        registry,
        "last_flush_age_seconds",
        "Time since segments were last written",
        now,
        last_flush,
    );
    counter(registry, "facts_flushed", "Facts written to segments since the store was created", flushed);
}

fn process(registry: &mut Registry, app: &App) {
    gauge(registry, "uptime_seconds", "Time since the server started", app.started.elapsed().as_secs());
    gauge(registry, "websockets", "WebSockets held open", app.sockets.open() as u64);
    gauge(registry, "live_readers", "Readers of live streams", app.live.readers() as u64);
    counter(
        registry,
        "live_dropped",
        "Readers of live streams that were dropped because they did not read",
        app.live.dropped(),
    );
    gauge(registry, "reports_under_way", "Reports that are being read", app.reads.under_way() as u64);
    gauge(registry, "questions_under_way", "Queries that are worked on", app.explorer.under_way() as u64);
    gauge(registry, "body_bytes", "Bytes of request bodies held", app.bodies.held_bytes() as u64);
    gauge(registry, "api_keys", "API keys that are not revoked", app.door.keys.len() as u64);
    if let Some(bytes) = resident_bytes() {
        gauge(registry, "resident_bytes", "Memory that the process has resident", bytes);
    }
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    let info = prometheus_client::metrics::info::Info::new(version);
    registry.register("build", "The program", info);
}

fn connector(registry: &mut Registry, tally: &tidegauge_connect::Tally) {
    counter(registry, "connect_stored", "A gateway's records that were stored", tally.stored);
    counter(registry, "connect_repeated", "A gateway's records that had been stored before", tally.repeated);
    counter(registry, "connect_set_aside", "A gateway's records that were set aside", tally.set_aside);
    counter(registry, "connect_retries", "Tries of Redis or of the store that were repeated", tally.retries);
    gauge(registry, "connect_waiting", "A gateway's records that wait in Redis", tally.waiting);
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
}

fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    registry.register(name, help, ConstCounter::new(value));
}

fn seconds_since(registry: &mut Registry, name: &str, help: &str, now: Micros, then: Micros) {
    let seconds = (now.0.saturating_sub(then.0)).max(0) / 1_000_000;
    registry.register(name, help, ConstGauge::new(seconds));
}

/// Resident memory, as Linux tells it.
fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

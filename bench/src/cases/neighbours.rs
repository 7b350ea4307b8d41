//! Two tenants on one server: does one that asks ten times what it may cost the other its latency? Rounds with the
//! neighbour and without take turns, so that what else the machine does falls on both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::tidegauge::Tidegauge;
use super::{Case, CaseResult};
use crate::cli::Options;
use crate::control::ask;
use crate::load::crew::{Pace, Plan, run as load};
use crate::load::http::{HttpLine, HttpTarget};
use crate::load::tally::Tally;
use crate::load::{Line, Progress, Reply, Target};
use crate::pool::{Patch, Pool, Shape};
use crate::say;

/// Requests a second of the tenant that is measured, one event each.
const QUIET_PER_S: f64 = 1_000.0;
/// What its neighbour may ask a second, and how many times that it asks.
const NOISY_LIMIT: u32 = 500;
const NOISY_TIMES: f64 = 10.0;
/// Connections of each.
const CONNECTIONS: usize = 32;
/// Rounds of each kind.
const ROUNDS: usize = 5;

/// Measures `neighbours`.
pub fn run(options: &Options) -> anyhow::Result<CaseResult> {
    let mut tidegauge = Tidegauge::start(options)?;
    let quiet = tenant(&tidegauge, "quiet", &json!({}))?;
    let noisy = tenant(&tidegauge, "noisy", &json!({"limits": {"requests_per_second": NOISY_LIMIT}}))?;
    let (quiet, noisy) = (pool(tidegauge.address, &quiet), pool(tidegauge.address, &noisy));
    let round = Duration::from_secs_f64(options.open_seconds / 2.0);
    let plan = |per_second| Plan {
        threads: 1,
        connections: CONNECTIONS,
        length: round,
        pace: Pace::Open(per_second),
    };
    let ask_quietly =
        || load(&target(tidegauge.address, &quiet), &plan(QUIET_PER_S), &Arc::new(Progress::default()));

    ask_quietly()?;
    let (mut alone, mut beside, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for nth in 1..=ROUNDS {
        alone.push(p99_ms(&ask_quietly()?));
        let (with_neighbour, neighbour) = std::thread::scope(|scope| {
            let noise = scope.spawn(|| {
                let target = Heedless(target(tidegauge.address, &noisy));
                load(&target, &plan(f64::from(NOISY_LIMIT) * NOISY_TIMES), &Arc::new(Progress::default()))
            });
            let quiet = ask_quietly();
            (quiet, noise.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the neighbour panicked"))))
        });
        let (with_neighbour, neighbour) = (with_neighbour?, neighbour?);
        beside.push(p99_ms(&with_neighbour));
        refused.push(1.0 - neighbour.events as f64 / neighbour.requests.max(1) as f64);
        say::line(&format!(
            "    round {nth}: p99 {:.2} ms alone, {:.2} ms beside",
            alone[nth - 1],
            beside[nth - 1]
        ));
    }
    let mut result = CaseResult::new(Case::Neighbours, "a tenant beside one that asks ten times what it may");
    let (alone, beside, refused) = (median(&mut alone), median(&mut beside), median(&mut refused));
    result.notes.push(format!(
        "a tenant at {QUIET_PER_S} requests/s, one event each: p99 {alone:.2} ms alone, {beside:.2} ms beside a tenant that sends \
         {NOISY_TIMES} times its limit of {NOISY_LIMIT} requests/s, of which {:.0} % are refused: {:+.0} % (medians of {ROUNDS} rounds of \
         {:.0} s, in turns)",
        refused * 100.0,
        (beside / alone - 1.0) * 100.0,
        round.as_secs_f64(),
    ));
    if let Err(error) = tidegauge.server.stop() {
        result.failures.push(format!("{error:#}"));
    }
    Ok(result)
}

/// Makes a tenant with these settings and a key; returns the header line that lets its requests in.
fn tenant(tidegauge: &Tidegauge, name: &str, settings: &serde_json::Value) -> anyhow::Result<String> {
    let headers = format!("{}content-type: application/json\r\n", tidegauge.authorization);
    let send = |method: &str, path: &str, body: &serde_json::Value| {
        let (status, body) = ask(tidegauge.address, method, path, &headers, &body.to_string())?;
        ensure!((200..300).contains(&status), "{method} {path} answered {status}: {body}");
        Ok::<serde_json::Value, anyhow::Error>(serde_json::from_str(&body)?)
    };
    let tenants = "/api/v1/admin/tenants";
    send("POST", tenants, &json!({"id": name}))?;
    send("PATCH", &format!("{tenants}/{name}"), settings)?;
    let key = send("POST", &format!("{tenants}/{name}/keys"), &json!({"scopes": ["ingest"]}))?;
    let key = key["key"].as_str().context("a new key is shown")?;
    Ok(format!("authorization: Bearer {key}\r\n"))
}

fn pool(address: SocketAddr, authorization: &str) -> Pool {
    let head = format!(
        "POST /api/v1/analytics HTTP/1.1\r\nhost: {address}\r\n{authorization}content-type: application/json\r\n"
    );
    Pool::build(Shape::Single, Patch::Nothing, &head)
}

fn target(address: SocketAddr, pool: &Pool) -> HttpTarget<'_> {
    HttpTarget { address, pool, refusal_text: None }
}

fn p99_ms(tally: &Tally) -> f64 {
    tally.latency.value_at_quantile(0.99) as f64 / 1e3
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A client that goes on when it is told to wait.
struct Heedless<'a>(HttpTarget<'a>);

struct HeedlessLine(HttpLine);

impl Target for Heedless<'_> {
    type Line = HeedlessLine;

    async fn connect(&self, nth: usize, of: usize) -> anyhow::Result<HeedlessLine> {
        self.0.connect(nth, of).await.map(HeedlessLine)
    }
}

impl Line for HeedlessLine {
    async fn send(&mut self) -> anyhow::Result<Reply> {
        Ok(match self.0.send().await? {
            Reply::Refused(_) => Reply::Taken(0),
            taken => taken,
        })
    }
}

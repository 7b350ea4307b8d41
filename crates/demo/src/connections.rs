//! Connections that stay open: from seconds to days, each with a sign of life now and then.
//!
//! A month of signs at the pace of the live ones would be most of all facts; so before they are looked at, connections
//! give a sign ever less often. Which ones they give follows from the connection and from when it is live.

use std::sync::Arc;

use tidegauge_facts::connections::State;
use tidegauge_facts::time::{DAY, MINUTE, SECOND};
use tidegauge_facts::{Connection, DEFAULT_NAME};

use crate::clients::{BROWSERS, PHONES};
use crate::countries::{COUNTRIES, Country, DATA_CENTERS, address};
use crate::diary::arrival;
use crate::dice::Dice;
use crate::fact::{Due, Fact};
use crate::incidents::{Incidents, OUTAGE_AT};
use crate::pace::Pace;
use crate::people::Crowd;
use crate::{kiosk, mobile, shop};

/// Connections opened a day.
pub(crate) const OPENED: f64 = 2_000.0;
/// No connection lives longer.
pub(crate) const LONGEST_LIFE: i64 = 4 * DAY;
/// Connections opened in each minute in which everybody comes back.
pub(crate) const RETURNING: f64 = 45.0;
/// How long before it is live a connection begins to give signs of life as live ones do: shorter than the idle timeout.
const SIGNS_BEFORE_LIVE: i64 = 4 * MINUTE;
/// Each sign that is given before comes so many times as late as the one before it.
const SPARSE: u32 = 16;

/// A kind of connection.
#[derive(Debug)]
struct Service {
    project: &'static str,
    name: &'static str,
    protocol: &'static str,
    /// How many of a hundred are of it.
    share: f64,
    /// Half of them live shorter, in minutes.
    median_minutes: f64,
    spread: f64,
    /// Bytes a minute, from the peer and to it.
    traffic: (f64, f64),
}

const fn service(
    names: (&'static str, &'static str, &'static str),
    share: f64,
    life: (f64, f64),
    traffic: (f64, f64),
) -> Service {
    let (project, name, protocol) = names;
    Service { project, name, protocol, share, median_minutes: life.0, spread: life.1, traffic }
}

const SERVICES: [Service; 9] = [
    service((shop::PROJECT, "realtime", "websocket"), 31.0, (14.0, 1.6), (900.0, 6_400.0)),
    service((mobile::PROJECT, "realtime", "websocket"), 19.0, (9.0, 1.7), (1_200.0, 8_800.0)),
    service((mobile::PROJECT, "market-data", "websocket"), 14.0, (130.0, 1.7), (500.0, 96_000.0)),
    service((mobile::PROJECT, "market-data", "sse"), 8.0, (90.0, 1.6), (40.0, 61_000.0)),
    service((shop::PROJECT, "chat", "websocket"), 13.0, (14.0, 1.1), (2_100.0, 3_300.0)),
    service((shop::PROJECT, "chat", "sse"), 6.0, (9.0, 1.0), (60.0, 2_700.0)),
    service((shop::PROJECT, "realtime", "sse"), 6.3, (6.0, 1.3), (50.0, 5_200.0)),
    service((kiosk::PROJECT, "realtime", "mqtt"), 1.2, (900.0, 1.2), (700.0, 1_900.0)),
    service((mobile::PROJECT, "market-data", "mqtt"), 1.5, (420.0, 1.3), (300.0, 44_000.0)),
];
/// Keys that connections are opened with.
const KEYS: u64 = 26;

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    service: &'static Service,
    id: String,
    data_center: &'static str,
    key_hash: String,
    user: Option<String>,
    ip: String,
    host: String,
    opened: i64,
    closed: i64,
    close_reason: &'static str,
    /// Between two signs of life.
    beat: i64,
    number: u64,
}

/// What a connection tells of itself.
#[derive(Debug)]
pub(crate) struct Sign {
    link: Arc<Link>,
    at: i64,
    state: State,
    beats: u32,
}

/// Where and when connections are opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub at: i64,
    /// A place in [`COUNTRIES`].
    pub country: usize,
    /// Everybody comes back after an outage.
    pub is_return: bool,
}

/// Opens a connection.
pub(crate) fn open(seed: u64, opening: Opening, pace: Pace, mut dice: Dice, out: &mut Vec<Due>) {
    let country = &COUNTRIES[opening.country];
    let service = &SERVICES[dice.weighted(SERVICES.iter().map(|service| service.share))];
    // What is denser because it is looked at lives shorter, so that not ever more are open.
    let is_extra =
        pace.is_live(opening.at) && !dice.chance(pace.trend(opening.at) / pace.density(opening.at));
    let minutes = match is_extra {
        true => dice.log_normal(0.6, 0.8).min(6.0),
        false => dice.log_normal(service.median_minutes, service.spread),
    };
    let life = (minutes * MINUTE as f64) as i64;
    let closed = opening.at + life.clamp(2 * SECOND, LONGEST_LIFE);
    let data_center = match opening.is_return {
        true => OUTAGE_AT,
        false if dice.chance(0.93) => country.data_center,
        false => dice.below(DATA_CENTERS.len()),
    };
    let outage =
        Incidents { origin: pace.origin }.cut(opening.at, closed).filter(|_| data_center == OUTAGE_AT);
    let number = dice.next();
    let link = Link {
        service,
        id: format!("conn_{number:016x}"),
        data_center: DATA_CENTERS[data_center],
        key_hash: key_hash(seed, service, &mut dice),
        user: user(seed, service, opening, pace.origin, &mut dice),
        ip: address(country, &mut dice),
        host: format!("edge-{}-{:02}", DATA_CENTERS[data_center], 1 + dice.below(6)),
        opened: opening.at,
        closed: outage.unwrap_or(closed),
        close_reason: outage.map_or_else(|| reason(&mut dice), |_| "server unreachable"),
        beat: dice.between(55 * SECOND, 115 * SECOND),
        number,
    };
    out.push(due(Sign { at: link.opened, link: Arc::new(link), state: State::Open, beats: 0 }));
}

/// Whether a connection cannot be opened: its data center is away.
pub(crate) fn is_refused(incidents: Incidents, country: &Country, at: i64) -> bool {
    country.data_center == OUTAGE_AT && incidents.is_outage(at)
}

/// The SHA-256 that is kept of a key: of nobody's.
fn key_hash(seed: u64, service: &Service, dice: &mut Dice) -> String {
    let number = (KEYS as f64 * dice.unit().powf(1.8)) as u64;
    let of_name = service.name.len() as u64;
    Dice::of(seed, &[0x006b_6579, of_name, number / (of_name - 2)]).hex(64)
}

fn user(seed: u64, service: &Service, opening: Opening, origin: i64, dice: &mut Dice) -> Option<String> {
    let crowd = match service.project {
        kiosk::PROJECT => return None,
        mobile::PROJECT => Crowd { clients: &PHONES, ..mobile::CROWD },
        _ => Crowd { clients: &BROWSERS, ..shop::CROWD },
    };
    crowd.somebody(seed, opening.country, origin, dice).account
}

fn reason(dice: &mut Dice) -> &'static str {
    const REASONS: [(&str, f64); 6] = [
        ("client closed", 66.0),
        ("went away", 18.0),
        ("no answer to ping", 7.0),
        ("token expired", 5.0),
        ("server deploy", 3.0),
        ("protocol error", 1.0),
    ];
    REASONS[dice.weighted(REASONS.map(|(_, share)| share))].0
}

fn due(sign: Sign) -> Due {
    let mut dice = Dice::of(sign.link.number, &[u64::from(sign.beats), sign.state as u64]);
    Due { received_at: arrival(sign.at, &mut dice), tag: dice.next(), fact: Fact::Sign(sign) }
}

impl Sign {
    /// What it tells next, if anything.
    pub fn next(&self, pace: Pace) -> Option<Due> {
        if self.state == State::Close {
            return None;
        }
        let link = &self.link;
        let at = |beats: u32| link.opened + i64::from(beats) * link.beat;
        let mut beats = self.beats + 1;
        let dense_from = pace.live_from - SIGNS_BEFORE_LIVE;
        if at(beats) < dense_from {
            // The next sparse one, or the first of the dense ones.
            let sparse = if self.beats == 0 { SPARSE / 2 } else { self.beats.saturating_mul(SPARSE) };
            let first_dense = (dense_from - link.opened) / link.beat + 1;
            beats = sparse.min(u32::try_from(first_dense).unwrap_or(u32::MAX)).max(beats);
        }
        let (at, state) = match at(beats) < link.closed {
            true => (at(beats), State::Activity),
            false => (link.closed, State::Close),
        };
        Some(due(Sign { link: Arc::clone(link), at, state, beats }))
    }

    pub fn row(&self, received_at: i64) -> Connection<'_> {
        let link = &*self.link;
        let minutes = (self.at - link.opened) as f64 / MINUTE as f64;
        let bytes = |a_minute: f64, first: i64| first + (a_minute * minutes) as i64;
        let is_closed = self.state == State::Close;
        Connection {
            tenant_id: DEFAULT_NAME,
            project_id: link.service.project,
            connection_id: &link.id,
            event_time: self.at,
            received_at,
            state: self.state,
            service_name: link.service.name,
            protocol_name: link.service.protocol,
            data_center: link.data_center,
            opened_at: link.opened,
            closed_at: is_closed.then_some(link.closed),
            api_key_hash: Some(&link.key_hash),
            user_id: link.user.as_deref(),
            ip: Some(&link.ip),
            bytes_in: Some(bytes(link.service.traffic.0, 412)),
            bytes_out: Some(bytes(link.service.traffic.1, 188)),
            close_reason: is_closed.then_some(link.close_reason),
            host: Some(&link.host),
            at_assigned: None,
            is_live: None,
        }
    }
}

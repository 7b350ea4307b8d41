//! The requests that are sent: the same in every run, but for the days, which end with today.

use std::cell::RefCell;
use std::io::Write as _;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use crate::chance::mix;

/// Requests in a call: the most that one may have.
pub const BATCH: usize = 1000;
const DAYS: usize = 90;
const KEYS: usize = 10_000;
const CLIENTS: usize = 1000;
const APIS: usize = 50;
const PATHS: usize = 40;
const SECONDS: usize = 86_400;

/// All that were sent, and those that come next.
pub struct Requests {
    last_day: Date,
    days: Vec<String>,
    sent: usize,
    hits: RefCell<Vec<u64>>,
}

/// A key, and what it has done.
pub struct Key {
    /// Its hash.
    pub name: String,
    /// Requests sent with it.
    pub hits: u64,
}

impl Requests {
    /// None was sent yet; the last day is that of `now`.
    pub fn new(now: Timestamp) -> Self {
        let last_day = now.to_zoned(TimeZone::UTC).date();
        let days = (0..DAYS).rev().map(|back| before(last_day, back).to_string());
        Self { last_day, days: days.collect(), sent: 0, hits: RefCell::new(vec![0; KEYS]) }
    }

    /// How many were sent.
    pub fn sent(&self) -> usize {
        self.sent
    }

    /// The next ones, spread over all days.
    pub fn next_part(&mut self, count: usize) -> Part<'_> {
        let first = self.sent;
        self.sent += count;
        Part { requests: self, first, count }
    }

    /// One of the keys.
    pub fn key(&self, nth: usize) -> Key {
        let nth = nth % KEYS;
        Key { name: key_name(nth), hits: self.hits.borrow()[nth] }
    }

    /// One of the OAuth clients.
    pub fn client(&self, nth: usize) -> String {
        client_name(nth % CLIENTS)
    }

    /// The last days, as the reports' paths name a period.
    pub fn days(&self, count: usize) -> String {
        let first = before(self.last_day, count - 1);
        let path = |day: Date| format!("{}/{}/{}", day.day(), day.month(), day.year());
        format!("{}/{}", path(first), path(self.last_day))
    }
}

fn before(day: Date, days: usize) -> Date {
    day - (days as i64).days()
}

fn key_name(nth: usize) -> String {
    format!("{:016x}", mix(nth as u64 + 1))
}

fn client_name(nth: usize) -> String {
    format!("{:016x}{:016x}", mix(nth as u64 + 77_777), mix(nth as u64 + 88_888))
}

/// Some of the requests.
pub struct Part<'a> {
    requests: &'a Requests,
    first: usize,
    count: usize,
}

impl Part<'_> {
    /// Appends the body of the part's n-th call.
    pub fn write(&self, nth: usize, out: &mut Vec<u8>) {
        let mut hits = self.requests.hits.borrow_mut();
        out.extend_from_slice(b"{\"requests\":[");
        for n in nth * BATCH..((nth + 1) * BATCH).min(self.count) {
            if n > nth * BATCH {
                out.push(b',');
            }
            let dice = mix((self.first + n) as u64) as usize;
            let key = dice % KEYS;
            hits[key] += 1;
            let (api, path) = endpoint(key, dice / KEYS);
            // One request after the other, over all days.
            let second = n * (DAYS * SECONDS) / self.count;
            let (day, of_day) = (&self.requests.days[second / SECONDS], second % SECONDS);
            let (hour, minute, of_minute) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
            let latency = 4 + (dice >> 20) % 97 + (dice >> 40) % 17 * ((dice >> 30) % 13);
            let code =
                [200, 200, 200, 200, 200, 200, 201, 204, 304, 400, 401, 404, 429, 500][(dice >> 50) % 14];
            let millis = (dice >> 33) % 1000;
            // A vector takes whatever is written.
            let _ = write!(
                out,
                "{{\"api_id\":\"{:032x}\",\"path\":\"/v1/things-{path}/of\",\"timestamp\":\
                 \"{day}T{hour:02}:{minute:02}:{of_minute:02}.{millis:03}Z\",\"method\":\"GET\",\"response_code\":{code},\
                 \"api_key\":\"{:016x}\",\"request_time\":{latency},\"latency\":{{\"total\":{latency},\"upstream\":{}}},\
                 \"ip_address\":\"198.51.100.{}\"",
                mix(api as u64 + 5_000_000),
                mix(key as u64 + 1),
                latency - 3,
                dice >> 21 & 0xff,
            );
            if key.is_multiple_of(4) {
                let _ = write!(out, ",\"oauth_id\":\"{}\"", client_name(key / 4 % CLIENTS));
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
}

/// Each key calls the endpoints of two APIs, the first ones more than the last.
fn endpoint(key: usize, dice: usize) -> (usize, usize) {
    let (api, a, b) = (dice % 2, dice / 2 % PATHS, dice / 2 / PATHS % PATHS);
    ((key + api * 17) % APIS, a * b / PATHS)
}

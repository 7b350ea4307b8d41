//! What API requests look like: a deterministic stream as a gateway would report them, about 400 bytes each. Most of the
//! traffic is of a few keys, APIs and endpoints, as it is in life.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::chance::{Chance, Zipf};
use crate::vocabulary::{SECTIONS, user_agents};

/// Requests in a call: the most that one may have.
pub const CALL: usize = 1_000;

const KEYS: usize = 2_000;
const CLIENTS: usize = 200;
const APIS: usize = 20;
const ENDPOINTS: usize = 300;
const SEED: u64 = 0x7265_7175_6573_7473;

/// The endless stream of requests.
pub struct Requests {
    chance: Chance,
    keys: Zipf,
    endpoints: Zipf,
    agents: Vec<String>,
    now: Timestamp,
}

impl Requests {
    /// Starts the stream; its requests were answered within the second before `now`.
    pub fn new(now: Timestamp) -> Self {
        let (keys, endpoints) = (Zipf::new(KEYS), Zipf::new(ENDPOINTS));
        Self { chance: Chance::new(SEED), keys, endpoints, agents: user_agents(), now }
    }

    /// The body of a call with [`CALL`] requests, and the bytes of it that are requests.
    pub fn draw_call(&mut self) -> (Vec<u8>, usize) {
        let mut body = String::from(r#"{"requests":["#);
        let frame = body.len() + CALL - 1 + "]}".len();
        for nth in 0..CALL {
            if nth > 0 {
                body.push(',');
            }
            self.write(&mut body);
        }
        body.push_str("]}");
        let written = body.len() - frame;
        (body.into_bytes(), written)
    }

    fn write(&mut self, out: &mut String) {
        let chance = &mut self.chance;
        let (key, endpoint) = (self.keys.draw(chance), self.endpoints.draw(chance));
        let api = endpoint % APIS;
        let code = match chance.below(100) {
            0..90 => 200,
            90..94 => 304,
            94..98 => 404,
            98 => 429,
            _ => 503,
        };
        let (upstream, gateway) = (1 + chance.below(400), 1 + chance.below(8));
        let total = upstream + gateway;
        let at = self.now - SignedDuration::from_micros(chance.below(1_000_000) as i64);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            concat!(
                r#"{{"timestamp":"{at:.3}","method":"{method}","host":"api.example.com","path":"/{section}/{endpoint}","#,
                r#""response_code":{code},"api_key":"{key:016x}","oauth_id":"{client}","api_id":"{api:032x}","#,
                r#""api_name":"api-{api}","api_version":"Default","request_time":{total},"#,
                r#""latency":{{"total":{total},"upstream":{upstream},"gateway":{gateway}}},"#,
                r#""ip_address":"198.51.100.{ip}","user_agent":"{agent}"}}"#
            ),
            at = at,
            method = if chance.percent(80) { "GET" } else { "POST" },
            section = SECTIONS[endpoint % SECTIONS.len()],
            endpoint = endpoint,
            code = code,
            key = key,
            client = if key.is_multiple_of(10) { format!("client-{}", key % CLIENTS) } else { String::new() },
            api = api,
            total = total,
            upstream = upstream,
            gateway = gateway,
            ip = key % 254 + 1,
            agent = chance.pick(&self.agents),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_a_thousand_requests_of_about_400_bytes_that_the_good_path_takes() {
        let (body, written) = Requests::new(Timestamp::now()).draw_call();
        let parsed = tidegauge_server::surfaces::activity::parse_batch(&body).unwrap();
        assert_eq!(parsed.len(), CALL);
        let mean = written / CALL;
        assert!((370..=490).contains(&mean), "{mean}");
    }
}

//! API traffic: six APIs, forty keys and a dozen OAuth clients, as a gateway writes it down.

use tidegauge_facts::{DEFAULT_NAME, Request};

use crate::apis::{APIS, Api, Endpoint};
use crate::consumers::{Consumer, consumer};
use crate::countries::COUNTRIES;
use crate::diary::arrival;
use crate::dice::Dice;
use crate::fact::{Answered, Due, Fact};
use crate::incidents::{DEPLOYED_API, Incidents};

/// Requests a day.
pub(crate) const REQUESTS: f64 = 20_000.0;
/// How often a gateway says how its network is, in minutes.
pub(crate) const STATISTICS_MINUTES: i64 = 360;

/// A request that was answered.
#[derive(Debug)]
pub(crate) struct Call {
    at: i64,
    request_id: String,
    api: &'static Api,
    endpoint: &'static Endpoint,
    raw_path: String,
    code: i64,
    consumer: Consumer,
    upstream: i64,
    gateway: i64,
    ip: String,
    country: &'static str,
    data_center_tag: &'static str,
    bytes: (i64, i64),
}

/// A gateway's network.
#[derive(Debug)]
pub(crate) struct Statistics {
    at: i64,
    request_id: String,
    api: &'static Api,
    connections: (i64, i64),
    bytes: (i64, i64),
}

/// Answers a request of somebody in a country, a place in [`COUNTRIES`].
pub(crate) fn call(
    seed: u64,
    at: i64,
    country: usize,
    incidents: Incidents,
    mut dice: Dice,
    out: &mut Vec<Due>,
) {
    let consumer = consumer(seed, country, &mut dice);
    let api = &APIS[consumer.some_api(&mut dice)];
    let endpoint = &api.endpoints[dice.weighted(api.endpoints.iter().map(|endpoint| endpoint.share))];
    let country = &COUNTRIES[country];
    let slowness = if api.id == DEPLOYED_API { incidents.slowness(at) } else { 1.0 };
    let code = code(endpoint, &consumer, incidents.is_burst(at), slowness, &mut dice);
    let answered_by_gateway = matches!(code, 401 | 403 | 429);
    let upstream = match code {
        _ if answered_by_gateway => 0,
        504 => 30_000,
        _ => dice.log_normal(endpoint.median_ms * slowness, 0.55).clamp(1.0, 28_000.0) as i64,
    };
    let size = if code < 400 { dice.log_normal(endpoint.bytes, 0.7) as i64 } else { 180 };
    let body = if endpoint.method == "GET" { 0 } else { dice.log_normal(620.0, 0.8) as i64 };
    let raw_path = endpoint.raw_path(&mut dice);
    let call = Call {
        at,
        request_id: dice.uuid(at),
        api,
        endpoint,
        raw_path,
        code,
        upstream,
        gateway: 1 + dice.log_normal(1.6, 0.6) as i64,
        ip: consumer.address(country, &mut dice),
        country: country.code,
        data_center_tag: ["dc-fra1", "dc-iad1", "dc-sin1"][country.data_center],
        bytes: (body, size),
        consumer,
    };
    let fact = Fact::Answered(Answered::Call(Box::new(call)));
    out.push(Due { received_at: arrival(at, &mut dice), tag: dice.next(), fact });
}

fn code(endpoint: &Endpoint, consumer: &Consumer, is_burst: bool, slowness: f64, dice: &mut Dice) -> i64 {
    let chosen = dice.unit();
    let broken = if is_burst { 0.24 } else { 0.004 } + (slowness - 1.0) * 0.03;
    let limited = broken + if consumer.is_greedy() { 0.07 } else { 0.001 };
    if chosen < broken {
        return dice.pick(&[500, 502, 503, 503, 504]);
    } else if chosen < limited {
        return 429;
    }
    match chosen - limited {
        rest if rest < 0.008 => 401,
        rest if rest < 0.010 => 403,
        rest if rest < 0.028 => 404,
        rest if rest < 0.040 && endpoint.method != "GET" => 422,
        rest if rest < 0.090 && endpoint.method == "GET" => 304,
        _ if endpoint.method == "POST" => 201,
        _ if endpoint.method == "DELETE" => 204,
        _ => 200,
    }
}

/// Writes down how the network of each API is.
pub(crate) fn statistics(at: i64, mut dice: Dice, out: &mut Vec<Due>) {
    for api in &APIS {
        let statistics = Statistics {
            at,
            request_id: dice.uuid(at),
            api,
            connections: (dice.between(20, 260), dice.between(400, 5_000)),
            bytes: (dice.between(1 << 20, 1 << 26), dice.between(1 << 22, 1 << 29)),
        };
        let fact = Fact::Answered(Answered::Statistics(Box::new(statistics)));
        out.push(Due { received_at: arrival(at, &mut dice), tag: dice.next(), fact });
    }
}

impl Call {
    pub fn row(&self, received_at: i64) -> Request<'_> {
        let (api, endpoint, consumer) = (self.api, self.endpoint, &self.consumer);
        let total = self.upstream + self.gateway;
        Request {
            tenant_id: DEFAULT_NAME,
            project_id: api.project,
            request_id: &self.request_id,
            id_assigned: false,
            event_time: self.at,
            received_at,
            api_id: api.id,
            path: endpoint.path,
            method: Some(endpoint.method),
            host: Some("api.example"),
            raw_path: Some(&self.raw_path),
            response_code: Some(self.code),
            api_key: Some(&consumer.key),
            alias: Some(&consumer.alias),
            oauth_id: consumer.oauth_id,
            api_name: Some(api.name),
            api_version: Some(api.version),
            request_time: Some(total),
            latency_total: Some(total),
            latency_upstream: Some(self.upstream),
            latency_gateway: Some(self.gateway),
            ip: Some(&self.ip),
            country: Some(self.country),
            tags: Some(std::slice::from_ref(&self.data_center_tag)),
            user_agent: Some(consumer.user_agent),
            content_length: Some(self.bytes.0),
            bytes_in: Some(self.bytes.0 + 420),
            bytes_out: Some(self.bytes.1 + 260),
            track_path: Some(true),
            ..Request::default()
        }
    }
}

impl Statistics {
    pub fn row(&self, received_at: i64) -> Request<'_> {
        Request {
            tenant_id: DEFAULT_NAME,
            project_id: self.api.project,
            request_id: &self.request_id,
            event_time: self.at,
            received_at,
            api_id: self.api.id,
            api_name: Some(self.api.name),
            path: "/",
            response_code: Some(-1),
            open_connections: Some(self.connections.0),
            closed_connections: Some(self.connections.1),
            bytes_in: Some(self.bytes.0),
            bytes_out: Some(self.bytes.1),
            ..Request::default()
        }
    }
}

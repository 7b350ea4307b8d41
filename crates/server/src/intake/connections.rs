//! Connections: messages of the platform's own servers, and the WebSockets that this server holds itself.
//!
//! A connection's state is a function of the set of messages about it, whatever order they come in (see
//! `docs/api/connections.md`); so every message becomes a row, and nothing is decided here.

use std::collections::HashMap;
use std::sync::Arc;

use tidegauge_facts::connections::{State, message_id};
use tidegauge_facts::{Connection, DEFAULT_NAME, Micros, ProjectId, Table, TenantId};
use tidegauge_store::connections::{Description, TenantLedger};
use tidegauge_store::{Fingerprint, Refused, Store, View};

use super::{IntakeError, Pending, take_rows};
use crate::app::App;
use crate::auth::Caller;

/// The protocol of this server's own connections.
pub const LIVE_PROTOCOL: &str = "WebSocket";
/// Why a WebSocket of a process that did not end in order is closed.
pub const SERVER_RESTARTED: &str = "server restarted";

/// A message as a surface has parsed it.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionMessage<'a> {
    /// The connection, as the platform names it.
    pub connection_id: &'a str,
    /// What happened to it.
    pub state: State,
    /// Its service.
    pub service_name: &'a str,
    /// Its protocol.
    pub protocol_name: &'a str,
    /// Its data center.
    pub data_center: &'a str,
    /// When it happened, if the sender says so.
    pub at: Option<Micros>,
    /// SHA-256 of the key that opened it, in hex.
    pub api_key_hash: Option<&'a str>,
    /// The person.
    pub user_id: Option<&'a str>,
    /// The project it names, if it names one.
    pub project_id: Option<&'a str>,
    /// The peer's address.
    pub ip: Option<&'a str>,
    /// Bytes received so far.
    pub bytes_in: Option<i64>,
    /// Bytes sent so far.
    pub bytes_out: Option<i64>,
    /// Why it was closed.
    pub close_reason: Option<&'a str>,
    /// The machine that holds it.
    pub host: Option<&'a str>,
}

/// Appends one request's messages, all or none. A message without a project belongs to the credential's project,
/// or to the tenant's project `default`; one without an instant happens now, and so does one from the future: no
/// connection can be open there.
///
/// # Errors
/// Nothing was stored.
pub async fn take_connections(
    app: &App,
    caller: &Caller,
    messages: &[ConnectionMessage<'_>],
) -> Result<Pending, IntakeError> {
    caller.charge_facts(messages.len())?;
    let principal = &*caller.principal;
    let storage = caller.allowance.terms.ip_addresses;
    let ips: Vec<_> = messages.iter().map(|message| storage.of(message.ip)).collect();
    let now = Micros::now();
    let tenant = principal.tenant.as_str();
    let project = principal.project.as_ref().map_or(DEFAULT_NAME, |project| project.as_str());
    let instant = |message: &ConnectionMessage<'_>| message.at.map_or(now, |at| at.min(now));
    let mut opened: HashMap<(&str, &str), Micros> = HashMap::with_capacity(messages.len());
    for message in messages {
        let (at, project) = (instant(message), message.project_id.unwrap_or(project));
        let first = opened.entry((project, message.connection_id)).or_insert(at);
        *first = at.min(*first);
    }
    know_openings(app, tenant, &mut opened)?;
    let rows: Vec<(Option<Fingerprint>, Connection<'_>)> = messages
        .iter()
        .zip(&ips)
        .map(|(message, ip)| {
            let (at, project) = (instant(message), message.project_id.unwrap_or(project));
            let fingerprint = message.at.map(|at| {
                let id = message_id(message.connection_id, message.state.as_str(), at.0);
                app.store.fingerprint(tenant, project, Table::Connections, &id)
            });
            let row = Connection {
                tenant_id: tenant,
                project_id: project,
                connection_id: message.connection_id,
                event_time: at.0,
                received_at: now.0,
                state: message.state,
                service_name: message.service_name,
                protocol_name: message.protocol_name,
                data_center: message.data_center,
                opened_at: opened.get(&(project, message.connection_id)).copied().unwrap_or(at).0,
                closed_at: (message.state == State::Close).then_some(at.0),
                api_key_hash: message.api_key_hash,
                user_id: message.user_id,
                ip: ip.as_deref(),
                bytes_in: message.bytes_in,
                bytes_out: message.bytes_out,
                close_reason: message.close_reason,
                host: message.host,
                at_assigned: message.at.is_none().then_some(true),
                is_live: None,
            };
            (fingerprint, row)
        })
        .collect();
    take_rows(app, || rows.iter().copied()).await
}

/// Brings the openings up to what is known of the connections. Unknown ones are refused when too many are known.
fn know_openings(
    app: &App,
    tenant: &str,
    openings: &mut HashMap<(&str, &str), Micros>,
) -> Result<(), Refused> {
    app.store.look(|view| {
        for ((project, id), opening) in openings {
            match view.ledger.opened_at(tenant, project, id) {
                Some(known) => *opening = (*opening).min(Micros(known)),
                None if view.ledger.is_full() => return Err(Refused::Busy),
                None => {}
            }
        }
        Ok(())
    })
}

/// A WebSocket of this server's own.
#[derive(Debug, Clone)]
pub struct LiveConnection {
    /// Whose it is.
    pub tenant: TenantId,
    /// The part of the tenant it belongs to.
    pub project: ProjectId,
    /// Its id, made by the server that held it.
    pub connection_id: Box<str>,
    /// What it is for.
    pub service: Box<str>,
    /// Where it was opened.
    pub data_center: Box<str>,
    /// The person.
    pub user_id: Option<Box<str>>,
    /// The peer's address.
    pub ip: Option<Box<str>>,
    /// The machine that held it.
    pub host: Option<Box<str>>,
    /// SHA-256 of the key that opened it, in hex.
    pub api_key_hash: Option<Box<str>>,
    /// When it was opened.
    pub opened_at: Micros,
}

/// A sign of a WebSocket's life, or its end.
#[derive(Debug, Clone, Copy)]
pub struct LiveSign {
    /// What happened.
    pub state: State,
    /// When.
    pub at: Micros,
    /// Bytes of messages received so far.
    pub bytes_in: i64,
    /// Bytes of messages sent so far.
    pub bytes_out: i64,
    /// Why it was closed.
    pub close_reason: Option<&'static str>,
}

impl LiveConnection {
    /// The row that tells of a sign.
    #[must_use]
    pub fn row(&self, sign: LiveSign) -> Connection<'_> {
        let traffic = |bytes: i64| (bytes > 0).then_some(bytes);
        Connection {
            tenant_id: self.tenant.as_str(),
            project_id: self.project.as_str(),
            connection_id: &self.connection_id,
            event_time: sign.at.0,
            received_at: Micros::now().0,
            state: sign.state,
            service_name: &self.service,
            protocol_name: LIVE_PROTOCOL,
            data_center: &self.data_center,
            opened_at: self.opened_at.0,
            closed_at: (sign.state == State::Close).then_some(sign.at.0),
            api_key_hash: self.api_key_hash.as_deref(),
            user_id: self.user_id.as_deref(),
            ip: self.ip.as_deref(),
            bytes_in: traffic(sign.bytes_in),
            bytes_out: traffic(sign.bytes_out),
            close_reason: sign.close_reason,
            host: self.host.as_deref(),
            at_assigned: Some(true),
            is_live: Some(true),
        }
    }
}

/// Makes signs of a WebSocket durable.
///
/// # Errors
/// They are not stored, or it is unknown whether they are.
pub async fn take_live(
    app: &App,
    connection: &LiveConnection,
    signs: &[LiveSign],
) -> Result<(), IntakeError> {
    let pending = take_rows(app, || signs.iter().map(|sign| (None, connection.row(*sign)))).await?;
    pending.confirmed(app).await.map(drop)
}

/// Appends a sign of a WebSocket without waiting for room or for the disk: another will come.
///
/// # Errors
/// It is not taken in.
pub fn note_live(app: &App, connection: &LiveConnection, sign: LiveSign) -> Result<(), Refused> {
    app.store.append(std::iter::once((None, connection.row(sign)))).map(drop)
}

/// Closes the WebSockets that a process before this one left open, each at its last sign of life, and makes that
/// durable. To be called once, before the first request. Says how many there were.
///
/// # Errors
/// The store takes nothing in, or the disk refused it.
pub async fn close_abandoned(store: &Store) -> Result<usize, IntakeError> {
    let abandoned = store.look(abandoned);
    if abandoned.is_empty() {
        return Ok(0);
    }
    let rows = abandoned.iter().map(|(connection, last_activity)| {
        let end = LiveSign {
            state: State::Close,
            at: *last_activity,
            bytes_in: 0,
            bytes_out: 0,
            close_reason: Some(SERVER_RESTARTED),
        };
        (None, connection.row(end))
    });
    store.append(rows)?.ticket.committed().await?;
    Ok(abandoned.len())
}

/// The WebSockets whose end was never told, and when each was heard of last. One that counts as closed for its silence
/// is among them: a longer idle timeout would open it again.
fn abandoned(view: &View) -> Vec<(LiveConnection, Micros)> {
    let of_tenant = |(tenant, ledger): (&str, &TenantLedger)| {
        let Ok(tenant) = TenantId::parse(tenant) else { return Vec::new() };
        let live = ledger.iter().filter(|(_, life)| life.is_live() && !life.is_closed_by_message());
        let connections = live.filter_map(|(place, life)| {
            let Description { id, key, user, ip, host, group } = ledger.describe(place)?;
            let boxed = |text: Option<Arc<str>>| text.map(|text| Box::from(&*text));
            let connection = LiveConnection {
                tenant: tenant.clone(),
                project: ProjectId::parse(&group.project).ok()?,
                connection_id: id,
                service: Box::from(&*group.service),
                data_center: Box::from(&*group.data_center),
                user_id: boxed(user),
                ip: boxed(ip),
                host: boxed(host),
                api_key_hash: boxed(key),
                opened_at: Micros(life.opened),
            };
            Some((connection, Micros(life.last)))
        });
        connections.collect()
    };
    view.ledger.tenants().flat_map(of_tenant).collect()
}

#[cfg(test)]
mod tests {
    use tidegauge_store::Options;

    use super::*;

    fn live(id: &str) -> LiveConnection {
        LiveConnection {
            tenant: TenantId::parse("t").unwrap(),
            project: ProjectId::parse("p").unwrap(),
            connection_id: id.into(),
            service: "s".into(),
            data_center: "d".into(),
            user_id: None,
            ip: Some("127.0.0.1".into()),
            host: None,
            api_key_hash: None,
            opened_at: Micros(5_000_000),
        }
    }

    fn sign(state: State, at: i64) -> LiveSign {
        LiveSign { state, at: Micros(at), bytes_in: 0, bytes_out: 7, close_reason: None }
    }

    #[test]
    fn a_row_of_a_websocket_says_that_it_is_one() {
        let connection = live("ws_1");
        let row = connection.row(sign(State::Activity, 6_000_000));
        assert_eq!((row.protocol_name, row.opened_at, row.event_time), ("WebSocket", 5_000_000, 6_000_000));
        assert_eq!((row.closed_at, row.is_live, row.at_assigned), (None, Some(true), Some(true)));
        assert_eq!((row.bytes_in, row.bytes_out), (None, Some(7)));
        assert_eq!(connection.row(sign(State::Close, 6_000_000)).closed_at, Some(6_000_000));
    }

    #[tokio::test]
    async fn what_a_killed_process_left_open_is_closed_at_its_last_sign_of_life() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("data"), Options::default()).unwrap();
        let now = Micros::now().0;
        let left = [live("ws_1"), live("ws_2")];
        let of_others = Connection { is_live: None, ..left[0].row(sign(State::Open, now)) };
        let of_others = Connection { connection_id: "theirs", ..of_others };
        let rows = left.iter().map(|connection| (None, connection.row(sign(State::Open, now - 2_000_000))));
        let rows = rows.chain([(None, left[1].row(sign(State::Activity, now))), (None, of_others)]);
        store.append(rows).unwrap().ticket.committed().await.unwrap();
        let open = || store.look(|view| view.ledger.tenant("t").unwrap().open());
        assert_eq!(open(), 3);
        assert_eq!(close_abandoned(&store).await, Ok(2));
        assert_eq!(close_abandoned(&store).await, Ok(0));
        assert_eq!(open(), 1);
        let ends = store.look(|view| {
            let ledger = view.ledger.tenant("t").unwrap();
            let lives = ledger.iter().filter(|(_, life)| life.is_live());
            lives
                .map(|(place, life)| (ledger.describe(place).unwrap().id, life.last - now))
                .collect::<Vec<_>>()
        });
        assert_eq!(ends, [("ws_1".into(), -2_000_000), ("ws_2".into(), 0)]);
    }
}

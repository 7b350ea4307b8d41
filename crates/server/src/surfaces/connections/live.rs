//! `GET /api/realtime/projects/{id}/connect`: a request becomes a WebSocket that is a tracked connection.
//!
//! Promise: what is wrong with a request is answered before the upgrade, in the words of the URL's family
//! (surface `projects`). The life of the socket is left to [`super::socket`].

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection as Rejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use tidegauge_accounts::Scope;
use tidegauge_facts::limits::{MAX_CONNECTION_LABEL_CHARS, MAX_LABEL_CHARS};
use tidegauge_facts::{Micros, ProjectId};

use super::described::{SocketParams, SocketRefusals};
use super::key_mask::hex;
use super::socket::{Held, MAX_MESSAGE_BYTES, READ_BUFFER_BYTES, hold};
use crate::app::App;
use crate::auth::{Caller, Denied, Lasting, Presented, Shown, may, shown_credential};
use crate::intake::connections::LiveConnection;
use crate::query::{BadQuery, Query};
use crate::serve::Peer;
use crate::surfaces::projects::failure::{Failure, FailureKind};
use crate::validation::project_rule::ProjectRule;
use crate::validation::text_rule::TextRule;

/// The route.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/realtime/projects/{project_id}/connect", get(connect).fallback(method_not_allowed))
}

/// A WebSocket that is a tracked connection: open while it is open.
///
/// A browser, which can set no header, may send the credential as `access_token` (RFC 6750, 2.3).
#[utoipa::path(
    get,
    path = "/api/realtime/projects/{projectId}/connect",
    operation_id = "connectToProject",
    tag = "connections",
    params(SocketParams),
    security(("key" = []), ("bareKey" = []), ("keyHeader" = []), ("queryToken" = [])),
    responses((status = 101, description = "The connection is a WebSocket now"), SocketRefusals),
)]
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    project: Result<Path<String>, PathRejection>,
    uri: Uri,
    Extension(peer): Extension<Peer>,
    sender: Presented,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, Rejection>,
) -> Result<Response, Failure> {
    // The path alone: the query may hold the credential.
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let query = Query::of(&uri);
    let (credential, caller) = authorize(&app, sender, &headers, query).await.map_err(fail)?;
    let principal = &caller.principal;
    let project = project.ok().and_then(|Path(project)| ProjectId::parse(&project).ok());
    let project = project.ok_or_else(|| fail(FailureKind::NoSuchProject))?;
    check_project(&app, &caller, &project).map_err(fail)?;
    let ip = app.trusted_proxies.client_address(peer.address.ip(), &headers).to_string();
    let ip = caller.allowance.terms.ip_addresses.of(Some(&ip));
    let connection = LiveConnection {
        tenant: principal.tenant.clone(),
        project,
        connection_id: format!("ws_{}", uuid::Uuid::now_v7()).into(),
        service: text(query, &["service", "service_name"], SERVICE_RULE)
            .map_err(fail)?
            .unwrap_or("realtime".into()),
        data_center: text(query, &["data_center"], SERVICE_RULE).map_err(fail)?.unwrap_or("default".into()),
        user_id: text(query, &["user_id", "userId"], USER_RULE).map_err(fail)?,
        ip: ip.as_deref().map(Box::from),
        host: app.sockets.host().map(Box::from),
        api_key_hash: credential.key_sha256().map(|sha256| hex(&sha256).into()),
        opened_at: Micros::now(),
    };
    let upgrade = upgrade.map_err(|rejection| fail(not_upgraded(&rejection)))?;
    let own_place = caller.allowance.connection().map_err(|limited| fail(FailureKind::Limited(limited)))?;
    let place = app.sockets.enter().ok_or_else(|| fail(FailureKind::Unavailable))?;
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_MESSAGE_BYTES);
    let held = Held { app, connection, caller, credential, _peer: peer, _places: (own_place, place) };
    Ok(upgrade.on_upgrade(move |socket: WebSocket| hold(held, socket)))
}

const SERVICE_RULE: (TextRule, &str) =
    (TextRule::line(1, MAX_CONNECTION_LABEL_CHARS), "at most 256 characters without control characters");
const USER_RULE: (TextRule, &str) =
    (TextRule::line(1, MAX_LABEL_CHARS), "at most 1024 characters without control characters");

/// Whose request it is, and how long his credential lasts. A browser's WebSocket can set no header, so that on this
/// route alone the credential may stand in the query (RFC 6750, 2.3).
async fn authorize(
    app: &App,
    sender: Presented,
    headers: &HeaderMap,
    query: Query<'_>,
) -> Result<(Lasting, Caller), FailureKind> {
    let (text, caller) = match (shown_credential(headers), sender.0) {
        (Ok(shown), presented) => (Cow::Borrowed(shown.text()), presented.map_err(FailureKind::Denied)?),
        (Err(Denied::NoCredential), _) => {
            let text = query
                .one(&["access_token", "token"])
                .map_err(|_| FailureKind::Denied(Denied::BadCredential))?
                .ok_or(FailureKind::Denied(Denied::NoCredential))?;
            let admitted = app.door.admit(Shown::Bearer(&text), headers, app.limits.max_body_bytes).await;
            (text, admitted.map_err(FailureKind::Denied)?.0)
        }
        (Err(denied), _) => return Err(FailureKind::Denied(denied)),
    };
    let caller = may(caller, Scope::Ingest).map_err(FailureKind::Denied)?;
    Ok((Lasting::of(&text, &caller), caller))
}

/// A project comes into being by its first fact, but a credential of one project knows no other.
fn check_project(app: &App, caller: &Caller, project: &ProjectId) -> Result<(), FailureKind> {
    let named = project.as_str();
    let rule = ProjectRule::new(&app.store, caller, std::iter::once(Some(named)));
    match (rule.refuses(named), &caller.principal.project) {
        (None, _) => Ok(()),
        (Some(_), Some(_)) => Err(FailureKind::NoSuchProject),
        (Some(_), None) => Err(FailureKind::TooManyProjects),
    }
}

fn text(
    query: Query<'_>,
    names: &[&'static str],
    (rule, told): (TextRule, &'static str),
) -> Result<Option<Box<str>>, FailureKind> {
    let Some(value) = query.one(names).map_err(FailureKind::Query)? else { return Ok(None) };
    rule.check(&value).map_err(|_| FailureKind::Query(BadQuery::Breaks(names[0], told)))?;
    Ok(Some(value.into()))
}

fn not_upgraded(rejection: &Rejection) -> FailureKind {
    match rejection {
        Rejection::InvalidConnectionHeader(_)
        | Rejection::InvalidUpgradeHeader(_)
        | Rejection::InvalidWebSocketVersionHeader(_) => FailureKind::UpgradeRequired,
        _ => FailureKind::BadUpgrade,
    }
}

async fn method_not_allowed(uri: Uri, headers: HeaderMap) -> Failure {
    Failure::new(FailureKind::MethodNotAllowed, uri.path(), &headers)
}

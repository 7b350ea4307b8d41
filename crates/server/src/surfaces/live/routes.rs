//! The routes: who asks for which stream, and from where on.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use tidegauge_accounts::Scope;
use tidegauge_facts::ProjectId;

use super::described::{LiveParams, LiveRefusals, Stream, TenantParams, TenantRefusals};
use crate::app::App;
use crate::auth::{Caller, Denied, Lasting, Presented, Shown, may, shown_credential};
use crate::limits::{Kind, Limited};
use crate::live::{Asked, Key, MAX_READERS_OF_TENANT, NoPlace, open};
use crate::problem::{Problem, method_not_allowed};
use crate::query::{BadQuery, Query};
use crate::serve::Peer;
use crate::unavailable::Unavailable;

/// Names of events that one reader may ask for.
pub(super) const MAX_EVENT_NAMES: usize = 100;
/// Longest id that is looked at, in bytes; ours have 27.
const MAX_LAST_ID_BYTES: usize = 128;
/// After what time a reader for whom there was no place may try again.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(5);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/live", get(live_tenant).fallback(method_not_allowed))
        .route("/api/v1/live/{project_id}", get(live).fallback(method_not_allowed))
}

/// A project as it is, each second, and its events as they land.
///
/// A browser's `EventSource`, which can set no header, may send the credential as `access_token`.
#[utoipa::path(
    get,
    path = "/api/v1/live/{projectId}",
    operation_id = "live",
    tag = "live",
    params(LiveParams),
    security(("key" = []), ("bareKey" = []), ("keyHeader" = []), ("queryToken" = [])),
    responses(Stream, LiveRefusals),
)]
pub(super) async fn live(
    State(app): State<Arc<App>>,
    project: Result<Path<String>, PathRejection>,
    uri: Uri,
    Extension(peer): Extension<Peer>,
    sender: Presented,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (credential, caller) = authorize(&app, sender, &headers, &uri).await?;
    let project = project.ok().and_then(|Path(project)| ProjectId::parse(&project).ok());
    let is_hidden = |project: &ProjectId| caller.principal.project.as_ref().is_some_and(|own| own != project);
    let project = project.filter(|project| !is_hidden(project)).ok_or_else(no_such_project)?;
    match app.has_project(&caller.principal.tenant, &project).await {
        Ok(true) => {}
        Ok(false) => return Err(no_such_project()),
        Err(error) => {
            tracing::error!(%error, "cannot look a project up");
            return Err(unavailable());
        }
    }
    answer(&app, Some(project), &uri, &peer, &headers, (credential, caller)).await
}

/// The whole tenant as it is, each second, and its events as they land; with a project's credential, that project.
///
/// A browser's `EventSource`, which can set no header, may send the credential as `access_token`.
#[utoipa::path(
    get,
    path = "/api/v1/live",
    operation_id = "liveTenant",
    tag = "live",
    params(TenantParams),
    security(("key" = []), ("bareKey" = []), ("keyHeader" = []), ("queryToken" = [])),
    responses(Stream, TenantRefusals),
)]
pub(super) async fn live_tenant(
    State(app): State<Arc<App>>,
    uri: Uri,
    Extension(peer): Extension<Peer>,
    sender: Presented,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (credential, caller) = authorize(&app, sender, &headers, &uri).await?;
    let project = caller.principal.project.clone();
    answer(&app, project, &uri, &peer, &headers, (credential, caller)).await
}

async fn answer(
    app: &Arc<App>,
    project: Option<ProjectId>,
    uri: &Uri,
    peer: &Peer,
    headers: &HeaderMap,
    (credential, caller): (Lasting, Caller),
) -> Result<Response, Response> {
    let query = Query::of(uri);
    let bad = |error: BadQuery| Problem::new(StatusCode::BAD_REQUEST, error.to_string()).into_response();
    let limited = |limited: Limited| Problem::from(Denied::Limited(limited)).into_response();
    let asked = Asked {
        key: Key { tenant: caller.principal.tenant.clone(), project },
        events: events(query).map_err(bad)?,
        last_id: last_id(query, headers).map_err(bad)?,
        credential,
        hang_up: peer.hang_up.clone(),
        place: caller.allowance.connection().map_err(limited)?,
    };
    let body = open(app, &caller, asked).await.map_err(|no_place| match no_place {
        NoPlace::Full => unavailable(),
        NoPlace::FullOfTenant => limited(Limited {
            kind: Kind::Connections,
            limit: MAX_READERS_OF_TENANT as u64,
            retry_after: RETRY_AFTER,
        }),
    })?;
    let told = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // A proxy that collects an answer before it sends it on would never send this one.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((told, Extension(caller.allowance), body).into_response())
}

/// Whose request it is, and how long his credential lasts. On a stream as on a WebSocket it may stand in the query
/// (RFC 6750, 2.3).
async fn authorize(
    app: &App,
    sender: Presented,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<(Lasting, Caller), Response> {
    let refused = |denied: Denied| Problem::from(denied).into_response();
    let (text, caller) = match (shown_credential(headers), sender.0) {
        (Ok(shown), presented) => (Cow::Borrowed(shown.text()), presented.map_err(refused)?),
        (Err(Denied::NoCredential), _) => {
            let in_query = Query::of(uri).one(&["access_token"]);
            let text = in_query.map_err(|_| refused(Denied::BadCredential))?;
            let text = text.ok_or_else(|| refused(Denied::NoCredential))?;
            let admitted = app.door.admit(Shown::Bearer(&text), headers, app.limits.max_body_bytes).await;
            (text, admitted.map_err(refused)?.0)
        }
        (Err(denied), _) => return Err(refused(denied)),
    };
    let caller = may(caller, Scope::Read).map_err(refused)?;
    Ok((Lasting::of(&text, &caller), caller))
}

/// Which events are wanted, if any are.
fn events(query: Query<'_>) -> Result<Option<Vec<Box<str>>>, BadQuery> {
    let names = query.all("event_name")?;
    match query.one(&["feed"])?.as_deref() {
        None => return Ok(None),
        Some("events") => {}
        Some(_) => return Err(BadQuery::Breaks("feed", "events")),
    }
    if names.len() > MAX_EVENT_NAMES {
        return Err(BadQuery::Breaks("event_name", "given at most 100 times"));
    }
    Ok(Some(names.into_iter().map(|name| name.into_owned().into_boxed_str()).collect()))
}

/// What the reader knows already; what can be no id of ours is one that nothing is kept of.
fn last_id(query: Query<'_>, headers: &HeaderMap) -> Result<Option<String>, BadQuery> {
    let in_header = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("?").to_owned());
    // What a client sends by itself, as it comes back, is newer than what stands in its URL.
    let id = match in_header.filter(|id| !id.is_empty()) {
        Some(id) => Some(id),
        None => query.one(&["last_event_id"])?.map(Cow::into_owned),
    };
    Ok(id.map(|id| if id.len() > MAX_LAST_ID_BYTES { "?".to_owned() } else { id }))
}

fn no_such_project() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "there is no such project").into_response()
}

fn unavailable() -> Response {
    let detail = "the server has no place for another reader now; try again soon";
    Unavailable::BUSY.answer(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail))
}

//! The routes of the client's intake. The key in the path is the credential: the client sends no header.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use axum::{Json, Router};
use tidegauge_accounts::Scope;
use tidegauge_facts::{Micros, Session};

use super::answers::{ClientAnswer, ContactAnswer, EventAnswer, Failure, SessionAnswer};
use super::contact;
use super::fields::Field;
use super::record::Record;
use super::rows::{SignalEvent, client_row, session_row};
use crate::app::App;
use crate::auth::{Caller, Denied, Shown, may};
use crate::body::WholeBody;
use crate::intake::events::take_events;
use crate::intake::sessions::take_session;
use crate::serve::Peer;

/// The routes.
pub(in crate::surfaces::grid) fn routes() -> Router<Arc<App>> {
    let signals = Router::new()
        .route("/{ingest_key}/event", only_post(post(event)))
        .route("/{ingest_key}/session", only_post(post(session)))
        .route("/{ingest_key}/client", only_post(post(client)))
        .route("/{ingest_key}/contact", only_post(post(contact)))
        .fallback(|| async { Failure::NoSuchRoute })
        .layer(map_response(for_any_origin));
    Router::new().nest("/signals/v1", signals)
}

fn only_post(route: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    route.options(preflight).fallback(|| async { Failure::MethodNotAllowed })
}

/// `POST /signals/v1/{ingestKey}/event`: something happened.
async fn event(
    State(app): State<Arc<App>>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<EventAnswer>, Failure> {
    let body = read(&app, &headers, body).await?;
    let (taken, contact_id) = {
        let record = sender.record(&body)?;
        let event = SignalEvent::new(&record, sender.ip()).map_err(Failure::Invalid)?;
        let taken = take_events(&app, &sender.caller, std::slice::from_ref(&event)).await;
        (taken.map_err(Failure::Intake)?, event.contact_id(sender.tenant()))
    };
    drop(body);
    let receipt = taken.confirmed(&app).await.map_err(Failure::Intake)?;
    Ok(Json(EventAnswer { event_id: receipt.first_id, contact_id }))
}

/// `POST /signals/v1/{ingestKey}/session`: a visit began. A repeat of a `sessionId` leaves the first as it is.
async fn session(
    State(app): State<Arc<App>>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SessionAnswer>, Failure> {
    let body = read(&app, &headers, body).await?;
    let record = sender.record(&body)?;
    let row = session_row(&record, &sender.caller.principal, sender.ip(), Micros::now())
        .map_err(Failure::Invalid)?;
    store(&app, &sender.caller, row).await?;
    Ok(Json(SessionAnswer { session_id: row.session_id.to_owned() }))
}

/// `POST /signals/v1/{ingestKey}/client`: what a client tells of itself.
async fn client(
    State(app): State<Arc<App>>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ClientAnswer>, Failure> {
    let body = read(&app, &headers, body).await?;
    let record = sender.record(&body)?;
    let row = client_row(&record, &sender.caller.principal, sender.ip(), Micros::now())
        .map_err(Failure::Invalid)?;
    store(&app, &sender.caller, row).await?;
    Ok(Json(ClientAnswer { client_id: row.client_id.unwrap_or_default().to_owned() }))
}

/// `POST /signals/v1/{ingestKey}/contact`: whose session is it? Nothing is stored.
async fn contact(
    State(app): State<Arc<App>>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ContactAnswer>, Failure> {
    let body = read(&app, &headers, body).await?;
    let record = sender.record(&body)?;
    let session = record.required(Field::SessionId).map_err(Failure::Invalid)?;
    Ok(Json(ContactAnswer { contact_id: contact::of_session(sender.tenant(), session) }))
}

async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<WholeBody, Failure> {
    app.bodies.read(headers, body).await.map_err(Failure::Body)
}

async fn store(app: &App, caller: &Caller, row: Session<'_>) -> Result<(), Failure> {
    let pending = take_session(app, caller, row).await.map_err(Failure::Intake)?;
    pending.confirmed(app).await.map(drop).map_err(Failure::Intake)
}

/// Whose key is in the path, and where the request comes from. Known before the body is looked at.
struct Sender {
    caller: Caller,
    /// Known to every request that [`crate::serve`] hands on.
    ip: Option<String>,
}

impl Sender {
    fn tenant(&self) -> &str {
        self.caller.principal.tenant.as_str()
    }

    fn ip(&self) -> Option<&str> {
        self.ip.as_deref()
    }

    /// The record in a body. It may name its tenant, but no other: whether that one exists does not show.
    fn record<'a>(&self, body: &'a WholeBody) -> Result<Record<'a>, Failure> {
        let record = Record::parse(&body.bytes).map_err(Failure::Invalid)?;
        match record.text(Field::TenantId) {
            Some(named) if named != self.tenant() => Err(Failure::OtherTenant),
            _ => Ok(record),
        }
    }
}

impl FromRequestParts<Arc<App>> for Sender {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let key: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, app).await;
        // What is not even text is no key either.
        let Path(key) = key.map_err(|_| Failure::Denied(Denied::BadCredential))?;
        let admitted = app.door.admit(Shown::Bare(&key), &parts.headers, app.limits.max_body_bytes).await;
        let (caller, _) = admitted.map_err(Failure::Denied)?;
        let caller = may(caller, Scope::Ingest).map_err(Failure::Denied)?;
        let address =
            |peer: &Peer| app.trusted_proxies.client_address(peer.address.ip(), &parts.headers).to_string();
        let ip = parts.extensions.get().map(address);
        Ok(Self { caller, ip })
    }
}

/// Answers a browser that asks before it sends: anything it may send, it may send from anywhere.
async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// The client runs on pages of any origin, and the key in the path is all that counts: no cookie is looked at.
async fn for_any_origin(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

//! The routes of the `track` surface.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tidegauge_accounts::{Principal, Scope};
use tidegauge_facts::Micros;
use tidegauge_reports::event_stats::event_stats;
use tidegauge_store::Store;

use super::answers::{BatchAnswer, Failure, HealthAnswer, StatsAnswer, TrackAnswer};
use super::content_type;
use super::error::ErrorDetail;
use super::event::{OwnedEvent, TrackEvent};
use super::project_rule::ProjectRule;
use super::strict::{StrictBatch, strict_batch, strict_single};
use super::wire::{parse_batch, parse_single};
use crate::app::App;
use crate::auth::{authenticate, authorize};
use crate::body::WholeBody;
use crate::intake::events::{Receipt, Taken, take_events};

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/analytics", post(track).fallback(method_not_allowed))
        .route("/api/v1/analytics/batch", post(track_batch).fallback(method_not_allowed))
        .route("/api/v1/analytics/stats", get(stats).fallback(method_not_allowed))
        .route("/api/v1/analytics/health", get(health).fallback(method_not_allowed))
}

/// `POST /api/v1/analytics`: one event.
async fn track(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<TrackAnswer>, Failure> {
    let principal = authorize(&app.keys, &headers, Scope::Ingest).map_err(Failure::Denied)?;
    let body = app.bodies.read(&headers, body).await.map_err(Failure::Body)?;
    let event = match fast(&headers, &body).and_then(parse_single) {
        Some(event) => event,
        None => strict_single(&body.bytes, content_type(&headers)).map_err(Failure::Invalid)?,
    };
    let rule = ProjectRule::new(&app.store, &principal, std::iter::once(&event));
    rule.check_single(&event).map_err(Failure::Invalid)?;
    let taken = take(&app, &principal, std::slice::from_ref(&event)).await?;
    drop(event);
    drop(body);
    Ok(Json(TrackAnswer::new(confirmed(&app, taken).await?)))
}

/// `POST /api/v1/analytics/batch`: 1 to 100 events, all or nothing; with `Prefer: handling=lenient`
/// (RFC 7240) the good ones of them.
async fn track_batch(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let principal = authorize(&app.keys, &headers, Scope::Ingest).map_err(Failure::Denied)?;
    let body = app.bodies.read(&headers, body).await.map_err(Failure::Body)?;
    if prefers_lenient(&headers) {
        return lenient_batch(&app, &principal, &headers, body).await;
    }
    let events = match fast(&headers, &body).and_then(parse_batch) {
        Some(events) => events,
        None => strict_batch(&body.bytes, content_type(&headers))
            .and_then(|batch| batch.all_or_nothing())
            .map_err(Failure::Invalid)?,
    };
    let rule = ProjectRule::new(&app.store, &principal, events.iter());
    rule.check_batch(&events).map_err(Failure::Invalid)?;
    let taken = take(&app, &principal, &events).await?;
    drop(events);
    drop(body);
    Ok(Json(BatchAnswer::all_good(&confirmed(&app, taken).await?)).into_response())
}

async fn lenient_batch(
    app: &App,
    principal: &Principal,
    headers: &HeaderMap,
    body: WholeBody,
) -> Result<Response, Failure> {
    let batch = strict_batch(&body.bytes, content_type(headers)).map_err(Failure::Invalid)?;
    let (events, errors, failed) = sort_out(&app.store, principal, batch);
    let taken = match events.is_empty() {
        true => None,
        false => Some(take(app, principal, &events).await?),
    };
    drop(events);
    drop(body);
    let receipt = match taken {
        Some(taken) => Some(confirmed(app, taken).await?),
        None => None,
    };
    let mut response = Json(BatchAnswer::lenient(receipt.as_ref(), failed, errors)).into_response();
    let applied = HeaderValue::from_static("handling=lenient");
    response.headers_mut().insert("preference-applied", applied);
    Ok(response)
}

/// A batch's good events, and the errors and number of the bad ones.
fn sort_out(
    store: &Store,
    principal: &Principal,
    batch: StrictBatch,
) -> (Vec<OwnedEvent>, Vec<ErrorDetail>, usize) {
    let rule = ProjectRule::new(store, principal, batch.items.iter().flatten());
    let (mut events, mut errors, mut failed) = (Vec::new(), Vec::new(), 0);
    for (index, item) in batch.items.into_iter().enumerate() {
        match item.and_then(|event| rule.check_item(index, &event).map_err(|d| vec![d]).map(|()| event)) {
            Ok(event) => events.push(event),
            Err(details) => {
                failed += 1;
                errors.extend(details);
            }
        }
    }
    (events, errors, failed)
}

/// `GET /api/v1/analytics/stats`: the tenant's own numbers.
async fn stats(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<StatsAnswer>, Failure> {
    let principal = authorize(&app.keys, &headers, Scope::Read).map_err(Failure::Denied)?;
    let stats = app.store.look(|view| event_stats(view, &principal.tenant, Micros::now()));
    Ok(Json(StatsAnswer::new(stats, app.store.options())))
}

/// `GET /api/v1/analytics/health`: the store as it is; 503 when it cannot take writes.
async fn health(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<HealthAnswer>), Failure> {
    authenticate(&app.keys, &headers).map_err(Failure::Denied)?;
    let (status, answer) = HealthAnswer::new(app.store.health(), app.started.elapsed().as_secs());
    Ok((status, Json(answer)))
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

async fn take(app: &App, principal: &Principal, events: &[TrackEvent<'_>]) -> Result<Taken, Failure> {
    take_events(app, principal, events).await.map_err(Failure::Intake)
}

async fn confirmed(app: &App, taken: Taken) -> Result<Receipt, Failure> {
    taken.confirmed(app).await.map_err(Failure::Intake)
}

/// The body, where the good path may look at it: when it is called JSON.
fn fast<'b>(headers: &HeaderMap, body: &'b WholeBody) -> Option<&'b [u8]> {
    content_type::is_json(content_type(headers)).then_some(&body.bytes[..])
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// True when a `Prefer` header asks for `handling=lenient`.
fn prefers_lenient(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|preference| preference.split(';').next()?.split_once('='))
        .any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("handling") && value.trim().trim_matches('"') == "lenient"
        })
}

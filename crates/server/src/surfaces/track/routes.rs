//! The routes of the `track` surface.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tidegauge_accounts::Scope;
use tidegauge_facts::Micros;
use tidegauge_reports::event_stats::event_stats;

use super::answers::{BatchAnswer, HealthAnswer, StatsAnswer, TrackAnswer};
use super::described::{TrackEvent as TrackEventBody, TrackEventBatch};
use super::event::TrackEvent;
use super::strict::{strict_batch, strict_single};
use super::wire::{parse_batch, parse_single};
use crate::app::App;
use crate::auth::{Caller, Presented};
use crate::body::WholeBody;
use crate::intake::events::{Receipt, Taken, take_events};
use crate::validation::answer::{Again, Failure};
use crate::validation::batch::Sorted;
use crate::validation::described::{Prefer, ReadRefusals, WriteRefusals};
use crate::validation::error::{BodyError, Loc};
use crate::validation::project_rule::ProjectRule;
use crate::validation::{content_type, preference};

/// Said when a write's fate is unknown.
const AGAIN: Again = "The write could not be confirmed; send it again with the same event_id to have it once";

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/analytics", post(track).fallback(method_not_allowed))
        .route("/api/v1/analytics/batch", post(track_batch).fallback(method_not_allowed))
        .route("/api/v1/analytics/stats", get(stats).fallback(method_not_allowed))
        .route("/api/v1/analytics/health", get(health).fallback(method_not_allowed))
}

/// Takes one event in.
#[utoipa::path(
    post,
    path = "/api/v1/analytics",
    operation_id = "trackEvent",
    tag = "track",
    request_body = TrackEventBody,
    responses((status = 200, description = "The event is stored", body = TrackAnswer), WriteRefusals),
)]
pub(super) async fn track(
    State(app): State<Arc<App>>,
    sender: Presented,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<TrackAnswer>, Failure> {
    let caller = sender.allowed(Scope::Ingest).map_err(Failure::Denied)?;
    let body = app.bodies.read(&headers, body).await.map_err(Failure::Body)?;
    let event = match fast(&headers, &body).and_then(parse_single) {
        Some(event) => event,
        None => strict_single(&body.bytes, content_type::of(&headers)).map_err(Failure::Invalid)?,
    };
    let rule = ProjectRule::new(&app.store, &caller, std::iter::once(project_of(&event)));
    rule.check(project_of(&event), &[Loc::Field("body")])
        .map_err(|detail| Failure::Invalid(BodyError::Invalid(vec![detail])))?;
    let taken = take(&app, &caller, std::slice::from_ref(&event)).await?;
    drop(event);
    drop(body);
    Ok(Json(TrackAnswer::new(confirmed(&app, taken).await?)))
}

/// Takes 1 to 100 events in.
///
/// All or nothing; with `Prefer: handling=lenient` (RFC 7240) the good ones of them.
#[utoipa::path(
    post,
    path = "/api/v1/analytics/batch",
    operation_id = "trackEventBatch",
    tag = "track",
    params(Prefer),
    request_body = TrackEventBatch,
    responses((status = 200, description = "The events are stored", body = BatchAnswer), WriteRefusals),
)]
pub(super) async fn track_batch(
    State(app): State<Arc<App>>,
    sender: Presented,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let caller = sender.allowed(Scope::Ingest).map_err(Failure::Denied)?;
    let body = app.bodies.read(&headers, body).await.map_err(Failure::Body)?;
    if preference::is_lenient(&headers) {
        return lenient_batch(&app, &caller, &headers, body).await;
    }
    let events = match fast(&headers, &body).and_then(parse_batch) {
        Some(events) => events,
        None => strict_batch(&body.bytes, content_type::of(&headers))
            .and_then(|batch| batch.all_or_nothing())
            .map_err(Failure::Invalid)?,
    };
    let rule = ProjectRule::new(&app.store, &caller, events.iter().map(project_of));
    rule.check_all("events", events.iter().map(project_of)).map_err(Failure::Invalid)?;
    let taken = take(&app, &caller, &events).await?;
    drop(events);
    drop(body);
    Ok(Json(BatchAnswer::all_good(&confirmed(&app, taken).await?)).into_response())
}

async fn lenient_batch(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    body: WholeBody,
) -> Result<Response, Failure> {
    let batch = strict_batch(&body.bytes, content_type::of(headers)).map_err(Failure::Invalid)?;
    let rule = ProjectRule::new(&app.store, caller, batch.items.iter().flatten().map(project_of));
    let Sorted { good: events, errors, failed } = rule.applied_to("events", batch, project_of).sorted();
    let taken = match events.is_empty() {
        true => None,
        false => Some(take(app, caller, &events).await?),
    };
    drop(events);
    drop(body);
    let receipt = match taken {
        Some(taken) => Some(confirmed(app, taken).await?),
        None => None,
    };
    let answer = BatchAnswer::lenient(receipt.as_ref(), failed, errors);
    Ok(preference::honoured(Json(answer).into_response()))
}

/// The tenant's own numbers.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/stats",
    operation_id = "getEventStats",
    tag = "track",
    responses((status = 200, description = "The numbers as of now", body = StatsAnswer), ReadRefusals),
)]
pub(super) async fn stats(
    State(app): State<Arc<App>>,
    reader: Presented,
) -> Result<Json<StatsAnswer>, Failure> {
    let caller = reader.allowed(Scope::Read).map_err(Failure::Denied)?;
    let stats = app.store.look(|view| event_stats(view, &caller.principal.tenant, Micros::now()));
    Ok(Json(StatsAnswer::new(stats, app.store.options())))
}

/// The store as it is.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/health",
    operation_id = "getStoreHealth",
    tag = "track",
    responses(
        (status = 200, description = "It takes writes", body = HealthAnswer),
        (status = 503, description = "It takes none", body = HealthAnswer),
        ReadRefusals,
    ),
)]
pub(super) async fn health(
    State(app): State<Arc<App>>,
    asker: Presented,
) -> Result<(StatusCode, Json<HealthAnswer>), Failure> {
    asker.0.map_err(Failure::Denied)?;
    let (status, answer) = HealthAnswer::new(app.store.health(), app.started.elapsed().as_secs());
    Ok((status, Json(answer)))
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

async fn take(app: &App, caller: &Caller, events: &[TrackEvent<'_>]) -> Result<Taken, Failure> {
    take_events(app, caller, events).await.map_err(|error| Failure::Intake(error, AGAIN))
}

async fn confirmed(app: &App, taken: Taken) -> Result<Receipt, Failure> {
    taken.confirmed(app).await.map_err(|error| Failure::Intake(error, AGAIN))
}

/// The body, where the good path may look at it: when it is called JSON.
fn fast<'b>(headers: &HeaderMap, body: &'b WholeBody) -> Option<&'b [u8]> {
    content_type::is_json(content_type::of(headers)).then_some(&body.bytes[..])
}

fn project_of<'e>(event: &'e TrackEvent<'_>) -> Option<&'e str> {
    event.project_id.as_deref()
}

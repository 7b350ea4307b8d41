//! `POST /api/v1/connections`: messages about connections that the platform's own servers hold.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use tidegauge_accounts::Scope;

use super::answers::ConnectionsAnswer;
use super::described::ConnectionMessageBatch;
use super::message::{CONNECTIONS, Message, read_messages};
use crate::app::App;
use crate::auth::{Caller, Presented};
use crate::intake::connections::{ConnectionMessage, take_connections};
use crate::intake::{IntakeError, Stored};
use crate::validation::answer::{Again, Failure};
use crate::validation::batch::Sorted;
use crate::validation::described::{Prefer, WriteRefusals};
use crate::validation::project_rule::ProjectRule;
use crate::validation::{content_type, preference};

/// Said when a write's fate is unknown.
const AGAIN: Again =
    "The write could not be confirmed; send it again with the same instants (at) to have it once";

/// The route.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/connections", post(connections).fallback(method_not_allowed))
}

/// Takes 1 to 100 messages about connections in.
///
/// All or nothing; with `Prefer: handling=lenient` (RFC 7240) the good ones of them.
#[utoipa::path(
    post,
    path = "/api/v1/connections",
    operation_id = "recordConnections",
    tag = "connections",
    params(Prefer),
    request_body = ConnectionMessageBatch,
    responses((status = 200, description = "The messages are stored", body = ConnectionsAnswer), WriteRefusals),
)]
pub(super) async fn connections(
    State(app): State<Arc<App>>,
    sender: Presented,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let caller = sender.allowed(Scope::Ingest).map_err(Failure::Denied)?;
    let body = app.bodies.read(&headers, body).await.map_err(Failure::Body)?;
    let batch = read_messages(&body.bytes, content_type::of(&headers)).map_err(Failure::Invalid)?;
    drop(body);
    let named = batch.items.iter().flatten().map(Message::project_id);
    let rule = ProjectRule::new(&app.store, &caller, named);
    if preference::is_lenient(&headers) {
        let Sorted { good, errors, failed } =
            rule.applied_to(CONNECTIONS, batch, Message::project_id).sorted();
        let stored = match good.is_empty() {
            true => Stored { stored: 0, repeated: 0 },
            false => store(&app, &caller, &good).await?,
        };
        let answer = ConnectionsAnswer::lenient(stored, failed, errors);
        return Ok(preference::honoured(Json(answer).into_response()));
    }
    let messages = batch.all_or_nothing().map_err(Failure::Invalid)?;
    rule.check_all(CONNECTIONS, messages.iter().map(Message::project_id)).map_err(Failure::Invalid)?;
    let stored = store(&app, &caller, &messages).await?;
    Ok(Json(ConnectionsAnswer::all_good(stored)).into_response())
}

async fn store(app: &App, caller: &Caller, messages: &[Message]) -> Result<Stored, Failure> {
    let fail = |error: IntakeError| Failure::Intake(error, AGAIN);
    let told: Vec<ConnectionMessage<'_>> = messages.iter().map(Message::as_told).collect();
    let taken = take_connections(app, caller, &told).await.map_err(fail)?;
    taken.confirmed(app).await.map_err(fail)
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

//! `POST /api/v1/requests`: API requests that a gateway has answered.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use tidegauge_accounts::Scope;
use tidegauge_facts::{Micros, Request};

use super::answers::RequestsAnswer;
use super::described::ApiRequestBatch;
use super::model::{REQUESTS, strict_batch};
use super::request::ApiRequest;
use super::wire::parse_batch;
use crate::app::App;
use crate::auth::{Caller, Presented};
use crate::body::WholeBody;
use crate::intake::requests::take_requests;
use crate::intake::{Pending, Stored, project_of};
use crate::validation::answer::{Again, Failure};
use crate::validation::batch::Sorted;
use crate::validation::described::{Prefer, WriteRefusals};
use crate::validation::project_rule::ProjectRule;
use crate::validation::{content_type, preference};

/// Said when a write's fate is unknown.
const AGAIN: Again =
    "The write could not be confirmed; send it again with the same request_id to have it once";

/// The route.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/requests", post(requests).fallback(method_not_allowed))
}

/// Takes 1 to 1000 API requests in.
///
/// All or nothing; with `Prefer: handling=lenient` (RFC 7240) the good ones of them.
#[utoipa::path(
    post,
    path = "/api/v1/requests",
    operation_id = "recordRequests",
    tag = "activity",
    params(Prefer),
    request_body = ApiRequestBatch,
    responses((status = 200, description = "The requests are stored", body = RequestsAnswer), WriteRefusals),
)]
pub(super) async fn requests(
    State(app): State<Arc<App>>,
    sender: Presented,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let caller = sender.allowed(Scope::Ingest).map_err(Failure::Denied)?;
    let body = app.bodies.read(&headers, body).await.map_err(Failure::Body)?;
    let received_at = Micros::now();
    if preference::is_lenient(&headers) {
        return lenient(&app, &caller, &headers, body, received_at).await;
    }
    let content_type = content_type::of(&headers);
    let fast = content_type::is_json(content_type).then(|| parse_batch(&body.bytes)).flatten();
    let requests = match fast {
        Some(requests) => requests,
        None => strict_batch(&body.bytes, content_type)
            .and_then(|batch| batch.all_or_nothing())
            .map_err(Failure::Invalid)?,
    };
    let named = || requests.iter().map(ApiRequest::project_id);
    let rule = ProjectRule::new(&app.store, &caller, named());
    rule.check_all(REQUESTS, named()).map_err(Failure::Invalid)?;
    let taken = take(&app, &caller, &requests, received_at).await?;
    // While the disk is waited for, neither is needed any more.
    drop(requests);
    drop(body);
    let stored = confirmed(&app, taken).await?;
    Ok(Json(RequestsAnswer::all_good(stored, received_at)).into_response())
}

async fn lenient(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    body: WholeBody,
    received_at: Micros,
) -> Result<Response, Failure> {
    let batch = strict_batch(&body.bytes, content_type::of(headers)).map_err(Failure::Invalid)?;
    drop(body);
    let rule = ProjectRule::new(&app.store, caller, batch.items.iter().flatten().map(ApiRequest::project_id));
    let Sorted { good, errors, failed } = rule.applied_to(REQUESTS, batch, ApiRequest::project_id).sorted();
    let stored = match good.is_empty() {
        true => Stored { stored: 0, repeated: 0 },
        false => confirmed(app, take(app, caller, &good, received_at).await?).await?,
    };
    let answer = RequestsAnswer::lenient(stored, failed, received_at, errors);
    Ok(preference::honoured(Json(answer).into_response()))
}

async fn take(
    app: &App,
    caller: &Caller,
    requests: &[ApiRequest<'_>],
    received_at: Micros,
) -> Result<Pending, Failure> {
    caller.charge_facts(requests.len()).map_err(|limited| Failure::Intake(limited.into(), AGAIN))?;
    let principal = &*caller.principal;
    let (tenant, project) = (principal.tenant.as_str(), project_of(principal));
    let tags: Vec<Vec<&str>> = requests.iter().map(ApiRequest::tag_texts).collect();
    let rows: Vec<Request<'_>> = requests
        .iter()
        .zip(&tags)
        .map(|(request, tags)| request.to_row(tenant, project, tags, received_at))
        .collect();
    take_requests(app, caller.allowance.terms.ip_addresses, &rows)
        .await
        .map_err(|error| Failure::Intake(error, AGAIN))
}

async fn confirmed(app: &App, taken: Pending) -> Result<Stored, Failure> {
    taken.confirmed(app).await.map_err(|error| Failure::Intake(error, AGAIN))
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

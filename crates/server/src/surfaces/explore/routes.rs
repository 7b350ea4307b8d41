//! The two routes.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use axum::routing::post;
use tidegauge_accounts::Scope as KeyScope;
use tidegauge_explore::formats::Format;
use tidegauge_explore::{Asker, Asking};
use tidegauge_facts::Micros;
use tidegauge_reports::Scope;
use tokio::sync::OwnedSemaphorePermit;

use super::described::{ExploreAnswers, QueryRequest, SqlRequest};
use super::failure::{Failure, method_not_allowed};
use super::{accept, answer, question};
use crate::app::App;
use crate::auth::{Caller, Presented};

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/query", post(query).fallback(method_not_allowed))
        .route("/api/v1/sql", post(sql).fallback(method_not_allowed))
}

/// Answers a typed query.
#[utoipa::path(
    post,
    path = "/api/v1/query",
    operation_id = "query",
    tag = "explore",
    request_body = QueryRequest,
    responses(ExploreAnswers),
)]
pub(super) async fn query(
    State(app): State<Arc<App>>,
    asker: Presented,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let (caller, format) = begin(asker, request.headers())?;
    let query = question::query(&app, request).await?;
    let limit = query.limit()?;
    let now = Micros::now();
    let (asking, place, begun) = ask(&app, &caller, now).await?;
    let frame = query.plan(asking.context(), now).await?;
    answer::of(asking.run(frame, limit).await?, format, place, begun).await
}

/// Answers a statement of SQL that reads.
#[utoipa::path(
    post,
    path = "/api/v1/sql",
    operation_id = "sql",
    tag = "explore",
    request_body(description = "The statement, with what belongs to it or alone", content(
        (SqlRequest = "application/json"),
        (String = "application/sql"),
        (String = "text/plain"),
    )),
    responses(ExploreAnswers),
)]
pub(super) async fn sql(
    State(app): State<Arc<App>>,
    asker: Presented,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let (caller, format) = begin(asker, request.headers())?;
    let question = question::sql(&app, request).await?;
    let (asking, place, begun) = ask(&app, &caller, Micros::now()).await?;
    let answered = asking.sql(&question.sql, &question.parameters, question.limit).await?;
    answer::of(answered, format, place, begun).await
}

/// Who asks, and in which format he wants his answer: before his body is looked at.
fn begin(asker: Presented, headers: &HeaderMap) -> Result<(Caller, Format), Failure> {
    let caller = asker.allowed(KeyScope::Read).map_err(Failure::Denied)?;
    let format = accept::format(headers).ok_or(Failure::NotAcceptable)?;
    Ok((caller, format))
}

/// One question, in its turn among the tenant's own.
async fn ask(
    app: &App,
    caller: &Caller,
    now: Micros,
) -> Result<(Asking, OwnedSemaphorePermit, Instant), Failure> {
    let place = caller.allowance.report().await.map_err(Failure::Limited)?;
    let begun = Instant::now();
    let principal = &caller.principal;
    let scope = Scope { tenant: principal.tenant.clone(), project: principal.project.clone() };
    let asking = app.explorer.ask(&app.store, caller.allowance.budget(), Asker { scope, now })?;
    Ok((asking, place, begun))
}

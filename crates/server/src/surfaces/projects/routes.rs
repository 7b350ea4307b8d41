//! The routes of the `projects` surface.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use tidegauge_accounts::Scope;
use tidegauge_facts::{Micros, ProjectId};
use tidegauge_reports::active_users::active_users;
use tidegauge_reports::event_throughput::event_throughput;
use tidegauge_reports::project_analytics::{ProjectAnalytics, project_analytics};
use tidegauge_reports::project_history::project_history;
use tidegauge_reports::tenant_analytics::tenant_analytics;
use tidegauge_reports::user_presence::user_presence;

use super::answers::{
    ActiveUsersAnswer, HistoryAnswer, PresenceAnswer, ProjectAnswer, TenantAnswer, ThroughputAnswer,
};
use super::described::{
    HistoryParams, PresenceQuestion, PresenceRefusals, ProjectParams, ProjectRefusals, QuestionRefusals,
    ReadRefusals, ThroughputParams,
};
use super::failure::{Failure, FailureKind};
use super::parameters;
use crate::app::App;
use crate::auth::{Caller, Presented};
use crate::query::Query;
use crate::reading::read;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    let project = |path: &str| format!("/api/realtime/projects/{{project_id}}/{path}");
    Router::new()
        .route("/api/realtime/analytics", get(tenant).fallback(method_not_allowed))
        .route(&project("analytics"), get(analytics).fallback(method_not_allowed))
        .route(&project("history"), get(history).fallback(method_not_allowed))
        .route(&project("throughput"), get(throughput).fallback(method_not_allowed))
        .route(&project("active-users"), get(users).fallback(method_not_allowed))
        .route(&project("presence"), post(presence).fallback(method_not_allowed))
}

type Named = Result<Path<String>, PathRejection>;

/// The whole tenant right now; with a project's credential, that project.
#[utoipa::path(
    get,
    path = "/api/realtime/analytics",
    operation_id = "getTenantAnalytics",
    tag = "projects",
    responses((status = 200, description = "The tenant's numbers", body = TenantAnswer), ReadRefusals),
)]
pub(super) async fn tenant(
    State(app): State<Arc<App>>,
    uri: Uri,
    reader: Presented,
    headers: HeaderMap,
) -> Result<Json<TenantAnswer>, Failure> {
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let caller = may_read(reader).map_err(fail)?;
    let principal = Arc::clone(&caller.principal);
    let report = read(&app, &caller, move |store| {
        tenant_analytics(store, &principal.tenant, principal.project.as_ref(), Micros::now())
    });
    Ok(Json(report.await.map_err(|unread| fail(unread.into()))?.into()))
}

/// A project right now.
#[utoipa::path(
    get,
    path = "/api/realtime/projects/{projectId}/analytics",
    operation_id = "getProjectAnalytics",
    tag = "projects",
    params(ProjectParams),
    responses((status = 200, description = "The project's numbers", body = ProjectAnswer), ProjectRefusals),
)]
pub(super) async fn analytics(
    State(app): State<Arc<App>>,
    project: Named,
    uri: Uri,
    reader: Presented,
    headers: HeaderMap,
) -> Result<Json<ProjectAnswer>, Failure> {
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let (caller, project) = find(&app, project, reader).await.map_err(fail)?;
    let principal = Arc::clone(&caller.principal);
    let report = app.store.look(|view| project_analytics(view, &principal.tenant, &project));
    // A project without facts exists when it was made by hand.
    Ok(Json(ProjectAnswer::new(&project, report.unwrap_or(ProjectAnalytics::EMPTY), Micros::now())))
}

/// A project's events and connections over time.
#[utoipa::path(
    get,
    path = "/api/realtime/projects/{projectId}/history",
    operation_id = "getProjectHistory",
    tag = "projects",
    params(ProjectParams, HistoryParams),
    responses((status = 200, description = "Every bucket, oldest first", body = HistoryAnswer), QuestionRefusals),
)]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    project: Named,
    uri: Uri,
    reader: Presented,
    headers: HeaderMap,
) -> Result<Json<HistoryAnswer>, Failure> {
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let (caller, project) = find(&app, project, reader).await.map_err(fail)?;
    let principal = Arc::clone(&caller.principal);
    let (period, name) = parameters::period(Query::of(&uri)).map_err(|bad| fail(FailureKind::Query(bad)))?;
    let (now, asked) = (Micros::now(), project.clone());
    let report =
        read(&app, &caller, move |store| project_history(store, &principal.tenant, &asked, period, now));
    Ok(Json(HistoryAnswer::new(&project, name, report.await.map_err(|unread| fail(unread.into()))?, now)))
}

/// A project's events of the last milliseconds, by name.
#[utoipa::path(
    get,
    path = "/api/realtime/projects/{projectId}/throughput",
    operation_id = "getEventThroughput",
    tag = "projects",
    params(ProjectParams, ThroughputParams),
    responses((status = 200, description = "Events in the window", body = ThroughputAnswer), QuestionRefusals),
)]
pub(super) async fn throughput(
    State(app): State<Arc<App>>,
    project: Named,
    uri: Uri,
    reader: Presented,
    headers: HeaderMap,
) -> Result<Json<ThroughputAnswer>, Failure> {
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let (caller, project) = find(&app, project, reader).await.map_err(fail)?;
    let principal = Arc::clone(&caller.principal);
    let window = parameters::window_ms(Query::of(&uri)).map_err(|bad| fail(FailureKind::Query(bad)))?;
    let now = Micros::now();
    let report =
        read(&app, &caller, move |store| event_throughput(store, &principal.tenant, &project, window, now));
    Ok(Json(ThroughputAnswer::new(window, report.await.map_err(|unread| fail(unread.into()))?, now)))
}

/// A project's open connections that carry a user.
#[utoipa::path(
    get,
    path = "/api/realtime/projects/{projectId}/active-users",
    operation_id = "getActiveUsers",
    tag = "projects",
    params(ProjectParams),
    responses((status = 200, description = "The newest 10,000; `count` counts all", body = ActiveUsersAnswer), ProjectRefusals),
)]
pub(super) async fn users(
    State(app): State<Arc<App>>,
    project: Named,
    uri: Uri,
    reader: Presented,
    headers: HeaderMap,
) -> Result<Json<ActiveUsersAnswer>, Failure> {
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let (caller, project) = find(&app, project, reader).await.map_err(fail)?;
    let principal = Arc::clone(&caller.principal);
    let now = Micros::now();
    let report = read(&app, &caller, move |store| active_users(store, &principal.tenant, &project, now));
    let report = report.await.map_err(|unread| fail(unread.into()))?;
    Ok(Json(ActiveUsersAnswer::new(report, now)))
}

/// Whether given users are connected to a project.
#[utoipa::path(
    post,
    path = "/api/realtime/projects/{projectId}/presence",
    operation_id = "checkPresence",
    tag = "projects",
    params(ProjectParams),
    request_body = PresenceQuestion,
    responses((status = 200, description = "Each user that was asked for", body = PresenceAnswer), PresenceRefusals),
)]
pub(super) async fn presence(
    State(app): State<Arc<App>>,
    project: Named,
    uri: Uri,
    reader: Presented,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PresenceAnswer>, Failure> {
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let (caller, project) = find(&app, project, reader).await.map_err(fail)?;
    let principal = Arc::clone(&caller.principal);
    let body = app.bodies.read(&headers, body).await.map_err(|refused| fail(FailureKind::Body(refused)))?;
    let users = parameters::user_ids(&body.bytes).map_err(fail)?;
    let report = read(&app, &caller, move |store| {
        let presence = user_presence(store, &principal.tenant, &project, &users);
        Ok(users.into_iter().zip(presence).collect::<Vec<_>>())
    });
    let report = report.await.map_err(|unread| fail(unread.into()))?;
    Ok(Json(PresenceAnswer::new(report.into_iter(), Micros::now())))
}

fn may_read(reader: Presented) -> Result<Caller, FailureKind> {
    reader.allowed(Scope::Read).map_err(FailureKind::Denied)
}

/// The project asked for, when the principal may see it: it exists, is its tenant's, and its own if it has one.
async fn find(app: &App, project: Named, reader: Presented) -> Result<(Caller, ProjectId), FailureKind> {
    let caller = may_read(reader)?;
    let principal = &caller.principal;
    // What is no id, or not even text, names no project either.
    let project = project.ok().and_then(|Path(project)| ProjectId::parse(&project).ok());
    let project = project.ok_or(FailureKind::NoSuchProject)?;
    if principal.project.as_ref().is_some_and(|own| *own != project) {
        return Err(FailureKind::NoSuchProject);
    }
    match app.has_project(&principal.tenant, &project).await {
        Ok(true) => Ok((caller, project)),
        Ok(false) => Err(FailureKind::NoSuchProject),
        Err(error) => {
            tracing::error!(%error, "cannot look a project up");
            Err(FailureKind::Unavailable)
        }
    }
}

async fn method_not_allowed(uri: Uri, headers: HeaderMap) -> Failure {
    Failure::new(FailureKind::MethodNotAllowed, uri.path(), &headers)
}

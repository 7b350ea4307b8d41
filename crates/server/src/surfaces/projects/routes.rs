//! The routes of the `projects` surface.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::get;
use axum::{Json, Router};
use tidegauge_accounts::{Principal, Scope};
use tidegauge_facts::{Micros, ProjectId};
use tidegauge_reports::project_analytics::{ProjectAnalytics, project_analytics};

use super::wire::{AnalyticsAnswer, Failure, FailureKind};
use crate::app::App;
use crate::auth::authorize;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/realtime/projects/{project_id}/analytics", get(analytics).fallback(method_not_allowed))
}

/// `GET /api/realtime/projects/{projectId}/analytics` (seed 000).
async fn analytics(
    State(app): State<Arc<App>>,
    project: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<AnalyticsAnswer>, Failure> {
    let fail = |kind| Failure::new(kind, uri.path(), &headers);
    let principal =
        authorize(&app.keys, &headers, Scope::Read).map_err(|denied| fail(FailureKind::Denied(denied)))?;
    // What is no id, or not even text, names no project either.
    let project = project
        .ok()
        .and_then(|Path(project)| ProjectId::parse(&project).ok())
        .ok_or_else(|| fail(FailureKind::NoSuchProject))?;
    let report = report(&app, &principal, &project).await.map_err(fail)?;
    Ok(Json(AnalyticsAnswer::new(&project, report, Micros::now())))
}

/// The report, for a project that the principal may see: its tenant's, and its own if it has one.
async fn report(
    app: &App,
    principal: &Principal,
    project: &ProjectId,
) -> Result<ProjectAnalytics, FailureKind> {
    if principal.project.as_ref().is_some_and(|own| own != project) {
        return Err(FailureKind::NoSuchProject);
    }
    if let Some(report) = app.store.look(|view| project_analytics(view, &principal.tenant, project)) {
        return Ok(report);
    }
    // A project without facts exists when it was made by hand.
    match app.accounts.project_exists(&principal.tenant, project).await {
        Ok(true) => Ok(ProjectAnalytics::EMPTY),
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

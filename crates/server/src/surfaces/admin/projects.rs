//! `/api/v1/admin/tenants/{tenant}/projects`: those that were made by hand. A project that has facts needs no making.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tidegauge_accounts::ProjectRow;
use tidegauge_facts::{Micros, ProjectId};
use utoipa::ToSchema;

use super::described::{self, ProjectList, ReadRefusals, TenantPath, WriteRefusals};
use super::failure::{Failure, method_not_allowed};
use super::input::{Input, List, Named};
use super::who::Admin;
use crate::app::App;
use crate::problem::Problem;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    let path = "/api/v1/admin/tenants/{tenant}/projects";
    Router::new().route(path, get(list).post(create).fallback(method_not_allowed))
}

/// A project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Project)]
pub(super) struct ProjectAnswer {
    /// Its id.
    id: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<ProjectRow> for ProjectAnswer {
    fn from(row: ProjectRow) -> Self {
        Self { id: row.id.to_string(), created_at: Micros(row.created_at).to_millis_text() }
    }
}

/// A project to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProject {
    id: String,
}

/// A tenant's projects, sorted by id: all of them, at most 10,000.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants/{tenant}/projects",
    operation_id = "listProjects",
    tag = "administration",
    params(TenantPath),
    responses((status = 200, description = "All of them", body = ProjectList), ReadRefusals),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
) -> Result<Json<List<ProjectAnswer>>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    let rows = app.accounts.list_projects(&tenant).await?;
    let items = rows.into_iter().map(ProjectAnswer::from).collect();
    Ok(Json(List { items, next: None }))
}

/// Makes a project.
#[utoipa::path(
    post,
    path = "/api/v1/admin/tenants/{tenant}/projects",
    operation_id = "createProject",
    tag = "administration",
    params(TenantPath),
    request_body = described::NewProject,
    responses(
        (status = 201, description = "It is made", body = ProjectAnswer),
        (status = 404, description = "There is no such tenant", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The tenant has one of this id", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The tenant has as many as it may have", body = Problem, content_type = "application/problem+json"),
        WriteRefusals,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    Input(NewProject { id }): Input<NewProject>,
) -> Result<(StatusCode, Json<ProjectAnswer>), Failure> {
    let tenant = admin.tenant(&tenant)?;
    let id = ProjectId::parse(&id).map_err(|invalid| Failure::Bad(invalid.to_string()))?;
    let row = app.accounts.create_project(&admin.actor(), &tenant, &id).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

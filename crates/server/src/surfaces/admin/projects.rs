//! `/api/v1/admin/tenants/{tenant}/projects`: those that were made by hand. A project that has facts needs no making.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tidegauge_accounts::ProjectRow;
use tidegauge_facts::{Micros, ProjectId};

use super::failure::{Failure, method_not_allowed};
use super::input::{Input, List, Named};
use super::who::Admin;
use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    let path = "/api/v1/admin/tenants/{tenant}/projects";
    Router::new().route(path, get(list).post(create).fallback(method_not_allowed))
}

/// A project.
#[derive(Debug, Serialize)]
pub(super) struct ProjectAnswer {
    /// Its id.
    id: String,
    /// When it was made.
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
struct NewProject {
    id: String,
}

/// All projects, sorted by id: there are at most 10,000.
async fn list(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
) -> Result<Json<List<ProjectAnswer>>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    let rows = app.accounts.list_projects(&tenant).await?;
    let items = rows.into_iter().map(ProjectAnswer::from).collect();
    Ok(Json(List { items, next: None }))
}

async fn create(
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

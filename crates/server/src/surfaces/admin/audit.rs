//! `/api/v1/admin/audit` and `/api/v1/admin/tenants/{tenant}/audit`: who changed what, and when; newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tidegauge_accounts::{AuditEntry, AuditFilter};
use tidegauge_facts::{Micros, TenantId};
use utoipa::ToSchema;

use super::described::{AuditList, PageParams, PageRefusals, TenantPath};
use super::failure::{Failure, method_not_allowed};
use super::input::{List, MAX_LIMIT, Named, Page};
use super::who::{Admin, Operator};
use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/admin/audit", get(of_all).fallback(method_not_allowed))
        .route("/api/v1/admin/tenants/{tenant}/audit", get(of_tenant).fallback(method_not_allowed))
}

/// A change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct AuditAnswer {
    /// Its number; a later change has a greater one.
    id: i64,
    #[schema(format = DateTime)]
    at: String,
    /// A key's id, `token:SUBJECT`, `command-line:USER`, or `server`.
    actor: String,
    /// Such as `key.create`.
    action: String,
    /// Whose it was.
    #[schema(required)]
    tenant: Option<String>,
    /// What it was done to: a key's id, a project's, an erasure's.
    #[schema(required)]
    target: Option<String>,
    /// What else there is to know.
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

impl From<AuditEntry> for AuditAnswer {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, action, tenant, target, details } = entry;
        Self { id, at: Micros(at).to_millis_text(), actor, action, tenant, target, details }
    }
}

/// Every change of accounts on this server, the newest first.
///
/// For the operator.
#[utoipa::path(
    get,
    path = "/api/v1/admin/audit",
    operation_id = "listAuditEntries",
    tag = "administration",
    params(PageParams),
    responses((status = 200, description = "A page", body = AuditList), PageRefusals),
)]
pub(super) async fn of_all(
    State(app): State<Arc<App>>,
    _: Operator,
    uri: Uri,
) -> Result<Json<List<AuditAnswer>>, Failure> {
    page(&app, None, &uri).await
}

/// Every change of a tenant's accounts, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants/{tenant}/audit",
    operation_id = "listTenantAuditEntries",
    tag = "administration",
    params(TenantPath, PageParams),
    responses((status = 200, description = "A page", body = AuditList), PageRefusals),
)]
pub(super) async fn of_tenant(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    uri: Uri,
) -> Result<Json<List<AuditAnswer>>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    app.accounts.tenant(&tenant).await?;
    page(&app, Some(tenant), &uri).await
}

async fn page(app: &App, tenant: Option<TenantId>, uri: &Uri) -> Result<Json<List<AuditAnswer>>, Failure> {
    let Page { after, limit } = Page::of(uri)?;
    let before = after.as_deref().map(str::parse::<i64>).transpose();
    let before = before.map_err(|_| Failure::no_such_cursor())?;
    // One more than is shown tells whether there is another page; the log answers no more than this.
    let asked = (limit + 1).min(MAX_LIMIT);
    let rows = app.accounts.audit(&AuditFilter { tenant, before, limit: asked }).await?;
    let rows: Vec<AuditAnswer> = rows.into_iter().map(AuditAnswer::from).collect();
    Ok(Json(List::of(rows, limit.min(asked - 1).max(1), |entry: &AuditAnswer| entry.id.to_string())))
}

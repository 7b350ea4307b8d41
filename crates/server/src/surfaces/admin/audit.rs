//! `/api/v1/admin/audit` and `/api/v1/admin/tenants/{tenant}/audit`: who changed what, and when; newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tidegauge_accounts::{AuditEntry, AuditFilter};
use tidegauge_facts::{Micros, TenantId};

use super::failure::{Failure, method_not_allowed};
use super::input::{List, MAX_LIMIT, Named, Page};
use super::who::Admin;
use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/admin/audit", get(of_all).fallback(method_not_allowed))
        .route("/api/v1/admin/tenants/{tenant}/audit", get(of_tenant).fallback(method_not_allowed))
}

/// A change.
#[derive(Debug, Serialize)]
pub(super) struct AuditAnswer {
    id: i64,
    at: String,
    actor: String,
    action: String,
    tenant: Option<String>,
    target: Option<String>,
    details: serde_json::Value,
}

impl From<AuditEntry> for AuditAnswer {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, action, tenant, target, details } = entry;
        Self { id, at: Micros(at).to_millis_text(), actor, action, tenant, target, details }
    }
}

async fn of_all(
    State(app): State<Arc<App>>,
    admin: Admin,
    uri: Uri,
) -> Result<Json<List<AuditAnswer>>, Failure> {
    admin.operator()?;
    page(&app, None, &uri).await
}

async fn of_tenant(
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
    let before = before.map_err(|_| Failure::Bad("the cursor is none of this list's".to_owned()))?;
    // One more than is shown tells whether there is another page; the log answers no more than this.
    let asked = (limit + 1).min(MAX_LIMIT);
    let rows = app.accounts.audit(&AuditFilter { tenant, before, limit: asked }).await?;
    let rows: Vec<AuditAnswer> = rows.into_iter().map(AuditAnswer::from).collect();
    Ok(Json(List::of(rows, limit.min(asked - 1).max(1), |entry: &AuditAnswer| entry.id.to_string())))
}

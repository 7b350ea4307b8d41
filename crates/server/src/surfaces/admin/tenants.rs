//! `/api/v1/admin/tenants`: which there are, and what is set for each.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tidegauge_accounts::{TenantRow, TenantSettings, TenantSettingsPatch};
use tidegauge_facts::{Micros, TenantId};
use utoipa::ToSchema;

use super::described::{self, PageParams, PageRefusals, ReadRefusals, TenantList, TenantPath, WriteRefusals};
use super::failure::{Failure, method_not_allowed};
use super::input::{Input, List, Named, Page};
use super::settings_schema;
use super::who::{Admin, Operator};
use crate::app::App;
use crate::auth::Denied;
use crate::problem::Problem;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/admin/tenants", get(list).post(create).fallback(method_not_allowed))
        .route("/api/v1/admin/tenants/{tenant}", get(show).patch(change).fallback(method_not_allowed))
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct TenantAnswer {
    /// Its id.
    id: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// What it has otherwise than the server's defaults; null is the default.
    #[schema(value_type = settings_schema::TenantSettings)]
    settings: TenantSettings,
}

impl From<TenantRow> for TenantAnswer {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id.to_string(),
            created_at: Micros(row.created_at).to_millis_text(),
            settings: row.settings,
        }
    }
}

/// A tenant to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    id: String,
}

/// The tenants that the caller may administer, sorted by id: all, or his own.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants",
    operation_id = "listTenants",
    tag = "administration",
    params(PageParams),
    responses((status = 200, description = "A page", body = TenantList), PageRefusals),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    admin: Admin,
    uri: Uri,
) -> Result<Json<List<TenantAnswer>>, Failure> {
    let Page { after, limit } = Page::of(&uri)?;
    let rows = if admin.is_operator() {
        let after = after.as_deref().map(TenantId::parse).transpose();
        let after = after.map_err(|_| Failure::no_such_cursor())?;
        app.accounts.tenants_after(after.as_ref(), limit + 1).await?
    } else {
        vec![app.accounts.tenant(&admin.caller.principal.tenant).await?]
    };
    let rows = rows.into_iter().map(TenantAnswer::from).collect();
    Ok(Json(List::of(rows, limit, |tenant: &TenantAnswer| tenant.id.clone())))
}

/// Makes a tenant, with a project `default`.
///
/// For the operator.
#[utoipa::path(
    post,
    path = "/api/v1/admin/tenants",
    operation_id = "createTenant",
    tag = "administration",
    request_body = described::NewTenant,
    responses(
        (status = 201, description = "It is made", body = TenantAnswer),
        (status = 409, description = "There is one of this id", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "There are as many as there can be", body = Problem, content_type = "application/problem+json"),
        WriteRefusals,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Operator(admin): Operator,
    Input(NewTenant { id }): Input<NewTenant>,
) -> Result<(StatusCode, Json<TenantAnswer>), Failure> {
    let id = TenantId::parse(&id).map_err(|invalid| Failure::Bad(invalid.to_string()))?;
    let row = app.accounts.create_tenant(&admin.actor(), &id).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// A tenant and its settings.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants/{tenant}",
    operation_id = "getTenant",
    tag = "administration",
    params(TenantPath),
    responses((status = 200, description = "The tenant", body = TenantAnswer), ReadRefusals),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
) -> Result<Json<TenantAnswer>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    Ok(Json(app.accounts.tenant(&tenant).await?.into()))
}

/// Changes a tenant's settings: what is absent stays, null goes back to the server's default.
///
/// How much a tenant may take up (`limits`) is the operator's to say; the rest its own administrators' too.
#[utoipa::path(
    patch,
    path = "/api/v1/admin/tenants/{tenant}",
    operation_id = "changeTenant",
    tag = "administration",
    params(TenantPath),
    request_body = settings_schema::TenantSettingsChange,
    responses(
        (status = 200, description = "The tenant as it is now", body = TenantAnswer),
        (status = 404, description = "There is no such tenant", body = Problem, content_type = "application/problem+json"),
        WriteRefusals,
    ),
)]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    Input(patch): Input<TenantSettingsPatch>,
) -> Result<Json<TenantAnswer>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    if patch.limits.is_some() && !admin.is_operator() {
        return Err(Failure::Denied(Denied::NoScope));
    }
    Ok(Json(app.accounts.set_tenant_settings(&admin.actor(), &tenant, patch).await?.into()))
}

//! `/api/v1/admin/tenants/{tenant}/keys`: made, listed, revoked, rotated. A key's text is shown once, when it is made.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tidegauge_accounts::{KeyLimits, KeyRequest, KeyRow, NewKey, Object, Scopes, WholeNumber};
use tidegauge_facts::{Micros, ProjectId, TenantId};
use utoipa::ToSchema;

use super::described::{
    KeyList, KeyPath, KeyRotation, NewKeyRequest, PageParams, PageRefusals, ReadRefusals, TenantPath,
    WriteRefusals,
};
use super::failure::{Failure, method_not_allowed};
use super::input::{Input, List, Named, Page};
use super::settings_schema;
use super::who::Admin;
use crate::app::App;
use crate::problem::Problem;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    let keys = "/api/v1/admin/tenants/{tenant}/keys";
    Router::new()
        .route(keys, get(list).post(create).fallback(method_not_allowed))
        .route(&format!("{keys}/{{key_id}}"), delete(revoke).get(show).fallback(method_not_allowed))
        .route(&format!("{keys}/{{key_id}}/rotate"), post(rotate).fallback(method_not_allowed))
}

/// A key to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyInput {
    scopes: Scopes,
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    expires_in_seconds: Option<WholeNumber>,
    #[serde(default)]
    limits: Object<KeyLimits>,
}

/// How a key is rotated.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// How long the old key goes on working.
    overlap_seconds: WholeNumber,
}

/// A key as it is listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(super) struct KeyAnswer {
    #[schema(value_type = String)]
    id: Arc<str>,
    /// The first characters of its text.
    prefix: String,
    /// What its owner calls it.
    #[schema(required)]
    name: Option<String>,
    tenant: String,
    /// The one that it is for; null is every project of the tenant.
    #[schema(required)]
    project: Option<String>,
    #[schema(value_type = Vec<String>)]
    scopes: Scopes,
    #[schema(value_type = settings_schema::KeyLimits)]
    limits: KeyLimits,
    #[schema(format = DateTime)]
    created_at: String,
    /// From then on it does not work; null is never.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    #[schema(required, format = DateTime)]
    revoked_at: Option<String>,
    /// To a minute or two; null is never.
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
    /// The id of the key that took its place.
    #[schema(value_type = Option<String>, required)]
    replaced_by: Option<Arc<str>>,
}

/// A key that was just made: the one time that its text is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewKey)]
pub(super) struct NewKeyAnswer {
    /// Its text, the credential itself.
    key: String,
    #[schema(value_type = String)]
    id: Arc<str>,
    #[schema(required)]
    name: Option<String>,
    tenant: String,
    #[schema(required)]
    project: Option<String>,
    #[schema(value_type = Vec<String>)]
    scopes: Scopes,
    #[schema(value_type = settings_schema::KeyLimits)]
    limits: KeyLimits,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
}

impl From<KeyRow> for KeyAnswer {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            prefix: row.prefix,
            name: row.name,
            tenant: row.tenant.to_string(),
            project: row.project.map(|project| project.to_string()),
            scopes: row.scopes,
            limits: row.limits,
            created_at: text(row.created_at),
            expires_at: row.expires_at.map(text),
            revoked_at: row.revoked_at.map(text),
            last_used_at: row.last_used_at.map(text),
            replaced_by: row.replaced_by,
        }
    }
}

impl From<NewKey> for NewKeyAnswer {
    fn from(key: NewKey) -> Self {
        Self {
            key: key.text.expose().to_owned(),
            id: key.id,
            name: key.name,
            tenant: key.tenant.to_string(),
            project: key.project.map(|project| project.to_string()),
            scopes: key.scopes,
            limits: key.limits,
            created_at: text(key.created_at),
            expires_at: key.expires_at.map(text),
        }
    }
}

/// The tenant's keys, revoked and expired ones too, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants/{tenant}/keys",
    operation_id = "listKeys",
    tag = "administration",
    params(TenantPath, PageParams),
    responses((status = 200, description = "A page", body = KeyList), PageRefusals),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    uri: Uri,
) -> Result<Json<List<KeyAnswer>>, Failure> {
    let tenant = existing(&app, admin.tenant(&tenant)?).await?;
    let Page { after, limit } = Page::of(&uri)?;
    let rows = app.accounts.keys_after(Some(&tenant), after.as_deref(), limit + 1).await;
    // The tenant is there: what is not can only be the cursor.
    let rows = rows.map_err(|error| match error.into() {
        Failure::NotFound(_) => Failure::no_such_cursor(),
        other => other,
    })?;
    let rows = rows.into_iter().map(KeyAnswer::from).collect();
    Ok(Json(List::of(rows, limit, |key: &KeyAnswer| key.id.to_string())))
}

/// Makes a key, and its project when it is missing. The answer is the one time that its text is shown.
#[utoipa::path(
    post,
    path = "/api/v1/admin/tenants/{tenant}/keys",
    operation_id = "createKey",
    tag = "administration",
    params(TenantPath),
    request_body = NewKeyRequest,
    responses(
        (status = 201, description = "It is made, and works at once", body = NewKeyAnswer),
        (status = 404, description = "There is no such tenant", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It has no scope, no good name or too long a life, or there is no room for it or its project", body = Problem, content_type = "application/problem+json"),
        WriteRefusals,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    Input(input): Input<KeyInput>,
) -> Result<(StatusCode, Json<NewKeyAnswer>), Failure> {
    let tenant = existing(&app, admin.tenant_of_keys(&tenant, &app.door)?).await?;
    let project = input.project.as_deref().map(ProjectId::parse).transpose();
    let project = project.map_err(|invalid| Failure::Bad(invalid.to_string()))?;
    if input.expires_in_seconds == Some(WholeNumber(0)) {
        return Err(Failure::Bad(
            "a key works for at least 1 second; leave expires_in_seconds out for one that works for ever"
                .to_owned(),
        ));
    }
    let request = KeyRequest {
        tenant,
        project,
        scopes: input.scopes,
        expires_in: input.expires_in_seconds.map(|seconds| Duration::from_secs(seconds.0)),
        name: input.name,
        limits: input.limits.0,
    };
    let key = app.accounts.create_key(&admin.actor(), request).await?;
    Ok((StatusCode::CREATED, Json(key.into())))
}

/// One key.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants/{tenant}/keys/{key_id}",
    operation_id = "getKey",
    tag = "administration",
    params(KeyPath),
    responses((status = 200, description = "The key", body = KeyAnswer), ReadRefusals),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named((tenant, key)): Named<(String, String)>,
) -> Result<Json<KeyAnswer>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    Ok(Json(app.accounts.key(Some(&tenant), &key).await?.into()))
}

/// Ends a key: the next request with it is refused. It stays in the list.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/tenants/{tenant}/keys/{key_id}",
    operation_id = "revokeKey",
    tag = "administration",
    params(KeyPath),
    responses((status = 200, description = "The key, revoked now or before", body = KeyAnswer), ReadRefusals),
)]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named((tenant, key)): Named<(String, String)>,
) -> Result<Json<KeyAnswer>, Failure> {
    let tenant = admin.tenant_of_keys(&tenant, &app.door)?;
    Ok(Json(app.accounts.revoke_key(&admin.actor(), Some(&tenant), by_id(&key)?).await?.into()))
}

/// Makes a key in another's place; both work for the overlap.
#[utoipa::path(
    post,
    path = "/api/v1/admin/tenants/{tenant}/keys/{key_id}/rotate",
    operation_id = "rotateKey",
    tag = "administration",
    params(KeyPath),
    request_body = KeyRotation,
    responses(
        (status = 201, description = "The new key: the one time that its text is shown", body = NewKeyAnswer),
        (status = 404, description = "There is no such tenant or key", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It was revoked, has expired, or was rotated before", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The overlap is too long, or there is no room for another key", body = Problem, content_type = "application/problem+json"),
        WriteRefusals,
    ),
)]
pub(super) async fn rotate(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named((tenant, key)): Named<(String, String)>,
    Input(Rotation { overlap_seconds }): Input<Rotation>,
) -> Result<(StatusCode, Json<NewKeyAnswer>), Failure> {
    let tenant = admin.tenant_of_keys(&tenant, &app.door)?;
    let overlap = Duration::from_secs(overlap_seconds.0);
    let made = app.accounts.rotate_key(&admin.actor(), Some(&tenant), by_id(&key)?, overlap).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// The tenant, which must be there: a key for one that was mistyped would be of use to nobody.
async fn existing(app: &App, tenant: TenantId) -> Result<TenantId, Failure> {
    app.accounts.tenant(&tenant).await?;
    Ok(tenant)
}

/// A key goes by its id here, though the accounts know it by its text too: paths are in proxies' logs.
fn by_id(key: &str) -> Result<&str, Failure> {
    key.starts_with("key_").then_some(key).ok_or_else(|| Failure::NotFound("there is no such key".to_owned()))
}

fn text(micros: i64) -> String {
    Micros(micros).to_millis_text()
}

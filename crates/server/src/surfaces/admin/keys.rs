//! `/api/v1/admin/tenants/{tenant}/keys`: made, listed, revoked, rotated. A key's text is shown once, when it is made.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tidegauge_accounts::{KeyLimits, KeyRequest, KeyRow, NewKey, Scopes};
use tidegauge_facts::{Micros, ProjectId, TenantId};

use super::failure::{Failure, method_not_allowed};
use super::input::{Input, List, Named, Page};
use super::who::Admin;
use crate::app::App;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    let keys = "/api/v1/admin/tenants/{tenant}/keys";
    Router::new()
        .route(keys, get(list).post(create).fallback(method_not_allowed))
        .route(&format!("{keys}/{{key}}"), delete(revoke).get(show).fallback(method_not_allowed))
        .route(&format!("{keys}/{{key}}/rotate"), post(rotate).fallback(method_not_allowed))
}

/// A key to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyInput {
    scopes: Scopes,
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    expires_in_seconds: Option<u64>,
    #[serde(default)]
    limits: KeyLimits,
}

/// How a key is rotated.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// How long the old key goes on working.
    overlap_seconds: u64,
}

/// A key as it is listed.
#[derive(Debug, Serialize)]
pub(super) struct KeyAnswer {
    id: Arc<str>,
    /// The first characters of its text.
    prefix: String,
    name: Option<String>,
    tenant: String,
    project: Option<String>,
    scopes: Scopes,
    limits: KeyLimits,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
    replaced_by: Option<Arc<str>>,
}

/// A key that was just made: the one time that its text is shown.
#[derive(Debug, Serialize)]
pub(super) struct NewKeyAnswer {
    key: String,
    id: Arc<str>,
    name: Option<String>,
    tenant: String,
    project: Option<String>,
    scopes: Scopes,
    limits: KeyLimits,
    created_at: String,
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
async fn list(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    uri: Uri,
) -> Result<Json<List<KeyAnswer>>, Failure> {
    let tenant = existing(&app, admin.tenant(&tenant)?).await?;
    let Page { after, limit } = Page::of(&uri)?;
    let rows = app.accounts.keys_after(Some(&tenant), after.as_deref(), limit + 1).await?;
    let rows = rows.into_iter().map(KeyAnswer::from).collect();
    Ok(Json(List::of(rows, limit, |key: &KeyAnswer| key.id.to_string())))
}

async fn create(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    Input(input): Input<KeyInput>,
) -> Result<(StatusCode, Json<NewKeyAnswer>), Failure> {
    let tenant = existing(&app, admin.tenant_of_keys(&tenant, &app.door)?).await?;
    let project = input.project.as_deref().map(ProjectId::parse).transpose();
    let request = KeyRequest {
        tenant,
        project: project.map_err(|invalid| Failure::Bad(invalid.to_string()))?,
        scopes: input.scopes,
        expires_in: input.expires_in_seconds.map(Duration::from_secs),
        name: input.name,
        limits: input.limits,
    };
    let key = app.accounts.create_key(&admin.actor(), request).await?;
    Ok((StatusCode::CREATED, Json(key.into())))
}

async fn show(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named((tenant, key)): Named<(String, String)>,
) -> Result<Json<KeyAnswer>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    Ok(Json(app.accounts.key(Some(&tenant), &key).await?.into()))
}

/// Ends a key: the next request with it is refused. The row stays.
async fn revoke(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named((tenant, key)): Named<(String, String)>,
) -> Result<Json<KeyAnswer>, Failure> {
    let tenant = admin.tenant_of_keys(&tenant, &app.door)?;
    Ok(Json(app.accounts.revoke_key(&admin.actor(), Some(&tenant), &key).await?.into()))
}

/// Makes a key in another's place; both work for the overlap.
async fn rotate(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named((tenant, key)): Named<(String, String)>,
    Input(Rotation { overlap_seconds }): Input<Rotation>,
) -> Result<(StatusCode, Json<NewKeyAnswer>), Failure> {
    let tenant = admin.tenant_of_keys(&tenant, &app.door)?;
    let overlap = Duration::from_secs(overlap_seconds);
    let made = app.accounts.rotate_key(&admin.actor(), Some(&tenant), &key, overlap).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// The tenant, which must be there: a key for one that was mistyped would be of use to nobody.
async fn existing(app: &App, tenant: TenantId) -> Result<TenantId, Failure> {
    app.accounts.tenant(&tenant).await?;
    Ok(tenant)
}

fn text(micros: i64) -> String {
    Micros(micros).to_millis_text()
}

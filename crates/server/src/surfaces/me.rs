//! `GET /api/v1/me`: whom a credential stands for, so that a page or a client knows what to offer.
//!
//! Promise: nothing is told that the credential could not find out by trying; no scope is needed.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tidegauge_accounts::{AccountsError, Credential, Principal, Scope};
use tidegauge_facts::Micros;
use utoipa::{OpenApi, ToSchema};

use crate::app::App;
use crate::auth::Presented;
use crate::problem::{OwnRefusals, Problem, method_not_allowed};
use crate::unavailable::Unavailable;

/// Projects that are named; a tenant may have more.
pub const MAX_NAMED_PROJECTS: usize = 1000;

/// Its part of the OpenAPI document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(tags((name = "me", description = "Whom a credential stands for.")), paths(me), components(schemas(Problem)))]
struct Described;

/// The route.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/me", get(me).fallback(method_not_allowed))
}

/// Whom a credential stands for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
struct MeAnswer {
    /// The tenant whose data it reaches.
    tenant: String,
    /// The one project that it is for; every one of the tenant's when null.
    #[schema(required)]
    project: Option<String>,
    /// What it may do.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<Scope>,
    /// Whether it administers the server itself, and every tenant.
    is_operator: bool,
    /// What kind it is.
    credential: CredentialKind,
    /// The key's id, never its text; null for a token.
    #[schema(required)]
    key_id: Option<String>,
    /// When it ends by itself; null if never.
    #[schema(format = DateTime, required)]
    expires_at: Option<String>,
    /// The projects that it may see, sorted: the first 1,000.
    #[schema(max_items = 1000)]
    projects: Vec<String>,
    /// The server's version.
    version: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CredentialKind {
    Key,
    Token,
}

/// One thing that a credential may do.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "described, never made")]
enum ScopeName {
    Ingest,
    Read,
    Admin,
}

/// Whom the credential stands for, and what it may do.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "getMe",
    tag = "me",
    responses(
        (status = 200, description = "The credential's tenant, scopes and projects", body = MeAnswer),
        (status = 503, description = "It cannot be told now", body = Problem, content_type = "application/problem+json"),
        OwnRefusals,
    ),
)]
async fn me(State(app): State<Arc<App>>, asker: Presented) -> Result<Json<MeAnswer>, Response> {
    let caller = asker.0.map_err(|denied| Problem::from(denied).into_response())?;
    let is_operator = caller.is_operator(&app.door);
    let principal = &*caller.principal;
    let projects = projects(&app, principal).await.map_err(|error| {
        tracing::error!(%error, "the projects of a tenant cannot be read");
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the projects cannot be read now");
        Unavailable::BUSY.answer(problem)
    })?;
    let (credential, key_id) = match &principal.credential {
        Credential::Key(id) => (CredentialKind::Key, Some(id.to_string())),
        Credential::Token(_) => (CredentialKind::Token, None),
    };
    Ok(Json(MeAnswer {
        tenant: principal.tenant.to_string(),
        project: principal.project.as_ref().map(ToString::to_string),
        scopes: principal.scopes.iter().collect(),
        is_operator,
        credential,
        key_id,
        expires_at: principal.expires_at.map(|at| Micros(at).to_millis_text()),
        projects,
        version: env!("CARGO_PKG_VERSION"),
    }))
}

/// The projects that were made by hand, and those that facts have made.
async fn projects(app: &App, principal: &Principal) -> Result<Vec<String>, AccountsError> {
    if let Some(own) = &principal.project {
        return Ok(vec![own.to_string()]);
    }
    // Who may only send facts learns no names: such keys are in everybody's hands.
    if !principal.scopes.contains(Scope::Read) && !principal.scopes.contains(Scope::Admin) {
        return Ok(Vec::new());
    }
    let made = match app.accounts.list_projects(&principal.tenant).await {
        Ok(made) => made,
        // A token may speak for a tenant that nobody has made.
        Err(AccountsError::UnknownTenant(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut names: BTreeSet<String> = made.into_iter().map(|row| row.id.to_string()).collect();
    app.store.look(|view| {
        let tenant = view.gauges.tenant(principal.tenant.as_str());
        names.extend(tenant.into_iter().flat_map(|tenant| tenant.projects()).map(str::to_owned));
    });
    Ok(names.into_iter().take(MAX_NAMED_PROJECTS).collect())
}

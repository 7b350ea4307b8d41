//! `/api/v1/admin/tenants/{tenant}/erasures`: a person's data goes, by user, client or session id, wherever it lies.
//!
//! The person's id is in no answer and not in the audit log: what is erased is not written down again.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tidegauge_accounts::Actor;
use tidegauge_facts::{Table, TenantId};
use tidegauge_store::{Erased, Erasure, ErasureId, ErasureState, Person};
use utoipa::ToSchema;

use super::described::{ErasureList, ErasurePath, ErasureRequest, ReadRefusals, TenantPath, WriteRefusals};
use super::failure::{Failure, method_not_allowed};
use super::input::{Input, List, Named};
use super::who::Admin;
use crate::app::App;
use crate::problem::Problem;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    let path = "/api/v1/admin/tenants/{tenant}/erasures";
    Router::new()
        .route(path, get(list).post(request).fallback(method_not_allowed))
        .route(&format!("{path}/{{erasure_id}}"), get(show).fallback(method_not_allowed))
}

/// Who is to be forgotten: exactly one of the three.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhoInput {
    user_id: Option<String>,
    client_id: Option<String>,
    session_id: Option<String>,
}

/// An erasure, and how far it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub(super) struct ErasureAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: ErasureId,
    #[schema(format = DateTime)]
    requested_at: String,
    state: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress: Option<Progress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    erased: Option<ErasedAnswer>,
    /// What is in the way, when it failed; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// How far it is; what failed is tried again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ErasureState)]
enum Stage {
    Waiting,
    Running,
    Done,
    Failed,
}

/// Segments looked through, and in all, while it runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErasureProgress)]
struct Progress {
    done: usize,
    total: usize,
}

/// What an erasure did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erased)]
struct ErasedAnswer {
    #[schema(format = DateTime)]
    at: String,
    /// Rows that went, by table.
    #[schema(value_type = BTreeMap<String, u64>)]
    rows: serde_json::Map<String, serde_json::Value>,
    /// Files that were set aside as damaged earlier and hold the id's bytes; told to the operator alone.
    set_aside: Vec<String>,
}

impl From<Erasure> for ErasureAnswer {
    fn from(erasure: Erasure) -> Self {
        let mut answer = Self {
            id: erasure.id,
            requested_at: erasure.requested_at.to_millis_text(),
            state: Stage::Waiting,
            progress: None,
            erased: None,
            reason: None,
        };
        match erasure.state {
            ErasureState::Waiting => {}
            ErasureState::Running { done, total } => {
                (answer.state, answer.progress) = (Stage::Running, Some(Progress { done, total }));
            }
            ErasureState::Done(erased) => (answer.state, answer.erased) = (Stage::Done, Some(erased.into())),
            ErasureState::Failed { reason } => (answer.state, answer.reason) = (Stage::Failed, Some(reason)),
        }
        answer
    }
}

impl ErasureAnswer {
    /// Files of the server's are the operator's: their names, and which of them hold some bytes, since a file that was
    /// set aside may hold any tenant's.
    fn told_to(mut self, admin: &Admin) -> Self {
        if self.reason.is_some() && !admin.is_operator() {
            self.reason =
                Some("some of the stored data cannot be read now; the operator has to see to it".to_owned());
        }
        if let Some(erased) = self.erased.as_mut().filter(|_| !admin.is_operator()) {
            erased.set_aside.clear();
        }
        self
    }
}

impl From<Erased> for ErasedAnswer {
    fn from(erased: Erased) -> Self {
        let rows = Table::ALL.iter().zip(erased.rows);
        let rows = rows.map(|(table, rows)| (table.name().to_owned(), rows.into())).collect();
        Self { at: erased.at.to_millis_text(), rows, set_aside: erased.set_aside }
    }
}

/// Erases a person's data, by user, client or session id.
///
/// It is answered once the request itself is durable, and covers everything that was acknowledged before.
#[utoipa::path(
    post,
    path = "/api/v1/admin/tenants/{tenant}/erasures",
    operation_id = "requestErasure",
    tag = "administration",
    params(TenantPath),
    request_body = ErasureRequest,
    responses(
        (status = 202, description = "It will be done", body = ErasureAnswer),
        (status = 404, description = "There is no such tenant", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Too many of the tenant's requests wait", body = Problem, content_type = "application/problem+json"),
        WriteRefusals,
    ),
)]
pub(super) async fn request(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
    Input(who): Input<WhoInput>,
) -> Result<(StatusCode, Json<ErasureAnswer>), Failure> {
    let tenant = admin.tenant(&tenant)?;
    let (kind, person) = match (who.user_id, who.client_id, who.session_id) {
        (Some(id), None, None) => ("user", Person::User(id)),
        (None, Some(id), None) => ("client", Person::Client(id)),
        (None, None, Some(id)) => ("session", Person::Session(id)),
        _ => return Err(Failure::Bad("name exactly one of user_id, client_id and session_id".to_owned())),
    };
    // In a task of its own: what was begun is ended and written down, also when the caller goes away.
    let erasing = tokio::spawn(erase(Arc::clone(&app), admin.actor(), tenant.clone(), kind, person));
    let id = erasing.await.map_err(|_| Failure::Unavailable)??;
    Ok((StatusCode::ACCEPTED, Json(find(&app, &admin, &tenant, id)?)))
}

/// Writes down who asks, then asks the store, then writes down which erasure it became.
async fn erase(
    app: Arc<App>,
    actor: Actor,
    tenant: TenantId,
    kind: &'static str,
    person: Person,
) -> Result<ErasureId, Failure> {
    let details = json!({"by": kind});
    app.accounts.record(&actor, "person.erase", Some(&tenant), None, &details).await?;
    let (store, of) = (Arc::clone(&app.store), tenant.clone());
    let id = tokio::task::spawn_blocking(move || store.erase(of.as_str(), person)).await;
    let id = id.map_err(|_| Failure::Unavailable)??;
    let target = id.to_string();
    let taken = app.accounts.record(&actor, "person.erase.taken", Some(&tenant), Some(&target), &details);
    if let Err(error) = taken.await {
        tracing::error!(%error, erasure = target, "the audit log says that an erasure was asked for, but not which");
    }
    Ok(id)
}

/// The tenant's erasures: those under way, and the last ones done.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants/{tenant}/erasures",
    operation_id = "listErasures",
    tag = "administration",
    params(TenantPath),
    responses((status = 200, description = "All of them", body = ErasureList), ReadRefusals),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named(tenant): Named<String>,
) -> Result<Json<List<ErasureAnswer>>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    let erasures = app.store.erasures(tenant.as_str()).into_iter();
    let items = erasures.map(|erasure| ErasureAnswer::from(erasure).told_to(&admin)).collect();
    Ok(Json(List { items, next: None }))
}

/// One erasure, and how far it is.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tenants/{tenant}/erasures/{erasure_id}",
    operation_id = "getErasure",
    tag = "administration",
    params(ErasurePath),
    responses((status = 200, description = "The erasure", body = ErasureAnswer), ReadRefusals),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    admin: Admin,
    Named((tenant, erasure)): Named<(String, String)>,
) -> Result<Json<ErasureAnswer>, Failure> {
    let tenant = admin.tenant(&tenant)?;
    let id = erasure.parse().map_err(|_| no_such_erasure())?;
    Ok(Json(find(&app, &admin, &tenant, id)?))
}

fn find(app: &App, admin: &Admin, tenant: &TenantId, id: ErasureId) -> Result<ErasureAnswer, Failure> {
    let erasure = app.store.erasure(tenant.as_str(), id).ok_or_else(no_such_erasure)?;
    Ok(ErasureAnswer::from(erasure).told_to(admin))
}

fn no_such_erasure() -> Failure {
    Failure::NotFound("there is no such erasure".to_owned())
}

//! `POST /v1/traces`: an export of spans, acknowledged once every request among them is durable.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use tidegauge_accounts::Scope;
use tidegauge_facts::Micros;

use super::answers::{Failure, taken};
use super::collect::Export;
use super::described::{Answers, ExportTraceServiceRequest, ProtobufMessage};
use super::encoding::Encoding;
use crate::app::App;
use crate::auth::{Caller, Presented};
use crate::intake::requests::take_requests;
use crate::intake::{Pending, project_of};

/// The route.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/traces", post(traces).fallback(method_not_allowed))
}

/// Takes an export of spans in.
#[utoipa::path(
    post,
    path = "/v1/traces",
    operation_id = "exportTraces",
    tag = "otlp",
    request_body(content(
        (ExportTraceServiceRequest = "application/json"),
        (inline(ProtobufMessage) = "application/x-protobuf"),
    )),
    responses(Answers),
)]
pub(super) async fn traces(
    State(app): State<Arc<App>>,
    sender: Presented,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let encoding = Encoding::of(&headers);
    export(&app, sender, &headers, encoding, body).await.unwrap_or_else(|failure| failure.answer(encoding))
}

async fn export(
    app: &App,
    sender: Presented,
    headers: &HeaderMap,
    encoding: Option<Encoding>,
    body: Body,
) -> Result<Response, Failure> {
    let caller = sender.allowed(Scope::Ingest).map_err(Failure::Denied)?;
    let encoding = encoding.ok_or(Failure::OtherType)?;
    let body = app.bodies.read_or_inflate(headers, body).await.map_err(Failure::Body)?;
    let (pending, rejected, reason) = {
        let mut export = Export::default();
        encoding.read(&body.bytes, &mut export).map_err(Failure::Malformed)?;
        if export.is_over {
            return Err(Failure::TooManyRequests);
        }
        let pending = take(app, &caller, &export).await?;
        let reason = export.reason.map(|reason| reason_of(export.rejected, &reason));
        // Most SDKs tell nobody. The reason itself goes to the caller alone, for it may hold what he wrote.
        if reason.is_some() {
            let (tenant, rejected, ignored) = (&caller.principal.tenant, export.rejected, export.ignored);
            tracing::debug!(%tenant, rejected, ignored, "spans were not taken");
        }
        (pending, export.rejected, reason)
    };
    drop(body);
    for pending in pending {
        pending.confirmed(app).await.map_err(Failure::Intake)?;
    }
    Ok(taken(encoding, rejected, reason.as_deref()))
}

/// Appends the requests in parts that an append takes. A refusal halfway leaves the first parts stored: the exporter
/// sends all of it again, and what is there by then is left out.
async fn take(app: &App, caller: &Caller, export: &Export<'_>) -> Result<Vec<Pending>, Failure> {
    let principal = &*caller.principal;
    let storage = caller.allowance.terms.ip_addresses;
    let parts = export.parts(principal.tenant.as_str(), project_of(principal), Micros::now());
    let mut pending = Vec::with_capacity(parts.len());
    // All of it at once: a rest that was refused would only come again.
    caller.charge_facts(export.requests()).map_err(|limited| Failure::Intake(limited.into()))?;
    for part in parts {
        let refused = if pending.is_empty() { Failure::Intake } else { Failure::Halfway };
        pending.push(take_requests(app, storage, &part).await.map_err(refused)?);
    }
    Ok(pending)
}

fn reason_of(rejected: usize, reason: &impl std::fmt::Display) -> String {
    match rejected {
        1 => format!("a span was rejected: {reason}"),
        n => format!("{n} spans were rejected, the first because {reason}"),
    }
}

async fn method_not_allowed(headers: HeaderMap) -> Response {
    Failure::MethodNotAllowed.answer(Encoding::of(&headers))
}

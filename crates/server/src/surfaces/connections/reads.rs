//! `GET /api/connection-analytics/...`: the tenant's connections in numbers, one by one, and what happened to them.
//!
//! 401 and 403 have empty bodies, as seed 001 shows; everything else is told as a problem (RFC 9457).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tidegauge_accounts::Scope;
use tidegauge_facts::Micros;
use tidegauge_reports::connection_events::connection_events;
use tidegauge_reports::connection_list::connection_list;
use tidegauge_reports::connection_summary::connection_summary;

use super::described::{EventParams, ListParams, PeriodParams, ReportRefusals};
use super::parameters::{self, BadParameters};
use super::wire::{ConnectionAnswer, EventAnswer, SummaryAnswer};
use crate::app::App;
use crate::auth::{Caller, Denied, Presented};
use crate::problem::Problem;
use crate::query::Query;
use crate::reading::{Unread, read};
use crate::unavailable::Unavailable;

/// The reports' routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/connection-analytics/summary", get(summary).fallback(method_not_allowed))
        .route("/api/connection-analytics/query", get(query).fallback(method_not_allowed))
        .route("/api/connection-analytics/events/query", get(events).fallback(method_not_allowed))
}

/// The connections of a period in numbers, by service, protocol and data center.
#[utoipa::path(
    get,
    path = "/api/connection-analytics/summary",
    operation_id = "getConnectionSummary",
    tag = "connections",
    params(PeriodParams),
    responses((status = 200, description = "A row a service, protocol and data center", body = Vec<SummaryAnswer>), ReportRefusals),
)]
pub(super) async fn summary(
    State(app): State<Arc<App>>,
    uri: Uri,
    reader: Presented,
) -> Result<Response, Failure> {
    let (caller, now) = admit(reader)?;
    let (filter, period) = parameters::summary(Query::of(&uri), now)?;
    let asked = Arc::clone(&caller.principal);
    let rows = read(&app, &caller, move |store| {
        connection_summary(store, &asked.tenant, asked.project.as_ref(), &filter, period, now)
    });
    let rows = rows.await?.into_iter().map(|row| SummaryAnswer::new(&caller.principal.tenant, row));
    Ok(Json(rows.collect::<Vec<_>>()).into_response())
}

/// Single connections of a period, the newest first.
#[utoipa::path(
    get,
    path = "/api/connection-analytics/query",
    operation_id = "listConnections",
    tag = "connections",
    params(ListParams),
    responses((status = 200, description = "A row a connection", body = Vec<ConnectionAnswer>), ReportRefusals),
)]
pub(super) async fn query(
    State(app): State<Arc<App>>,
    uri: Uri,
    reader: Presented,
) -> Result<Response, Failure> {
    let (caller, now) = admit(reader)?;
    let filter = parameters::list(Query::of(&uri), now)?;
    let asked = Arc::clone(&caller.principal);
    let rows = read(&app, &caller, move |store| {
        connection_list(store, &asked.tenant, asked.project.as_ref(), &filter, now)
    });
    let rows = rows.await?.into_iter().map(|row| ConnectionAnswer::new(&caller.principal.tenant, row));
    Ok(Json(rows.collect::<Vec<_>>()).into_response())
}

/// What happened to connections in a period, the newest first.
#[utoipa::path(
    get,
    path = "/api/connection-analytics/events/query",
    operation_id = "listConnectionEvents",
    tag = "connections",
    params(EventParams),
    responses((status = 200, description = "A row a message", body = Vec<EventAnswer>), ReportRefusals),
)]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    uri: Uri,
    reader: Presented,
) -> Result<Response, Failure> {
    let (caller, now) = admit(reader)?;
    let filter = parameters::events(Query::of(&uri), now)?;
    let asked = Arc::clone(&caller.principal);
    let rows = read(&app, &caller, move |store| {
        connection_events(&store.snapshot(), &asked.tenant, asked.project.as_ref(), &filter)
    });
    let rows = rows.await?.into_iter().map(|row| EventAnswer::new(&caller.principal.tenant, row));
    Ok(Json(rows.collect::<Vec<_>>()).into_response())
}

fn admit(reader: Presented) -> Result<(Caller, Micros), Failure> {
    let caller = reader.allowed(Scope::Read).map_err(Failure::Denied)?;
    Ok((caller, Micros::now()))
}

/// Why a report is not answered.
#[derive(Debug)]
pub(super) enum Failure {
    Denied(Denied),
    BadParameters(BadParameters),
    MethodNotAllowed,
    Unread(Unread),
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        Self::Unread(unread)
    }
}

impl From<BadParameters> for Failure {
    fn from(bad: BadParameters) -> Self {
        Self::BadParameters(bad)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Denied(Denied::NoCredential | Denied::BadCredential) => {
                // RFC 9110, 15.5.2: a 401 must say how to authenticate.
                let how = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
                (StatusCode::UNAUTHORIZED, how).into_response()
            }
            Self::Denied(Denied::NoScope) => StatusCode::FORBIDDEN.into_response(),
            Self::Denied(Denied::Limited(limited)) | Self::Unread(Unread::Limited(limited)) => {
                Problem::from(limited).into_response()
            }
            Self::BadParameters(bad) => {
                Problem::new(StatusCode::BAD_REQUEST, bad.to_string()).into_response()
            }
            // Asked again as it is, it would be refused again.
            Self::Unread(unread @ (Unread::TooManyRows | Unread::TooMuchMemory)) => {
                Problem::new(StatusCode::BAD_REQUEST, unread.to_string()).into_response()
            }
            Self::Unread(unread) => {
                Unavailable::BUSY.answer(Problem::new(StatusCode::SERVICE_UNAVAILABLE, unread.to_string()))
            }
            Self::MethodNotAllowed => {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this route answers GET").into_response()
            }
        }
    }
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_has_no_body_and_a_bad_parameter_is_a_problem() {
        for (denied, status) in
            [(Denied::NoCredential, 401), (Denied::BadCredential, 401), (Denied::NoScope, 403)]
        {
            let response = Failure::Denied(denied).into_response();
            assert_eq!(response.status(), status);
            assert_eq!(axum::body::HttpBody::size_hint(response.body()).exact(), Some(0));
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
        }
        let response = Failure::BadParameters(BadParameters::Backwards).into_response();
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn what_takes_too_much_is_the_questions_fault_and_what_cannot_be_read_now_is_to_be_asked_again() {
        for (unread, status, retry_after) in [
            (Unread::TooManyRows, 400, None),
            (Unread::TooMuchMemory, 400, None),
            (Unread::TooMuch, 503, Some("1")),
            (Unread::TookTooLong(60), 503, Some("1")),
            (Unread::Busy, 503, Some("1")),
            (Unread::Failed, 503, Some("1")),
        ] {
            let response = Failure::Unread(unread).into_response();
            let told = response.headers().get(header::RETRY_AFTER).map(|told| told.to_str().unwrap());
            assert_eq!((response.status().as_u16(), told), (status, retry_after), "{unread:?}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        }
    }
}

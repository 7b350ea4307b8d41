//! `GET /api/activity/...` and `GET /api/usage/...`: the traffic of keys, OAuth clients and APIs over whole UTC days.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use tidegauge_accounts::Scope;
use tidegauge_reports::request_activity::{Question, Subject, request_activity};
use tidegauge_reports::scope::Scope as Whose;

use super::failure::Failure;
use super::parameters::{BadQuestion, Parameters, days};
use super::rows::ActivityAnswer;
use crate::app::App;
use crate::auth::Presented;
use crate::query::Query;
use crate::reading::read_report;

pub(super) const DAYS: &str = "{start_day}/{start_month}/{start_year}/{end_day}/{end_month}/{end_year}";

/// A report; those on one thing take its name from the path.
#[derive(Debug, Clone, Copy)]
enum Report {
    EndpointsOfKey,
    EndpointsOfClient,
    Keys,
    Key,
    Client,
    Apis,
    Api,
    Errors,
}

/// A report's path before its days, and what it is called.
pub(super) struct Route {
    pub path: &'static str,
    report: Report,
    pub operation_id: &'static str,
    pub summary: &'static str,
}

const fn route(
    path: &'static str,
    report: Report,
    operation_id: &'static str,
    summary: &'static str,
) -> Route {
    Route { path, report, operation_id, summary }
}

/// The reports.
pub(super) const REPORTS: [Route; 10] = [
    route(
        "/api/activity/keys/endpoint/{key}",
        Report::EndpointsOfKey,
        "getEndpointsOfKey",
        "A key's traffic by API and path.",
    ),
    route(
        "/api/activity/oauthid/endpoint/{client}",
        Report::EndpointsOfClient,
        "getEndpointsOfOAuthClient",
        "An OAuth client's traffic by API and path.",
    ),
    route("/api/activity/keys", Report::Keys, "getTrafficOfKeys", "The traffic of every key."),
    route("/api/activity/keys/{key}", Report::Key, "getTrafficOfKey", "A key's traffic by API and code."),
    route(
        "/api/activity/oauthid/{client}",
        Report::Client,
        "getTrafficOfOAuthClient",
        "An OAuth client's traffic by API and code.",
    ),
    route("/api/activity/apis", Report::Apis, "getTrafficOfApis", "The traffic of every API."),
    route("/api/activity/apis/{api}", Report::Api, "getTrafficOfApi", "An API's traffic."),
    route("/api/activity/errors", Report::Errors, "getErrors", "The requests that failed, by code."),
    route("/api/usage/apis", Report::Apis, "getUsageOfApis", "The traffic of every API."),
    route("/api/usage/apis/{api}", Report::Api, "getUsageOfApi", "An API's traffic."),
];

/// The reports' routes.
pub fn routes() -> Router<Arc<App>> {
    REPORTS.into_iter().fold(Router::new(), |router, Route { path, report, .. }| {
        let answer = move |app, path, uri, reader| answer(report, app, path, uri, reader);
        router.route(&format!("{path}/{DAYS}"), get(answer).fallback(method_not_allowed))
    })
}

async fn answer(
    report: Report,
    State(app): State<Arc<App>>,
    path: Result<Path<Vec<String>>, PathRejection>,
    uri: Uri,
    reader: Presented,
) -> Result<Response, Failure> {
    let caller = reader.allowed(Scope::Read).map_err(Failure::Denied)?;
    let principal = &*caller.principal;
    let Path(mut parts) = path.map_err(|_| BadQuestion::Path)?;
    let dates = parts.split_off(parts.len().saturating_sub(6));
    let dates = <[String; 6]>::try_from(dates).map_err(|_| BadQuestion::Path)?;
    let (first_day, last_day) = days(&dates)?;
    let Parameters { bucket, api, tags, order, page } = Parameters::of(Query::of(&uri))?;
    let (subject, api) = match (report.subject(parts.pop().unwrap_or_default()), api) {
        // Of one API, and of another alone: of none.
        ((_, Some(of)), Some(alone)) if of != alone => {
            return Ok(in_json(ActivityAnswer::empty().to_json()?));
        }
        ((subject, of), alone) => (subject, of.or(alone)),
    };
    let scope = Whose { tenant: principal.tenant.clone(), project: principal.project.clone() };
    let question = Question { scope, subject, first_day, last_day, bucket, api, tags };
    let report = read_report(&app, &caller, move |store| {
        let rows = request_activity(&store.snapshot(), &question)?;
        // Many rows may be to be sorted and written, and are not on the threads that serve.
        Ok(order.page(rows, page).map_err(Failure::from).and_then(|(rows, pages)| {
            Ok(ActivityAnswer::new(rows, pages, &question.subject, bucket).to_json()?)
        }))
    });
    Ok(in_json(report.await??))
}

fn in_json(answer: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], answer).into_response()
}

impl Report {
    /// What it is about, and the one API it is of, if it is of one.
    fn subject(self, name: String) -> (Subject, Option<String>) {
        match self {
            Self::EndpointsOfKey => (Subject::EndpointsOfKey(name), None),
            Self::EndpointsOfClient => (Subject::EndpointsOfClient(name), None),
            Self::Keys => (Subject::Keys, None),
            Self::Key => (Subject::Key(name), None),
            Self::Client => (Subject::Client(name), None),
            Self::Apis => (Subject::Apis, None),
            Self::Api => (Subject::Apis, Some(name)),
            Self::Errors => (Subject::Errors, None),
        }
    }
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

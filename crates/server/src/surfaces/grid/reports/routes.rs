//! The routes of the reports, under their own path and under the platform's prefix.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use tidegauge_accounts::Scope as KeyScope;
use tidegauge_facts::Micros;
use tidegauge_facts::ids::is_valid_id;
use tidegauge_reports::event_rows::{EventRow, EventRows};
use tidegauge_reports::latest_events::latest_events;
use tidegauge_reports::recent_events::recent_events;
use tidegauge_reports::recent_sessions::recent_sessions;
use tidegauge_reports::{Position, ReportError, Scope};

use super::cursor::{self, List};
use super::described::{
    EventParams, GridEvent, GridLatestEvent, GridSession, LatestParams, ListParams, ReportRefusals,
};
use super::failure::Failure;
use super::json;
use super::params::Params;
use super::stream::{MAX_REPORTS, Report, Reports, WriteRows};
use crate::app::App;
use crate::auth::{Caller, Presented};

/// Rows that are written at a time.
const ROWS_AT_A_TIME: usize = 64;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    ["", "/regions/{region}/reports"]
        .into_iter()
        .fold(Router::new(), |router, prefix| {
            let at = |report: &str| format!("{prefix}/v2/realtime/{report}/tenants/{{tenant_id}}");
            router
                .route(&at("session"), get(sessions).fallback(method_not_allowed))
                .route(&at("event"), get(events).fallback(method_not_allowed))
                .route(&at("latest-event"), get(latest).fallback(method_not_allowed))
        })
        .layer(Extension(Reports::new(MAX_REPORTS)))
}

type Segments = Result<Path<HashMap<String, String>>, PathRejection>;

/// Sessions of the last 24 hours, the newest first.
#[utoipa::path(
    get,
    path = "/v2/realtime/session/tenants/{tenantId}",
    operation_id = "listSessions",
    tag = "grid",
    params(ListParams),
    responses(
        (status = 200, description = "A row a session", body = Vec<GridSession>, headers(
            ("Link" = Option<String>, description = "The next page, when there is a limit and more"),
        )),
        ReportRefusals,
    ),
)]
pub(super) async fn sessions(
    State(app): State<Arc<App>>,
    Extension(reports): Extension<Reports>,
    segments: Segments,
    uri: Uri,
    reader: Presented,
) -> Result<Response, Failure> {
    let (caller, scope) = scope(reader, segments)?;
    let params = Params::parse(uri.query())?;
    let (filter, page) = (params.session_filter()?, params.page(List::Sessions)?);
    let link = link(&uri, &params, List::Sessions);
    let store = Arc::clone(&app.store);
    let begin = move |budget| {
        let snapshot = store.snapshot().within(budget);
        let mut report = recent_sessions(&snapshot, &scope, &filter, &page, Micros::now())?;
        let link = report.next_page().and_then(link);
        let tenant = scope.tenant;
        let rows = write_rows(
            move || report.next(),
            |rows| rows.len(),
            move |rows, range, out| {
                rows.iter(range).for_each(|row| json::session(separated(out), tenant.as_str(), &row));
            },
        );
        Ok(Report { rows, link })
    };
    reports.answer(&caller.allowance, begin).await
}

/// Events of the last 24 hours, the newest first.
#[utoipa::path(
    get,
    path = "/v2/realtime/event/tenants/{tenantId}",
    operation_id = "listEvents",
    tag = "grid",
    params(EventParams),
    responses(
        (status = 200, description = "A row an event", body = Vec<GridEvent>, headers(
            ("Link" = Option<String>, description = "The next page, when there is a limit and more"),
        )),
        ReportRefusals,
    ),
)]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    Extension(reports): Extension<Reports>,
    segments: Segments,
    uri: Uri,
    reader: Presented,
) -> Result<Response, Failure> {
    let (caller, scope) = scope(reader, segments)?;
    let params = Params::parse(uri.query())?;
    let (filter, page) = (params.event_filter()?, params.page(List::Events)?);
    let link = link(&uri, &params, List::Events);
    let store = Arc::clone(&app.store);
    let begin = move |budget| {
        let snapshot = store.snapshot().within(budget);
        let mut report = recent_events(&snapshot, &scope, &filter, &page, Micros::now())?;
        let link = report.next_page().and_then(link);
        Ok(Report { rows: write_events(move || report.next(), scope, json::event), link })
    };
    reports.answer(&caller.allowance, begin).await
}

/// The newest event of each distinct combination in the last 24 hours.
#[utoipa::path(
    get,
    path = "/v2/realtime/latest-event/tenants/{tenantId}",
    operation_id = "listLatestEvents",
    tag = "grid",
    params(LatestParams),
    responses(
        (status = 200, description = "A row a combination", body = Vec<GridLatestEvent>, headers(
            ("Link" = Option<String>, description = "The next page, when there is a limit and more"),
        )),
        ReportRefusals,
    ),
)]
pub(super) async fn latest(
    State(app): State<Arc<App>>,
    Extension(reports): Extension<Reports>,
    segments: Segments,
    uri: Uri,
    reader: Presented,
) -> Result<Response, Failure> {
    let (caller, scope) = scope(reader, segments)?;
    let params = Params::parse(uri.query())?;
    let columns = params.distinct_columns()?;
    let (filter, page) = (params.event_filter()?, params.page(List::LatestEvents)?);
    let link = link(&uri, &params, List::LatestEvents);
    let store = Arc::clone(&app.store);
    let begin = move |budget| {
        let snapshot = store.snapshot().within(budget);
        let mut report = latest_events(&snapshot, &scope, &columns, &filter, &page, Micros::now())?;
        let link = report.next_page().and_then(link);
        Ok(Report { rows: write_events(move || report.next(), scope, json::latest_event), link })
    };
    reports.answer(&caller.allowance, begin).await
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

/// Whose facts the request may see: the credential's own tenant, if it is the one that the path names.
fn scope(reader: Presented, segments: Segments) -> Result<(Caller, Scope), Failure> {
    let caller = reader.allowed(KeyScope::Read).map_err(Failure::Denied)?;
    let principal = &caller.principal;
    let Ok(Path(segments)) = segments else { return Err(Failure::NoSuchTenant) };
    let region_is_good = segments.get("region").is_none_or(|region| is_valid_id(region));
    let is_own = segments.get("tenant_id").is_some_and(|asked| asked == principal.tenant.as_str());
    match region_is_good && is_own {
        true => {
            let scope = Scope { tenant: principal.tenant.clone(), project: principal.project.clone() };
            Ok((caller, scope))
        }
        false => Err(Failure::NoSuchTenant),
    }
}

/// Makes the `Link` header (RFC 8288) of the page that begins at a place: the same query from there on.
fn link(uri: &Uri, params: &Params<'_>, list: List) -> impl FnOnce(&Position) -> Option<HeaderValue> + use<> {
    let (path, query) = (uri.path().to_owned(), params.without_cursor());
    // Only a page with a limit has a next one, so the query is never empty.
    move |place| {
        let cursor = cursor::encode(list, place);
        HeaderValue::try_from(format!("<{path}?{query}&cursor={cursor}>; rel=\"next\"")).ok()
    }
}

fn write_events(
    next: impl FnMut() -> Option<Result<EventRows, ReportError>> + Send + 'static,
    scope: Scope,
    write: fn(&mut String, &str, &EventRow<'_>),
) -> WriteRows {
    write_rows(next, EventRows::len, move |rows, range, out| {
        rows.iter(range).for_each(|row| write(separated(out), scope.tenant.as_str(), &row));
    })
}

/// Writes the rows of batches, a few at a time.
fn write_rows<B: Send + 'static>(
    mut next: impl FnMut() -> Option<Result<B, ReportError>> + Send + 'static,
    len: impl Fn(&B) -> usize + Send + 'static,
    write: impl Fn(&B, Range<usize>, &mut String) + Send + 'static,
) -> WriteRows {
    let mut batch: Option<B> = None;
    let mut at = 0;
    Box::new(move |out| {
        if batch.as_ref().is_none_or(|batch| at >= len(batch)) {
            // What is written goes before what comes is read.
            batch = None;
            batch = next().transpose()?;
            at = 0;
        }
        let Some(batch) = &batch else { return Ok(false) };
        let end = len(batch).min(at + ROWS_AT_A_TIME);
        write(batch, at..end, out);
        at = end;
        Ok(true)
    })
}

/// The text, with the comma that goes before a row: the array's first one gives way to its bracket.
fn separated(out: &mut String) -> &mut String {
    out.push(',');
    out
}

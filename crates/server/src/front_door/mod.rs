//! What every request passes before its handler and every answer after it: its id, who sends it, its tenant's
//! limits, what is counted and logged, and the headers that keep a browser from doing harm with the answer.
//!
//! Promise: a handler finds who asks in [`Presented`], limits already charged; and no answer leaves without its
//! request's id. The credential itself goes no further than this, and is in no log.

mod cors;
mod request_id;
mod security_headers;
mod unread;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

pub use self::request_id::{RequestId, TraceId};
use self::unread::Unread;
use crate::app::App;
use crate::auth::{Presented, shown_credential};
use crate::limits::{Allowance, Kind, Left, RATE_LIMIT, set_fields};
use crate::problem::Problem;

/// Headers that every answer is given here.
const ADDED_HEADERS: usize = 8;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The layer.
pub async fn front_door(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = RequestId::of(request.headers());
    // Kept as it was sent: whether it names a trace is asked when a span is made.
    let parent = request.headers().get(TRACEPARENT).cloned();
    let span_of = || match parent.as_ref().and_then(TraceId::of) {
        Some(trace) => tracing::info_span!("request", request_id = id.as_str(), trace_id = trace.as_str()),
        None => tracing::info_span!("request", request_id = id.as_str()),
    };
    // Writes come by ten thousands a second and have nothing to tell but how they ended: their span is made then.
    let is_quiet = request.method() == Method::POST && !tracing::enabled!(tracing::Level::DEBUG);
    let span = if is_quiet { tracing::Span::none() } else { span_of() };
    // Handlers that tell the id in a body take it from here.
    request.headers_mut().insert(X_REQUEST_ID, id.value());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let origin = request.headers().get(ORIGIN).cloned();
    let expects = unread::expects_leave(request.headers());

    let answered = async {
        if let Some(answer) = cors::preflight(&app, &method, request.headers(), request.uri().path()) {
            return (answer, None, None, None);
        }
        let (presented, left) = present(&app, request.headers()).await;
        // Only a page's origin is held against the tenant's when the answer is there.
        let asked =
            origin.as_ref().and(presented.0.as_ref().ok()).map(|caller| Arc::clone(&caller.allowance));
        // Who is refused here has sent a body that nobody will look at.
        let (mut request, unread) = if presented.0.is_err() { watched(request) } else { (request, None) };
        request.extensions_mut().insert(presented);
        (next.run(request).await, left, asked, unread)
    };
    let (mut response, left, asked, unread) = answered.instrument(span.clone()).await;

    if let Some(unread) = unread {
        unread.settle(expects, response.headers_mut()).await;
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.with_request_id(id.as_str(), response);
    }
    if let Some(kind) = response.extensions().get::<Kind>() {
        app.metrics.limited(*kind);
    }
    if let Some((limit, left)) = left.filter(|_| !response.headers().contains_key(RATE_LIMIT)) {
        set_fields(response.headers_mut(), Kind::Requests, limit, left);
    }
    // Where the credential stood in the query, the handler has found out who asks.
    let asked = asked.or_else(|| response.extensions_mut().remove::<Arc<Allowance>>());
    if let Some(origin) = &origin {
        cors::allow(&app, asked.as_deref(), origin, response.headers_mut());
    }
    response.headers_mut().reserve(ADDED_HEADERS);
    security_headers::set(response.headers_mut(), app.is_secure);
    response.headers_mut().insert(X_REQUEST_ID, id.value());
    let span = || if is_quiet { span_of() } else { span.clone() };
    tell(&app, span, &method, route.as_ref(), response.status(), begun);
    response
}

/// The request, with an eye on its body.
fn watched(request: Request) -> (Request, Option<Unread>) {
    let (parts, body) = request.into_parts();
    let (body, unread) = Unread::watch(&parts.headers, body);
    (Request::from_parts(parts, body), unread)
}

/// Who asks, with the request charged to his tenant.
async fn present(app: &App, headers: &HeaderMap) -> (Presented, Option<(u64, Left)>) {
    let credential = match shown_credential(headers) {
        Ok(credential) => credential,
        Err(denied) => return (Presented(Err(denied)), None),
    };
    match app.door.admit(credential, headers, app.limits.max_body_bytes).await {
        Ok((caller, left)) => (Presented(Ok(caller)), left),
        Err(denied) => (Presented(Err(denied)), None),
    }
}

/// Counts the answer, and logs it: what failed here always, everything at level `debug`. The path as it was sent is
/// never told: it may hold a key.
fn tell(
    app: &App,
    span: impl FnOnce() -> tracing::Span,
    method: &Method,
    route: Option<&MatchedPath>,
    status: StatusCode,
    begun: Instant,
) {
    let took = begun.elapsed();
    let route = route.map_or("none", MatchedPath::as_str);
    app.metrics.answered(method, route, status, took);
    let (status, micros) = (status.as_u16(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    match status {
        500.. => span().in_scope(|| tracing::warn!(%method, route, status, micros, "answered")),
        _ if tracing::enabled!(tracing::Level::DEBUG) => {
            span().in_scope(|| tracing::debug!(%method, route, status, micros, "answered"));
        }
        _ => {}
    }
}

//! The limits that durable intake is compared with: the product's own HTTP server doing nothing (`POST /noop`: the body
//! is read and dropped) and doing only what cannot be left out (`POST /parse` and
//! `/parse-requests`: the product's own parser reads a batch). Nothing is kept.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tidegauge_server::Limits;
use tidegauge_server::body::Bodies;
use tidegauge_server::surfaces::{activity, track};

/// An acknowledgement as a single event gets it.
const ACKNOWLEDGEMENT: &str = r#"{"success":true,"event_id":"0193a5c2-7b1e-7d4f-8a3b-5c6d7e8f9a0b","message":"Event stored","timestamp":"2026-11-21T07:35:53.123456Z"}"#;

/// Serves `/noop`, `/parse` and `/healthz` until the process is told to end.
pub async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let routes = Router::new()
        .route("/noop", post(noop))
        .route("/parse", post(parse))
        .route("/parse-requests", post(parse_requests))
        .route("/healthz", get(async || "ok"))
        .with_state(Bodies::new(&Limits::default()));
    let listener = tidegauge_server::serve::listen(listen).await?;
    tidegauge_server::serve(listener, routes, &Limits::default(), std::future::pending()).await;
    Ok(())
}

async fn noop(State(bodies): State<Bodies>, headers: HeaderMap, body: Body) -> Response {
    match bodies.read(&headers, body).await {
        Ok(_) => acknowledge(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn parse(State(bodies): State<Bodies>, headers: HeaderMap, body: Body) -> Response {
    let Ok(body) = bodies.read(&headers, body).await else { return StatusCode::BAD_REQUEST.into_response() };
    parsed(track::parse_batch(&body.bytes))
}

async fn parse_requests(State(bodies): State<Bodies>, headers: HeaderMap, body: Body) -> Response {
    let Ok(body) = bodies.read(&headers, body).await else { return StatusCode::BAD_REQUEST.into_response() };
    parsed(activity::parse_batch(&body.bytes))
}

fn parsed<T>(batch: Option<Vec<T>>) -> Response {
    match batch {
        Some(facts) => {
            // What was parsed counts as used, so that none of it is optimised away.
            std::hint::black_box(&facts);
            acknowledge()
        }
        None => (StatusCode::UNPROCESSABLE_ENTITY, "the good path does not take this batch").into_response(),
    }
}

fn acknowledge() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], ACKNOWLEDGEMENT).into_response()
}

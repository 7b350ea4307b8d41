//! A stand-in for Tidegauge, for the bench's own test: answers the routes that the bench uses and only counts. With
//! `--lose N` it forgets one event after each N requests, with `--refuse N` it refuses each Nth request.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use serde_json::{Value, json};

#[derive(Parser, Clone)]
struct Options {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    data: PathBuf,
    #[arg(long, default_value_t = u64::MAX)]
    lose: u64,
    #[arg(long, default_value_t = u64::MAX)]
    refuse: u64,
}

struct Stub {
    options: Options,
    requests: AtomicU64,
    events: AtomicU64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    std::fs::write(options.data.join("admin.key"), "stub-key\n")?;
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    let stub = Arc::new(Stub { options, requests: AtomicU64::new(0), events: AtomicU64::new(0) });
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/api/v1/analytics", post(take))
        .route("/api/v1/analytics/batch", post(take))
        .route("/api/v1/analytics/stats", get(stats))
        .with_state(stub);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn take(State(stub): State<Arc<Stub>>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get("authorization").is_none_or(|value| value != "Bearer stub-key") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let nth = stub.requests.fetch_add(1, Ordering::Relaxed) + 1;
    if nth.is_multiple_of(stub.options.refuse) {
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")], "full").into_response();
    }
    let Ok(value) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "not JSON").into_response();
    };
    let events = value["events"].as_array().map_or(1, Vec::len) as u64;
    stub.events.fetch_add(events - u64::from(nth.is_multiple_of(stub.options.lose)), Ordering::Relaxed);
    Json(json!({"success": true, "events_queued": events})).into_response()
}

async fn stats(State(stub): State<Arc<Stub>>) -> Json<Value> {
    let events = stub.events.load(Ordering::Relaxed);
    Json(json!({"buffer_status": {"events_pending": events, "events_flushed_total": 0}}))
}

//! `/metrics` of a connector, for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tidegauge_connect::Figures;
use tidegauge_server::Limits;
use tokio::net::TcpListener;

/// Connections held at once.
const MAX_CONNECTIONS: usize = 16;

/// Serves the figures, for ever.
pub async fn serve(listener: TcpListener, figures: Arc<Figures>) {
    let metrics = move || {
        let text = figures.to_prometheus();
        async { ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    let limits = Limits { max_connections: MAX_CONNECTIONS, ..Limits::default() };
    let routes = Router::new().route("/metrics", get(metrics));
    tidegauge_server::serve(listener, routes, &limits, std::future::pending()).await;
}

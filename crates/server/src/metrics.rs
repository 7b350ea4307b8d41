//! What Prometheus reads at `/metrics` (OpenMetrics text): the server's figures, by route and never by tenant, so
//! that their number stays what the program has routes.
//!
//! Promise: no label is ever taken from a request, but of a method that is known. What each figure means stands in
//! `docs/metrics.md`.

mod collected;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use parking_lot::RwLock;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use strum::IntoEnumIterator as _;

use crate::app::App;
use crate::limits::Kind;

/// The content type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper ends of the times that answers took, in seconds.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Classes of statuses: 1xx to 5xx.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The figures that are counted as things happen; clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Counted>);

struct Counted {
    registry: Registry,
    answers: Family<Answer, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    limited: Family<LimitedBy, Counter>,
    /// The counters of a route's methods, so that counting an answer is a look-up and an addition.
    routes: RwLock<HashMap<String, HashMap<&'static str, OfRoute>>>,
}

struct OfRoute {
    by_class: [Counter; CLASSES.len()],
    seconds: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitedBy {
    limit: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("tidegauge");
        let answers = Family::default();
        let seconds: Family<Asked, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        let limited = Family::<LimitedBy, Counter>::default();
        for kind in Kind::iter() {
            drop(limited.get_or_create(&LimitedBy { limit: kind.name() }));
        }
        registry.register(
            "http_requests",
            "Requests answered, by route and class of status",
            answers.clone(),
        );
        registry.register(
            "http_request_seconds",
            "Time from a request's head to its answer's head",
            seconds.clone(),
        );
        registry.register("limited", "Requests refused with 429, by the limit they met", limited.clone());
        Self(Arc::new(Counted { registry, answers, seconds, limited, routes: RwLock::default() }))
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = known(method);
        let count = |of_route: &OfRoute| {
            let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
            of_route.by_class[class].inc();
            of_route.seconds.observe(took.as_secs_f64());
        };
        if let Some(known) = self.0.routes.read().get(route).and_then(|methods| methods.get(method)) {
            return count(known);
        }
        let mut routes = self.0.routes.write();
        let methods = routes.entry(route.to_owned()).or_default();
        count(methods.entry(method).or_insert_with(|| self.of_route(method, route)));
    }

    /// Counts a refusal.
    pub fn limited(&self, kind: Kind) {
        self.0.limited.get_or_create(&LimitedBy { limit: kind.name() }).inc();
    }

    /// All figures as of now.
    ///
    /// # Errors
    /// Never, as long as there is memory: the text goes into a string.
    pub fn text(&self, app: &App) -> Result<String, fmt::Error> {
        let mut out = String::new();
        text::encode_registry(&mut out, &self.0.registry)?;
        let mut now = Registry::with_prefix("tidegauge");
        collected::register(&mut now, app);
        text::encode_registry(&mut out, &now)?;
        text::encode_eof(&mut out)?;
        Ok(out)
    }

    fn of_route(&self, method: &'static str, route: &str) -> OfRoute {
        let answer = |status| Answer { method, route: route.to_owned(), status };
        OfRoute {
            by_class: CLASSES.map(|class| self.0.answers.get_or_create_owned(&answer(class))),
            seconds: self.0.seconds.get_or_create_owned(&Asked { method, route: route.to_owned() }),
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A method's name, when it is one of HTTP's own: a caller may send any.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

//! What is known of many requests at once: counts, sums, extremes.
//!
//! Promise: two measures added up are the measure of both's requests together, in whatever order. A request with the
//! code -1 is network statistics and measured by nobody (spec section 7).

/// The response code of a record that is network statistics, not a request.
pub const NETWORK_STATISTICS: i64 = -1;

/// Hits and how long they took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Requests.
    pub hits: u64,
    /// Those answered with 200 to 299.
    pub success: u64,
    /// Those answered with 400 and up.
    pub errors: u64,
    /// The newest one's instant, in microseconds.
    pub last_hit: i64,
    /// Sum of `request_time`.
    pub request_time: u64,
    /// Sum of the total latencies.
    pub latency: u64,
    /// Sum of the latencies of the services behind.
    pub upstream: u64,
    /// Longest total latency.
    pub max_latency: u64,
    /// Longest latency of a service behind.
    pub max_upstream: u64,
    /// Shortest total latency of those that were no errors; of all, when every one was.
    pub min_latency: u64,
    /// Shortest latency of a service behind, as `min_latency`.
    pub min_upstream: u64,
}

/// One request as it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// Its HTTP status.
    pub code: i64,
    /// Its instant, in microseconds.
    pub at: i64,
    /// `request_time`, in milliseconds.
    pub request_time: u64,
    /// Its total latency, in milliseconds.
    pub latency: u64,
    /// The latency of the service behind, in milliseconds.
    pub upstream: u64,
}

impl Hit {
    /// Whether it was answered with 400 and up.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.code >= 400
    }
}

impl From<Hit> for Measure {
    fn from(hit: Hit) -> Self {
        Self {
            hits: 1,
            success: u64::from((200..300).contains(&hit.code)),
            errors: u64::from(hit.is_error()),
            last_hit: hit.at,
            request_time: hit.request_time,
            latency: hit.latency,
            upstream: hit.upstream,
            max_latency: hit.latency,
            max_upstream: hit.upstream,
            min_latency: hit.latency,
            min_upstream: hit.upstream,
        }
    }
}

impl Measure {
    /// Of no request.
    pub const NONE: Self = Self {
        hits: 0,
        success: 0,
        errors: 0,
        last_hit: i64::MIN,
        request_time: 0,
        latency: 0,
        upstream: 0,
        max_latency: 0,
        max_upstream: 0,
        min_latency: u64::MAX,
        min_upstream: u64::MAX,
    };

    /// Adds other requests.
    pub fn add(&mut self, other: &Self) {
        // One that measures none is all errors too, and greater than any minimum.
        match (self.is_all_errors(), other.is_all_errors()) {
            (true, false) => (self.min_latency, self.min_upstream) = (other.min_latency, other.min_upstream),
            (false, true) => {}
            _ => {
                self.min_latency = self.min_latency.min(other.min_latency);
                self.min_upstream = self.min_upstream.min(other.min_upstream);
            }
        }
        self.hits += other.hits;
        self.success += other.success;
        self.errors += other.errors;
        self.last_hit = self.last_hit.max(other.last_hit);
        self.request_time = self.request_time.saturating_add(other.request_time);
        self.latency = self.latency.saturating_add(other.latency);
        self.upstream = self.upstream.saturating_add(other.upstream);
        self.max_latency = self.max_latency.max(other.max_latency);
        self.max_upstream = self.max_upstream.max(other.max_upstream);
    }

    /// Whether every request was an error.
    #[must_use]
    pub fn is_all_errors(&self) -> bool {
        self.errors == self.hits
    }
}

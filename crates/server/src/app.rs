//! What every handler shares, and the bounds of the HTTP side.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegauge_accounts::{Accounts, AccountsError};
use tidegauge_connect::Figures;
use tidegauge_explore::{ExploreLimits, Explorer};
use tidegauge_facts::{ProjectId, TenantId};
use tidegauge_geo::Countries;
use tidegauge_store::Store;

use crate::auth::Door;
use crate::body::Bodies;
use crate::client_address::TrustedProxies;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::reading::Reads;
use crate::sockets::Sockets;

/// The bounds of the HTTP side.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest request body, in bytes.
    pub max_body_bytes: usize,
    /// Bytes of bodies held at once, of all requests; one more is refused with 503.
    pub max_bodies_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request's head may take to arrive, and a connection may idle between two.
    pub head_timeout: Duration,
    /// Connections held at once; further ones wait in the system's queue.
    pub max_connections: usize,
    /// Connections of one address; further ones are closed.
    pub max_connections_per_address: usize,
    /// How long an answer may stay unread before its connection is closed.
    pub unread_timeout: Duration,
    /// How long a write waits for room before it is refused with 503.
    pub room_timeout: Duration,
    /// How long a write waits for the disk before its fate is called unknown.
    pub commit_timeout: Duration,
    /// How long requests under way may take to end once the server stops, and then WebSockets.
    pub drain_timeout: Duration,
    /// WebSockets held at once, of all connections; one more is refused with 503.
    pub max_websockets: usize,
    /// How often a WebSocket's peer is asked for a sign of life.
    pub websocket_ping: Duration,
    /// A WebSocket's peer from which nothing was heard for so long is gone.
    pub websocket_silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 2 * 1024 * 1024,
            max_bodies_bytes: 256 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(30),
            max_connections: 16 * 1024,
            max_connections_per_address: 4 * 1024,
            unread_timeout: Duration::from_secs(60),
            room_timeout: Duration::from_millis(500),
            commit_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(5),
            max_websockets: 12 * 1024,
            websocket_ping: Duration::from_secs(25),
            websocket_silence: Duration::from_secs(55),
        }
    }
}

/// What every handler shares.
#[derive(Debug, Clone)]
pub struct App {
    /// The facts.
    pub store: Arc<Store>,
    /// Tenants, projects, keys.
    pub accounts: Accounts,
    /// Who may come in, and how much of him.
    pub door: Door,
    /// The bounds.
    pub limits: Limits,
    /// When the server started.
    pub started: Instant,
    /// Takes request bodies in.
    pub bodies: Bodies,
    /// Places for reports that are read.
    pub reads: Reads,
    /// Answers free questions.
    pub explorer: Explorer,
    /// The WebSockets.
    pub sockets: Sockets,
    /// The live streams.
    pub live: Live,
    /// Whose word on a request's origin is taken.
    pub trusted_proxies: TrustedProxies,
    /// Tells the countries of addresses whose facts name none.
    pub countries: Arc<Countries>,
    /// The figures for `/metrics`.
    pub metrics: Metrics,
    /// What the connector to a gateway has done, when there is one.
    pub connector: Option<Arc<Figures>>,
    /// Whether callers come over TLS.
    pub is_secure: bool,
}

impl App {
    /// An application over an open store, with no proxy trusted and no country known.
    #[must_use]
    pub fn new(store: Arc<Store>, accounts: Accounts, door: Door, limits: Limits) -> Self {
        let bodies = Bodies::new(&limits);
        let sockets = Sockets::new(limits.max_websockets);
        let trusted_proxies = TrustedProxies::default();
        let live = Live::new(Arc::clone(&store));
        Self {
            store,
            accounts,
            door,
            limits,
            started: Instant::now(),
            bodies,
            reads: Reads::default(),
            explorer: Explorer::new(ExploreLimits::default()),
            sockets,
            live,
            trusted_proxies,
            countries: Arc::default(),
            metrics: Metrics::default(),
            connector: None,
            is_secure: false,
        }
    }

    /// Whether a tenant has a project: a fact names it, or it was made by hand.
    ///
    /// # Errors
    /// The accounts cannot be read.
    pub async fn has_project(&self, tenant: &TenantId, project: &ProjectId) -> Result<bool, AccountsError> {
        let has_facts = self.store.look(|view| {
            let gauges = view.gauges.tenant(tenant.as_str());
            gauges.is_some_and(|gauges| gauges.project(project.as_str()).is_some())
        });
        Ok(has_facts || self.accounts.project_exists(tenant, project).await?)
    }
}

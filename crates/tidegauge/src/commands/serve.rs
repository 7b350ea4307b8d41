//! `tidegauge serve`: the server, from its start to its graceful end.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::builder::RangedU64ValueParser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tidegauge_accounts::{Accounts, IdleTimeout, NewKey, Retention, RetentionDays, TenantSettings};
use tidegauge_connect::Figures;
use tidegauge_facts::TenantId;
use tidegauge_geo::{Countries, CountrySource};
use tidegauge_server::auth::Door;
use tidegauge_server::client_address::TrustedProxies;
use tidegauge_server::intake::connections::close_abandoned;
use tidegauge_server::limits::Allowances;
use tidegauge_server::{App, Limits, router};
use tidegauge_store::{Options, Store};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::accounts_args::DatabaseArgs;
use super::serve_tyk::TykArgs;
use super::{say, start_logging};
use crate::notify::{ServiceManager, State};

/// Run the server.
#[derive(clap::Args)]
pub struct Args {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080", env = "TIDEGAUGE_LISTEN")]
    listen: SocketAddr,
    /// The data directory; it is made when it is missing.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    data: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Facts are written to segments at least this often, in seconds.
    #[arg(long, default_value_t = 60, env = "TIDEGAUGE_FLUSH_INTERVAL_SECONDS", value_parser = seconds())]
    flush_interval_seconds: u64,
    /// Facts are written to segments once their log is this long, in bytes.
    #[arg(long, default_value_t = Options::default().flush_bytes, env = "TIDEGAUGE_FLUSH_BYTES")]
    flush_bytes: u64,
    /// Writes are refused while more bytes of log than this are in no segment.
    #[arg(long, default_value_t = Options::default().max_backlog_bytes, env = "TIDEGAUGE_MAX_BACKLOG_BYTES")]
    max_backlog_bytes: u64,
    /// Writes are refused while the disk has fewer bytes free than this.
    #[arg(long, default_value_t = Options::default().min_free_bytes, env = "TIDEGAUGE_MIN_FREE_BYTES")]
    min_free_bytes: u64,
    /// Clients' event ids remembered against repeats, for 24 hours at most.
    #[arg(long, default_value_t = tidegauge_store::DEFAULT_MAX_IDS, env = "TIDEGAUGE_MAX_DEDUPE_IDS")]
    max_dedupe_ids: usize,
    /// Longest request body, in bytes.
    #[arg(long, default_value_t = Limits::default().max_body_bytes, env = "TIDEGAUGE_MAX_BODY_BYTES")]
    max_body_bytes: usize,
    /// How long a request's head, and then its body, may take to arrive, in seconds.
    #[arg(long, default_value_t = 30, env = "TIDEGAUGE_REQUEST_TIMEOUT_SECONDS", value_parser = seconds())]
    request_timeout_seconds: u64,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` is believed: addresses and networks, separated by commas.
    #[arg(long, default_value = "", hide_default_value = true, env = "TIDEGAUGE_TRUSTED_PROXIES")]
    trusted_proxies: TrustedProxies,
    /// Where the country of an address comes from when a fact names none: `bundled`, `off`, or the path of a file in
    /// MaxMind's format (.mmdb).
    #[arg(long, value_name = "SOURCE", default_value = "bundled", env = "TIDEGAUGE_COUNTRY_DATABASE")]
    country_database: CountrySource,
    /// Connections held at once; fewer when the system allows fewer open files.
    #[arg(long, default_value_t = Limits::default().max_connections, env = "TIDEGAUGE_MAX_CONNECTIONS")]
    max_connections: usize,
    /// A connection that says nothing for longer counts as closed at its last activity, in seconds; `tidegauge tenant
    /// set` gives a tenant its own.
    #[arg(long, default_value_t = 300, env = "TIDEGAUGE_IDLE_TIMEOUT_SECONDS", value_parser = seconds())]
    idle_timeout_seconds: u64,
    /// How often the other end of a WebSocket is asked for a sign of life, in seconds; after 2.2 times as long without
    /// one it is taken for gone.
    #[arg(long, default_value_t = 25, env = "TIDEGAUGE_WEBSOCKET_PING_SECONDS", value_parser = ping_seconds())]
    websocket_ping_seconds: u64,
    #[command(flatten)]
    tyk: TykArgs,
}

/// A dead peer is to be noticed within a minute.
fn ping_seconds() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=27)
}

/// A span of one second to one day.
fn seconds() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=86_400)
}

/// Open files kept back from connections, for the log, segments and accounts.
const FILES_KEPT_BACK: usize = 128;

impl Args {
    fn options(&self) -> Options {
        Options {
            max_dedupe_ids: self.max_dedupe_ids,
            flush_interval: Duration::from_secs(self.flush_interval_seconds),
            flush_bytes: self.flush_bytes,
            max_backlog_bytes: self.max_backlog_bytes,
            min_free_bytes: self.min_free_bytes,
            idle_timeout: Duration::from_secs(self.idle_timeout_seconds),
        }
    }

    fn limits(&self, open_files: usize) -> Limits {
        let timeout = Duration::from_secs(self.request_timeout_seconds);
        let ping = Duration::from_secs(self.websocket_ping_seconds);
        let most = open_files.saturating_sub(FILES_KEPT_BACK).clamp(1, 1 << 20);
        let max_connections = self.max_connections.clamp(1, most);
        Limits {
            max_body_bytes: self.max_body_bytes,
            max_connections,
            // A quarter stays free for requests: sockets come to stay.
            max_websockets: (max_connections - max_connections / 4).max(1),
            websocket_ping: ping,
            websocket_silence: ping * 11 / 5,
            head_timeout: timeout,
            body_timeout: timeout,
            ..Limits::default()
        }
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    start_logging("info");
    let open_files = raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(args, open_files));
    // A report that is still being read is not waited for: nobody will get it.
    runtime.shutdown_background();
    served
}

async fn serve(args: Args, open_files: usize) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    let gateway = args.tyk.address()?;
    // The address first: a second server on it must not touch the data directory.
    let listener = tidegauge_server::serve::listen(args.listen).await?;
    let address = listener.local_addr()?;
    let source = args.country_database.clone();
    let countries = Arc::new(tokio::task::spawn_blocking(move || Countries::open(&source)).await??);
    let (data, options) = (args.data.clone(), args.options());
    let store = Arc::new(tokio::task::spawn_blocking(move || Store::open(&data, options)).await??);
    match close_abandoned(&store).await {
        Ok(0) => {}
        Ok(closed) => tracing::info!(closed, "WebSockets that the last run left open were closed"),
        Err(error) => tracing::warn!(%error, "WebSockets that the last run left open could not be closed"),
    }
    let accounts = args.database.open(&args.data).await?;
    let allowances = Allowances::default();
    follow_settings(&accounts, &store, &allowances).await?;
    let first_key = accounts.first_start().await?;
    args.tyk.check_tenant(&accounts).await?;
    let keys = accounts.key_ring().await?;
    announce(address, &args.data, first_key.as_ref())?;
    let manager = ServiceManager::of_this_process();
    manager.tell(State::Ready);
    let reloads = tokio::spawn(reload(hangup, manager.clone()));

    let stop = CancellationToken::new();
    let watch = tokio::spawn(accounts.clone().watch(stop.clone().cancelled_owned()));
    let limits = args.limits(open_files);
    let figures = gateway.is_some().then(Arc::<Figures>::default);
    let app = App {
        connector: figures.clone(),
        trusted_proxies: args.trusted_proxies,
        countries,
        ..App::new(Arc::clone(&store), accounts.clone(), Door::new(keys, allowances), limits.clone())
    };
    let gateway_stop = CancellationToken::new();
    let gateway =
        gateway.zip(figures).map(|(address, figures)| args.tyk.start(address, &app, figures, &gateway_stop));
    let sockets = app.sockets.clone();
    let asked_to_stop = OnceLock::new();
    let stopping = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        reloads.abort();
        manager.tell(State::Stopping);
        let _ = asked_to_stop.set(Instant::now());
        sockets.stop();
        gateway_stop.cancel();
    };
    tidegauge_server::serve(listener, router(app), &limits, stopping).await;
    // Their ends are facts: the store closes after the last one is durable.
    let spent = asked_to_stop.get().map(Instant::elapsed).unwrap_or_default();
    if !sockets.drained(limits.drain_timeout.saturating_sub(spent)).await {
        tracing::warn!(
            "some WebSockets had not ended in time; they count as closed at their last sign of life"
        );
    }
    if let Some(gateway) = gateway {
        // It ends with the batch under way; what it has not stored by then is still in Redis.
        let spent = asked_to_stop.get().map(Instant::elapsed).unwrap_or_default();
        let _ = tokio::time::timeout(limits.drain_timeout.saturating_sub(spent), gateway).await;
    }
    tokio::task::spawn_blocking(move || store.close()).await?;
    stop.cancel();
    let _ = watch.await;
    accounts.close().await;
    tracing::info!("stopped; everything acknowledged is on the disk");
    Ok(())
}

/// At each SIGHUP, which would end the process otherwise.
async fn reload(mut hangup: Signal, manager: ServiceManager) {
    while hangup.recv().await.is_some() {
        manager.tell(State::Reloading);
        tracing::info!("SIGHUP: nothing of the configuration is read again while the server runs");
        manager.tell(State::Ready);
    }
}

/// Puts each tenant's settings in force: now, and each change as it comes.
async fn follow_settings(
    accounts: &Accounts,
    store: &Arc<Store>,
    allowances: &Allowances,
) -> anyhow::Result<()> {
    let (store, allowances) = (Arc::clone(store), allowances.clone());
    let follower = move |tenant: &TenantId, settings: &TenantSettings| {
        store.set_idle_timeout(tenant.as_str(), settings.idle_timeout.map(IdleTimeout::as_duration));
        let Retention { events, sessions, connections, requests } = settings.retention;
        store.set_retention(tenant.as_str(), [events, sessions, connections, requests].map(days));
        allowances.set(tenant, settings.clone());
    };
    Ok(accounts.follow_settings(follower).await?)
}

fn days(set: Option<RetentionDays>) -> Option<NonZeroU32> {
    set.and_then(|days| u32::try_from(days.get()).ok()).and_then(NonZeroU32::new)
}

/// Says where the server is and, on the first start, the key: on standard output and in `admin.key`.
fn announce(address: SocketAddr, data: &Path, first_key: Option<&NewKey>) -> anyhow::Result<()> {
    if let Some(key) = first_key {
        let key = key.text.expose();
        let file = data.join("admin.key");
        OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&file)
            .and_then(|mut file| writeln!(file, "{key}").and_then(|()| file.sync_all()))
            .with_context(|| format!("cannot write {}", file.display()))?;
        say(&format!("Admin key of tenant `default`, kept in {} and shown this once:\n", file.display()));
        say(&format!("  {key}\n"));
        say("Send an event, then look at the project it belongs to:\n");
        say(&format!(
            "  curl -s http://{address}/api/v1/analytics -H 'Authorization: Bearer {key}' \
             -H 'Content-Type: application/json' -d '{{\"event_name\": \"hello\"}}'\n"
        ));
        say(&format!(
            "  curl -s http://{address}/api/realtime/projects/default/analytics \
             -H 'Authorization: Bearer {key}'\n"
        ));
    }
    say(&format!("Tidegauge {} listens on http://{address}", env!("CARGO_PKG_VERSION")));
    Ok(())
}

/// Takes as many open files as the system allows, and says how many: each connection is one.
fn raise_open_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let open_files = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    open_files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
}

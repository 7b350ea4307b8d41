//! `tidegauge serve`: the server, from its start to its graceful end.

mod reload;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Context as _;
use axum::Router;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tidegauge_accounts::{Accounts, IdleTimeout, NewKey, Retention, RetentionDays, TenantSettings};
use tidegauge_connect::Figures;
use tidegauge_facts::TenantId;
use tidegauge_geo::Countries;
use tidegauge_server::auth::Door;
use tidegauge_server::intake::connections::close_abandoned;
use tidegauge_server::limits::Allowances;
use tidegauge_server::probes::metrics_routes;
use tidegauge_server::serve::Entrance;
use tidegauge_server::tls::Tls;
use tidegauge_server::{App, Limits, router};
use tidegauge_store::Store;
use tidegauge_tokens::Tokens;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use self::reload::Reload;
use super::demo::{Fill, Live};
use super::say;
use crate::logging::Logging;
use crate::notify::{ServiceManager, State};
use crate::settings::{OptionValue, Settings, Sources};

/// Connections to `metrics.listen` held at once.
const MAX_METRICS_CONNECTIONS: usize = 64;

/// Serves until somebody stops it; a demo's history is written first, and its traffic goes on meanwhile.
pub fn run(
    settings: Settings,
    options: Vec<OptionValue>,
    sources: Sources,
    demo: Option<Fill>,
) -> anyhow::Result<()> {
    let logging = Logging::start(&settings.log);
    let open_files = raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(settings, options, sources, logging, open_files, demo));
    // A report that is still being read is not waited for: nobody will get it.
    runtime.shutdown_background();
    served
}

async fn serve(
    settings: Settings,
    options: Vec<OptionValue>,
    sources: Sources,
    logging: Logging,
    open_files: usize,
    demo: Option<Fill>,
) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    let gateway = settings.tyk.address()?;
    let tls = settings.tls.files().map(|(certificate, key)| Tls::open(certificate, key)).transpose()?;
    // The address first: a second server on it must not touch the data directory.
    let listener = tidegauge_server::serve::listen(settings.listen).await?;
    let address = listener.local_addr()?;
    let metrics_listener = match settings.metrics_listen {
        Some(address) => Some(tidegauge_server::serve::listen(address).await?),
        None => None,
    };
    let demo = match demo {
        Some(fill) => tokio::select! {
            filled = fill.run(&settings.data, settings.store.options()) => Some(Live::new(filled?)),
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        },
        None => None,
    };
    let source = settings.country_database.clone();
    let countries = Arc::new(tokio::task::spawn_blocking(move || Countries::open(&source)).await??);
    let (data, store_options) = (settings.data.clone(), settings.store.options());
    let store = Arc::new(tokio::task::spawn_blocking(move || Store::open(&data, store_options)).await??);
    match close_abandoned(&store).await {
        Ok(0) => {}
        Ok(closed) => tracing::info!(closed, "WebSockets that the last run left open were closed"),
        Err(error) => tracing::warn!(%error, "WebSockets that the last run left open could not be closed"),
    }
    let accounts = settings.database.open(&settings.data).await?;
    let allowances = Allowances::new(settings.tenant_defaults.terms());
    follow_settings(&accounts, &store, &allowances).await?;
    let first_key = accounts.first_start().await?;
    if let Some(demo) = &demo {
        demo.make_projects(&accounts).await?;
    }
    settings.tyk.check_tenant(&accounts).await?;
    let keys = accounts.key_ring().await?;

    let stop = CancellationToken::new();
    let limits = settings.limits.limits(open_files);
    let figures = gateway.is_some().then(Arc::<Figures>::default);
    let mut door = Door::new(keys, allowances);
    if let Some(config) = settings.jwt.config() {
        door.believe(Some(Tokens::open(config).await?));
    }
    door.operator = settings.operator_tenant.clone();
    let app = App {
        connector: figures.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        countries,
        is_secure: tls.is_some(),
        ..App::new(Arc::clone(&store), accounts.clone(), door, limits.clone())
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    announce(&url, &settings.data, first_key.as_ref())?;
    let demo_stop = CancellationToken::new();
    let demo = demo.map(|demo| {
        demo.announce(&url, &settings.data);
        tokio::spawn(demo.run(Arc::clone(&store), demo_stop.clone()))
    });

    let watch = tokio::spawn(accounts.clone().watch(stop.clone().cancelled_owned()));
    if let Some(listener) = metrics_listener {
        say_metrics(&listener)?;
        tokio::spawn(serve_metrics(listener, metrics_routes(Arc::new(app.clone())), stop.clone()));
    }
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls.follow_files(stop.clone()));
    }
    let reload = Reload {
        sources,
        options,
        logging,
        tls: tls.clone(),
        trusted_proxies: app.trusted_proxies.clone(),
        door: app.door.clone(),
    };
    let manager = ServiceManager::of_this_process();
    manager.tell(State::Ready);
    let reloads = tokio::spawn(reload.follow(hangup, manager.clone()));
    let gateway_stop = CancellationToken::new();
    let gateway = gateway
        .zip(figures)
        .map(|(address, figures)| settings.tyk.start(address, &app, figures, &gateway_stop));
    let (sockets, live) = (app.sockets.clone(), app.live.clone());
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
        live.stop();
        sockets.stop();
        gateway_stop.cancel();
    };
    let entrance = Entrance { listener, tls, trusted_proxies: app.trusted_proxies.clone() };
    tidegauge_server::serve(entrance, router(app), &limits, stopping).await;
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
    demo_stop.cancel();
    if let Some(demo) = demo {
        let _ = demo.await;
    }
    tokio::task::spawn_blocking(move || store.close()).await?;
    stop.cancel();
    let _ = watch.await;
    accounts.close().await;
    tracing::info!("stopped; everything acknowledged is on the disk");
    Ok(())
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
fn announce(url: &str, data: &Path, first_key: Option<&NewKey>) -> anyhow::Result<()> {
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
            "  curl -s {url}/api/v1/analytics -H 'Authorization: Bearer {key}' \
             -H 'Content-Type: application/json' -d '{{\"event_name\": \"hello\"}}'\n"
        ));
        say(&format!(
            "  curl -s {url}/api/realtime/projects/default/analytics \
             -H 'Authorization: Bearer {key}'\n"
        ));
    }
    say(&format!("Tidegauge {} listens on {url}", env!("CARGO_PKG_VERSION")));
    Ok(())
}

fn say_metrics(listener: &TcpListener) -> anyhow::Result<()> {
    tracing::info!("figures at http://{}/metrics", listener.local_addr()?);
    Ok(())
}

/// Serves the figures until the server has stopped.
async fn serve_metrics(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let limits = Limits { max_connections: MAX_METRICS_CONNECTIONS, ..Limits::default() };
    tidegauge_server::serve(listener, routes, &limits, stop.cancelled_owned()).await;
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

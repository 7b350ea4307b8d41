//! `tidegauge connect tyk`: the Tyk Pump's job. Records leave the gateway's Redis once a server has them durable.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegauge_connect::http::{HttpSink, Keys, ServerError};
use tidegauge_connect::lists::{DEFAULT_LIST, lists_of};
use tidegauge_connect::queue::Queue;
use tidegauge_connect::{Connector, Ended, Figures, Mode};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{metrics, progress};
use crate::commands::gateway::{RedisArgs, file, one_line};
use crate::commands::{say, wrong_usage};
use crate::logging;

/// Take a Tyk gateway's analytics records off its Redis, as its Pump does, into a running server.
#[derive(clap::Args)]
pub struct Args {
    /// The gateway's Redis, redis://USER:PASSWORD@HOST:PORT/DATABASE or less, and rediss:// for TLS. Of a cluster, any
    /// nodes, separated by commas.
    #[arg(
        long,
        required = true,
        env = "TIDEGAUGE_TYK_REDIS",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    redis: Vec<String>,
    /// The Redis is a Redis Cluster.
    #[arg(long)]
    redis_cluster: bool,
    /// A file with the certificate (PEM) of the authority that has signed Redis's, instead of the system's authorities.
    #[arg(long, value_name = "FILE")]
    redis_ca: Option<PathBuf>,
    /// A file with the password of Redis.
    #[arg(long, value_name = "FILE")]
    redis_password_file: Option<PathBuf>,
    /// The list in which the gateway leaves its records, as its `analytics_config` has it; shards and Protobuf lists
    /// follow from it.
    #[arg(long, default_value = DEFAULT_LIST)]
    list: String,
    /// The Tidegauge server.
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "TIDEGAUGE_URL")]
    server: String,
    /// A file with the certificate (PEM) of the authority that has signed the server's, instead of the system's
    /// authorities.
    #[arg(long, value_name = "FILE")]
    server_ca: Option<PathBuf>,
    /// A key of the server with the scope `ingest`. A process's arguments can be seen by others: better is the variable
    /// or a file.
    #[arg(long, env = "TIDEGAUGE_KEY", hide_env_values = true)]
    key: Option<String>,
    /// A file with that key.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// An organization whose records are taken, with the key or with one from a file of its own; repeatable. '*' is
    /// every organization that is not named. Records of others are set aside.
    #[arg(long = "org", value_name = "ORGANIZATION[=KEYFILE]", required = true)]
    organizations: Vec<String>,
    /// End once the records that wait now are stored.
    #[arg(long)]
    once: bool,
    /// With --once: how long Redis or the server may be out of reach before it fails, in seconds.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    give_up_after: u64,
    /// Most records that stay set aside of one list; the oldest make room for newer ones.
    #[arg(long, default_value_t = 10_000, value_name = "RECORDS")]
    max_set_aside: u32,
    /// An address at which Prometheus finds /metrics.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    // What the Redis client has to say of its own comes back as errors, which are told here.
    logging::start_as_variables_say("info,redis=off");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(connect(args))
}

async fn connect(args: Args) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let redis = RedisArgs {
        urls: &args.redis,
        is_cluster: args.redis_cluster,
        authority: args.redis_ca.as_deref(),
        password_file: args.redis_password_file.as_deref(),
        list: &args.list,
    };
    let address = redis.address()?;
    let keys = keys(&args)?;
    let authority = args.server_ca.as_deref().map(file).transpose()?;
    let sink = match HttpSink::new(&args.server, authority.as_deref(), keys) {
        Err(error @ (ServerError::Url | ServerError::Credentials)) => wrong_usage(&error),
        sink => sink?,
    };
    let listener = match args.metrics_listen {
        Some(address) => Some(tidegauge_server::serve::listen(address).await?),
        None => None,
    };
    tracing::info!(redis = %address, server = %args.server, "taking records of a Tyk gateway");

    let (figures, stop) = (Arc::new(Figures::default()), CancellationToken::new());
    let connector = Connector {
        queue: Queue::new(address),
        lists: lists_of(&args.list),
        sink,
        figures: Arc::clone(&figures),
        most_set_aside: args.max_set_aside as usize,
    };
    let mode = match args.once {
        true => Mode::Once { patience: Duration::from_secs(args.give_up_after) },
        false => Mode::Follow,
    };
    let started = Instant::now();
    // These end with the process.
    tokio::spawn(progress::tell(Arc::clone(&figures)));
    if let Some(listener) = listener {
        tokio::spawn(metrics::serve(listener, Arc::clone(&figures)));
    }
    let asked_to_stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        asked_to_stop.cancel();
    });
    let ended = connector.run(mode, &stop).await;
    say(&progress::summary(&figures, started.elapsed()));
    if ended? == Ended::Stopped {
        tracing::info!("stopped; what is not stored is still in Redis");
    }
    Ok(())
}

/// The keys by organization.
fn keys(args: &Args) -> anyhow::Result<Keys> {
    let shared = match (&args.key, &args.key_file) {
        (Some(key), _) => Some(key.trim().to_owned()),
        (None, Some(file)) => Some(one_line(file)?),
        (None, None) => None,
    };
    let mut pairs = Vec::with_capacity(args.organizations.len());
    for organization in &args.organizations {
        pairs.push(match organization.split_once('=') {
            Some((organization, file)) => (organization.to_owned(), one_line(Path::new(file))?),
            None => match &shared {
                Some(key) => (organization.clone(), key.clone()),
                None => {
                    wrong_usage(&"a key is needed: TIDEGAUGE_KEY, --key-file FILE or --org ORGANIZATION=FILE")
                }
            },
        });
    }
    Ok(Keys::new(pairs).unwrap_or_else(|error| wrong_usage(&error)))
}

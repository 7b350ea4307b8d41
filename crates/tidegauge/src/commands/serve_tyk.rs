//! `serve --tyk-redis`: the server takes a Tyk gateway's records itself.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tidegauge_accounts::Accounts;
use tidegauge_connect::lists::{DEFAULT_LIST, lists_of};
use tidegauge_connect::queue::{Address, Queue};
use tidegauge_connect::{Connector, Figures};
use tidegauge_facts::TenantId;
use tidegauge_server::App;
use tidegauge_server::gateway::{StoreSink, Tenants, follow};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::gateway::RedisArgs;

/// Where a gateway's records are, and whose.
#[derive(clap::Args)]
pub struct TykArgs {
    /// Take a Tyk gateway's records off its Redis, as `tidegauge connect tyk` does: redis:// or rediss:// addresses.
    #[arg(id = "tyk.redis", long = "tyk-redis", env = "TIDEGAUGE_TYK_REDIS", hide_env_values = true)]
    #[arg(value_delimiter = ',', value_name = "ADDRESS")]
    tyk_redis: Vec<String>,
    /// The gateway's Redis is a Redis Cluster.
    #[arg(id = "tyk.redis_cluster", long = "tyk-redis-cluster", env = "TIDEGAUGE_TYK_REDIS_CLUSTER")]
    tyk_redis_cluster: bool,
    /// A file with the certificate (PEM) of the authority that has signed Redis's, instead of the system's authorities.
    #[arg(id = "tyk.redis_ca", long = "tyk-redis-ca", env = "TIDEGAUGE_TYK_REDIS_CA", value_name = "FILE")]
    tyk_redis_ca: Option<PathBuf>,
    /// A file with the password of Redis.
    #[arg(id = "tyk.redis_password_file", long = "tyk-redis-password-file")]
    #[arg(env = "TIDEGAUGE_TYK_REDIS_PASSWORD_FILE", value_name = "FILE")]
    tyk_redis_password_file: Option<PathBuf>,
    /// The list in which the gateway leaves its records.
    #[arg(id = "tyk.list", long = "tyk-list", env = "TIDEGAUGE_TYK_LIST", default_value = DEFAULT_LIST)]
    #[arg(value_name = "NAME")]
    tyk_list: String,
    /// The tenant that all records become; by default each organization's become the tenant's of the same id, and
    /// records of other organizations are set aside.
    #[arg(id = "tyk.tenant", long = "tyk-tenant", env = "TIDEGAUGE_TYK_TENANT", value_name = "TENANT")]
    tyk_tenant: Option<TenantId>,
    /// Most records that stay set aside of one list; the oldest make room for newer ones.
    #[arg(id = "tyk.max_set_aside", long = "tyk-max-set-aside", env = "TIDEGAUGE_TYK_MAX_SET_ASIDE")]
    #[arg(default_value_t = 10_000, value_name = "RECORDS")]
    tyk_max_set_aside: u32,
}

impl TykArgs {
    /// What is said of a gateway's Redis is a mistake when none is named.
    pub fn check(&self) -> Result<(), String> {
        let said = [
            ("tyk.redis_cluster", self.tyk_redis_cluster),
            ("tyk.redis_ca", self.tyk_redis_ca.is_some()),
            ("tyk.redis_password_file", self.tyk_redis_password_file.is_some()),
            ("tyk.tenant", self.tyk_tenant.is_some()),
        ];
        match said.iter().find(|(_, is_said)| *is_said && !self.has_redis()) {
            Some((option, _)) => {
                Err(format!("{option} is set and tyk.redis is not: there is no Redis that it is about"))
            }
            None => Ok(()),
        }
    }

    /// An address that is empty names none.
    fn has_redis(&self) -> bool {
        !self.tyk_redis.iter().all(String::is_empty)
    }

    /// Where the gateway's Redis is, if there is one; the process ends where the arguments make no address.
    pub fn address(&self) -> anyhow::Result<Option<Address>> {
        if !self.has_redis() {
            return Ok(None);
        }
        let redis = RedisArgs {
            urls: &self.tyk_redis,
            is_cluster: self.tyk_redis_cluster,
            authority: self.tyk_redis_ca.as_deref(),
            password_file: self.tyk_redis_password_file.as_deref(),
            list: &self.tyk_list,
        };
        redis.address().map(Some)
    }

    /// The one tenant that was named must be there: nobody could read the facts of one that is not.
    pub async fn check_tenant(&self, accounts: &Accounts) -> anyhow::Result<()> {
        if let Some(tenant) = &self.tyk_tenant {
            accounts.tenant_settings(tenant).await.context("--tyk-tenant")?;
        }
        Ok(())
    }

    /// Begins to take records; ends when `stop` is cancelled.
    pub fn start(
        self,
        address: Address,
        app: &App,
        figures: Arc<Figures>,
        stop: &CancellationToken,
    ) -> JoinHandle<()> {
        tracing::info!(redis = %address, "taking records of a Tyk gateway");
        let tenants = self.tyk_tenant.map_or(Tenants::ByOrganization, Tenants::One);
        let sink = StoreSink { app: Arc::new(app.clone()), tenants };
        let lists = lists_of(&self.tyk_list);
        let connector = move || Connector {
            queue: Queue::new(address.clone()),
            lists: lists.clone(),
            sink: sink.clone(),
            figures: Arc::clone(&figures),
            most_set_aside: self.tyk_max_set_aside as usize,
        };
        tokio::spawn(follow(connector, stop.clone()))
    }
}

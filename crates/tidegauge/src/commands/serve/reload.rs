//! SIGHUP: the settings are read again, and what can change while the server runs does.
//!
//! Promise: settings that cannot be used change nothing, and what takes a restart is named, once for each reload.

use tidegauge_server::auth::Door;
use tidegauge_server::client_address::TrustedProxies;
use tidegauge_server::tls::{Tls, TlsError};
use tidegauge_tokens::{Tokens, TokensError};
use tokio::signal::unix::Signal;

use crate::logging::Logging;
use crate::notify::{ServiceManager, State};
use crate::settings::{OptionValue, Settings, Sources, Unusable};

/// Options that change at once, or sections of them. A further one is a line here and one in [`Reload::apply`].
const CHANGES_AT_ONCE: [&str; 6] =
    ["log.level", "tls.cert", "tls.key", "trusted_proxies", "jwt.", "tenant_defaults."];

/// What is running, and by which options.
pub struct Reload {
    /// Where the settings come from.
    pub sources: Sources,
    /// The options in force.
    pub options: Vec<OptionValue>,
    /// The log.
    pub logging: Logging,
    /// TLS, when it is spoken.
    pub tls: Option<Tls>,
    /// The proxies.
    pub trusted_proxies: TrustedProxies,
    /// Who may come in.
    pub door: Door,
}

impl Reload {
    /// Reads the settings again at each SIGHUP, which would end the process otherwise.
    pub async fn follow(mut self, mut hangup: Signal, manager: ServiceManager) {
        while hangup.recv().await.is_some() {
            manager.tell(State::Reloading);
            match self.reload().await {
                Ok(()) => tracing::info!("the configuration was read again"),
                Err(error) => tracing::error!(%error, "the configuration stays as it was"),
            }
            manager.tell(State::Ready);
        }
    }

    async fn reload(&mut self) -> Result<(), Refused> {
        let effective = self.sources.read()?;
        self.apply(&effective.settings()?).await?;
        for option in effective.options {
            let Some(before) = self.options.iter_mut().find(|before| before.key == option.key) else {
                continue;
            };
            if before.text == option.text {
                continue;
            }
            // TLS itself begins and ends with the server.
            let is_tls = option.key.starts_with("tls.");
            match changes_at_once(&option.key) && (self.tls.is_some() || !is_tls) {
                true => *before = option,
                false => tracing::warn!("{} changed: it takes a restart", option.key),
            }
        }
        Ok(())
    }

    /// What may fail comes first: then nothing has changed.
    async fn apply(&self, settings: &Settings) -> Result<(), Refused> {
        let tokens = match settings.jwt.config() {
            Some(config) => {
                let former = self.door.tokens.read().clone();
                Some(Tokens::open_after(former.as_ref(), config).await?)
            }
            None => None,
        };
        if let Some((tls, (certificate, key))) = self.tls.as_ref().zip(settings.tls.files()) {
            tls.use_files(certificate, key)?;
        }
        self.door.believe(tokens);
        self.logging.set_level(&settings.log.level);
        self.trusted_proxies.set(&settings.trusted_proxies);
        self.door.allowances.set_defaults(settings.tenant_defaults.terms());
        Ok(())
    }
}

fn changes_at_once(key: &str) -> bool {
    CHANGES_AT_ONCE.iter().any(|one| key == *one || one.ends_with('.') && key.starts_with(one))
}

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Settings(#[from] Unusable),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Tokens(#[from] TokensError),
}

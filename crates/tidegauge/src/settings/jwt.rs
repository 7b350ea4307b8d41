//! `[jwt]`: which tokens are believed.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use tidegauge_tokens::{
    Algorithm, DEFAULT_JWKS_REFRESH_SECONDS, DEFAULT_LEEWAY_SECONDS, MAX_LEEWAY_SECONDS, TokensConfig,
};

/// Which tokens are believed; none without a key.
#[derive(clap::Args)]
pub struct JwtSettings {
    /// A secret shared with the issuer of JSON Web Tokens. A process's arguments can be seen by others: better is a file.
    #[arg(id = "jwt.secret", long = "jwt-secret", env = "TIDEGAUGE_JWT_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// A file with that secret.
    #[arg(id = "jwt.secret_file", long = "jwt-secret-file", env = "TIDEGAUGE_JWT_SECRET_FILE")]
    #[arg(value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A file with the issuer's public keys (PEM).
    #[arg(id = "jwt.public_key_file", long = "jwt-public-key-file", env = "TIDEGAUGE_JWT_PUBLIC_KEY_FILE")]
    #[arg(value_name = "FILE")]
    public_key_file: Option<PathBuf>,
    /// A file with the issuer's JSON Web Key Set, read again when it changes.
    #[arg(
        id = "jwt.jwks_file",
        long = "jwt-jwks-file",
        env = "TIDEGAUGE_JWT_JWKS_FILE",
        value_name = "FILE"
    )]
    jwks_file: Option<PathBuf>,
    /// Where the issuer's JSON Web Key Set is fetched from.
    #[arg(id = "jwt.jwks_url", long = "jwt-jwks-url", env = "TIDEGAUGE_JWT_JWKS_URL", value_name = "URL")]
    jwks_url: Option<String>,
    /// How often it is fetched, in seconds.
    #[arg(id = "jwt.jwks_refresh_seconds", long = "jwt-jwks-refresh-seconds")]
    #[arg(env = "TIDEGAUGE_JWT_JWKS_REFRESH_SECONDS", default_value_t = DEFAULT_JWKS_REFRESH_SECONDS)]
    jwks_refresh_seconds: u64,
    /// The only algorithms that are believed, such as RS256; what the keys are for when it is not set.
    #[arg(id = "jwt.algorithms", long = "jwt-algorithms", env = "TIDEGAUGE_JWT_ALGORITHMS")]
    #[arg(value_name = "ALGORITHM", value_delimiter = ',')]
    algorithms: Vec<Algorithm>,
    /// Issuers of which one must be the token's `iss`; not checked when it is not set.
    #[arg(id = "jwt.issuer", long = "jwt-issuer", env = "TIDEGAUGE_JWT_ISSUER", value_delimiter = ',')]
    issuer: Vec<String>,
    /// Audiences of which one must be among the token's `aud`; not checked when it is not set.
    #[arg(id = "jwt.audience", long = "jwt-audience", env = "TIDEGAUGE_JWT_AUDIENCE", value_delimiter = ',')]
    audience: Vec<String>,
    /// The claim that holds the tenant's id.
    #[arg(id = "jwt.tenant_claim", long = "jwt-tenant-claim", env = "TIDEGAUGE_JWT_TENANT_CLAIM")]
    #[arg(value_name = "CLAIM", default_value = "tenant")]
    tenant_claim: String,
    /// The claim that holds a project's id, in tokens that are for one project.
    #[arg(id = "jwt.project_claim", long = "jwt-project-claim", env = "TIDEGAUGE_JWT_PROJECT_CLAIM")]
    #[arg(value_name = "CLAIM", default_value = "project")]
    project_claim: String,
    /// The claim that holds the scopes.
    #[arg(id = "jwt.scope_claim", long = "jwt-scope-claim", env = "TIDEGAUGE_JWT_SCOPE_CLAIM")]
    #[arg(value_name = "CLAIM", default_value = "scope")]
    scope_claim: String,
    /// How far the issuer's clock may be from ours, in seconds.
    #[arg(id = "jwt.leeway_seconds", long = "jwt-leeway-seconds", env = "TIDEGAUGE_JWT_LEEWAY_SECONDS")]
    #[arg(default_value_t = DEFAULT_LEEWAY_SECONDS)]
    #[arg(value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_LEEWAY_SECONDS))]
    leeway_seconds: u64,
}

impl JwtSettings {
    /// What is believed; `None` when no key is named.
    pub fn config(&self) -> Option<TokensConfig> {
        let set = |texts: &[String]| texts.iter().filter(|text| !text.is_empty()).cloned().collect();
        let config = TokensConfig {
            secret: self.secret.clone().map(Into::into),
            secret_file: self.secret_file.clone(),
            public_key_file: self.public_key_file.clone(),
            jwks_file: self.jwks_file.clone(),
            jwks_url: self.jwks_url.clone(),
            jwks_refresh_seconds: self.jwks_refresh_seconds,
            algorithms: (!self.algorithms.is_empty()).then(|| self.algorithms.clone()),
            issuer: set(&self.issuer),
            audience: set(&self.audience),
            tenant_claim: self.tenant_claim.clone(),
            project_claim: self.project_claim.clone(),
            scope_claim: self.scope_claim.clone(),
            leeway_seconds: self.leeway_seconds,
        };
        config.has_keys().then_some(config)
    }
}

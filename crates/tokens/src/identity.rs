//! Whom a good token stands for: which claims hold tenant, project and scopes.
//!
//! Promise: an id counts only as it is written, without trimming or other kindness. A project's claim that is there
//! and is no id is refused, for without it the token would be for the whole tenant.

use std::sync::Arc;

use serde_json::{Map, Value};
use tidegauge_accounts::{Scope, Scopes};
use tidegauge_facts::{ProjectId, TenantId};

use crate::config::TokensConfig;
use crate::error::TokensError;
use crate::refused::Refused;

/// Longest `sub` of a token, in bytes.
pub const MAX_SUBJECT_BYTES: usize = 512;

const MAX_CLAIM_NAME_BYTES: usize = 256;

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The tenant whose data it may reach.
    pub tenant: TenantId,
    /// The one project that it is for; `None` is every project of the tenant.
    pub project: Option<ProjectId>,
    /// What it may do; empty is nothing at all.
    pub scopes: Scopes,
    /// The token's `sub`, for an audit log: any text of at most [`MAX_SUBJECT_BYTES`].
    pub subject: Option<Arc<str>>,
    /// The token's `exp`, in Unix microseconds; what outlives a request ends then.
    pub expires_at: i64,
}

/// Which claims say whom a token stands for.
#[derive(Debug)]
pub(crate) struct Naming {
    tenant: ClaimName,
    project: ClaimName,
    scope: ClaimName,
}

impl Naming {
    pub(crate) fn new(config: &TokensConfig) -> Result<Self, TokensError> {
        Ok(Self {
            tenant: ClaimName::parse("tenant_claim", &config.tenant_claim)?,
            project: ClaimName::parse("project_claim", &config.project_claim)?,
            scope: ClaimName::parse("scope_claim", &config.scope_claim)?,
        })
    }

    pub(crate) fn identify(&self, claims: &Map<String, Value>, expires_at: i64) -> Result<Verified, Refused> {
        let tenant = self.tenant.find(claims).map_err(|NoObject| Refused::Tenant)?;
        let project = self.project.find(claims).map_err(|NoObject| Refused::Project)?;
        let scope = self.scope.find(claims).map_err(|NoObject| Refused::Scope)?;
        Ok(Verified {
            tenant: id(tenant.ok_or(Refused::Tenant)?, TenantId::parse).ok_or(Refused::Tenant)?,
            project: match project {
                None => None,
                Some(value) => Some(id(value, ProjectId::parse).ok_or(Refused::Project)?),
            },
            scopes: scope.map_or(Ok(Scopes::default()), scopes)?,
            subject: claims.get("sub").map(subject).transpose()?,
            expires_at,
        })
    }
}

fn id<Id, E>(value: &Value, parse: impl Fn(&str) -> Result<Id, E>) -> Option<Id> {
    parse(value.as_str()?).ok()
}

/// Words between spaces (RFC 8693 section 4.2), or a list of words. Issuers hand out scopes for many services at
/// once, so those that mean nothing here are passed over.
fn scopes(value: &Value) -> Result<Scopes, Refused> {
    let known = |word: &str| word.parse::<Scope>().ok();
    match value {
        Value::String(words) => Ok(words.split(' ').filter_map(known).collect()),
        Value::Array(words) if words.iter().all(Value::is_string) => {
            Ok(words.iter().filter_map(Value::as_str).filter_map(known).collect())
        }
        _ => Err(Refused::Scope),
    }
}

fn subject(value: &Value) -> Result<Arc<str>, Refused> {
    match value.as_str() {
        Some(text) if text.len() <= MAX_SUBJECT_BYTES => Ok(text.into()),
        _ => Err(Refused::Claims),
    }
}

/// Where a claim is: its name, or the names on the way to it.
#[derive(Debug)]
struct ClaimName(Vec<String>);

/// On the way to a claim stands something else than an object.
struct NoObject;

impl ClaimName {
    /// `a.b` is the member `b` of the claim `a`. A name with `/` or `:` in it is a URI, as some issuers require, and
    /// its dots are its own. So the configuration alone decides which claim it is, whatever a token holds.
    fn parse(option: &'static str, name: &str) -> Result<Self, TokensError> {
        let steps: Vec<String> = match name.contains(['/', ':']) {
            true => vec![name.to_owned()],
            false => name.split('.').map(str::to_owned).collect(),
        };
        if name.len() > MAX_CLAIM_NAME_BYTES || steps.iter().any(String::is_empty) {
            return Err(TokensError::ClaimName { option });
        }
        Ok(Self(steps))
    }

    fn find<'a>(&self, claims: &'a Map<String, Value>) -> Result<Option<&'a Value>, NoObject> {
        let mut steps = self.0.iter();
        let mut found = steps.next().and_then(|step| claims.get(step));
        for step in steps {
            found = match found {
                None => return Ok(None),
                Some(Value::Object(members)) => members.get(step),
                Some(_) => return Err(NoObject),
            };
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identify(config: &TokensConfig, claims: Value) -> Result<Verified, Refused> {
        let Value::Object(claims) = claims else { panic!("{claims}") };
        Naming::new(config).unwrap().identify(&claims, 1)
    }

    #[test]
    fn claims_are_found_by_name_by_path_and_by_uri() {
        let config = TokensConfig {
            tenant_claim: "https://example.com/tenant".into(),
            project_claim: "app_metadata.at.project".into(),
            scope_claim: "scp".into(),
            ..TokensConfig::default()
        };
        let found = identify(
            &config,
            json!({"https://example.com/tenant": "acme", "app_metadata": {"at": {"project": "p1"}}, "scp": ["read"]}),
        );
        let found = found.unwrap();
        assert_eq!((found.tenant.as_str(), found.project.unwrap().as_str()), ("acme", "p1"));
        assert!(found.scopes.contains(Scope::Read) && !found.scopes.contains(Scope::Ingest));
    }

    #[test]
    fn a_dotted_name_is_never_taken_for_a_path_or_the_other_way_round() {
        let config = TokensConfig { tenant_claim: "a.b".into(), ..TokensConfig::default() };
        assert_eq!(identify(&config, json!({"a.b": "evil"})), Err(Refused::Tenant));
        assert_eq!(
            identify(&config, json!({"a.b": "evil", "a": {"b": "good"}})).unwrap().tenant.as_str(),
            "good"
        );
        assert_eq!(identify(&config, json!({"a": "good"})), Err(Refused::Tenant));
    }

    #[test]
    fn a_project_that_is_there_and_no_id_never_means_the_whole_tenant() {
        for project in [json!(null), json!(""), json!(5), json!([]), json!(["p"]), json!("p q"), json!({})] {
            let claims = json!({"tenant": "t", "project": project});
            assert_eq!(identify(&TokensConfig::default(), claims), Err(Refused::Project), "{project}");
        }
        let config = TokensConfig { project_claim: "a.project".into(), ..TokensConfig::default() };
        assert_eq!(identify(&config, json!({"tenant": "t", "a": null})), Err(Refused::Project));
        assert_eq!(identify(&config, json!({"tenant": "t", "a": {}})).unwrap().project, None);
    }

    #[test]
    fn scopes_are_words_or_a_list_and_unknown_ones_are_passed_over() {
        let of = |scope: Value| {
            identify(&TokensConfig::default(), json!({"tenant": "t", "scope": scope})).map(|v| v.scopes)
        };
        assert_eq!(of(json!("openid read ingest")).unwrap().to_string(), "ingest,read");
        assert_eq!(of(json!(["admin", "x"])).unwrap().to_string(), "admin");
        for nothing in [
            json!(""),
            json!("READ"),
            json!("read,ingest"),
            json!("read\tadmin"),
            json!([]),
            json!([" read"]),
        ] {
            assert!(of(nothing.clone()).unwrap().is_empty(), "{nothing}");
        }
        for bad in [json!(null), json!(1), json!({"read": true}), json!(["read", 1]), json!(["read", null])] {
            assert_eq!(of(bad.clone()), Err(Refused::Scope), "{bad}");
        }
        assert!(identify(&TokensConfig::default(), json!({"tenant": "t"})).unwrap().scopes.is_empty());
    }

    #[test]
    fn a_subject_is_a_text_of_bounded_length() {
        let of = |sub: Value| {
            identify(&TokensConfig::default(), json!({"tenant": "t", "sub": sub})).map(|v| v.subject)
        };
        assert_eq!(of(json!("auth0|5")).unwrap().as_deref(), Some("auth0|5"));
        assert!(of(json!("x".repeat(MAX_SUBJECT_BYTES))).is_ok());
        for bad in [json!("x".repeat(MAX_SUBJECT_BYTES + 1)), json!(5), json!(null)] {
            assert_eq!(of(bad), Err(Refused::Claims));
        }
    }

    #[test]
    fn names_that_cannot_be_meant_are_refused() {
        for name in ["", ".", "a.", ".a", "a..b", &"x".repeat(MAX_CLAIM_NAME_BYTES + 1)] {
            let config = TokensConfig { tenant_claim: name.into(), ..TokensConfig::default() };
            assert_eq!(Naming::new(&config).unwrap_err(), TokensError::ClaimName { option: "tenant_claim" });
        }
    }
}

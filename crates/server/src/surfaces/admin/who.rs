//! Who administers, and whose things.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tidegauge_accounts::{Actor, Scope, Scopes};
use tidegauge_facts::{ProjectId, TenantId};

use super::failure::Failure;
use crate::app::App;
use crate::auth::{Caller, Denied, Presented};

/// A caller with the scope `admin` whose credential is not bound to one project.
pub(super) struct Admin {
    pub caller: Caller,
    is_operator: bool,
    is_of_operators_tenant: bool,
}

impl Admin {
    /// The tenant of this name, when he may administer it.
    pub fn tenant(&self, name: &str) -> Result<TenantId, Failure> {
        let tenant = TenantId::parse(name).map_err(|_| Failure::no_such_tenant())?;
        let is_own = tenant == self.caller.principal.tenant;
        if is_own || self.is_operator { Ok(tenant) } else { Err(Failure::no_such_tenant()) }
    }

    /// Goes on unless a key like this would be the operator's, and he is not: who made, rotated or revoked one would
    /// be the operator himself by its text, or would shut him out.
    pub fn key(&self, scopes: Scopes, project: Option<&ProjectId>) -> Result<(), Failure> {
        let operates = self.is_of_operators_tenant && scopes.contains(Scope::Admin) && project.is_none();
        if operates && !self.is_operator { Err(Failure::Denied(Denied::NoScope)) } else { Ok(()) }
    }

    /// Whether he is the operator.
    pub fn is_operator(&self) -> bool {
        self.is_operator
    }

    /// Who stands in the audit log.
    pub fn actor(&self) -> Actor {
        self.caller.principal.credential.clone().into()
    }
}

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Ok(presented) = Presented::from_request_parts(parts, app).await;
        let caller = presented.allowed(Scope::Admin).map_err(Failure::Denied)?;
        if caller.principal.project.is_some() {
            return Err(Failure::Denied(Denied::NoScope));
        }
        let is_operator = caller.is_operator(&app.door);
        let is_of_operators_tenant = caller.principal.tenant == app.door.operator;
        Ok(Self { caller, is_operator, is_of_operators_tenant })
    }
}

/// The operator: anybody else is refused before his body is looked at.
pub(super) struct Operator(pub Admin);

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let admin = Admin::from_request_parts(parts, app).await?;
        if admin.is_operator { Ok(Self(admin)) } else { Err(Failure::Denied(Denied::NoScope)) }
    }
}

//! Who administers, and whose things.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tidegauge_accounts::{Actor, Scope};
use tidegauge_facts::TenantId;

use super::failure::Failure;
use crate::app::App;
use crate::auth::{Caller, Denied, Door, Presented};

/// A caller with the scope `admin` whose credential is not bound to one project.
pub(super) struct Admin {
    pub caller: Caller,
    is_operator: bool,
}

impl Admin {
    /// The tenant of this name, when he may administer it.
    pub fn tenant(&self, name: &str) -> Result<TenantId, Failure> {
        let tenant = TenantId::parse(name).map_err(|_| Failure::no_such_tenant())?;
        let is_own = tenant == self.caller.principal.tenant;
        if is_own || self.is_operator { Ok(tenant) } else { Err(Failure::no_such_tenant()) }
    }

    /// The tenant of this name, when he may make, rotate or end its keys. Keys of the operator's tenant are keys to the
    /// server: a token, which never is the operator, makes none for itself.
    pub fn tenant_of_keys(&self, name: &str, door: &Door) -> Result<TenantId, Failure> {
        let tenant = self.tenant(name)?;
        if tenant == door.operator {
            self.operator()?;
        }
        Ok(tenant)
    }

    /// Goes on for the operator alone.
    fn operator(&self) -> Result<(), Failure> {
        if self.is_operator { Ok(()) } else { Err(Failure::Denied(Denied::NoScope)) }
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
        Ok(Self { caller, is_operator })
    }
}

/// The operator: anybody else is refused before his body is looked at.
pub(super) struct Operator(pub Admin);

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let admin = Admin::from_request_parts(parts, app).await?;
        admin.operator().map(|()| Self(admin))
    }
}

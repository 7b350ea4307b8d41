//! Which tenants and projects exist, and making those that are missing.
//!
//! Promise: a tenant that exists has a project `default`, and ids in the database follow the id rule.

use std::collections::HashSet;
use std::time::Instant;

use serde_json::json;
use sqlx::Row as _;
use tidegauge_facts::{DEFAULT_NAME, ProjectId, TenantId};
use tokio::time::timeout;

use crate::accounts::{Accounts, now_unix_micros};
use crate::audit::Entry;
use crate::credential::Actor;
use crate::database::{CONNECTION_WAIT, DatabaseConnection, DatabaseRow};
use crate::error::AccountsError;
use crate::list_tenants::TenantRow;

/// Most projects that a tenant can have, its `default` one included.
pub const MAX_PROJECTS_PER_TENANT: i64 = 10_000;
/// Most tenants of a database.
pub const MAX_TENANTS: i64 = 1_000_000;

/// A project as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its id.
    pub id: ProjectId,
    /// When it was made, in Unix microseconds.
    pub created_at: i64,
}

impl Accounts {
    /// True when `tenant` has a project `project`; of one that another process made within [`PROJECTS_KNOWN_FOR`](crate::PROJECTS_KNOWN_FOR).
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn project_exists(
        &self,
        tenant: &TenantId,
        project: &ProjectId,
    ) -> Result<bool, AccountsError> {
        let is_known = || self.known_projects.has(tenant, project, Instant::now());
        if let Some(exists) = is_known() {
            return Ok(exists);
        }
        // While the database does not answer, the questions before this one wait too.
        let reading = timeout(CONNECTION_WAIT, self.known_projects.reading()).await;
        let reading = reading.map_err(|_| self.database.error(sqlx::Error::PoolTimedOut))?;
        if let Some(exists) = is_known() {
            return Ok(exists);
        }
        let projects = match self.list_projects(tenant).await {
            Ok(projects) => projects.into_iter().map(|row| row.id).collect(),
            Err(AccountsError::UnknownTenant(_)) => HashSet::new(),
            Err(error) => return Err(error),
        };
        let exists = projects.contains(project);
        self.known_projects.keep(&reading, tenant, projects);
        Ok(exists)
    }

    /// Makes `tenant`, its project `default` and `project`, as far as they are missing.
    ///
    /// # Errors
    /// [`AccountsError::TooManyTenants`], [`AccountsError::TooManyProjects`], or what the database reported.
    pub async fn ensure_project(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        project: &ProjectId,
    ) -> Result<(), AccountsError> {
        if self.project_exists(tenant, project).await? {
            return Ok(());
        }
        let mut transaction = self.database.write().await?;
        self.ensure_in(&mut transaction, actor, tenant, Some(project)).await?;
        self.database.commit(transaction).await?;
        self.known_projects.forget(tenant);
        Ok(())
    }

    /// Makes `tenant` with its project `default`, and returns it as it is listed.
    ///
    /// # Errors
    /// [`AccountsError::TenantExists`], [`AccountsError::TooManyTenants`], or what the database reported.
    pub async fn create_tenant(&self, actor: &Actor, tenant: &TenantId) -> Result<TenantRow, AccountsError> {
        let mut transaction = self.database.write().await?;
        if !self.make_tenant_in(&mut transaction, actor, tenant).await? {
            return Err(AccountsError::TenantExists(tenant.clone()));
        }
        let row = self.tenant_in(&mut transaction, tenant).await?;
        self.database.commit(transaction).await?;
        self.known_projects.forget(tenant);
        Ok(row)
    }

    /// Makes `project` of `tenant`, which must exist, and returns it as it is listed.
    ///
    /// # Errors
    /// [`AccountsError::UnknownTenant`], [`AccountsError::ProjectExists`], [`AccountsError::TooManyProjects`], or what
    /// the database reported.
    pub async fn create_project(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        project: &ProjectId,
    ) -> Result<ProjectRow, AccountsError> {
        let mut transaction = self.database.write().await?;
        self.tenant_in(&mut transaction, tenant).await?;
        let Some(created_at) = self.make_project_in(&mut transaction, actor, tenant, project).await? else {
            return Err(AccountsError::ProjectExists(tenant.clone(), project.clone()));
        };
        self.database.commit(transaction).await?;
        self.known_projects.forget(tenant);
        Ok(ProjectRow { id: project.clone(), created_at })
    }

    /// The projects of `tenant`, sorted by id; there can be [`MAX_PROJECTS_PER_TENANT`].
    ///
    /// # Errors
    /// [`AccountsError::UnknownTenant`], or what the database reported.
    pub async fn list_projects(&self, tenant: &TenantId) -> Result<Vec<ProjectRow>, AccountsError> {
        let rows = sqlx::query("SELECT id, created_at FROM projects WHERE tenant = $1 ORDER BY id LIMIT $2")
            .bind(tenant.as_str())
            .bind(MAX_PROJECTS_PER_TENANT)
            .fetch_all(&self.database.pool)
            .await
            .map_err(|e| self.database.error(e))?;
        if rows.is_empty() {
            // Each tenant has a project.
            return Err(AccountsError::UnknownTenant(tenant.clone()));
        }
        let row = |row: &DatabaseRow| {
            let id: &str = row.try_get("id").map_err(|e| self.database.error(e))?;
            Ok(ProjectRow {
                id: ProjectId::parse(id).map_err(|_| self.database.unreadable_row("project id"))?,
                created_at: row.try_get("created_at").map_err(|e| self.database.error(e))?,
            })
        };
        rows.iter().map(row).collect()
    }

    /// [`Accounts::ensure_project`] inside a write transaction; no `project` is the `default` one alone.
    pub(crate) async fn ensure_in(
        &self,
        connection: &mut DatabaseConnection,
        actor: &Actor,
        tenant: &TenantId,
        project: Option<&ProjectId>,
    ) -> Result<(), AccountsError> {
        self.make_tenant_in(connection, actor, tenant).await?;
        if let Some(project) = project {
            self.make_project_in(connection, actor, tenant, project).await?;
        }
        Ok(())
    }

    /// Makes the tenant and its project `default`; false when it is there already.
    async fn make_tenant_in(
        &self,
        connection: &mut DatabaseConnection,
        actor: &Actor,
        tenant: &TenantId,
    ) -> Result<bool, AccountsError> {
        let now = now_unix_micros();
        let made = sqlx::query("INSERT INTO tenants (id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(tenant.as_str())
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(|e| self.database.error(e))?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        let tenants: i64 = sqlx::query_scalar("SELECT count(*) FROM tenants")
            .fetch_one(&mut *connection)
            .await
            .map_err(|e| self.database.error(e))?;
        if tenants > self.bounds.tenants {
            return Err(AccountsError::TooManyTenants);
        }
        sqlx::query("INSERT INTO projects (tenant, id, created_at) VALUES ($1, $2, $3)")
            .bind(tenant.as_str())
            .bind(DEFAULT_NAME)
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(|e| self.database.error(e))?;
        let entry = Entry::new("tenant.create", Some(tenant), None, &json!({}))?;
        self.record_in(connection, actor, entry).await?;
        Ok(true)
    }

    /// Makes a project of a tenant that exists; says when, or nothing when it is there already.
    async fn make_project_in(
        &self,
        connection: &mut DatabaseConnection,
        actor: &Actor,
        tenant: &TenantId,
        project: &ProjectId,
    ) -> Result<Option<i64>, AccountsError> {
        let now = now_unix_micros();
        let made = sqlx::query(
            "INSERT INTO projects (tenant, id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(tenant.as_str())
        .bind(project.as_str())
        .bind(now)
        .execute(&mut *connection)
        .await
        .map_err(|e| self.database.error(e))?;
        if made.rows_affected() == 0 {
            return Ok(None);
        }
        let projects: i64 = sqlx::query_scalar("SELECT count(*) FROM projects WHERE tenant = $1")
            .bind(tenant.as_str())
            .fetch_one(&mut *connection)
            .await
            .map_err(|e| self.database.error(e))?;
        let own = self.tenant_in(connection, tenant).await?.settings.limits.max_projects;
        let own = own.and_then(|limit| i64::try_from(limit.get()).ok());
        let most =
            own.map_or(self.bounds.projects_per_tenant, |own| own.min(self.bounds.projects_per_tenant));
        if projects > most {
            return Err(AccountsError::TooManyProjects { tenant: tenant.clone(), most });
        }
        let entry = Entry::new("project.create", Some(tenant), Some(project.as_str()), &json!({}))?;
        self.record_in(connection, actor, entry).await?;
        Ok(Some(now))
    }
}

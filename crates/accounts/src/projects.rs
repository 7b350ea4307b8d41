//! Which tenants and projects exist, and making those that are missing.
//!
//! Promise: a tenant that exists has a project `default`, and ids in the database follow the id rule.

use sqlx::SqliteConnection;
use tidegauge_facts::{DEFAULT_NAME, ProjectId, TenantId};

use crate::accounts::{Accounts, now_unix_micros};
use crate::error::AccountsError;

/// Most projects that a tenant can have, its `default` one included.
pub const MAX_PROJECTS_PER_TENANT: i64 = 10_000;
/// Most tenants of a data directory.
pub const MAX_TENANTS: i64 = 1_000_000;

impl Accounts {
    /// True when `tenant` has a project `project`.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn project_exists(
        &self,
        tenant: &TenantId,
        project: &ProjectId,
    ) -> Result<bool, AccountsError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM projects WHERE tenant = ?1 AND id = ?2)")
            .bind(tenant.as_str())
            .bind(project.as_str())
            .fetch_one(&self.database.pool)
            .await
            .map_err(|e| self.database.error(e))
    }

    /// Makes `tenant`, its project `default` and `project`, as far as they are missing.
    ///
    /// # Errors
    /// [`AccountsError::TooManyTenants`], [`AccountsError::TooManyProjects`], or what the database reported.
    pub async fn ensure_project(&self, tenant: &TenantId, project: &ProjectId) -> Result<(), AccountsError> {
        if self.project_exists(tenant, project).await? {
            return Ok(());
        }
        let mut transaction = self.database.write().await?;
        self.ensure_in(&mut transaction, tenant, Some(project)).await?;
        self.database.commit(transaction).await
    }

    /// The projects of `tenant`, sorted by id; none when there is no such tenant.
    ///
    /// # Errors
    /// [`AccountsError`] when the database cannot be read.
    pub async fn list_projects(&self, tenant: &TenantId) -> Result<Vec<ProjectId>, AccountsError> {
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT id FROM projects WHERE tenant = ?1 ORDER BY id LIMIT ?2")
                .bind(tenant.as_str())
                .bind(MAX_PROJECTS_PER_TENANT)
                .fetch_all(&self.database.pool)
                .await
                .map_err(|e| self.database.error(e))?;
        ids.iter()
            .map(|id| ProjectId::parse(id).map_err(|_| self.database.unreadable_row("project id")))
            .collect()
    }

    /// [`Accounts::ensure_project`] inside a write transaction; no `project` is the `default` one alone.
    pub(crate) async fn ensure_in(
        &self,
        connection: &mut SqliteConnection,
        tenant: &TenantId,
        project: Option<&ProjectId>,
    ) -> Result<(), AccountsError> {
        let now = now_unix_micros();
        let made = sqlx::query("INSERT INTO tenants (id, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .bind(tenant.as_str())
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(|e| self.database.error(e))?;
        if made.rows_affected() > 0 {
            let tenants: i64 = sqlx::query_scalar("SELECT count(*) FROM tenants")
                .fetch_one(&mut *connection)
                .await
                .map_err(|e| self.database.error(e))?;
            if tenants > self.bounds.tenants {
                return Err(AccountsError::TooManyTenants);
            }
        }
        for id in [Some(DEFAULT_NAME), project.map(ProjectId::as_str)].into_iter().flatten() {
            self.ensure_project_row(connection, tenant, id, now).await?;
        }
        Ok(())
    }

    async fn ensure_project_row(
        &self,
        connection: &mut SqliteConnection,
        tenant: &TenantId,
        project: &str,
        now: i64,
    ) -> Result<(), AccountsError> {
        let made = sqlx::query(
            "INSERT INTO projects (tenant, id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )
        .bind(tenant.as_str())
        .bind(project)
        .bind(now)
        .execute(&mut *connection)
        .await
        .map_err(|e| self.database.error(e))?;
        if made.rows_affected() > 0 {
            let projects: i64 = sqlx::query_scalar("SELECT count(*) FROM projects WHERE tenant = ?1")
                .bind(tenant.as_str())
                .fetch_one(connection)
                .await
                .map_err(|e| self.database.error(e))?;
            if projects > self.bounds.projects_per_tenant {
                return Err(AccountsError::TooManyProjects(tenant.clone()));
            }
        }
        Ok(())
    }
}

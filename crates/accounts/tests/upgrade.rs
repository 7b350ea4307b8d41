//! A database of an earlier version is brought up to date with all that it holds.

mod common;

use std::fs;
use std::path::Path;

use common::{fresh, me, now, project, request, tenant};
use tidegauge_accounts::{Accounts, AuditFilter, KeyLimits, TenantSettings};

/// Made by the version that had migrations 1 and 2: two tenants, three keys, an idle timeout.
const BEFORE: &str = "tests/data/accounts-0002.db";
/// The text of one of its keys.
const KEY: &str = "tg_xpa1m2r377dn5ga2yh5jvy5tp8m0krgcdney8ps0prtvsgnmbaxg5h4ey9r";

#[tokio::test]
async fn a_database_of_before_the_audit_log_opens_with_its_keys_projects_and_settings() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(BEFORE), dir.path().join("accounts.db")).unwrap();
    let accounts = Accounts::open(dir.path()).await.unwrap();
    let ring = accounts.key_ring().await.unwrap();
    assert_eq!(ring.len(), 2, "one of three is revoked");
    let principal = ring.authenticate(KEY, now()).unwrap();
    assert_eq!((&principal.tenant, &principal.project), (&tenant("acme"), &Some(project("shop"))));
    assert_eq!(principal.limits, KeyLimits::default());
    let keys = accounts.list_keys(None).await.unwrap();
    assert_eq!(keys.iter().filter(|key| key.revoked_at.is_some()).count(), 1);
    assert!(keys.iter().all(|key| key.last_used_at.is_none() && key.replaced_by.is_none()));

    let settings = accounts.tenant_settings(&tenant("acme")).await.unwrap();
    assert_eq!(settings.idle_timeout.map(|timeout| timeout.as_secs()), Some(600));
    assert_eq!(TenantSettings { idle_timeout: None, ..settings }, TenantSettings::default());
    assert_eq!(accounts.tenant_settings(&tenant("other")).await.unwrap(), TenantSettings::default());
    assert_eq!(accounts.audit(&AuditFilter { tenant: None, before: None, limit: 10 }).await.unwrap(), []);

    // And it goes on from there.
    accounts.create_key(&me(), request("acme")).await.unwrap();
    accounts.rotate_key(&me(), None, KEY, std::time::Duration::ZERO).await.unwrap();
    assert_eq!(ring.authenticate(KEY, now()), None);
    accounts.close().await;
    assert_eq!(Accounts::open(dir.path()).await.unwrap().list_keys(None).await.unwrap().len(), 5);
}

#[tokio::test]
async fn what_it_becomes_has_the_same_tables_as_a_new_one() {
    let (new_dir, _) = fresh().await;
    let old_dir = tempfile::tempdir().unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(BEFORE), old_dir.path().join("accounts.db")).unwrap();
    Accounts::open(old_dir.path()).await.unwrap().close().await;
    let mut tables = Vec::new();
    for dir in [&new_dir, &old_dir] {
        let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
        let mut raw = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
        let sql: Vec<Option<String>> =
            sqlx::query_scalar("SELECT sql FROM sqlite_schema ORDER BY type, name")
                .fetch_all(&mut raw)
                .await
                .unwrap();
        tables.push(sql);
    }
    assert_eq!(tables[0], tables[1]);
}

//! More keys, tenants and projects than are read at once: all are found. Made with SQLite's own means.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use common::{fresh, me, now, project, projects, request, tenant};
use parking_lot::Mutex;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use tidegauge_accounts::{
    AccountsError, IdleTimeout, MAX_PROJECTS_PER_TENANT, TenantSettings, TenantSettingsPatch,
};
use tidegauge_facts::TenantId;

async fn raw(dir: &TempDir) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", dir.path().join("accounts.db").display())).await.unwrap()
}

#[tokio::test]
async fn more_keys_than_a_page_are_all_listed_and_all_in_the_ring() {
    let (dir, accounts) = fresh().await;
    let first = accounts.create_key(&me(), request("t")).await.unwrap();
    accounts.create_tenant(&me(), &tenant("u")).await.unwrap();
    let mut raw = raw(&dir).await;
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
         INSERT INTO api_keys (id, digest, prefix, tenant, scopes, created_at, change)
         SELECT 'key_' || i, randomblob(32), 'tg_', 'u', 'read', 4000000000000000 + i, i FROM n",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    let added = accounts.create_key(&me(), request("t")).await.unwrap();
    let listed = accounts.list_keys(None).await.unwrap();
    assert_eq!(listed.len(), 12_001);
    assert_eq!([&listed[0].id, &listed[1].id], [&first.id, &added.id]);
    assert_eq!([&*listed[2].id, &*listed[12_000].id], ["key_2", "key_12000"]);
    let ring = accounts.key_ring().await.unwrap();
    assert_eq!(ring.len(), 12_001);
    assert!(ring.authenticate(added.text.expose(), now()).is_some());
}

#[tokio::test]
async fn a_tenant_can_have_ten_thousand_projects_and_not_one_more() {
    let (dir, accounts) = fresh().await;
    let acme = tenant("acme");
    accounts.ensure_project(&me(), &acme, &project("default")).await.unwrap();
    let mut raw = raw(&dir).await;
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO projects SELECT 'acme', 'p' || i, 0 FROM n",
    )
    .bind(MAX_PROJECTS_PER_TENANT - 2)
    .execute(&mut raw)
    .await
    .unwrap();

    accounts.ensure_project(&me(), &acme, &project("last")).await.unwrap();
    let refused = accounts.ensure_project(&me(), &acme, &project("one-more")).await.unwrap_err();
    assert!(matches!(refused, AccountsError::TooManyProjects { .. }));
    assert!(refused.to_string().contains("acme") && refused.to_string().contains("10000"), "{refused}");
    assert_eq!(projects(&accounts, "acme").await.len(), 10_000);
    accounts.ensure_project(&me(), &acme, &project("p7")).await.unwrap();
}

#[tokio::test]
async fn many_tenants_are_listed_and_told_page_by_page() {
    let (dir, accounts) = fresh().await;
    let mut raw = raw(&dir).await;
    for insert in [
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999)
         INSERT INTO tenants SELECT format('t%05d', i), i FROM n",
        "INSERT INTO tenant_settings
         SELECT id, json_object('idle_timeout_seconds', created_at % 86400 + 1), 12000 - created_at FROM tenants",
    ] {
        assert!(sqlx::query(insert).execute(&mut raw).await.is_ok(), "{insert}");
    }
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    let follower = move |tenant: &TenantId, settings: &TenantSettings| {
        told.lock().push((tenant.clone(), settings.clone()));
    };
    accounts.follow_settings(follower).await.unwrap();
    let listed = accounts.list_tenants().await.unwrap();
    assert_eq!((listed.len(), heard.lock().len()), (12_000, 12_000));
    // The last one made was set first.
    for (number, (row, (tenant, settings))) in (0_u64..).zip(listed.iter().zip(heard.lock().iter().rev())) {
        assert_eq!((row.id.to_string(), &row.id), (format!("t{number:05}"), tenant));
        assert_eq!(row.settings.idle_timeout.map(IdleTimeout::as_secs), Some(number + 1));
        assert_eq!(&row.settings, settings);
    }
    let back = TenantSettingsPatch { idle_timeout: Some(None), ..TenantSettingsPatch::default() };
    accounts.set_tenant_settings(&me(), &tenant("t00000"), back).await.unwrap();
    assert_eq!(heard.lock().last(), Some(&(tenant("t00000"), TenantSettings::default())));
    assert_eq!(heard.lock().len(), 12_001);
}

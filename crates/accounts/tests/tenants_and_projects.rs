//! What exists: the first start, tenants and projects.

mod common;

use common::{fresh, me, now, project, projects, request, tenant};
use sqlx::Connection as _;
use tidegauge_accounts::{Accounts, AccountsError, MAX_PROJECTS_PER_TENANT, Scopes};
use tidegauge_facts::TenantId;

#[tokio::test]
async fn the_first_start_makes_one_admin_key_and_the_second_none() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let key = accounts.first_start().await.unwrap().unwrap();
    let principal = ring.authenticate(key.text.expose(), now()).unwrap();
    assert_eq!((&principal.tenant, &principal.project), (&tenant("default"), &None));
    assert_eq!(principal.scopes, Scopes::ALL);
    assert_eq!(projects(&accounts, "default").await, [project("default")]);
    assert!(accounts.first_start().await.unwrap().is_none());
}

#[tokio::test]
async fn a_directory_that_has_any_tenant_has_had_its_first_start() {
    let (_dir, accounts) = fresh().await;
    accounts.create_key(&me(), request("acme")).await.unwrap();
    assert!(accounts.first_start().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_first_starts_at_once_on_two_handles_one_makes_the_key() {
    for _ in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        // Both create and migrate the same file at the same moment.
        let (one, two) = tokio::join!(Accounts::open(dir.path()), Accounts::open(dir.path()));
        let handles = [one.unwrap(), two.unwrap()];
        let tasks: Vec<_> = (0..8)
            .map(|i| {
                let accounts = handles[i % 2].clone();
                tokio::spawn(async move { accounts.first_start().await.unwrap() })
            })
            .collect();
        let mut made = 0;
        for task in tasks {
            made += usize::from(task.await.unwrap().is_some());
        }
        assert_eq!(made, 1);
        assert_eq!(handles[0].list_keys(None).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_can_open_an_empty_directory_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let path = dir.path().to_owned();
            tokio::spawn(async move { Accounts::open(path).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_project_is_made_once_with_its_tenant_and_found_afterwards() {
    let (_dir, accounts) = fresh().await;
    let (acme, shop) = (tenant("acme"), project("shop"));
    assert!(!accounts.project_exists(&acme, &shop).await.unwrap());
    for _ in 0..2 {
        accounts.ensure_project(&me(), &acme, &shop).await.unwrap();
    }
    assert!(accounts.project_exists(&acme, &shop).await.unwrap());
    assert!(!accounts.project_exists(&tenant("other"), &shop).await.unwrap());
    assert_eq!(projects(&accounts, "acme").await, [project("default"), shop]);
    let others = accounts.list_projects(&tenant("other")).await;
    assert!(matches!(others, Err(AccountsError::UnknownTenant(_))), "{others:?}");
}

#[tokio::test]
async fn a_tenant_can_have_ten_thousand_projects_and_not_one_more() {
    let (dir, accounts) = fresh().await;
    let acme = tenant("acme");
    accounts.ensure_project(&me(), &acme, &project("default")).await.unwrap();
    let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
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
async fn the_database_itself_keeps_the_rule_for_ids() {
    let (dir, accounts) = fresh().await;
    let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let long = "x".repeat(128);
    let longer = "x".repeat(129);
    let candidates =
        ["a", "A.b-c:d_9", &long, &longer, "", " ", "a b", "ä", "a/b", "a^", "[", "]", "a\n", "Z", "z"];
    for id in candidates {
        let is_stored =
            sqlx::query("INSERT INTO tenants VALUES (?1, 0)").bind(id).execute(&mut raw).await.is_ok();
        assert_eq!(is_stored, TenantId::parse(id).is_ok(), "{id:?}");
    }
    accounts.close().await;
}

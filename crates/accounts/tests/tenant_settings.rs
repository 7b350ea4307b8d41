//! What is set for a tenant: kept, bounded, listed, and told to whoever follows it, within a second from
//! another process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{fresh, me, now, request, tenant, within};
use sqlx::{Connection as _, SqliteConnection};
use tidegauge_accounts::{
    Accounts, AccountsError, IdleTimeout, TenantRow, TenantSettings, TenantSettingsPatch,
};
use tidegauge_facts::TenantId;

const A_SECOND: Duration = Duration::from_secs(1);
/// Names the directory to the other process.
const CHILD_DIR: &str = "TIDEGAUGE_ACCOUNTS_CHILD_DIR";

fn seconds(seconds: u64) -> Option<IdleTimeout> {
    Some(IdleTimeout::from_secs(seconds).unwrap())
}

fn patch(idle_timeout: Option<IdleTimeout>) -> TenantSettingsPatch {
    TenantSettingsPatch { idle_timeout: Some(idle_timeout), ..TenantSettingsPatch::default() }
}

async fn set(accounts: &Accounts, id: &str, idle_timeout: Option<IdleTimeout>) -> TenantRow {
    accounts.set_tenant_settings(&me(), &tenant(id), patch(idle_timeout)).await.unwrap()
}

async fn listed(accounts: &Accounts) -> Vec<(String, Option<u64>)> {
    let shown = |row: TenantRow| (row.id.to_string(), row.settings.idle_timeout.map(IdleTimeout::as_secs));
    accounts.list_tenants().await.unwrap().into_iter().map(shown).collect()
}

async fn raw(dir: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", dir.join("accounts.db").display())).await.unwrap()
}

/// What a follower has heard, the newest of each tenant, and how often it heard anything.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<(HashMap<TenantId, TenantSettings>, usize)>>);

impl Heard {
    async fn of(accounts: &Accounts) -> Self {
        let heard = Self::default();
        let told = heard.clone();
        let follower = move |tenant: &TenantId, settings: &TenantSettings| {
            let mut told = told.lock();
            told.0.insert(tenant.clone(), settings.clone());
            told.1 += 1;
        };
        accounts.follow_settings(follower).await.unwrap();
        heard
    }

    fn lock(&self) -> MutexGuard<'_, (HashMap<TenantId, TenantSettings>, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` when nothing was heard of the tenant.
    fn timeout(&self, id: &str) -> Option<Option<u64>> {
        self.lock().0.get(id).map(|settings| settings.idle_timeout.map(IdleTimeout::as_secs))
    }

    fn times(&self) -> usize {
        self.lock().1
    }
}

#[tokio::test]
async fn what_is_set_is_listed_and_kept_until_it_is_set_back() {
    let (dir, accounts) = fresh().await;
    for id in ["b", "a", "B"] {
        accounts.create_key(&me(), request(id)).await.unwrap();
    }
    let row = set(&accounts, "a", seconds(600)).await;
    assert_eq!((row.id, row.settings.idle_timeout), (tenant("a"), seconds(600)));
    assert!(row.created_at <= now() && row.created_at > now() - 60_000_000);
    let of = |b, a| [("B".to_owned(), None), ("a".to_owned(), a), ("b".to_owned(), b)];
    assert_eq!(listed(&accounts).await, of(None, Some(600)));
    accounts.close().await;

    let accounts = Accounts::open(dir.path()).await.unwrap();
    set(&accounts, "b", seconds(1)).await;
    assert_eq!(listed(&accounts).await, of(Some(1), Some(600)));
    assert_eq!(accounts.tenant_settings(&tenant("b")).await.unwrap().idle_timeout, seconds(1));
    set(&accounts, "a", None).await;
    set(&accounts, "b", seconds(86_400)).await;
    assert_eq!(listed(&accounts).await, of(Some(86_400), None));
    assert_eq!(accounts.tenant_settings(&tenant("a")).await.unwrap(), TenantSettings::default());
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_is_refused_and_not_made() {
    let (_dir, accounts) = fresh().await;
    let typo = tenant("typo");
    let error = accounts.set_tenant_settings(&me(), &typo, patch(seconds(60))).await.unwrap_err();
    assert!(matches!(error, AccountsError::UnknownTenant(_)), "{error}");
    assert!(error.to_string().contains("typo") && error.to_string().contains("tenant list"), "{error}");
    let error = accounts.tenant_settings(&typo).await.unwrap_err();
    assert!(matches!(error, AccountsError::UnknownTenant(_)), "{error}");
    assert_eq!(listed(&accounts).await, []);
}

#[tokio::test]
async fn a_follower_hears_what_is_set_and_then_each_change_before_it_returns() {
    let (_dir, accounts) = fresh().await;
    for id in ["a", "b", "c"] {
        accounts.create_key(&me(), request(id)).await.unwrap();
    }
    set(&accounts, "a", seconds(1)).await;
    set(&accounts, "a", seconds(2)).await;
    let heard = Heard::of(&accounts).await;
    assert_eq!((heard.timeout("a"), heard.timeout("b"), heard.times()), (Some(Some(2)), None, 1));
    set(&accounts.clone(), "b", seconds(3)).await;
    assert_eq!((heard.timeout("b"), heard.times()), (Some(Some(3)), 2));
    set(&accounts, "a", None).await;
    assert_eq!((heard.timeout("a"), heard.times()), (Some(None), 3));
    assert_eq!(heard.timeout("c"), None);

    let second = Heard::of(&accounts).await;
    set(&accounts, "c", seconds(4)).await;
    assert_eq!((heard.timeout("c"), second.timeout("c")), (None, Some(Some(4))));
    assert_eq!(second.timeout("a"), Some(None));
}

#[tokio::test]
async fn what_another_handle_sets_is_heard_within_a_second_also_when_both_set_at_once() {
    let (dir, server) = fresh().await;
    server.create_key(&me(), request("t")).await.unwrap();
    let command_line = Accounts::open(dir.path()).await.unwrap();
    let heard = Heard::of(&server).await;
    let watch = tokio::spawn(server.clone().watch(std::future::pending()));
    for timeout in [60, 70] {
        set(&command_line, "t", seconds(timeout)).await;
        within(A_SECOND, || heard.timeout("t") == Some(Some(timeout))).await;
    }
    for timeout in 100..120 {
        tokio::join!(set(&server, "t", seconds(timeout)), set(&command_line, "t", seconds(timeout + 100)));
    }
    let last = listed(&server).await[0].1;
    within(A_SECOND, || heard.timeout("t") == Some(last)).await;
    watch.abort();
}

#[tokio::test]
async fn what_another_process_sets_is_heard_within_a_second() {
    let (dir, server) = fresh().await;
    server.create_key(&me(), request("t")).await.unwrap();
    let heard = Heard::of(&server).await;
    let watch = tokio::spawn(server.clone().watch(std::future::pending()));
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored"])
        .env(CHILD_DIR, dir.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    within(A_SECOND, || heard.timeout("t") == Some(Some(1234))).await;
    watch.abort();
}

#[tokio::test]
#[ignore = "what the test above runs in a process of its own"]
async fn the_other_process() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let accounts = Accounts::open(PathBuf::from(dir)).await.unwrap();
    set(&accounts, "t", seconds(1234)).await;
}

#[tokio::test]
async fn many_tenants_are_listed_and_told_page_by_page() {
    let (dir, accounts) = fresh().await;
    let mut raw = raw(dir.path()).await;
    for insert in [
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999)
         INSERT INTO tenants SELECT format('t%05d', i), i FROM n",
        "INSERT INTO tenant_settings
         SELECT id, json_object('idle_timeout_seconds', created_at % 86400 + 1), 12000 - created_at FROM tenants",
    ] {
        assert!(sqlx::query(insert).execute(&mut raw).await.is_ok(), "{insert}");
    }
    let heard = Heard::of(&accounts).await;
    assert_eq!(heard.times(), 12_000);
    let listed = listed(&accounts).await;
    assert_eq!(listed.len(), 12_000);
    for (number, (id, timeout)) in (0_u64..).zip(listed) {
        assert_eq!((&id, timeout), (&format!("t{number:05}"), Some(number + 1)));
        assert_eq!(heard.timeout(&id), Some(Some(number + 1)));
    }
    set(&accounts, "t00000", None).await;
    assert_eq!((heard.times(), heard.timeout("t00000")), (12_001, Some(None)));
}

#[tokio::test]
async fn a_setting_that_cannot_be_read_is_not_told_and_keeps_no_other_from_being_told() {
    let (dir, accounts) = fresh().await;
    for id in ["a", "b"] {
        accounts.create_key(&me(), request(id)).await.unwrap();
        set(&accounts, id, seconds(60)).await;
    }
    let mut raw = raw(dir.path()).await;
    for spoil in ["UPDATE tenant_settings SET settings = '{\"idle_timeout_seconds\": 0}' WHERE tenant = 'a'"]
    {
        assert!(sqlx::query(spoil).execute(&mut raw).await.is_ok(), "{spoil}");
    }
    let heard = Heard::of(&accounts).await;
    assert_eq!((heard.timeout("a"), heard.timeout("b")), (None, Some(Some(60))));
    let error = accounts.list_tenants().await.unwrap_err();
    assert!(matches!(error, AccountsError::UnreadableRow { .. }), "{error}");
}

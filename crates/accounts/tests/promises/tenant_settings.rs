//! What is set for a tenant: kept, bounded, listed, and told to whoever follows it, within a second from
//! another process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::common::{Place, me, now, request, tenant, within};
use tidegauge_accounts::{
    Accounts, AccountsError, AuditFilter, IdleTimeout, TenantRow, TenantSettings, TenantSettingsPatch,
};
use tidegauge_facts::TenantId;

promises![
    what_is_set_is_listed_and_kept_until_it_is_set_back,
    a_tenant_that_does_not_exist_is_refused_and_not_made,
    a_follower_hears_what_is_set_and_then_each_change_before_it_returns,
    what_another_handle_sets_is_heard_within_a_second_also_when_both_set_at_once,
    what_another_process_sets_is_heard_within_a_second,
    settings_that_come_out_as_they_were_are_no_change,
    settings_that_cannot_be_read_let_nobody_follow_them,
    settings_that_become_unreadable_stay_in_force_as_they_were,
    settings_of_a_database_that_went_back_are_told_anew,
];

const A_SECOND: Duration = Duration::from_secs(1);
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

async fn what_is_set_is_listed_and_kept_until_it_is_set_back(place: Place) {
    let accounts = place.open().await;
    for id in ["b", "a", "B"] {
        accounts.create_key(&me(), request(id)).await.unwrap();
    }
    let row = set(&accounts, "a", seconds(600)).await;
    assert_eq!((row.id, row.settings.idle_timeout), (tenant("a"), seconds(600)));
    assert!(row.created_at <= now() && row.created_at > now() - 60_000_000);
    let of = |b, a| [("B".to_owned(), None), ("a".to_owned(), a), ("b".to_owned(), b)];
    assert_eq!(listed(&accounts).await, of(None, Some(600)));
    accounts.close().await;

    let accounts = place.open().await;
    set(&accounts, "b", seconds(1)).await;
    assert_eq!(listed(&accounts).await, of(Some(1), Some(600)));
    assert_eq!(accounts.tenant_settings(&tenant("b")).await.unwrap().idle_timeout, seconds(1));
    set(&accounts, "a", None).await;
    set(&accounts, "b", seconds(86_400)).await;
    assert_eq!(listed(&accounts).await, of(Some(86_400), None));
    assert_eq!(accounts.tenant_settings(&tenant("a")).await.unwrap(), TenantSettings::default());
}

async fn a_tenant_that_does_not_exist_is_refused_and_not_made(place: Place) {
    let accounts = place.open().await;
    let typo = tenant("typo");
    let error = accounts.set_tenant_settings(&me(), &typo, patch(seconds(60))).await.unwrap_err();
    assert!(matches!(error, AccountsError::UnknownTenant(_)), "{error}");
    assert!(error.to_string().contains("typo") && error.to_string().contains("tenant list"), "{error}");
    let error = accounts.tenant_settings(&typo).await.unwrap_err();
    assert!(matches!(error, AccountsError::UnknownTenant(_)), "{error}");
    assert_eq!(listed(&accounts).await, []);
}

async fn a_follower_hears_what_is_set_and_then_each_change_before_it_returns(place: Place) {
    let accounts = place.open().await;
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

async fn what_another_handle_sets_is_heard_within_a_second_also_when_both_set_at_once(place: Place) {
    let server = place.open().await;
    server.create_key(&me(), request("t")).await.unwrap();
    let command_line = place.open().await;
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

async fn what_another_process_sets_is_heard_within_a_second(place: Place) {
    let server = place.open().await;
    server.create_key(&me(), request("t")).await.unwrap();
    let heard = Heard::of(&server).await;
    let watch = tokio::spawn(server.clone().watch(std::future::pending()));
    let status = place.child("children::a_timeout_of_1234").status().unwrap();
    assert!(status.success());
    within(A_SECOND, || heard.timeout("t") == Some(Some(1234))).await;
    watch.abort();
}

async fn settings_that_come_out_as_they_were_are_no_change(place: Place) {
    let accounts = place.open().await;
    accounts.create_key(&me(), request("t")).await.unwrap();
    set(&accounts, "t", seconds(60)).await;
    let heard = Heard::of(&accounts).await;
    let entries =
        async || accounts.audit(&AuditFilter { tenant: None, before: None, limit: 100 }).await.unwrap().len();
    let before = entries().await;
    let row = set(&accounts, "t", seconds(60)).await;
    assert_eq!(row.settings.idle_timeout, seconds(60));
    accounts.set_tenant_settings(&me(), &tenant("t"), TenantSettingsPatch::default()).await.unwrap();
    assert_eq!((entries().await, heard.times()), (before, 1));
    let change: i64 = sqlx::query_scalar("SELECT change FROM tenant_settings")
        .fetch_one(&mut place.raw().await)
        .await
        .unwrap();
    assert_eq!(change, 1);
}

/// As a later version, which knows more settings, would write them.
const OF_LATER: &str =
    "UPDATE tenant_settings SET settings = '{\"blood_type\": 0}', change = 100 WHERE tenant = 'a'";

async fn settings_that_cannot_be_read_let_nobody_follow_them(place: Place) {
    let accounts = place.open().await;
    for id in ["a", "b"] {
        accounts.create_key(&me(), request(id)).await.unwrap();
        set(&accounts, id, seconds(60)).await;
    }
    assert!(sqlx::query(OF_LATER).execute(&mut place.raw().await).await.is_ok());
    let told = accounts.follow_settings(|_: &TenantId, _: &TenantSettings| panic!("nothing is told")).await;
    for error in [told.unwrap_err(), accounts.list_tenants().await.unwrap_err()] {
        assert!(
            matches!(&error, AccountsError::UnreadableSettings { tenant, .. } if tenant == "a"),
            "{error}"
        );
        assert!(error.to_string().contains("tenant a") && error.to_string().contains("version"), "{error}");
    }
}

async fn settings_that_become_unreadable_stay_in_force_as_they_were(place: Place) {
    let accounts = place.open().await;
    for id in ["a", "b"] {
        accounts.create_key(&me(), request(id)).await.unwrap();
        set(&accounts, id, seconds(60)).await;
    }
    let heard = Heard::of(&accounts).await;
    assert!(sqlx::query(OF_LATER).execute(&mut place.raw().await).await.is_ok());
    set(&accounts, "b", seconds(70)).await;
    assert_eq!((heard.timeout("a"), heard.timeout("b")), (Some(Some(60)), Some(Some(70))));
}

async fn settings_of_a_database_that_went_back_are_told_anew(place: Place) {
    let server = place.open().await;
    for id in ["a", "b", "c"] {
        server.create_key(&me(), request(id)).await.unwrap();
        set(&server, id, seconds(60)).await;
    }
    let heard = Heard::of(&server).await;
    let mut raw = place.raw().await;
    for sql in [
        "UPDATE tenant_settings SET settings = '{\"idle_timeout_seconds\": 50}' WHERE tenant = 'a'",
        "DELETE FROM tenant_settings WHERE tenant = 'c'",
    ] {
        assert!(sqlx::query(sql).execute(&mut raw).await.is_ok(), "{sql}");
    }
    let watch = tokio::spawn(server.watch(std::future::pending()));
    within(A_SECOND, || heard.timeout("c") == Some(None)).await;
    assert_eq!((heard.timeout("a"), heard.timeout("b")), (Some(Some(50)), Some(Some(60))));
    watch.abort();
}

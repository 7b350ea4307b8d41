//! Each change of accounts stands in the audit log: who, what, when; and nothing takes it out again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::Duration;

use common::{fresh, me, now, project, request, tenant};
use serde_json::json;
use sqlx::Connection as _;
use tidegauge_accounts::{Accounts, AccountsError, Actor, AuditEntry, AuditFilter, Credential, KeyRequest};
use tidegauge_accounts::{MAX_AUDIT_DETAILS_BYTES, MAX_AUDIT_PAGE, TenantSettingsPatch};

fn newest(limit: usize) -> AuditFilter {
    AuditFilter { tenant: None, before: None, limit }
}

async fn whole(accounts: &Accounts) -> Vec<AuditEntry> {
    accounts.audit(&newest(MAX_AUDIT_PAGE)).await.unwrap()
}

fn patch(json: serde_json::Value) -> TenantSettingsPatch {
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn each_change_is_there_with_who_what_and_when() {
    let (_dir, accounts) = fresh().await;
    let begun = now();
    let first = accounts.first_start().await.unwrap().unwrap();
    let admin = Actor::from(Credential::Key(first.id.clone()));
    let token = Actor::from(Credential::Token(Some("jo".into())));
    let acme = tenant("acme");
    accounts.create_tenant(&admin, &acme).await.unwrap();
    accounts.create_project(&token, &acme, &project("shop")).await.unwrap();
    let change = json!({"limits": {"requests_per_second": 5}, "cors_origins": null});
    accounts.set_tenant_settings(&me(), &acme, patch(change.clone())).await.unwrap();
    let request = KeyRequest { project: Some(project("web")), ..request("acme") };
    let key = accounts.create_key(&admin, request).await.unwrap();
    let new = accounts.rotate_key(&admin, None, &key.id, Duration::ZERO).await.unwrap();
    accounts.revoke_key(&admin, None, new.text.expose()).await.unwrap();
    let details = json!({"user": "u1"});
    accounts.record(&admin, "person.delete", Some(&acme), Some("u1"), &details).await.unwrap();

    let log = whole(&accounts).await;
    let said: Vec<_> = log.iter().rev().map(|e| (&*e.actor, &*e.action, e.tenant.as_deref())).collect();
    let admin = &*first.id;
    let acme = Some("acme");
    assert_eq!(
        said,
        [
            ("server", "tenant.create", Some("default")),
            ("server", "key.create", Some("default")),
            (admin, "tenant.create", acme),
            ("token:jo", "project.create", acme),
            ("command-line:me", "tenant.set", acme),
            (admin, "project.create", acme),
            (admin, "key.create", acme),
            (admin, "key.rotate", acme),
            (admin, "key.revoke", acme),
            (admin, "person.delete", acme),
        ]
    );
    let targets: Vec<_> = log.iter().rev().map(|e| e.target.as_deref()).collect();
    let (shop, web, u1) = (Some("shop"), Some("web"), Some("u1"));
    let (key_id, new_id) = (Some(&*key.id), Some(&*new.id));
    assert_eq!(targets, [None, Some(admin), None, shop, None, web, key_id, key_id, new_id, u1]);
    assert_eq!(log[5].details, change);
    assert_eq!(log[2].details["replaced_by"], *new.id);
    assert_eq!(log[0].details, details);
    assert!(log.iter().all(|e| (begun..=now()).contains(&e.at)));
    let text = format!("{log:?}");
    for key in [&first, &key, &new] {
        assert!(!text.contains(&key.text.expose()[9..20]), "{text}");
    }
}

#[tokio::test]
async fn what_changes_nothing_is_not_in_the_log() {
    let (_dir, accounts) = fresh().await;
    let key = accounts.create_key(&me(), request("t")).await.unwrap();
    accounts.revoke_key(&me(), None, &key.id).await.unwrap();
    let before = whole(&accounts).await;
    accounts.revoke_key(&me(), None, &key.id).await.unwrap();
    accounts.ensure_project(&me(), &tenant("t"), &project("default")).await.unwrap();
    accounts.create_tenant(&me(), &tenant("t")).await.unwrap_err();
    accounts.create_project(&me(), &tenant("t"), &project("default")).await.unwrap_err();
    accounts.create_project(&me(), &tenant("typo"), &project("p")).await.unwrap_err();
    accounts.rotate_key(&me(), None, &key.id, Duration::ZERO).await.unwrap_err();
    accounts.set_tenant_settings(&me(), &tenant("typo"), patch(json!({}))).await.unwrap_err();
    assert!(accounts.first_start().await.unwrap().is_none());
    assert_eq!(whole(&accounts).await, before);
}

#[tokio::test]
async fn it_is_read_page_by_page_and_tenant_by_tenant() {
    let (_dir, accounts) = fresh().await;
    for n in 0..25 {
        let id = if n % 5 == 0 { "a" } else { "b" };
        accounts.record(&me(), "test.note", Some(&tenant(id)), None, &n).await.unwrap();
    }
    let (mut numbers, mut before) = (Vec::new(), None);
    loop {
        let page = accounts.audit(&AuditFilter { before, ..newest(10) }).await.unwrap();
        numbers.extend(page.iter().map(|entry| entry.details.as_u64().unwrap()));
        match page.last() {
            Some(entry) => before = Some(entry.id),
            None => break,
        }
    }
    assert_eq!(numbers, (0..25).rev().collect::<Vec<_>>());
    let of_a = AuditFilter { tenant: Some(tenant("a")), ..newest(3) };
    let page = accounts.audit(&of_a).await.unwrap();
    assert_eq!(page.iter().map(|e| e.details.as_u64().unwrap()).collect::<Vec<_>>(), [20, 15, 10]);
    let rest = accounts.audit(&AuditFilter { before: Some(page[2].id), ..of_a }).await.unwrap();
    assert_eq!(rest.iter().map(|e| e.details.as_u64().unwrap()).collect::<Vec<_>>(), [5, 0]);
    assert_eq!(accounts.audit(&AuditFilter { tenant: Some(tenant("c")), ..newest(3) }).await.unwrap(), []);
}

#[tokio::test]
async fn pages_and_details_are_bounded() {
    let (_dir, accounts) = fresh().await;
    for limit in [0, MAX_AUDIT_PAGE + 1] {
        let refused = accounts.audit(&newest(limit)).await.unwrap_err();
        assert!(matches!(refused, AccountsError::InvalidAuditPage), "{refused}");
    }
    let long = "x".repeat(MAX_AUDIT_DETAILS_BYTES - 2);
    accounts.record(&me(), "test.note", None, None, &long).await.unwrap();
    let refused = accounts.record(&me(), "test.note", None, None, &format!("{long}x")).await.unwrap_err();
    assert!(matches!(refused, AccountsError::AuditDetailsTooLong), "{refused}");
    assert_eq!(whole(&accounts).await.len(), 1);
}

#[tokio::test]
async fn the_database_itself_only_adds_to_it() {
    let (dir, accounts) = fresh().await;
    accounts.create_key(&me(), request("t")).await.unwrap();
    let before = whole(&accounts).await;
    let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for forbidden in
        ["DELETE FROM audit", "UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE id = 1"]
    {
        let refused = sqlx::query(forbidden).execute(&mut raw).await.unwrap_err();
        assert!(refused.to_string().contains("only added to"), "{refused}");
    }
    assert_eq!(whole(&accounts).await, before);
}

//! A rotated key: what takes its place, how long it goes on, and when each key was used last.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::Duration;

use common::{fresh, me, now, project, request, tenant};
use tidegauge_accounts::{Accounts, AccountsError, KeyLimits, KeyRequest, MAX_ROTATION_OVERLAP};
use tidegauge_accounts::{RequestsPerSecond, SAVE_USES_EVERY};

const HOUR: Duration = Duration::from_secs(3600);

async fn end_of(accounts: &Accounts, id: &str) -> Option<i64> {
    accounts.key(None, id).await.unwrap().expires_at
}

#[tokio::test]
async fn the_new_key_may_what_the_old_one_may_and_both_work_for_the_overlap() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let limits =
        KeyLimits { requests_per_second: Some(RequestsPerSecond::new(5).unwrap()), ..KeyLimits::default() };
    let asked =
        KeyRequest { project: Some(project("shop")), name: Some("shop".into()), limits, ..request("acme") };
    let old = accounts.create_key(&me(), asked).await.unwrap();
    let begun = now();
    let new = accounts.rotate_key(&me(), None, &old.id, HOUR).await.unwrap();
    assert_ne!((&new.id, new.text.expose()), (&old.id, old.text.expose()));
    assert_eq!(new.expires_at, None);
    let [before, after] = [&old, &new].map(|key| ring.authenticate(key.text.expose(), now()).unwrap());
    assert_eq!((&before.tenant, &before.project), (&after.tenant, &after.project));
    assert_eq!((before.scopes, before.limits), (after.scopes, after.limits));
    assert_eq!((after.limits, &new.name), (limits, &old.name));

    let end = end_of(&accounts, &old.id).await.unwrap();
    assert!((begun..=now()).contains(&(end - 3_600_000_000)));
    assert!(ring.authenticate(old.text.expose(), end - 1).is_some());
    assert_eq!(ring.authenticate(old.text.expose(), end), None);
    assert!(ring.authenticate(new.text.expose(), end).is_some());
    assert_eq!(accounts.key(None, &old.id).await.unwrap().replaced_by, Some(new.id));
}

#[tokio::test]
async fn without_an_overlap_the_old_key_ends_at_once() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let old = accounts.create_key(&me(), request("t")).await.unwrap();
    let new = accounts.rotate_key(&me(), None, old.text.expose(), Duration::ZERO).await.unwrap();
    assert_eq!(ring.authenticate(old.text.expose(), now()), None);
    assert!(ring.authenticate(new.text.expose(), now()).is_some());
}

#[tokio::test]
async fn a_key_that_would_end_within_the_overlap_still_does_and_the_new_one_lives_as_long() {
    let (_dir, accounts) = fresh().await;
    let asked = KeyRequest { expires_in: Some(HOUR), ..request("t") };
    let old = accounts.create_key(&me(), asked).await.unwrap();
    let new = accounts.rotate_key(&me(), None, &old.id, HOUR * 48).await.unwrap();
    assert_eq!(end_of(&accounts, &old.id).await, old.expires_at);
    assert_eq!(new.expires_at, Some(new.created_at + 3_600_000_000));
}

#[tokio::test]
async fn a_key_that_has_ended_or_was_rotated_is_not_rotated() {
    let (_dir, accounts) = fresh().await;
    let rotated = accounts.create_key(&me(), request("t")).await.unwrap();
    let new = accounts.rotate_key(&me(), None, &rotated.id, HOUR).await.unwrap();
    let revoked = accounts.create_key(&me(), request("t")).await.unwrap();
    accounts.revoke_key(&me(), None, &revoked.id).await.unwrap();
    let expired = accounts
        .create_key(&me(), KeyRequest { expires_in: Some(Duration::ZERO), ..request("t") })
        .await
        .unwrap();
    let listed = accounts.list_keys(None).await.unwrap();

    let error = accounts.rotate_key(&me(), None, &rotated.id, HOUR).await.unwrap_err();
    assert!(
        matches!(error, AccountsError::KeyReplaced { .. }) && error.to_string().contains(&*new.id),
        "{error}"
    );
    for ended in [&revoked, &expired] {
        let error = accounts.rotate_key(&me(), None, &ended.id, HOUR).await.unwrap_err();
        assert!(matches!(error, AccountsError::KeyEnded(_)), "{error}");
    }
    let long = MAX_ROTATION_OVERLAP + Duration::from_secs(1);
    let error = accounts.rotate_key(&me(), None, &new.id, long).await.unwrap_err();
    assert!(matches!(error, AccountsError::OverlapTooLong), "{error}");
    assert_eq!(accounts.list_keys(None).await.unwrap(), listed);
}

#[tokio::test]
async fn another_tenants_key_is_one_that_does_not_exist() {
    let (_dir, accounts) = fresh().await;
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let key = accounts.create_key(&me(), request("theirs")).await.unwrap();
    let missing = "key_0000000000000000";
    let said = |error: AccountsError, id: &str| error.to_string().replace(id, "ID");
    for id in [missing, &key.id] {
        let errors = [
            accounts.key(Some(&ours), id).await.unwrap_err(),
            accounts.revoke_key(&me(), Some(&ours), id).await.unwrap_err(),
            accounts.rotate_key(&me(), Some(&ours), id, HOUR).await.map(drop).unwrap_err(),
            accounts.keys_after(Some(&ours), Some(id), 10).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(said(error, id), said(AccountsError::UnknownKeyId(missing.into()), missing));
        }
    }
    assert_eq!(accounts.list_keys(Some(&ours)).await.unwrap(), []);
    assert_eq!(accounts.list_keys(Some(&theirs)).await.unwrap().len(), 1);
    accounts.revoke_key(&me(), Some(&theirs), &key.id).await.unwrap();
}

#[tokio::test]
async fn of_many_rotations_at_once_one_is_done() {
    let (_dir, accounts) = fresh().await;
    let old = accounts.create_key(&me(), request("t")).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (accounts, id) = (accounts.clone(), old.id.clone());
            tokio::spawn(async move { accounts.rotate_key(&me(), None, &id, HOUR).await.is_ok() })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.unwrap());
    }
    assert_eq!((done, accounts.list_keys(None).await.unwrap().len()), (1, 2));
}

#[tokio::test]
async fn keys_are_listed_page_by_page() {
    let (_dir, accounts) = fresh().await;
    for n in 0..5 {
        accounts.create_key(&me(), request(["a", "b"][n % 2])).await.unwrap();
    }
    for of in [None, Some(tenant("a"))] {
        let all = accounts.list_keys(of.as_ref()).await.unwrap();
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = accounts.keys_after(of.as_ref(), after.as_deref(), 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id.to_string());
            paged.extend(page);
        }
        assert_eq!(paged, all);
    }
}

#[tokio::test]
async fn when_a_key_was_used_last_is_written_down_at_the_latest_when_the_accounts_close() {
    let (dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let used = accounts.create_key(&me(), request("t")).await.unwrap();
    let unused = accounts.create_key(&me(), request("t")).await.unwrap();
    let revoked = accounts.create_key(&me(), request("t")).await.unwrap();
    let ended = accounts
        .create_key(&me(), KeyRequest { expires_in: Some(Duration::ZERO), ..request("t") })
        .await
        .unwrap();
    let at = now();
    ring.authenticate(used.text.expose(), at).unwrap();
    ring.authenticate(revoked.text.expose(), at + 5_000_000).unwrap();
    accounts.revoke_key(&me(), None, &revoked.id).await.unwrap();
    assert_eq!(ring.authenticate(revoked.text.expose(), at + 9_000_000), None);
    assert_eq!(ring.authenticate(ended.text.expose(), at), None);
    assert_eq!(accounts.key(None, &used.id).await.unwrap().last_used_at, None);
    accounts.close().await;

    let accounts = Accounts::open(dir.path()).await.unwrap();
    let mut last = Vec::new();
    for key in [&used, &unused, &revoked, &ended] {
        last.push(accounts.key(None, &key.id).await.unwrap().last_used_at);
    }
    assert_eq!(last, [Some(at), None, Some(at + 5_000_000), None]);
    // Another process knows of a newer use: an older one does not replace it.
    let ring = accounts.key_ring().await.unwrap();
    ring.authenticate(used.text.expose(), at - 60_000_000).unwrap();
    accounts.close().await;
    let accounts = Accounts::open(dir.path()).await.unwrap();
    assert_eq!(accounts.key(None, &used.id).await.unwrap().last_used_at, Some(at));
    assert_eq!(SAVE_USES_EVERY, Duration::from_secs(60));
}

#[tokio::test]
async fn a_use_that_is_not_written_down_survives_a_change_of_its_key() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let old = accounts.create_key(&me(), request("t")).await.unwrap();
    let at = now();
    ring.authenticate(old.text.expose(), at).unwrap();
    accounts.rotate_key(&me(), None, &old.id, HOUR).await.unwrap();
    // The watch writes at its beginning, and then each minute.
    let watch = tokio::spawn(accounts.clone().watch(std::future::pending()));
    while accounts.key(None, &old.id).await.unwrap().last_used_at != Some(at) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    watch.abort();
}

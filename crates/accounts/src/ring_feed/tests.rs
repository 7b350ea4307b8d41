use std::time::Duration;

use tempfile::TempDir;

use crate::accounts::{Accounts, now_unix_micros};
use crate::create_key::{KeyRequest, NewKey};
use crate::credential::Actor;
use crate::key_ring::KeyRing;
use crate::limits::KeyLimits;
use crate::scopes::Scopes;
use tidegauge_facts::TenantId;

fn me() -> Actor {
    Actor::CommandLine("me".into())
}

async fn key(accounts: &Accounts) -> NewKey {
    let request = KeyRequest {
        tenant: TenantId::parse("t").unwrap(),
        project: None,
        scopes: Scopes::ALL,
        expires_in: None,
        name: None,
        limits: KeyLimits::default(),
    };
    accounts.create_key(&me(), request).await.unwrap()
}

/// Accounts that can be written to, but whose changes cannot be read back any more, and their ring.
async fn deaf() -> (TempDir, Accounts, KeyRing, NewKey) {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(dir.path()).await.unwrap();
    let ring = accounts.key_ring().await.unwrap();
    let old = key(&accounts).await;
    accounts.database.watching.close().await;
    (dir, accounts, ring, old)
}

#[tokio::test]
async fn a_revocation_holds_when_it_returns_also_when_nothing_can_be_read_back() {
    let (_dir, accounts, ring, old) = deaf().await;
    assert!(ring.authenticate(old.text.expose(), now_unix_micros()).is_some());
    accounts.revoke_key(&me(), None, &old.id).await.unwrap();
    assert_eq!(ring.authenticate(old.text.expose(), now_unix_micros()), None);
}

#[tokio::test]
async fn a_new_key_and_a_rotation_hold_also_when_nothing_can_be_read_back() {
    let (_dir, accounts, ring, old) = deaf().await;
    let new = key(&accounts).await;
    assert!(ring.authenticate(new.text.expose(), now_unix_micros()).is_some());
    let next = accounts.rotate_key(&me(), None, &old.id, Duration::ZERO).await.unwrap();
    assert!(ring.authenticate(next.text.expose(), now_unix_micros()).is_some());
    assert_eq!(ring.authenticate(old.text.expose(), now_unix_micros()), None);
}

#[tokio::test]
async fn a_revocation_elsewhere_is_heard_while_other_questions_have_every_other_connection() {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(dir.path()).await.unwrap();
    let ring = accounts.key_ring().await.unwrap();
    let old = key(&accounts).await;
    let mut held = Vec::new();
    while let Some(connection) = accounts.database.pool.try_acquire() {
        held.push(connection);
    }
    while held.len() < accounts.database.pool.options().get_max_connections() as usize {
        held.push(accounts.database.pool.acquire().await.unwrap());
    }
    let elsewhere = Accounts::open(dir.path()).await.unwrap();
    elsewhere.revoke_key(&me(), None, &old.id).await.unwrap();
    accounts.feed.catch_up(&accounts.database).await.unwrap();
    assert_eq!(ring.authenticate(old.text.expose(), now_unix_micros()), None);
}

//! The life of a key: made, listed, used, expired, revoked.

mod common;

use std::time::Duration;

use common::{fresh, me, now, project, projects, request, tenant};
use sqlx::Connection as _;
use tidegauge_accounts::{Accounts, AccountsError, Credential, KeyRequest, Scope, Scopes};

#[tokio::test]
async fn a_new_key_stands_for_what_was_asked_for_and_is_listed_without_its_text() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let key = accounts
        .create_key(
            &me(),
            KeyRequest {
                project: Some(project("shop")),
                name: Some("the shop's".to_owned()),
                expires_in: Some(Duration::from_secs(60)),
                ..request("acme")
            },
        )
        .await
        .unwrap();

    let principal = ring.authenticate(key.text.expose(), now()).unwrap();
    assert_eq!(principal.tenant, tenant("acme"));
    assert_eq!(principal.project, Some(project("shop")));
    assert_eq!(principal.scopes, Scopes::from_iter([Scope::Ingest, Scope::Read]));
    assert_eq!(principal.credential, Credential::Key(key.id.clone()));

    let listed = accounts.list_keys(None).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, key.id);
    assert_eq!(listed[0].prefix, key.text.expose()[..9]);
    assert_eq!(listed[0].name.as_deref(), Some("the shop's"));
    assert_eq!(listed[0].project, Some(project("shop")));
    assert_eq!(listed[0].expires_at, Some(listed[0].created_at + 60_000_000));
    assert_eq!(listed[0].revoked_at, None);
    assert_eq!(projects(&accounts, "acme").await, [project("default"), project("shop")]);
}

#[tokio::test]
async fn what_is_no_key_or_an_unknown_one_stands_for_nobody() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let key = accounts.create_key(&me(), request("t")).await.unwrap();
    let (_other_dir, other) = fresh().await;
    let stranger = other.create_key(&me(), request("t")).await.unwrap();
    for wrong in ["", "tg_", &*key.id, stranger.text.expose(), &key.text.expose().to_uppercase()] {
        assert_eq!(ring.authenticate(wrong, now()), None);
    }
    assert!(ring.authenticate(key.text.expose(), now()).is_some());
}

#[tokio::test]
async fn a_key_works_until_the_microsecond_of_its_expiry() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let key = accounts
        .create_key(&me(), KeyRequest { expires_in: Some(Duration::from_secs(3600)), ..request("t") })
        .await
        .unwrap();
    let end = key.expires_at.unwrap();
    assert!(ring.authenticate(key.text.expose(), end - 1).is_some());
    assert_eq!(ring.authenticate(key.text.expose(), end), None);

    let ended = accounts
        .create_key(&me(), KeyRequest { expires_in: Some(Duration::ZERO), ..request("t") })
        .await
        .unwrap();
    assert_eq!(ring.authenticate(ended.text.expose(), now()), None);
}

#[tokio::test]
async fn a_key_is_revoked_by_its_id_or_its_text_at_once_and_for_good() {
    let (dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let by_id = accounts.create_key(&me(), request("t")).await.unwrap();
    let by_text = accounts.create_key(&me(), request("t")).await.unwrap();
    let kept = accounts.create_key(&me(), request("t")).await.unwrap();

    let revoked = accounts.revoke_key(&me(), None, &by_id.id).await.unwrap();
    assert_eq!(ring.authenticate(by_id.text.expose(), now()), None);
    assert_eq!(accounts.revoke_key(&me(), None, by_text.text.expose()).await.unwrap().id, by_text.id);
    assert_eq!(ring.authenticate(by_text.text.expose(), now()), None);
    assert_eq!(accounts.revoke_key(&me(), None, &by_id.id).await.unwrap(), revoked, "the first time stays");
    assert!(revoked.revoked_at.is_some());
    assert!(ring.authenticate(kept.text.expose(), now()).is_some());

    accounts.close().await;
    let later = Accounts::open(dir.path()).await.unwrap();
    let ring = later.key_ring().await.unwrap();
    assert_eq!(ring.len(), 1);
    assert_eq!(ring.authenticate(by_id.text.expose(), now()), None);
    assert!(ring.authenticate(kept.text.expose(), now()).is_some());
    assert_eq!(later.list_keys(None).await.unwrap().len(), 3);
}

#[tokio::test]
async fn revoking_what_is_no_key_says_so_without_repeating_it() {
    let (_dir, accounts) = fresh().await;
    let (_other_dir, other) = fresh().await;
    let stranger = other.create_key(&me(), request("t")).await.unwrap();

    let error = accounts.revoke_key(&me(), None, &stranger.id).await.unwrap_err();
    assert!(matches!(error, AccountsError::UnknownKeyId(_)) && error.to_string().contains(&*stranger.id));

    let secret = stranger.text.expose();
    let error = accounts.revoke_key(&me(), None, secret).await.unwrap_err();
    assert!(matches!(error, AccountsError::UnknownKeyText), "{error}");
    let mistyped = format!("{}x", &secret[..secret.len() - 1]);
    let capital = format!("T{}", &secret[1..]);
    for (wrong, part) in [(&mistyped, &secret[9..40]), (&capital, &secret[9..40])] {
        let error = accounts.revoke_key(&me(), None, wrong).await.unwrap_err();
        assert!(matches!(error, AccountsError::InvalidKeyText(_) | AccountsError::NoKeyName), "{error}");
        assert!(!format!("{error} {error:?}").contains(part));
    }
}

#[tokio::test]
async fn clones_and_many_tasks_share_one_ring_that_misses_nothing() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|i| {
            let (accounts, ring) = (accounts.clone(), ring.clone());
            tokio::spawn(async move {
                let key = accounts.create_key(&me(), request(&format!("t{}", i % 4))).await.unwrap();
                assert!(ring.authenticate(key.text.expose(), now()).is_some());
                if i % 2 == 0 {
                    accounts.revoke_key(&me(), None, &key.id).await.unwrap();
                    assert_eq!(ring.authenticate(key.text.expose(), now()), None);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(ring.len(), 8);
}

#[tokio::test]
async fn more_keys_than_a_page_are_all_listed_and_all_in_the_ring() {
    let (dir, accounts) = fresh().await;
    let first = accounts.create_key(&me(), request("t")).await.unwrap();
    let url = format!("sqlite:{}", dir.path().join("accounts.db").display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
         INSERT INTO api_keys (id, digest, prefix, tenant, scopes, created_at, change)
         SELECT 'key_' || i, randomblob(32), 'tg_', 't', 'read', 4000000000000000 + i, i FROM n",
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

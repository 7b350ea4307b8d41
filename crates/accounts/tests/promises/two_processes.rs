//! Two holders of the same accounts: what one changes, the other's ring honours within a second.

use std::time::Duration;

use crate::common::{Place, me, now, request, within};
use tokio::sync::oneshot;

promises![
    a_key_made_and_revoked_by_one_is_honoured_by_the_other_within_a_second,
    what_changed_before_the_watch_began_is_seen_too,
    a_key_made_by_another_process_is_honoured_within_a_second,
    a_database_that_went_back_is_read_anew_and_what_it_lacks_no_longer_works,
];

const A_SECOND: Duration = Duration::from_secs(1);

async fn a_key_made_and_revoked_by_one_is_honoured_by_the_other_within_a_second(place: Place) {
    let server = place.open().await;
    let command_line = place.open().await;
    let ring = server.key_ring().await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let watch = tokio::spawn(server.clone().watch(async move { drop(stopped.await) }));

    for _ in 0..3 {
        let key = command_line.create_key(&me(), request("t")).await.unwrap();
        within(A_SECOND, || ring.authenticate(key.text.expose(), now()).is_some()).await;
        command_line.revoke_key(&me(), None, &key.id).await.unwrap();
        within(A_SECOND, || ring.authenticate(key.text.expose(), now()).is_none()).await;
    }

    stop.send(()).unwrap();
    watch.await.unwrap();
}

async fn what_changed_before_the_watch_began_is_seen_too(place: Place) {
    let server = place.open().await;
    let ring = server.key_ring().await.unwrap();
    let command_line = place.open().await;
    let key = command_line.create_key(&me(), request("t")).await.unwrap();
    assert_eq!(ring.authenticate(key.text.expose(), now()), None);
    let watch = tokio::spawn(server.watch(std::future::pending()));
    within(A_SECOND, || ring.authenticate(key.text.expose(), now()).is_some()).await;
    watch.abort();
}

async fn a_key_made_by_another_process_is_honoured_within_a_second(place: Place) {
    let server = place.open().await;
    let ring = server.key_ring().await.unwrap();
    let watch = tokio::spawn(server.clone().watch(std::future::pending()));
    let status = place.child("children::a_key_for_t").status().unwrap();
    assert!(status.success());
    within(A_SECOND, || ring.len() == 1).await;
    watch.abort();
}

/// As when a replica that lacked the last commits takes over, or a backup is restored under a running server.
async fn a_database_that_went_back_is_read_anew_and_what_it_lacks_no_longer_works(place: Place) {
    let server = place.open().await;
    let ring = server.key_ring().await.unwrap();
    let kept = server.create_key(&me(), request("t")).await.unwrap();
    let ended = server.create_key(&me(), request("t")).await.unwrap();
    let lost = server.create_key(&me(), request("t")).await.unwrap();
    assert!(ring.authenticate(lost.text.expose(), now()).is_some());

    let mut raw = place.raw().await;
    for sql in [
        format!("UPDATE api_keys SET revoked_at = 1 WHERE id = '{}'", ended.id),
        format!("DELETE FROM api_keys WHERE id = '{}'", lost.id),
    ] {
        assert!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut raw).await.is_ok());
    }
    let watch = tokio::spawn(server.clone().watch(std::future::pending()));
    within(A_SECOND, || ring.len() == 1).await;
    assert!(ring.authenticate(kept.text.expose(), now()).is_some());
    for gone in [&ended, &lost] {
        assert_eq!(ring.authenticate(gone.text.expose(), now()), None);
    }

    // Again, with another key under the number that was the last.
    let lost = server.create_key(&me(), request("t")).await.unwrap();
    watch.abort();
    assert!(sqlx::query("DELETE FROM api_keys WHERE change = 3").execute(&mut raw).await.is_ok());
    let command_line = place.open().await;
    let other = command_line.create_key(&me(), request("t")).await.unwrap();
    let watch = tokio::spawn(server.watch(std::future::pending()));
    within(A_SECOND, || ring.authenticate(other.text.expose(), now()).is_some()).await;
    assert_eq!(ring.authenticate(lost.text.expose(), now()), None);
    watch.abort();
}

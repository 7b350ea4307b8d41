//! Two holders of the same accounts: what one changes, the other's ring honours within a second.

use std::time::Duration;

use crate::common::{Place, me, now, request, within};
use tokio::sync::oneshot;

promises![
    a_key_made_and_revoked_by_one_is_honoured_by_the_other_within_a_second,
    what_changed_before_the_watch_began_is_seen_too,
    a_key_made_by_another_process_is_honoured_within_a_second,
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

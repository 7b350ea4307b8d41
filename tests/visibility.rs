//! What is acknowledged is in the next answer, over any connection, and an `event_id` is stored once.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::client::TRACK;
use crate::harness::{Server, Site, now_seconds, wait_for, wait_until};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

#[test]
fn an_acknowledged_event_is_in_the_next_answers_over_another_connection() {
    let site = Site::new();
    let server = site.start(&[]);
    let writer = server.client();
    let mut total = 0;
    for round in 0..40 {
        let reader = server.client();
        if round % 2 == 0 {
            let answer = writer.track(&json!({"event_name": "one"}));
            assert_eq!(answer["success"], true);
            assert!(!answer["event_id"].as_str().unwrap().is_empty() && answer["message"].is_string());
            total += 1;
        } else {
            let answer = writer.batch(&vec![json!({"event_name": "many"}); 7]);
            assert_eq!(
                [&answer["events_received"], &answer["events_queued"], &answer["events_failed"]],
                [7, 7, 0]
            );
            total += 7;
        }
        assert_eq!(reader.stats().total_events, total);
        assert_eq!(reader.total_events("default"), total);
    }
    server.stop();
    assert_eq!(site.events().len() as u64, total);
}

#[test]
fn last_activity_is_the_newest_instant_and_null_before_any() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client();
    let last = || client.get("/api/realtime/projects/default/analytics").ok()["lastActivity"].clone();
    assert_eq!(last(), Value::Null);
    client.track(&json!({"event_name": "a", "timestamp": "2024-01-15T10:00:00Z"}));
    assert_eq!(last(), "2024-01-15T10:00:00.000Z");
    client.track(&json!({"event_name": "a", "timestamp": "2024-01-14T10:00:00Z"}));
    assert_eq!(last(), "2024-01-15T10:00:00.000Z");
    client.track(&json!({"event_name": "a", "timestamp": "2024-01-15T12:00:00.5+01:00"}));
    assert_eq!(last(), "2024-01-15T11:00:00.500Z");
}

/// Sends the same id from many threads at once, alone and in batches; all must be acknowledged with it.
fn send_at_once(server: &Server, id: &str) {
    let repeated = json!({"event_name": "once", "event_id": id});
    thread::scope(|scope| {
        for sender in 0..16 {
            let (repeated, client) = (&repeated, server.client());
            scope.spawn(move || {
                if sender % 2 == 0 {
                    let answer = client.track(repeated);
                    assert_eq!(
                        (&answer["success"], &answer["event_id"]),
                        (&json!(true), &repeated["event_id"])
                    );
                } else {
                    let answer = client.batch(&[repeated.clone(), repeated.clone()]);
                    assert_eq!((&answer["success"], &answer["events_queued"]), (&json!(true), &json!(2)));
                    assert_eq!(answer["events_failed"], 0);
                }
            });
        }
    });
}

#[test]
fn repeats_of_an_event_id_that_come_at_once_are_stored_once_and_all_acknowledged() {
    let site = Site::new();
    let server = site.start(&[]);
    for round in 0..10 {
        send_at_once(&server, &format!("id-{round}"));
        assert_eq!(server.client().stats().total_events, round + 1);
        assert_eq!(server.client().total_events("default"), round + 1);
    }
    server.stop();
    assert_eq!(site.events().len(), 10);
}

#[test]
fn a_repeat_after_a_restart_or_a_flush_is_stored_once_too() {
    for flush in [&["--flush-interval-seconds", "1"][..], &["--flush-bytes", "1"], &[]] {
        let site = Site::new();
        let server = site.start(flush);
        send_at_once(&server, "first");
        if !flush.is_empty() {
            wait_until("a flush", || server.client().stats().buffer_status.events_pending == 0);
            send_at_once(&server, "first");
        }
        assert_eq!(server.client().stats().total_events, 1, "{flush:?}");
        server.stop();

        let server = site.start(flush);
        send_at_once(&server, "first");
        send_at_once(&server, "second");
        assert_eq!(server.client().stats().total_events, 2, "{flush:?}");
        server.kill();

        let server = site.start(flush);
        send_at_once(&server, "first");
        send_at_once(&server, "second");
        send_at_once(&server, "third");
        assert_eq!(server.client().stats().total_events, 3, "{flush:?}");
        server.stop();
        let mut ids: Vec<_> = site.events().into_iter().map(|row| row.event_id).collect();
        ids.sort();
        assert_eq!(ids, ["first", "second", "third"], "{flush:?}");
    }
}

#[test]
fn the_same_event_id_of_another_tenant_is_another_event() {
    let site = Site::new();
    let server = site.start(&[]);
    let other = server.client_with(&site.make_key("other", "ingest,read", &[]));
    wait_until("the key", || other.get("/api/v1/analytics/stats").status == 200);
    let event = json!({"event_name": "a", "event_id": "shared"});
    for client in [&server.client(), &other, &server.client(), &other] {
        assert_eq!(client.track(&event)["event_id"], "shared");
        assert_eq!(client.stats().total_events, u64::from(client.total_events("default") > 0));
    }
    server.stop();
    assert_eq!(site.events().len(), 2);
}

#[test]
fn today_and_this_hour_go_by_the_events_own_instant_also_after_a_flush_and_a_restart() {
    let mut site = Site::new();
    let mut server = site.start(&["--flush-bytes", "1"]);
    // The hour must not end between the writing and the looking.
    let hour = loop {
        let hour = now_seconds() / HOUR;
        let (hour_start, day_start) = (hour * HOUR, hour * HOUR / DAY * DAY);
        let (next_hour, tomorrow) = (hour_start + HOUR, day_start + DAY);
        let client = server.client();
        for (instant, category) in [
            (hour_start, "auth"),
            (next_hour - 1, "auth"),
            (day_start, "error"),
            (tomorrow - 1, "error"),
            (day_start - 1, "trading"),
            (hour_start - DAY, "trading"),
            (tomorrow, "system"),
            (tomorrow + 300 * DAY, "system"),
            (0, "page_view"),
        ] {
            client.track(&json!({"event_name": "a", "timestamp": instant, "category": category}));
        }
        client.track(&json!({"event_name": "now"}));
        if now_seconds() / HOUR == hour && now_seconds() % HOUR < HOUR - 60 {
            break hour;
        }
        server.kill();
        let is_far_from_its_end = || (now_seconds() % HOUR < HOUR - 60).then_some(());
        wait_for("the next hour's start", Duration::from_secs(90), is_far_from_its_end);
        site = Site::new();
        server = site.start(&["--flush-bytes", "1"]);
    };
    // The first and the last hour of a day are also this hour, when it is one of them.
    let in_hour = 3 + u64::from(hour % 24 == 0) + u64::from(hour % 24 == 23);
    let assert_counted = |server: &Server| {
        let stats = server.client().stats();
        assert_eq!((stats.total_events, stats.events_today, stats.events_this_hour), (10, 5, in_hour));
        let expected =
            [("auth", 2), ("error", 2), ("page_view", 1), ("system", 2), ("trading", 2), ("user_action", 1)];
        let expected = expected.map(|(name, count)| (name.to_owned(), count)).into();
        assert_eq!(stats.events_by_category, expected);
    };
    assert_counted(&server);
    wait_until("a flush", || server.client().stats().buffer_status.events_pending == 0);
    assert_counted(&server);
    server.kill();
    assert_counted(&site.start(&[]));
}

#[test]
fn the_buffer_is_shown_as_it_is_and_pending_and_flushed_make_the_total() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "3600"]);
    let client = server.client();
    let before = client.stats().buffer_status;
    assert_eq!((before.events_pending, before.events_flushed_total, before.buffer_size), (0, 0, 0));
    assert_eq!(before.flush_interval_seconds, 3600);
    assert!(before.max_buffer_size > 0);
    client.batch(&vec![json!({"event_name": "a"}); 25]);
    let stats = client.stats();
    assert_eq!((stats.buffer_status.events_pending, stats.buffer_status.buffer_size), (25, 25));
    assert_eq!((stats.buffer_status.events_flushed_total, stats.total_events), (0, 25));
    assert_eq!(stats.buffer_status.last_flush, before.last_flush);
    server.stop();

    let server = site.start(&["--flush-interval-seconds", "1"]);
    let client = server.client();
    let mut total = 25;
    for round in 1..=3 {
        wait_until("a flush", || {
            let stats = client.stats();
            let buffer = &stats.buffer_status;
            assert_eq!(buffer.events_pending + buffer.events_flushed_total, stats.total_events);
            assert_eq!(stats.total_events, total);
            buffer.events_flushed_total == total
        });
        let buffer = client.stats().buffer_status;
        assert_eq!((buffer.events_pending, buffer.buffer_size), (0, 0));
        assert!(buffer.last_flush > before.last_flush);
        for _ in 0..round {
            client.track(&json!({"event_name": "b"}));
        }
        total += round;
    }
    server.stop();
    assert_eq!(site.events().len() as u64, total);
}

/// Single events that come while a flush is under way are neither lost nor written twice.
#[test]
fn events_that_come_during_flushes_are_there_once() {
    let site = Site::new();
    let server = site.start(&["--flush-bytes", "1"]);
    thread::scope(|scope| {
        for sender in 0..4 {
            let client = server.client();
            scope.spawn(move || {
                for number in 0..400 {
                    client.track(&json!({"event_name": format!("{sender}-{number}")}));
                }
            });
        }
        let client = server.client();
        wait_until("all events", || {
            let stats = client.stats();
            let buffer = stats.buffer_status;
            assert_eq!(buffer.events_pending + buffer.events_flushed_total, stats.total_events);
            stats.total_events == 1600
        });
    });
    let client = server.client();
    wait_until("a flush", || client.stats().buffer_status.events_pending == 0);
    assert_eq!(client.post_json(TRACK, &json!({"event_name": "last"})).status, 200);
    assert_eq!(client.stats().total_events, 1601);
    server.kill();
    let mut names: Vec<_> = site.events().into_iter().map(|row| row.event_name).collect();
    let exported = names.len();
    names.sort();
    names.dedup();
    assert_eq!((names.len(), exported), (1601, 1601), "different events, rows");
    let server = site.start(&[]);
    assert_eq!(server.client().stats().total_events, 1601);
    assert_eq!(server.client().total_events("default"), 1601);
}

//! Against a server that says what was written down for it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use tokio::runtime::Builder;

use super::*;

const SNAPSHOT: &str = r#"{"time":"2026-11-21T10:00:00.000Z","open_connections":3,"events_per_second":12.0,"requests_per_second":4.0,"error_rate":null,"total_events":9,"top_names":[{"name":"a","count":2}]}"#;

/// What the server answers to one request, in this order.
struct Answer {
    status: &'static str,
    kind: &'static str,
    body: String,
}

fn stream(body: impl Into<String>) -> Answer {
    Answer { status: "200 OK", kind: "text/event-stream", body: body.into() }
}

fn refusal(status: &'static str) -> Answer {
    let body = r#"{"type":"about:blank","title":"x","status":503,"detail":"too many"}"#.to_owned();
    Answer { status, kind: "application/problem+json", body }
}

fn me() -> Answer {
    Answer {
        status: "200 OK",
        kind: "application/json",
        body: r#"{"projects":["a","b"],"more":1}"#.to_owned(),
    }
}

/// Answers so many requests, and tells their heads.
fn serve(answers: Vec<Answer>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/prefix", listener.local_addr().unwrap());
    let (send, heads) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (peer, _) = listener.accept().unwrap();
            let _ = send.send(head(&peer));
            let _ = write!(
                &peer,
                "HTTP/1.1 {}\r\nContent-Type: {}\r\nConnection: close\r\n\r\n{}",
                answer.status, answer.kind, answer.body
            );
        }
    });
    (url, heads)
}

fn head(peer: &TcpStream) -> String {
    let lines = BufReader::new(peer).lines().map_while(Result::ok);
    lines.take_while(|line| !line.is_empty()).map(|line| line + "\n").collect()
}

/// Follows until the news are enough, or there are no more.
fn followed(url: &str, wish: Wish, enough: impl Fn(&[News]) -> bool) -> Vec<News> {
    let server = Server::new(url, "secret".into(), None).unwrap();
    let (send, news) = mpsc::channel();
    let (_wishes, wish) = watch::channel(wish);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    thread::spawn(move || runtime.block_on(follow(&server, wish, &send)));
    let mut all = Vec::new();
    while !enough(&all)
        && let Ok(told) = news.recv_timeout(Duration::from_secs(20))
    {
        all.push(told);
    }
    all
}

fn of_all() -> Wish {
    Wish { project: None, has_feed: false }
}

#[test]
fn what_the_stream_says_is_told_and_a_stream_that_was_cut_goes_on_from_the_last_id() {
    let first = format!(
        "retry: 10\n\nevent: snapshot\nid: s-7\ndata: {SNAPSHOT}\n\nevent: other\ndata: 1\n\nevent: snap"
    );
    let second = "event: missed\nid: s-9\ndata: {\"reason\": \"too old\"}\n\n\
                  event: event\ndata: {\"event_time\":\"2026-11-21T10:00:01.000Z\",\"event_name\":\"a\"}\n\n\
                  event: end\ndata: {\"reason\": \"credential\"}\n\n";
    let (url, heads) = serve(vec![me(), stream(first), stream(second)]);
    let wish = Wish { project: Some("a".into()), has_feed: true };
    let news = followed(&url, wish.clone(), |_| false);
    let snapshot: Snapshot = serde_json::from_str(SNAPSHOT).unwrap();
    let event = FeedLine { time: "10:00:01".into(), name: "a".into(), ..FeedLine::default() };
    let expected = [
        News::Projects(vec!["a".into(), "b".into()]),
        News::Connected(wish.clone()),
        News::Snapshot(snapshot),
        News::Lost("the server ended the stream".into()),
        News::Connected(wish),
        News::Missed,
        News::Event(event),
        News::Refused("the key was revoked or has expired".into()),
    ];
    assert_eq!(news, expected);
    let heads: Vec<String> = heads.iter().take(3).collect();
    assert!(heads[0].starts_with("GET /prefix/api/v1/me HTTP/1.1\n"), "{}", heads[0]);
    assert!(heads[1].starts_with("GET /prefix/api/v1/live/a?feed=events HTTP/1.1\n"), "{}", heads[1]);
    assert!(heads.iter().all(|head| head.contains("authorization: Bearer secret\n")));
    assert!(!heads[1].contains("last-event-id") && heads[2].contains("last-event-id: s-7\n"), "{}", heads[2]);
}

#[test]
fn what_no_other_try_would_change_ends_it_and_what_may_pass_does_not() {
    for (status, told) in [
        ("401 Unauthorized", "does not know the key"),
        ("403 Forbidden", "scope `read`"),
        ("404 Not Found", "has no live stream"),
        ("418 Teapot", "answers 418: too many"),
        ("302 Found", "answers 302"),
    ] {
        let (url, _heads) = serve(vec![refusal("404 Not Found"), refusal(status)]);
        match followed(&url, of_all(), |_| false).as_slice() {
            [News::Projects(projects), News::Refused(why)] => {
                assert!(projects.is_empty() && why.contains(told), "{why}");
                assert!(!why.contains("secret"));
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    let (url, _heads) =
        serve(vec![me(), refusal("503 Service Unavailable"), stream("event: end\ndata: {}\n\n")]);
    let news = followed(&url, of_all(), |news| news.len() >= 3);
    assert!(matches!(&news[1], News::Lost(why) if why.contains("answers 503: too many")), "{news:?}");
    assert_eq!(news[2], News::Connected(of_all()));
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_key() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let news = followed(&format!("http://{address}"), of_all(), |news| news.len() >= 2);
    assert!(
        matches!(&news[1], News::Lost(why) if why.contains("refused") && !why.contains("secret")),
        "{news:?}"
    );
}

#[test]
fn a_url_that_is_none_or_carries_a_password_is_refused() {
    for url in ["", "localhost:8080", "ftp://h", "http://", "http://a:b@h"] {
        assert!(Server::new(url, "k".into(), None).is_err(), "{url}");
    }
    assert_eq!(Server::new("http://h:1/p/?q#f", "k".into(), None).unwrap().url(), "http://h:1/p");
}

//! `tidegauge top` says in a line how a server is, where there is no terminal to draw on.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use crate::harness::{Site, tidegauge};

const SNAPSHOT: &str = r#"{"time":"2026-11-21T10:00:00.000Z","open_connections":3,"events_per_second":12.5,"requests_per_second":4.0,"error_rate":0.25,"total_events":99,"top_names":[{"name":"page_view","count":120}]}"#;

/// Answers two requests, the second with a stream or a refusal, and gives their heads back.
fn serve(status: &'static str) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let mut heads = Vec::new();
        for answer in ["HTTP/1.1 404 Not Found".to_owned(), format!("HTTP/1.1 {status}")] {
            let (peer, _) = listener.accept().unwrap();
            let lines = BufReader::new(&peer).lines().map_while(Result::ok);
            heads.push(lines.take_while(|line| !line.is_empty()).map(|line| line + "\n").collect());
            let _ =
                write!(&peer, "{answer}\r\nConnection: close\r\n\r\nevent: snapshot\ndata: {SNAPSHOT}\n\n");
        }
        heads
    });
    (url, serving)
}

#[test]
fn without_a_terminal_it_prints_one_line_and_ends() {
    let site = Site::new();
    site.start(&[]).stop();
    let data = site.data().to_str().unwrap();
    let (url, serving) = serve("200 OK");
    let ran = tidegauge(&["top", "--url", &url, "--data", data, "--project", "shop"]);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    assert_eq!(
        ran.stdout,
        "2026-11-21T10:00:00.000Z  connections 3  events/s 12.5  requests/s 4.0  errors 25.0 %  events 99  page_view 120\n"
    );
    let heads = serving.join().unwrap();
    assert!(heads[1].starts_with("GET /api/v1/live/shop HTTP/1.1\n"), "{}", heads[1]);
    assert!(heads[1].contains(&format!("authorization: Bearer {}\n", site.admin_key())));

    let (url, _serving) = serve("200 OK");
    let ran = tidegauge(&["top", "--url", &url, "--data", data, "--json"]);
    assert_eq!(ran.stdout.trim_end(), SNAPSHOT);
}

#[test]
fn why_there_is_nothing_to_watch_is_one_line_without_the_key() {
    for (status, told) in
        [("401 Unauthorized", "does not know the key"), ("503 Service Unavailable", "answers 503")]
    {
        let (url, _serving) = serve(status);
        let ran = tidegauge(&["top", "--once", "--url", &url, "--key", "hidden"]);
        let line = ran.assert_failed();
        assert!(line.contains(told) && line.contains(&url) && !line.contains("hidden"), "{line}");
    }
    let ran = tidegauge(&["top", "--once"]);
    assert!(ran.assert_failed().contains("TIDEGAUGE_KEY"), "{ran:?}");
    let ran = tidegauge(&["top", "--once", "--data", "/nowhere"]);
    assert!(ran.assert_failed().contains("/nowhere/admin.key"), "{ran:?}");
    let ran = tidegauge(&["top", "--once", "--url", "nonsense", "--key", "hidden"]);
    assert!(ran.assert_failed().contains("http://HOST:PORT"), "{ran:?}");
}

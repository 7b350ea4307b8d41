use proptest::prelude::*;

use super::*;

fn good(line: &str) -> Line<'_> {
    parse(line.as_bytes()).unwrap_or_else(|reason| panic!("{line}: {reason}"))
}

#[test]
fn the_line_of_apaches_documentation() {
    // https://httpd.apache.org/docs/2.4/logs.html#combined
    let line = good(
        r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)""#,
    );
    assert_eq!((&*line.client, line.user.as_deref()), ("127.0.0.1", Some("frank")));
    assert_eq!(line.at, 971_211_336_000_000);
    assert_eq!(
        (line.request.method(), line.request.path(), line.request.raw()),
        (Some("GET"), "/apache_pb.gif", None)
    );
    assert_eq!((line.status, line.bytes), (Some(200), 2326));
    assert_eq!(line.user_agent.as_deref(), Some("Mozilla/4.08 [en] (Win98; I ;Nav)"));
}

#[test]
fn a_common_line_has_no_agent_and_a_dash_is_nothing() {
    let line = good(r#"::1 - - [10/Oct/2000:13:55:36 +0000] "GET /a?b=c&d HTTP/1.1" 304 -"#);
    assert_eq!((line.user, line.user_agent, line.bytes), (None, None, 0));
    assert_eq!((line.request.path(), line.request.raw()), ("/a", Some("/a?b=c&d")));
    let line = good(r#"::1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" - 5 "-" "-""#);
    assert_eq!((line.status, line.user_agent), (None, None));
}

#[test]
fn what_follows_is_passed_over() {
    for more in ["", " 0.005", " \"-\" 1.2 upstream=x", " \"-", " 4711 \""] {
        let line =
            format!(r#"::1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 5 "ref" "agent"{more}"#);
        assert_eq!(good(&line).user_agent.as_deref(), Some("agent"), "{line}");
    }
    assert_eq!(
        good(r#"::1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 5 0.005 x"#).user_agent,
        None
    );
}

#[test]
fn what_is_no_request_is_kept_as_it_came() {
    let of = |request: &str| format!(r#"::1 - - [10/Oct/2000:13:55:36 +0000] "{request}" 400 0 "-" "-""#);
    for (request, raw) in [
        ("-", None),
        ("", None),
        (r"\x16\x03\x01\x02", Some(r"\x16\x03\x01\x02")),
        ("get / HTTP/1.1", Some("get / HTTP/1.1")),
        ("GET", Some("GET")),
        ("GET  HTTP/1.1", Some("GET  HTTP/1.1")),
        ("PRI no-version", Some("PRI no-version")),
    ] {
        let line = of(request);
        let request = good(&line).request;
        assert_eq!((request.method(), request.path(), request.raw()), (None, "-", raw), "{line}");
    }
}

#[test]
fn targets_of_every_form() {
    for (request, method, host, path, raw) in [
        (
            "GET http://example.com/a?b HTTP/1.1",
            "GET",
            Some("example.com"),
            "/a",
            Some("http://example.com/a?b"),
        ),
        ("GET http://example.com HTTP/1.1", "GET", Some("example.com"), "/", Some("http://example.com")),
        ("OPTIONS * HTTP/1.0", "OPTIONS", None, "*", None),
        ("CONNECT example.com:443 HTTP/1.1", "CONNECT", None, "example.com:443", None),
        ("GET /a b HTTP/1.1", "GET", None, "/a b", None),
        ("GET /old", "GET", None, "/old", None),
        ("M-SEARCH /x HTTP/1.1", "M-SEARCH", None, "/x", None),
        (r#"GET /q?a=\"b\" HTTP/1.1"#, "GET", None, "/q", Some(r#"/q?a="b""#)),
    ] {
        let line = format!(r#"::1 - - [10/Oct/2000:13:55:36 +0000] "{request}" 200 0"#);
        let line = good(&line).request;
        assert_eq!((line.method(), line.host(), line.path(), line.raw()), (Some(method), host, path, raw));
    }
}

#[test]
fn a_user_may_have_spaces_and_brackets() {
    let line = good(r#"10.0.0.1 ident John [x] Doe [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 1"#);
    assert_eq!(line.user.as_deref(), Some("John [x] Doe"));
}

#[test]
fn what_is_no_line_says_why() {
    for (line, reason) in [
        ("", NO_CLIENT),
        (" - - ", NO_CLIENT),
        ("hello", NO_CLIENT),
        ("1.2.3.4 - -", NO_TIME),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36] \"GET / HTTP/1.0\" 200 1", NO_TIME),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36 +0000]", NO_REQUEST),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0", OPEN_QUOTE),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\"", NO_STATUS),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" abc 1", NO_STATUS),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200", NO_BYTES),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200 x", NO_BYTES),
        ("1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200 1 \"-\" \"agent", OPEN_QUOTE),
    ] {
        assert_eq!(parse(line.as_bytes()), Err(reason), "{line}");
    }
    let long = format!(r#"{} - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 1"#, "x".repeat(1025));
    assert_eq!(parse(long.as_bytes()), Err(LONG_CLIENT));
}

#[test]
fn no_caller_makes_a_bad_line_by_what_it_sends() {
    let at = "[10/Oct/2000:13:55:36 +0000]";
    let (path, query, user, agent) =
        ("/".to_owned() + &"é".repeat(5000), "q".repeat(40_000), "u".repeat(2000), "a".repeat(40_000));
    let text = format!(r#"::1 - {user} {at} "GET {path}?{query} HTTP/1.0" 200 1 "-" "{agent}""#);
    let line = good(&text);
    assert_eq!(line.request.path(), path.chars().take(4096).collect::<String>());
    assert_eq!(line.request.raw().unwrap(), &format!("{path}?{query}")[..path.len() + 32_768 - 5001]);
    assert_eq!(
        (line.user.as_deref(), line.user_agent.as_deref()),
        (Some(&user[..1024]), Some(&agent[..32_768]))
    );
    let text = format!(r#"::1 - - {at} "GET http://{query}/ HTTP/1.0" 200 1"#);
    assert_eq!(good(&text).request.host(), Some(&query[..1024]));

    let text = format!(r#"::1 - John [11/Oct/2001:13:55:36 +0000] Doe {at} "GET / HTTP/1.0" 200 1"#);
    let line = good(&text);
    assert_eq!(
        (line.user.as_deref(), line.at),
        (Some("John [11/Oct/2001:13:55:36 +0000] Doe"), 971_186_136_000_000)
    );
    for status in ["000", "009", "-"] {
        let text = format!(r#"::1 - - {at} "GET /" {status} 1"#);
        assert_eq!(good(&text).status, None);
    }
}

#[test]
fn an_address_has_one_spelling_and_a_name_stays() {
    for (written, kept) in
        [("2001:DB8:0:0::1", "2001:db8::1"), ("a.example", "a.example"), ("192.0.2.1", "192.0.2.1")]
    {
        let text = format!(r#"{written} - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 1"#);
        assert_eq!(good(&text).client, kept);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(line in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&line);
    }

    #[test]
    fn no_damaged_line_makes_it_panic(at in 0_usize..120, byte in any::<u8>(), cut in 0_usize..120) {
        let mut line = br#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a\xc3?b=\" HTTP/1.0" 200 2326 "r" "M\\ozilla" 5"#.to_vec();
        let at = at % line.len();
        line[at] = byte;
        line.truncate(line.len() - cut % line.len());
        let _ = parse(&line);
    }

    #[test]
    fn a_written_line_is_read_back(
        client in "[0-9a-f.]{1,39}", user in "[a-zA-Z@][a-zA-Z0-9 @.]{0,20}", second in 0_i64..4_000_000_000,
        method in "[A-Z]{3,8}", path in "/[a-zA-Z0-9/._%~ -]{0,60}", query in "[ -~&&[^\\\\]]{0,40}", status in 100_i64..600,
        bytes in 0_i64..1_000_000_000_000, agent in "[ -~é&&[^\\\\]]{2,60}",
    ) {
        let quoted = |text: &str| text.replace('"', "\\\"");
        let at = jiff::Timestamp::from_second(second).unwrap().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
        let user = user.trim_end();
        let text = format!(
            "{client} - {user} [{at}] \"{method} {path}?{} HTTP/1.1\" {status} {bytes} \"-\" \"{}\"",
            quoted(&query), quoted(&agent),
        );
        let line = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(&*line.client, client);
        prop_assert_eq!(line.user.as_deref(), Some(user));
        prop_assert_eq!(line.at, second * 1_000_000);
        prop_assert_eq!(line.request.method(), Some(&*method));
        prop_assert_eq!(line.request.path(), &*path);
        let raw = format!("{path}?{query}");
        prop_assert_eq!(line.request.raw(), Some(&*raw));
        prop_assert_eq!((line.status, line.bytes), (Some(status), bytes));
        prop_assert_eq!(line.user_agent.as_deref(), Some(&*agent));
    }
}

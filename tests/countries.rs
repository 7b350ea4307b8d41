//! A fact that names no country gets that of its address: from the bundled data, from a file, or from nowhere.

use std::fs;

use serde_json::{Value, json};

use crate::harness::command::assert_one_line;
use crate::harness::{Server, Site, tidegauge};

#[path = "../crates/geo/src/tests/mmdb.rs"]
mod mmdb;

/// Sends a session, an event and a request from this address, without a country and with one of their own.
fn send(server: &Server, key: &str, address: &str) {
    let client = server.client_without_key();
    for own in [None, Some("AQ")] {
        let name = own.unwrap_or("none");
        let signal = json!({"sessionId": name, "eventType": name, "country": own});
        for kind in ["session", "event"] {
            let headers = [("Content-Type", "text/plain"), ("X-Forwarded-For", address)];
            let path = format!("/signals/v1/{key}/{kind}");
            let answer = client.send("POST", &path, &headers, signal.to_string().as_bytes());
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let mut attributes =
            vec![text("http.method", "GET"), text("http.target", name), text("client.address", address)];
        attributes.extend(own.map(|own| text("geo.country.iso_code", own)));
        let span = json!({"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": format!("{:016x}", name.len()), "kind": 2,
            "startTimeUnixNano": "1795248000000000000", "endTimeUnixNano": "1795248000000000000", "attributes": attributes});
        let export = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
        assert_eq!(server.client_with(key).post_json("/v1/traces", &export).ok(), json!({}));
    }
}

/// The countries of all that [`send`] sent to a server with these arguments: of each table what had none, and what
/// had its own.
fn countries(address: &str, args: &[&str]) -> [[Value; 2]; 3] {
    let site = Site::new();
    let server = site.start(&[&["--trusted-proxies", "127.0.0.1"], args].concat());
    send(&server, &site.admin_key(), address);
    server.stop();
    [("sessions", "session_id"), ("events", "event_name"), ("requests", "path")].map(|(table, name)| {
        let rows = site.rows(table);
        ["none", "AQ"].map(|own| {
            let row = rows.iter().find(|row| row[name] == own).unwrap_or_else(|| panic!("{own}: {rows:?}"));
            row["country"].clone()
        })
    })
}

#[test]
fn what_names_no_country_gets_the_one_of_its_address_and_what_names_one_keeps_it() {
    let [dutch, none, own] = [json!("NL"), Value::Null, json!("AQ")];
    assert_eq!(countries("193.0.6.139", &[]), [[&dutch, &own]; 3].map(|row| row.map(Value::clone)));
    for (address, args) in [("10.1.2.3", &[][..]), ("193.0.6.139", &["--country-database", "off"])] {
        assert_eq!(
            countries(address, args),
            [[&none, &own]; 3].map(|row| row.map(Value::clone)),
            "{address} {args:?}"
        );
    }
}

#[test]
fn a_file_of_the_operators_replaces_the_bundled_data() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("own.mmdb");
    fs::write(&path, mmdb::file((&["country", "iso_code"], "FI"), (&["country", "iso_code"], "SE"))).unwrap();
    let args = ["--country-database", path.to_str().unwrap()];
    assert_eq!(
        countries("193.0.6.139", &args),
        [[json!("SE"), json!("AQ")], [json!("SE"), json!("AQ")], [json!("SE"), json!("AQ")]]
    );
}

#[test]
fn a_file_that_cannot_be_used_keeps_the_server_from_starting_and_says_why() {
    let place = tempfile::tempdir().unwrap();
    let (data, path) = (place.path().join("data"), place.path().join("own.mmdb"));
    let serve = |database: &str| {
        let data = data.to_str().unwrap();
        tidegauge(&["serve", "--listen", "127.0.0.1:0", "--data", data, "--country-database", database])
    };
    let missing = serve("/nonexistent.mmdb");
    assert!(
        missing.assert_failed().contains("cannot read the country database /nonexistent.mmdb"),
        "{missing:?}"
    );
    fs::write(&path, "no database").unwrap();
    let damaged = serve(path.to_str().unwrap());
    assert!(
        damaged.assert_failed().contains("own.mmdb is not in MaxMind's format, or damaged"),
        "{damaged:?}"
    );
    assert!(!data.exists(), "nothing is made before it is known that the server can start");
}

#[test]
fn the_version_tells_the_day_and_the_licence_of_the_data_when_asked() {
    let plain = tidegauge(&["--version"]);
    assert_eq!((plain.code, plain.stdout.lines().count()), (Some(0), 1));
    assert!(plain.stdout.starts_with("tidegauge "), "{}", plain.stdout);
    let verbose = tidegauge(&["--version", "--verbose"]);
    assert_eq!(verbose.code, Some(0));
    assert!(verbose.stdout.starts_with(&plain.stdout));
    for told in ["country data: IPtoASN countries of 20", "Public Domain Dedication and License (PDDL) 1.0"] {
        assert!(verbose.stdout.contains(told), "{}", verbose.stdout);
    }
    for wrong in [&[][..], &["--verbose"]] {
        let ran = tidegauge(wrong);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{ran:?}");
    }
    assert_one_line(&tidegauge(&["check", "--data", "/nonexistent"]).stderr);
}

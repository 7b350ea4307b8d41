//! `tidegauge import`: each row of a file once, whatever the file is and however often the import was cut short.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Chance, Ran, Site, wait_until};

/// A data directory, and a place for the files to be imported.
struct Desk {
    site: Site,
    files: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { site: Site::new(), files: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Runs an import that ends well, and answers what it prints.
    fn import(&self, args: &[&str]) -> Value {
        let ran = self.try_import(args);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }

    fn try_import(&self, args: &[&str]) -> Ran {
        self.site.run(&[&["import"], args].concat())
    }

    fn requests(&self) -> Vec<Value> {
        self.site.rows("requests")
    }

    fn assert_whole(&self) {
        let ran = self.site.run(&["check"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

/// A log of lines whose paths are `/0`, `/1` and so on.
fn log(numbers: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    for number in numbers {
        let (minute, second) = (number / 60 % 60, number % 60);
        writeln!(
            text,
            r#"10.0.0.{} - - [10/Oct/2025:13:{minute:02}:{second:02} +0000] "GET /{number}?q=1 HTTP/1.1" 200 {number} "-" "curl/8.{}""#,
            number % 250,
            number % 10,
        )
        .unwrap();
    }
    text
}

fn assert_has(rows: &[Value], count: usize) {
    let paths: HashSet<&str> = rows.iter().map(|row| row["path"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), paths.len()), (count, count));
}

fn counts(summary: &Value) -> (u64, u64, u64) {
    let of = |name: &str| summary[name].as_u64().unwrap();
    (of("stored"), of("repeated"), of("bad"))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_access_log_becomes_requests_and_a_second_run_adds_nothing() {
    let desk = Desk::new();
    let file = desk.write(
        "access.log",
        concat!(
            r#"192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?a=b HTTP/1.0" 200 2326 "http://www.example.com/" "Mozilla/4.08""#,
            "\r\n\n",
            r#"2001:db8::1 - - [10/Oct/2000:20:55:37 +0000] "\x16\x03\x01" 400 -"#,
            "\n",
        ),
    );
    let summary = desk.import(&["--tenant", "t", "--project", "p", "--api-id", "web", &file]);
    assert_eq!(counts(&summary), (2, 0, 0));
    let rows = desk.requests();
    let mut first = rows[0].clone();
    for own in ["request_id", "received_at"] {
        first.as_object_mut().unwrap().remove(own).unwrap();
    }
    let expected = json!({
        "tenant_id": "t", "project_id": "p", "id_assigned": true, "event_time": "2000-10-10T20:55:36Z",
        "api_id": "web", "path": "/apache_pb.gif", "method": "GET", "raw_path": "/apache_pb.gif?a=b",
        "response_code": 200, "alias": "frank", "ip": "192.0.2.7", "user_agent": "Mozilla/4.08", "bytes_out": 2326,
    });
    assert_eq!(first, expected);
    let second = &rows[1];
    assert_eq!((&second["path"], &second["raw_path"]), (&json!("-"), &json!(r"\x16\x03\x01")));
    assert_eq!(
        (&second["method"], &second["response_code"], &second["bytes_out"]),
        (&Value::Null, &json!(400), &json!(0))
    );

    let again = desk.import(&["--tenant", "t", "--project", "p", "--api-id", "web", &file]);
    assert_eq!((counts(&again), &again["unchanged"]), ((0, 0, 0), &json!(1)));
    assert_eq!(desk.requests().len(), 2);
    let other = desk.import(&["--tenant", "u", "--project", "p", &file]);
    assert_eq!(counts(&other), (2, 0, 0));
    desk.assert_whole();
}

#[test]
fn a_log_that_grew_was_renamed_and_compressed_goes_on_where_it_was() {
    let desk = Desk::new();
    let file = desk.write("access.log", log(0..5000));
    assert_eq!(counts(&desk.import(&[&file])), (5000, 0, 0));
    // Half a line is left until its end is written.
    let more = log(5000..5002);
    let mut grown = OpenOptions::new().append(true).open(&file).unwrap();
    grown.write_all(&more.as_bytes()[..more.len() - 9]).unwrap();
    let summary = desk.import(&[&file]);
    assert_eq!(counts(&summary), (1, 0, 0));
    assert!(summary["unfinished_bytes"].as_u64().unwrap() > 50, "{summary}");
    grown.write_all(&more.as_bytes()[more.len() - 9..]).unwrap();
    assert_eq!(counts(&desk.import(&[&file])), (1, 0, 0));

    fs::rename(&file, desk.path("access.log.1")).unwrap();
    desk.write("access.log", log(6000..6010));
    let pattern = desk.path("access.log*").to_str().unwrap().to_owned();
    assert_eq!(counts(&desk.import(&[&pattern])), (10, 0, 0));
    let whole = fs::read_to_string(desk.path("access.log.1")).unwrap() + &log(5002..5100);
    fs::remove_file(desk.path("access.log.1")).unwrap();
    // Two members, as logs are appended to each other.
    desk.write("access.log.2.gz", [gzip(&whole[..100_000]), gzip(&whole[100_000..])].concat());
    desk.write("access.log.3.zst", zstd::encode_all(log(7000..7100).as_bytes(), 0).unwrap());
    assert_eq!(counts(&desk.import(&[&pattern])), (98 + 100, 0, 0));
    assert_eq!(counts(&desk.import(&[&pattern])), (0, 0, 0));
    assert_has(&desk.requests(), 5100 + 10 + 100);
    desk.assert_whole();
}

#[test]
fn a_log_that_was_cut_is_refused_and_one_that_took_its_name_is_new() {
    let desk = Desk::new();
    let file = desk.write("access.log", log(0..5000));
    desk.import(&[&file]);
    desk.write("access.log", &log(0..5000)[..200_000]);
    let ran = desk.try_import(&[&file]);
    assert!(ran.assert_failed().contains("is shorter now: it was cut or replaced"), "{ran:?}");
    // The same beginning, but another content at the place where it ended.
    desk.write("access.log", log(0..2000) + &log(9000..19_000));
    assert_eq!(counts(&desk.import(&[&file])), (12_000, 0, 0));
}

#[test]
fn a_copy_from_before_a_log_grew_adds_nothing() {
    for lines in [10, 5000] {
        let desk = Desk::new();
        let copy = desk.write("a.log", log(0..lines));
        let grown = desk.write("b.log", log(0..lines + 10));
        let same = desk.write("c.log", log(0..lines + 10));
        assert_eq!(counts(&desk.import(&[&copy, &grown, &same])), (lines as u64 + 10, 0, 0));
        for _ in 0..2 {
            let again = desk.import(&[&copy, &grown, &same]);
            assert_eq!((counts(&again), &again["unchanged"]), ((0, 0, 0), &json!(3)));
        }
        assert_has(&desk.requests(), lines + 10);
    }
}

#[test]
fn through_kills_at_any_moment_every_line_is_there_once() {
    const LINES: usize = 60_000;
    let desk = Desk::new();
    let mut chance = Chance(0x696d_706f);
    let mut text = String::new();
    for chunk in 0..LINES / 1000 {
        text.push_str(&log(chunk * 1000..chunk * 1000 + 1000));
        text.push_str("this is no line\n");
    }
    let plain = desk.write("a.log", &text);
    let compressed = desk.write("b.log.gz", gzip(&log(LINES..LINES + 20_000)));
    let mut kills = 0;
    for round in 0..40 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tidegauge"))
            .args(["import", "--data", desk.site.data().to_str().unwrap(), &plain, &compressed])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if round % 2 == 0 {
            wait_until("an import", || has_log(desk.site.data()) || child.try_wait().unwrap().is_some());
        }
        // Short and long ones, so that some meet an import on machines of any speed.
        thread::sleep(Duration::from_millis(chance.between(0, 8 << (round % 7))));
        child.kill().unwrap();
        kills += u64::from(!child.wait().unwrap().success());
        if kills > 12 {
            break;
        }
    }
    assert!(kills >= 3, "the imports were over before they could be killed");
    let summary = desk.import(&[&plain, &compressed]);
    let rows = desk.requests();
    assert_has(&rows, LINES + 20_000);
    assert!(summary["stored"].as_u64().unwrap() <= (LINES + 20_000) as u64);
    assert_eq!(counts(&desk.import(&[&plain, &compressed])), (0, 0, 0));
    let record = record_of(desk.site.data(), "a.log");
    assert_eq!(record["bad"], json!({"it has no time such as [10/Oct/2000:13:55:36 -0700]": LINES / 1000}));
    desk.assert_whole();
}

fn has_log(data: &Path) -> bool {
    let files = fs::read_dir(data.join("log")).into_iter().flatten();
    files.filter_map(Result::ok).any(|file| file.metadata().is_ok_and(|meta| meta.len() > 8192))
}

fn record_of(data: &Path, name: &str) -> Value {
    let records = fs::read_dir(data.join("imports")).unwrap().map(|entry| entry.unwrap().path());
    let records = records.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut found =
        records.map(|path| serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap());
    found.find(|record| record["path"].as_str().unwrap().ends_with(name)).unwrap()
}

#[test]
fn bad_lines_are_counted_and_kept_byte_for_byte_up_to_a_bound() {
    let desk = Desk::new();
    let (good, more) = (log(0..3), log(3..5));
    let text = [good.as_bytes(), b"bad \xff\x01 line\n", more.as_bytes(), b"nothing\n", log(5..6).as_bytes()]
        .concat();
    let file = desk.write("access.log", &text);
    let aside = desk.path("aside").to_str().unwrap().to_owned();
    let args = ["--max-errors", "1", "--set-aside", &aside, "--format", "combined", &file];
    let ran = desk.try_import(&args);
    let said = ran.assert_failed();
    assert!(
        said.contains("more than 1 bad lines") && said.contains(":7: it does not begin with an address"),
        "{said}"
    );
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(counts(&summary), (5, 0, 1));
    let kept = fs::read(&aside).unwrap();
    let expected = [
        format!("{file}:4: it has no time such as [10/Oct/2000:13:55:36 -0700]: ").as_bytes(),
        b"bad \xff\x01 line\n",
    ]
    .concat();
    assert_eq!(kept, expected);
    // Run again it stops at the same line; with a higher bound it goes on behind it.
    assert_eq!(desk.try_import(&args).assert_failed(), said);
    assert_eq!(fs::read(&aside).unwrap(), expected);
    let args = ["--max-errors", "2", "--set-aside", &aside, "--format", "combined", &file];
    assert_eq!(counts(&desk.import(&args)), (1, 0, 1));
    assert_has(&desk.requests(), 6);
    assert_eq!(counts(&desk.import(&args)), (0, 0, 0));
}

#[test]
fn a_line_without_an_end_is_bounded() {
    let desk = Desk::new();
    let file = desk
        .write("access.log", log(0..10) + &"x".repeat(3 << 20) + "\n" + &log(10..20) + &"y".repeat(2 << 20));
    let summary = desk.import(&[&file]);
    assert_eq!(counts(&summary), (20, 0, 2));
    let aside = fs::read_to_string(summary["set_aside"][0].as_str().unwrap()).unwrap();
    assert!(aside.len() < 20_000 && aside.contains(":11: it is longer than 1 MiB"), "{}", aside.len());
    assert_has(&desk.requests(), 20);
}

#[test]
fn what_is_exported_can_be_imported_and_is_the_same() {
    let desk = Desk::new();
    let server = desk.site.start(&[]);
    let client = server.client();
    let event = json!({
        "event_name": "buy", "event_id": "e1", "event_category": "trading", "session_id": "s", "user_id": "u",
        "properties": {"a": [1, "zw\u{f6}lf"]}, "int1": -5, "str1": "a, \"b\"\nc", "interaction": true,
    });
    client.post_json("/api/v1/analytics", &event).ok();
    client.post_json("/api/v1/analytics", &json!({"event_name": "look"})).ok();
    let connection = json!({
        "connection_id": "c1", "state": "open", "service_name": "s", "protocol_name": "p", "data_center": "d",
        "api_key": "secret", "at": "2026-01-02T03:04:05.678901Z",
    });
    client.post_json("/api/v1/connections", &json!({"connections": [connection]})).ok();
    server.stop();
    let other = Desk::new();
    for (table, count) in [("events", 2), ("connections", 1)] {
        let exported = desk.site.run(&["export", "--table", table]).stdout;
        assert_eq!(exported.lines().count(), count, "{table}");
        let file = other.write(table, &exported);
        assert_eq!(counts(&other.import(&["--table", table, &file])), (count as u64, 0, 0));
        assert_eq!(
            without_receipt(other.site.rows(table)),
            without_receipt(desk.site.rows(table)),
            "{table}"
        );
        // The ids of the file are the store's: another file with them adds nothing.
        let file = other.write("again", exported.lines().rev().collect::<Vec<_>>().join("\n") + "\n\n");
        let again = other.import(&["--table", table, &file]);
        let (stored, repeated, bad) = counts(&again);
        assert_eq!((stored, bad), (0, 0), "{again}");
        // Of one line, the other file is the same.
        assert_eq!(repeated, if count == 1 { 0 } else { 2 }, "{again}");
    }
    other.assert_whole();
}

/// Rows without what their store says of them: when it took them in, and whether it made their id.
fn without_receipt(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        row.remove("received_at").unwrap();
        row.remove("id_assigned");
    }
    rows
}

#[test]
fn ndjson_takes_the_names_of_the_requests_intake_too() {
    let desk = Desk::new();
    let lines = [
        json!({"api_id": "a", "path": "/x", "timestamp": "2026-01-02T03:04:05Z", "ip_address": "192.0.2.1",
            "latency": {"total": 5, "upstream": 4}, "tags": ["a", "b"], "request_id": "r1", "tenant_id": "t"}),
        json!({"api_id": "a", "path": "/y", "event_time": "2026-01-02T03:04:06Z", "colour": "red"}),
        json!({"api_id": "a", "event_time": "2026-01-02T03:04:06Z"}),
        json!([1]),
    ];
    let text = lines.map(|line| line.to_string()).join("\n");
    let file = desk.write("requests.ndjson", "\u{feff}".to_owned() + &text);
    let summary = desk.import(&[&file, "--whole"]);
    assert_eq!(counts(&summary), (1, 0, 3));
    let reasons = json!({
        "it is no JSON object": 1, "path is missing": 1,
        "the table has no such column (--ignore-unknown passes over it)": 1,
    });
    assert_eq!(summary["bad_by_reason"], reasons);
    let row = &desk.requests()[0];
    assert_eq!(
        (&row["tenant_id"], &row["latency_total"], &row["latency_upstream"]),
        (&json!("t"), &json!(5), &json!(4))
    );
    assert_eq!(
        (&row["ip"], &row["tags"], &row["id_assigned"]),
        (&json!("192.0.2.1"), &json!(["a", "b"]), &json!(false))
    );
    // Where --tenant is said, it is said of all rows.
    assert_eq!(counts(&desk.import(&["--tenant", "u", "--ignore-unknown", &file])), (2, 0, 1));
    assert_eq!(desk.requests().iter().filter(|row| row["tenant_id"] == "u").count(), 2);
}

#[test]
fn csv_is_read_by_its_first_line() {
    let desk = Desk::new();
    let text = "\u{feff}\r\n\n\
                event_time,event_name,str1,int1,properties\r\n\
                2026-01-02 03:04:05+00,buy,\"a, \"\"b\"\"\nc\",7,\"{\"\"a\"\":1}\"\r\n\
                2026-01-02T03:04:06Z,look,,,\n\
                2026-01-02T03:04:07Z,look,x\n\
                2026-01-02T03:04:07Z,look,x,seven,\n\
                2026-01-02T03:04:08Z,last,5\" disk,1";
    let file = desk.write("events.csv", text);
    let summary = desk.import(&["--table", "events", &file]);
    assert_eq!(counts(&summary), (2, 0, 2));
    assert_eq!(summary["unfinished_bytes"], 35);
    let aside = fs::read_to_string(summary["set_aside"][0].as_str().unwrap()).unwrap();
    assert!(
        aside.contains(":7: it has another number of fields than the first line: 3, not 5: 2026"),
        "{aside}"
    );
    assert!(aside.contains(":8: int1 is no whole number: 2026"), "{aside}");
    let rows = desk.site.rows("events");
    assert_eq!((&rows[0]["str1"], &rows[0]["int1"]), (&json!("a, \"b\"\nc"), &json!(7)));
    assert_eq!((&rows[0]["properties"], &rows[0]["category"]), (&json!("{\"a\":1}"), &json!("user_action")));
    // A table appended to goes on, with the record that was half written.
    let mut grown = OpenOptions::new().append(true).open(&file).unwrap();
    grown.write_all(b"7,\n2026-01-02T03:04:09Z,more,,,\n2026-01-02T03:04:10Z,more,,1").unwrap();
    assert_eq!(counts(&desk.import(&["--table", "events", &file])), (2, 0, 0));
    let last = &desk.site.rows("events")[2];
    assert_eq!((&last["str1"], &last["int1"]), (&json!("5\" disk"), &json!(17)));
    grown.write_all(b"8,").unwrap();
    assert_eq!(counts(&desk.import(&["--table", "events", "--whole", &file])), (1, 0, 0));
}

#[test]
fn a_segment_of_a_store_is_a_parquet_file_as_any() {
    let desk = Desk::new();
    desk.import(&[&desk.write("access.log", log(0..3000))]);
    let segment = crate::harness::site::newest_file(&desk.site.data().join("segments"), ".parquet");
    let other = Desk::new();
    let segment = other.write("requests.parquet", fs::read(segment).unwrap());
    assert_eq!(counts(&other.import(&["--tenant", "t", &segment])), (3000, 0, 0));
    assert_eq!(counts(&other.import(&["--tenant", "t", &segment])), (0, 0, 0));
    let rows = other.requests();
    assert_has(&rows, 3000);
    assert!(rows.iter().all(|row| row["tenant_id"] == "t"));
    let ran = other.try_import(&["--table", "events", &segment]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[test]
fn what_cannot_be_imported_says_why_and_stops_nothing_else() {
    let desk = Desk::new();
    let missing = desk.path("none*").to_str().unwrap().to_owned();
    assert!(desk.try_import(&[&missing]).assert_failed().contains("no file matches"));
    let own = desk.write("own.aside", "a bad line\n");
    let pattern = desk.path("own*").to_str().unwrap().to_owned();
    assert!(
        desk.try_import(&["--set-aside", &own, &pattern]).assert_failed().contains("what --set-aside names")
    );
    assert_eq!(counts(&desk.import(&[&desk.write("a[1].log", log(6..8))])), (2, 0, 0));
    let text = desk.write("a.txt", "hello world\n");
    let good = desk.write("b.log", log(0..5));
    let ran = desk.try_import(&[&text, &good]);
    assert!(ran.assert_failed().contains("cannot tell what"), "{ran:?}");
    assert_has(&desk.requests(), 7);
    let mut torn = gzip(&log(10..3000));
    torn.truncate(torn.len() / 2);
    let ran = desk.try_import(&[&desk.write("c.log.gz", torn)]);
    assert!(ran.assert_failed().contains("cannot read"), "{ran:?}");
    let empty = desk.write("empty", "");
    assert_eq!(desk.import(&[&empty])["unchanged"], 1);
    assert_eq!(desk.try_import(&["--tenant", "a b", &good]).code, Some(2));
    assert!(desk.try_import(&["--table", "events", &good]).assert_failed().contains("leave --table out"));
    let server = desk.site.start(&[]);
    assert!(desk.try_import(&[&good]).assert_failed().contains("in use by another process"));
    server.stop();
}

#[test]
fn standard_input_is_read_once_to_its_end() {
    let desk = Desk::new();
    let path = desk.write("access.log.gz", gzip(log(0..300).trim_end()));
    let run = || {
        Command::new(env!("CARGO_BIN_EXE_tidegauge"))
            .args(["import", "--data", desk.site.data().to_str().unwrap(), "-"])
            .stdin(File::open(&path).unwrap())
            .output()
            .unwrap()
    };
    let output = run();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(counts(&serde_json::from_slice(&output.stdout).unwrap()), (300, 0, 0));
    assert_has(&desk.requests(), 300);
}

//! An import that is run again, whatever it left: each row is in the store once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegauge_facts::{Table, TenantId};
use tidegauge_geo::{Countries, CountrySource};
use tidegauge_import::{ImportError, Plan, Summary, run};
use tidegauge_store::{Options, Store};

struct Desk {
    place: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { place: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    fn store(&self) -> Store {
        Store::open(&self.data(), Options::default()).unwrap()
    }

    fn plan(&self, table: Table, content: &str) -> Plan {
        let path = self.place.path().join("file");
        fs::write(&path, content).unwrap();
        Plan { table, whole: true, ..Plan::new(vec![path.to_str().unwrap().to_owned()]) }
    }

    /// Sets the record back to the beginning, as a crash before the first one leaves it.
    fn forget_progress(&self) {
        let place = the_record(&self.data());
        let mut record: Value = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
        for (name, value) in
            [("position", json!(0)), ("line", json!(1)), ("is_open", json!(true)), ("since", json!(0))]
        {
            record[name] = value;
        }
        record["tail"] = json!({"end": 0, "length": 0, "sha256": ""});
        fs::write(place, record.to_string()).unwrap();
    }
}

fn the_record(data: &Path) -> PathBuf {
    let mut records = fs::read_dir(data.join("imports")).unwrap().map(|entry| entry.unwrap().path());
    records.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap()
}

fn import(store: &Store, data: &Path, plan: &Plan) -> (Summary, Result<(), ImportError>) {
    run(data, store, plan, &mut |_| {})
}

fn rows(store: &Store, table: Table) -> usize {
    store.snapshot().scan(table).map(|batch| batch.unwrap().num_rows()).sum()
}

/// Waits until all rows stand in segments.
fn flush(store: &Store) {
    while store.look(|view| !view.hot.parts().is_empty()) {
        store.request_flush();
        thread::sleep(Duration::from_millis(5));
    }
}

const AT: &str = "2026-01-02T03:04:05Z";

/// Rows of every table, named and not.
fn files() -> [(Table, Vec<Value>); 4] {
    let events = (0..40).map(|n| match n % 2 {
        0 => json!({"event_name": "a", "event_time": AT, "event_id": format!("e{n}")}),
        _ => json!({"event_name": "a", "event_time": AT, "project_id": "p"}),
    });
    let sessions = (0..40).map(|n| match n % 2 {
        0 => json!({"session_id": format!("s{n}"), "event_time": AT}),
        _ => json!({"session_id": "", "client_id": format!("c{}", n / 4), "event_time": AT}),
    });
    let connections = (0..40).map(|n| {
        json!({"connection_id": format!("c{}", n / 4), "state": (["open", "activity"][n % 2]), "event_time": AT, "at_assigned": true,
            "service_name": "s", "protocol_name": "p", "data_center": "d"})
    });
    let requests = (0..40).map(|n| json!({"api_id": "a", "path": format!("/{n}"), "event_time": AT}));
    [
        (Table::Events, events.collect()),
        (Table::Sessions, sessions.collect()),
        (Table::Connections, connections.collect()),
        (Table::Requests, requests.collect()),
    ]
}

#[test]
fn rows_behind_the_record_are_found_in_the_store_in_log_and_segments() {
    for (table, lines) in files() {
        let desk = Desk::new();
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        let plan = desk.plan(table, &(lines.join("\n") + "\n"));
        let store = desk.store();
        let (summary, result) = import(&store, &desk.data(), &plan);
        result.unwrap();
        let stored = rows(&store, table);
        assert_eq!((summary.stored, summary.bad, stored), (40, 0, 40), "{table:?} {summary:?}");
        for is_flushed in [false, true] {
            if is_flushed {
                flush(&store);
            }
            desk.forget_progress();
            let (summary, result) = import(&store, &desk.data(), &plan);
            result.unwrap();
            assert_eq!((summary.stored, summary.repeated), (0, 40), "{table:?}, flushed: {is_flushed}");
            assert_eq!(rows(&store, table), stored);
        }
    }
}

#[test]
fn a_named_row_that_stands_twice_in_a_file_is_found_twice_in_the_store() {
    let desk = Desk::new();
    let store = desk.store();
    let line = |id: usize| {
        json!({"event_name": "a", "event_id": id.to_string(), "event_time": AT}).to_string() + "\n"
    };
    let lines: String = (0..3000).map(line).collect();
    let plan = desk.plan(Table::Events, &lines.repeat(2));
    import(&store, &desk.data(), &plan).1.unwrap();
    store.close();
    drop(store);
    // A store that no longer remembers the names, as a day later.
    let options = Options { max_dedupe_ids: 1, ..Options::default() };
    let store = Store::open(&desk.data(), options).unwrap();
    desk.forget_progress();
    let (summary, result) = import(&store, &desk.data(), &plan);
    result.unwrap();
    assert_eq!((summary.stored, summary.repeated, rows(&store, Table::Events)), (0, 6000, 3000));
}

#[test]
fn what_is_behind_the_record_of_one_tenant_is_not_anothers() {
    let desk = Desk::new();
    let store = desk.store();
    let mut plan = desk.plan(
        Table::Events,
        &(json!({"event_name": "a", "event_id": "e", "event_time": AT}).to_string() + "\n"),
    );
    for tenant in ["a", "b"] {
        plan.tenant = Some(TenantId::parse(tenant).unwrap());
        let (summary, result) = import(&store, &desk.data(), &plan);
        result.unwrap();
        assert_eq!((summary.stored, summary.repeated), (1, 0), "{tenant}");
    }
}

#[test]
fn a_damaged_record_is_named_and_nothing_is_stored() {
    let desk = Desk::new();
    let store = desk.store();
    let plan = desk.plan(Table::Events, &(json!({"event_name": "a", "event_time": AT}).to_string() + "\n"));
    import(&store, &desk.data(), &plan).1.unwrap();
    let record = the_record(&desk.data());
    fs::write(&record, "{").unwrap();
    let (_, result) = import(&store, &desk.data(), &plan);
    assert!(matches!(result, Err(ImportError::DamagedRecord { path, .. }) if path == record));
    assert_eq!(rows(&store, Table::Events), 1);
}

#[test]
fn of_a_parquet_file_large_rows_are_taken_and_an_odd_value_makes_one_bad_row() {
    const ROWS: usize = 60;
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_767_323_045_000_000; ROWS]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a"; ROWS]));
    let ints = (0..ROWS as u64).map(|row| if row == 40 { u64::MAX } else { row });
    let ints: ArrayRef = Arc::new(UInt64Array::from_iter_values(ints));
    let large = json!({"a": "x".repeat(250_000)}).to_string();
    let properties: ArrayRef = Arc::new(StringArray::from(vec![&*large; ROWS]));
    let batch = RecordBatch::try_from_iter([
        ("event_time", times),
        ("event_name", names),
        ("int1", ints),
        ("properties", properties),
    ]);
    let batch = batch.unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let desk = Desk::new();
    let store = desk.store();
    let plan = desk.plan(Table::Events, "");
    fs::write(&plan.patterns[0], bytes).unwrap();
    let (summary, result) = import(&store, &desk.data(), &plan);
    result.unwrap();
    assert_eq!((summary.lines, summary.stored, summary.bad), (60, 59, 1));
    assert_eq!(summary.bad_by_reason["int1 cannot be converted without loss"], 1);
    assert_eq!(rows(&store, Table::Events), 59);
    assert_eq!(import(&store, &desk.data(), &plan).0.unchanged, 1);
}

#[test]
fn an_import_that_fills_the_log_while_no_segment_can_be_written_ends_with_the_reason() {
    let desk = Desk::new();
    let options = Options { max_backlog_bytes: 64 * 1024, ..Options::default() };
    let store = Store::open(&desk.data(), options).unwrap();
    let segments = desk.data().join("segments");
    fs::remove_dir_all(&segments).unwrap();
    fs::write(&segments, "in the way").unwrap();
    let line = "192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200 1\n";
    let plan = desk.plan(Table::Requests, &line.repeat(5000));
    import(&store, &desk.data(), &plan).1.unwrap();
    while store.health().flush_error.is_none() {
        store.request_flush();
        thread::sleep(Duration::from_millis(5));
    }
    let plan = desk.plan(Table::Requests, &line.repeat(6000));
    let (_, result) = import(&store, &desk.data(), &plan);
    assert!(matches!(result, Err(ImportError::Stopped { .. })), "{result:?}");

    // Once it can be written, the same command goes on.
    fs::remove_file(&segments).unwrap();
    fs::create_dir(&segments).unwrap();
    flush(&store);
    while store.health().flush_error.is_some() {
        thread::sleep(Duration::from_millis(5));
    }
    let (summary, result) = import(&store, &desk.data(), &plan);
    result.unwrap();
    assert_eq!((summary.stored, rows(&store, Table::Requests)), (1000, 6000));
}

fn bundled() -> Arc<Countries> {
    Arc::new(Countries::open(&CountrySource::Bundled).unwrap())
}

#[test]
fn a_country_is_looked_up_where_the_row_has_none() {
    let desk = Desk::new();
    let store = desk.store();
    let event = |id: &str, ip: &str| json!({"event_name": "a", "event_id": id, "ip": ip, "event_time": AT});
    let mut known = event("2", "8.8.8.8");
    known["country"] = json!("DE");
    let lines = [event("1", "8.8.8.8"), known, event("3", "192.0.2.9")].map(|line| line.to_string() + "\n");
    let plan = Plan { countries: bundled(), ..desk.plan(Table::Events, &lines.concat()) };
    import(&store, &desk.data(), &plan).1.unwrap();
    let log = "8.8.8.8 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200 1\n";
    let plan = Plan { countries: bundled(), ..desk.plan(Table::Requests, log) };
    import(&store, &desk.data(), &plan).1.unwrap();
    let countries = |table| {
        let mut found = Vec::new();
        for batch in store.snapshot().scan(table) {
            let batch = batch.unwrap();
            let column =
                arrow_cast::cast(batch.column_by_name("country").unwrap(), &arrow_schema::DataType::Utf8)
                    .unwrap();
            let column = arrow_array::cast::AsArray::as_string::<i32>(&column);
            found.extend(column.iter().map(|country| country.map(str::to_owned)));
        }
        found
    };
    assert_eq!(countries(Table::Events), [Some("US".into()), Some("DE".into()), None]);
    assert_eq!(countries(Table::Requests), [Some("US".into())]);
}

//! Rows newest first, against a sorted list; whatever stands in hot, in segments, in merged segments.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{Array as _, BooleanArray};
use proptest::prelude::*;

use super::*;
use crate::{Position, Query, RowTest};

/// A row, as it sorts: (microseconds from noon, id, `int1`).
type Row = (i64, String, i64);

fn query(tenant: &str, from: i64, to: i64) -> Query {
    let (from, to) = (noon() + from, noon() + to);
    let columns = vec!["int1", "session_id", "event_name"];
    Query { table: Table::Events, tenant: tenant.into(), from, to, columns, test: None }
}

/// What the store answers, from `before` on.
fn read(store: &Store, query: Query, before: Option<Position>) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in store.snapshot().newest_first(query, before) {
        let batch = batch.unwrap();
        let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["event_time", "event_id", "int1", "session_id", "event_name"]);
        let times = crate::read::instants(&batch, "event_time").unwrap();
        let ids = crate::read::texts(&batch, "event_id").unwrap();
        let ints = batch.column(2).as_primitive::<Int64Type>();
        assert_eq!(batch.column(3).null_count(), batch.num_rows());
        for (row, time) in times.iter().enumerate() {
            rows.push((time - noon(), ids.value(row).to_owned(), ints.value(row)));
        }
    }
    rows
}

fn append(store: &Store, tenant: &str, rows: &[Row]) {
    let events = rows.iter().map(|(time, id, int1)| {
        let row = event(tenant, "p", id, false);
        (None, Event { event_time: noon() + time, int1: Some(*int1), ..row })
    });
    wait(store.append(events).unwrap()).unwrap();
}

fn newest_first(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| b.cmp(a));
    rows
}

#[derive(Debug, Clone)]
enum Step {
    /// Rows as (tenant, time, id).
    Append(Vec<(u8, i64, u8)>),
    Flush,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let row = (0..3_u8, 0..12_i64, 0..100_u8);
    let step = prop_oneof![
        4 => prop::collection::vec(row, 1..30).prop_map(Step::Append),
        3 => Just(Step::Flush),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_as_a_sorted_list_has_them_from_any_place(steps in steps(), from in 0..12_i64, to in 0..12_i64) {
        let mut dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut model = [const { Vec::<Row>::new() }; 3];
        for step in steps {
            match step {
                Step::Append(rows) => for tenant in 0..3_u8 {
                    let rows: Vec<Row> = rows.iter().filter(|row| row.0 == tenant)
                        .map(|row| (row.1, format!("id{}", row.2), 7)).collect();
                    append(&store, &format!("t{tenant}"), &rows);
                    model[usize::from(tenant)].extend(rows);
                },
                Step::Flush => flush(&store),
                Step::Crash => {
                    let copy = copy_of(dir.path());
                    store = open(copy.path());
                    dir = copy;
                }
            }
        }
        for (tenant, rows) in model.iter().enumerate() {
            let asked = query(&format!("t{tenant}"), from, to);
            let rows: Vec<Row> = rows.iter().filter(|row| (from..=to).contains(&row.0)).cloned().collect();
            let expected = newest_first(&rows);
            prop_assert_eq!(&read(&store, asked.clone(), None), &expected);
            for (place, row) in expected.iter().enumerate() {
                let seen = expected[..=place].iter().filter(|other| *other == row).count();
                let before = Position { time: noon() + row.0, id: row.1.clone(), seen };
                prop_assert_eq!(&read(&store, asked.clone(), Some(before)), &expected[place + 1..]);
            }
        }
    }
}

#[test]
fn rows_of_many_pages_and_row_groups_are_found_and_tested() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut all = Vec::new();
    for tenant in 0..3 {
        // A few rows share each instant; the ids count down, so that order is not by chance.
        let rows: Vec<Row> =
            (0..70_000).map(|n| (n / 3, format!("id{:06}", 999_999 - n), n % 1000)).collect();
        append(&store, &format!("t{tenant}"), &rows);
        all.push(rows);
    }
    flush(&store);
    assert_eq!(store.look(|view| view.manifest.segments.len()), 1);
    let rows = newest_first(&all[1]);
    assert_eq!(read(&store, query("t1", 0, i64::from(u32::MAX)), None), rows);
    let some: Vec<Row> = rows.iter().filter(|row| (2_000..=9_000).contains(&row.0)).cloned().collect();
    assert_eq!(read(&store, query("t1", 2_000, 9_000), None), some);
    assert_eq!(read(&store, query("t1", 90_000, 99_000), None), []);
    assert_eq!(read(&store, query("nobody", 0, 9_000), None), []);

    let is_wanted = |batch: &arrow_array::RecordBatch| {
        let ints = batch.column(0).as_primitive::<Int64Type>();
        ints.values().iter().map(|int| Some(int % 500 == 1)).collect::<BooleanArray>()
    };
    let test = Some(RowTest { columns: vec!["int1"], test: Arc::new(is_wanted) });
    let wanted: Vec<Row> = some.into_iter().filter(|row| row.2 % 500 == 1).collect();
    append(&store, "t1", &[(9_000, "in hot".into(), 501), (9_000, "not wanted".into(), 2)]);
    let mut expected = vec![(9_000, "in hot".into(), 501)];
    expected.extend(wanted);
    assert_eq!(read(&store, Query { test, ..query("t1", 2_000, 9_000) }, None), newest_first(&expected));
}

#[test]
fn a_damaged_segment_is_named_after_a_start_and_left_alone_outside_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, "t", &[(0, "a".into(), 1)]);
    flush(&store);
    drop(store);
    let file = std::fs::read_dir(dir.path().join("segments")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[50] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let store = open(dir.path());
    append(&store, "t", &[(5, "b".into(), 1)]);
    let mut rows = store.snapshot().newest_first(query("t", 0, 9), None);
    assert_eq!(rows.next().unwrap().unwrap().num_rows(), 1);
    let error = rows.next().unwrap().unwrap_err().to_string();
    assert!(error.contains(file.file_name().unwrap().to_str().unwrap()), "{error}");
    assert!(rows.next().is_none());
    assert_eq!(read(&store, query("t", 1, 9), None).len(), 1);
}

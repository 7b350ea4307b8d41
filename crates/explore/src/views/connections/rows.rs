//! Connections as rows: the view's columns of some of them.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions,
    TimestampMicrosecondArray, new_null_array,
};
use arrow_schema::SchemaRef;
use datafusion::error::Result;
use tidegauge_facts::connections::api_key_id;
use tidegauge_facts::time::SECOND;

use super::Connection;
use super::traffic::{Said, Traffic};

/// Whether the columns name single connections.
pub(super) fn need_names(schema: &SchemaRef) -> bool {
    const NAMED: [&str; 7] =
        ["connection_id", "api_key_id", "user_id", "ip", "bytes_in", "bytes_out", "close_reason"];
    schema.fields().iter().any(|field| NAMED.contains(&field.name().as_str()))
}

/// The rows of these connections.
pub(super) fn batch(
    schema: &SchemaRef,
    connections: &[Connection<'_>],
    traffic: &Traffic,
    now: i64,
) -> Result<RecordBatch> {
    let said: Vec<Option<&Said>> = match traffic.is_empty() {
        true => vec![None; connections.len()],
        false => {
            connections.iter().map(|one| traffic.of(&one.group.project, &one.names.as_ref()?.id)).collect()
        }
    };
    let columns = schema.fields().iter().map(|field| {
        column(field.name(), connections, &said, now)
            .unwrap_or_else(|| new_null_array(field.data_type(), connections.len()))
    });
    let columns: Vec<ArrayRef> = columns.collect();
    let options = RecordBatchOptions::new().with_row_count(Some(connections.len()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

fn column(name: &str, all: &[Connection<'_>], said: &[Option<&Said>], now: i64) -> Option<ArrayRef> {
    let names = |one: &Connection<'_>| one.names.clone();
    Some(match name {
        "connection_id" => texts(all.iter().map(|one| names(one).map(|names| names.id))),
        "project_id" => texts(all.iter().map(|one| Some(&one.group.project))),
        "service_name" => texts(all.iter().map(|one| Some(&one.group.service))),
        "protocol_name" => texts(all.iter().map(|one| Some(&one.group.protocol))),
        "data_center" => texts(all.iter().map(|one| Some(&one.group.data_center))),
        "event_time" | "opened_at" => instants(all.iter().map(|one| Some(one.life.opened))),
        "closed_at" => instants(all.iter().map(|one| (!one.life.is_open()).then_some(one.life.last))),
        "last_activity_at" => instants(all.iter().map(|one| Some(one.life.last))),
        "is_open" => Arc::new(all.iter().map(|one| Some(one.life.is_open())).collect::<BooleanArray>()),
        "duration_seconds" => {
            let seconds = |one: &Connection<'_>| (one.life.end(now) - one.life.opened) as f64 / SECOND as f64;
            Arc::new(all.iter().map(|one| Some(seconds(one))).collect::<Float64Array>())
        }
        "api_key_id" => texts(all.iter().map(|one| api_key_id(&names(one)?.key?).map(|id| id.to_string()))),
        "user_id" => texts(all.iter().map(|one| names(one)?.user)),
        "ip" => texts(all.iter().map(|one| names(one)?.ip)),
        "bytes_in" => Arc::new(said.iter().map(|said| said.as_ref()?.bytes_in()).collect::<Int64Array>()),
        "bytes_out" => Arc::new(said.iter().map(|said| said.as_ref()?.bytes_out()).collect::<Int64Array>()),
        "close_reason" => texts(
            all.iter()
                .zip(said)
                .map(|(one, said)| said.as_ref().filter(|_| !one.life.is_open())?.close_reason()),
        ),
        _ => return None,
    })
}

fn texts<T: AsRef<str>>(texts: impl Iterator<Item = Option<T>>) -> ArrayRef {
    let mut column = StringViewBuilder::new();
    texts.for_each(|text| column.append_option(text));
    Arc::new(column.finish())
}

fn instants(instants: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(instants.collect::<TimestampMicrosecondArray>().with_timezone("+00:00"))
}

//! Queries over tables in memory: what they answer, and what is refused.

mod answers;
mod buckets;
mod refusals;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use serde_json::{Value, json};
use tidegauge_facts::Micros;

use crate::formats::{Ending, Format, Writer};
use crate::query::{BadQuery, Query};

/// When every query here is asked: 2026-11-21T12:00:00Z.
const NOW: Micros = Micros(1_795_262_400_000_000);

/// An engine with the table `events`, in several parts, of these rows: `[seconds before now, name, country, int1, latitude, flag, tags]`.
fn engine(rows: &[Value]) -> SessionContext {
    let context =
        SessionContext::new_with_config(SessionConfig::new().with_target_partitions(4).with_batch_size(64));
    let functions = crate::functions::scalar();
    let property = functions.iter().find(|function| function.name() == "property").unwrap();
    context.register_udf(property.as_ref().clone());
    let column = |name: &str| rows.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    let texts =
        |name: &str| column(name).iter().map(|value| value.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let labels = |name: &str| -> ArrayRef {
        let texts = texts(name);
        Arc::new(texts.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())
    };
    let times = column("ago")
        .iter()
        .map(|ago| NOW.0 - (ago.as_f64().unwrap_or(0.0) * 1e6) as i64)
        .collect::<Vec<_>>();
    let times = TimestampMicrosecondArray::from(times).with_timezone("UTC");
    let ids = (0..rows.len()).map(|row| Some(format!("id{row:05}"))).collect::<StringArray>();
    let tags = column("tags")
        .iter()
        .map(|tags| {
            tags.as_array()
                .map(|tags| tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect::<Vec<_>>())
        })
        .collect::<Vec<_>>();
    let mut list = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
    for tags in tags {
        let is_there = tags.is_some();
        tags.into_iter().flatten().for_each(|tag| list.values().append_option(tag));
        list.append(is_there);
    }
    let list: ListArray = list.finish();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("project_id", Arc::new(rows.iter().map(|_| Some("p")).collect::<DictionaryArray<Int32Type>>())),
        ("event_id", Arc::new(ids)),
        ("event_time", Arc::new(times)),
        ("event_name", labels("name")),
        ("country", labels("country")),
        ("page_url", Arc::new(texts("url").into_iter().collect::<StringArray>())),
        ("properties", Arc::new(texts("properties").into_iter().collect::<StringArray>())),
        ("int1", Arc::new(column("int1").iter().map(Value::as_i64).collect::<Int64Array>())),
        ("latitude", Arc::new(column("latitude").iter().map(Value::as_f64).collect::<Float64Array>())),
        ("flag", Arc::new(column("flag").iter().map(Value::as_bool).collect::<BooleanArray>())),
        ("tags", Arc::new(list)),
    ];
    let fields = columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    assert_eq!(schema.field(2).data_type(), &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
    let whole =
        RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, column)| column).collect())
            .unwrap();
    let parts = (0..4).map(|part| {
        let (from, to) = (rows.len() * part / 4, rows.len() * (part + 1) / 4);
        vec![whole.slice(from, to - from)]
    });
    let table = MemTable::try_new(schema, parts.collect()).unwrap();
    context.register_table("events", Arc::new(table)).unwrap();
    context
}

async fn plan(context: &SessionContext, query: &Value) -> Result<datafusion::prelude::DataFrame, BadQuery> {
    Query::from_json(query.to_string().as_bytes())?.plan(context, NOW).await
}

/// The rows of an answer, as JSON has them.
async fn ask(context: &SessionContext, query: Value) -> Vec<Value> {
    let frame = plan(context, &query).await.unwrap_or_else(|bad| panic!("{query}: {bad}"));
    let batches = frame.collect().await.unwrap_or_else(|error| panic!("{query}: {error}"));
    let Some(first) = batches.first() else { return Vec::new() };
    let mut writer = Writer::new(Format::Json, &first.schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.end(Ending { rows: 0, truncated: false, elapsed: std::time::Duration::ZERO }).unwrap();
    let answer: Value = serde_json::from_slice(&writer.take()).unwrap();
    answer["rows"].as_array().unwrap().clone()
}

fn row(ago: f64, name: &str) -> Value {
    json!({"ago": ago, "name": name})
}

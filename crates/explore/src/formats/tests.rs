//! Answers in each format, read back by readers written elsewhere.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    StringViewArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema};
use serde_json::{Value, json};

use super::{Ending, Format, FormatError, Writer};

/// Two rows of everything, and what is odd about it.
fn odd() -> RecordBatch {
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("a,b"), None]);
    tags.append_null();
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "time",
            Arc::new(
                TimestampMicrosecondArray::from(vec![1_795_262_400_000_000, 1_795_262_400_000_001])
                    .with_timezone("UTC"),
            ),
        ),
        ("label", Arc::new(vec![Some("=1+2"), None].into_iter().collect::<DictionaryArray<Int32Type>>())),
        ("text", Arc::new(StringArray::from(vec!["say \"hi\",\r\nÖ", ""]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("-x"), None]))),
        ("whole", Arc::new(Int64Array::from(vec![i64::MAX, -5]))),
        ("number", Arc::new(Float64Array::from(vec![f64::NAN, f64::NEG_INFINITY]))),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("tags", Arc::new(tags.finish())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .unwrap()
}

fn written(format: Format, schema: &RecordBatch, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = Writer::new(format, &schema.schema()).unwrap();
    let mut all = Vec::new();
    for batch in batches {
        writer.write(batch).unwrap();
        all.extend(writer.take());
    }
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    writer.end(Ending { rows, truncated: true, elapsed: Duration::from_millis(7) }).unwrap();
    all.extend(writer.take());
    all
}

fn rows() -> Value {
    json!([
        {"time": "2026-11-21T12:00:00.000Z", "label": "=1+2", "text": "say \"hi\",\r\nÖ", "view": "-x", "whole": i64::MAX,
         "number": null, "flag": true, "tags": ["a,b", null]},
        {"time": "2026-11-21T12:00:00.000001Z", "label": null, "text": "", "view": null, "whole": -5, "number": null,
         "flag": null, "tags": null},
    ])
}

#[test]
fn json_has_columns_rows_and_what_is_known_at_the_end() {
    let odd = odd();
    let columns = json!([
        {"name": "time", "type": "timestamp"}, {"name": "label", "type": "string"}, {"name": "text", "type": "string"},
        {"name": "view", "type": "string"}, {"name": "whole", "type": "integer"}, {"name": "number", "type": "number"},
        {"name": "flag", "type": "boolean"}, {"name": "tags", "type": "list"},
    ]);
    let of = |batches: &[RecordBatch]| {
        serde_json::from_slice::<Value>(&written(Format::Json, &odd, batches)).unwrap()
    };
    let expected =
        json!({"columns": columns, "rows": rows(), "row_count": 2, "truncated": true, "elapsed_ms": 7});
    assert_eq!(of(std::slice::from_ref(&odd)), expected);
    assert_eq!(of(&[odd.slice(0, 1), odd.slice(1, 0), odd.slice(1, 1)]), expected, "batches do not show");
    let empty = json!({"columns": columns, "rows": [], "row_count": 0, "truncated": true, "elapsed_ms": 7});
    assert_eq!(of(&[]), empty);
}

#[test]
fn ndjson_is_a_line_a_row() {
    let odd = odd();
    let text = String::from_utf8(written(Format::Ndjson, &odd, &[odd.slice(0, 1), odd.slice(1, 1)])).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::Array(lines), rows());
    assert!(text.ends_with('\n'));
    assert!(written(Format::Ndjson, &odd, &[]).is_empty());
}

#[test]
fn csv_has_a_header_quotes_what_needs_it_and_lets_no_text_be_a_formula() {
    let odd = odd();
    let text = String::from_utf8(written(Format::Csv, &odd, &[odd.slice(0, 1), odd.slice(1, 1)])).unwrap();
    let expected = "time,label,text,view,whole,number,flag,tags\r\n\
        2026-11-21T12:00:00.000Z,'=1+2,\"say \"\"hi\"\",\r\nÖ\",'-x,9223372036854775807,NaN,true,\"[\"\"a,b\"\",null]\"\r\n\
        2026-11-21T12:00:00.000001Z,,,,-5,-inf,,\r\n";
    assert_eq!(text, expected);
    let empty = String::from_utf8(written(Format::Csv, &odd, &[])).unwrap();
    assert_eq!(empty, "time,label,text,view,whole,number,flag,tags\r\n");
}

#[test]
fn arrow_and_parquet_have_plain_texts_and_the_very_values() {
    let odd = odd();
    let batches = [odd.slice(0, 1), odd.slice(1, 1)];
    let check = |read: Vec<RecordBatch>, schema: &Schema| {
        assert_eq!(schema.field(0).data_type(), odd.schema().field(0).data_type());
        for text in ["label", "text", "view"] {
            assert_eq!(schema.field_with_name(text).unwrap().data_type(), &DataType::Utf8);
        }
        let values: Vec<Option<String>> = read
            .iter()
            .flat_map(|batch| {
                batch["label"]
                    .as_string::<i32>()
                    .iter()
                    .map(|text| text.map(str::to_owned))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(values, [Some("=1+2".to_owned()), None]);
    };
    let stream = written(Format::ArrowStream, &odd, &batches);
    let reader = arrow_ipc::reader::StreamReader::try_new(&stream[..], None).unwrap();
    let schema = reader.schema();
    check(reader.map(Result::unwrap).collect(), &schema);
    let empty = written(Format::ArrowStream, &odd, &[]);
    assert_eq!(arrow_ipc::reader::StreamReader::try_new(&empty[..], None).unwrap().count(), 0);

    let file = bytes::Bytes::from(written(Format::Parquet, &odd, &batches));
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let said = builder.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(
        said.iter().any(|pair| pair.key == "tidegauge.truncated" && pair.value.as_deref() == Some("true"))
    );
    let schema = Arc::clone(builder.schema());
    check(builder.build().unwrap().map(Result::unwrap).collect(), &schema);
    let empty = bytes::Bytes::from(written(Format::Parquet, &odd, &[]));
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(empty).unwrap();
    assert_eq!(builder.build().unwrap().count(), 0);
}

#[test]
fn what_has_no_place_in_a_format_is_told_before_anything_is_written() {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    let twice = Arc::new(Schema::new(vec![field("a", DataType::Int64), field("a", DataType::Int64)]));
    for format in [Format::Json, Format::Ndjson] {
        let refused = Writer::new(format, &twice).err().unwrap();
        assert!(
            matches!(&refused, FormatError::Unfit(problem) if problem.contains("two columns are called a"))
        );
    }
    assert!(Writer::new(Format::Csv, &twice).is_ok() && Writer::new(Format::ArrowStream, &twice).is_ok());
    // What all of them take, the engine's rarer types among it.
    let rare = [
        DataType::Null,
        DataType::Date32,
        DataType::Time64(arrow_schema::TimeUnit::Microsecond),
        DataType::Binary,
        DataType::Duration(arrow_schema::TimeUnit::Millisecond),
        DataType::Decimal128(20, 3),
        DataType::Utf8View,
        DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, None),
        DataType::LargeUtf8,
        DataType::UInt64,
        DataType::Float16,
        DataType::Struct(vec![field("x", DataType::Utf8)].into()),
        DataType::Interval(arrow_schema::IntervalUnit::MonthDayNano),
    ];
    for of in rare {
        let schema = Arc::new(Schema::new(vec![field("a", of.clone())]));
        for format in Format::ALL {
            match Writer::new(format, &schema) {
                Ok(mut writer) => {
                    let nulls = arrow_array::new_null_array(&of, 3);
                    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![nulls]).unwrap();
                    writer.write(&batch).unwrap_or_else(|error| panic!("{format:?} of {of}: {error}"));
                    writer.end(Ending { rows: 3, truncated: false, elapsed: Duration::ZERO }).unwrap();
                    assert!(!writer.take().is_empty(), "{format:?} of {of}");
                }
                Err(FormatError::Unfit(problem)) => {
                    assert!(problem.contains("cast it"), "{format:?} of {of}: {problem}")
                }
                Err(other) => panic!("{format:?} of {of}: {other}"),
            }
        }
    }
}

#[test]
fn an_answer_without_columns_has_rows_still() {
    let schema = Arc::new(Schema::empty());
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(2));
    let batch = RecordBatch::try_new_with_options(schema, Vec::new(), &options).unwrap();
    let answer: Value =
        serde_json::from_slice(&written(Format::Json, &batch, std::slice::from_ref(&batch))).unwrap();
    assert_eq!(answer["rows"], json!([{}, {}]));
}

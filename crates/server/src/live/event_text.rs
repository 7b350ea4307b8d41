//! An event as a stream tells it: an object of the row's columns, as the view `events` names them.
//!
//! Promise: what is written is one line of JSON, whatever the row holds; what is null is left out, and an event of more than
//! [`MAX_EVENT_BYTES`] is told without its `properties`, with `"truncated": true`.

use arrow_array::RecordBatch;
use serde_json::value::RawValue;
use tidegauge_facts::Micros;

use super::columns::Values;

/// Longest text of one event, in bytes.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;
/// Columns that are nobody's business outside.
const HIDDEN: [&str; 2] = ["tenant_id", "id_assigned"];
const PROPERTIES: &str = "properties";

/// A batch of events, ready to be told.
pub(super) struct EventTexts<'a>(Vec<(String, Values<'a>)>);

impl<'a> EventTexts<'a> {
    pub fn of(batch: &'a RecordBatch) -> Self {
        let schema = batch.schema_ref();
        let columns = schema.fields().iter().zip(batch.columns());
        let shown = columns.filter(|(field, _)| !HIDDEN.contains(&field.name().as_str()));
        Self(shown.map(|(field, column)| (field.name().clone(), Values::of_array(column))).collect())
    }

    /// Writes one row.
    pub fn write(&self, row: usize, to: &mut String) {
        let start = to.len();
        self.write_columns(row, true, to);
        if to.len() - start > MAX_EVENT_BYTES {
            to.truncate(start);
            self.write_columns(row, false, to);
            to.pop();
            to.push_str(",\"truncated\":true}");
        }
    }

    fn write_columns(&self, row: usize, is_whole: bool, to: &mut String) {
        let mut separator = '{';
        for (name, values) in &self.0 {
            if name == PROPERTIES && !is_whole {
                continue;
            }
            let before = to.len();
            to.push(separator);
            to.push('"');
            to.push_str(name);
            to.push_str("\":");
            let is_there = match name.as_str() {
                PROPERTIES => values.text(row).is_some_and(|text| write_object(text, to)),
                _ => write_value(*values, row, to),
            };
            if is_there {
                separator = ',';
            } else {
                to.truncate(before);
            }
        }
        // Every row has its required columns.
        to.push('}');
    }
}

/// Writes what a row has; false when it has nothing.
fn write_value(values: Values<'_>, row: usize, to: &mut String) -> bool {
    use std::fmt::Write as _;
    match values {
        Values::Labels { .. } | Values::Texts(_) => {
            let Some(text) = values.text(row) else { return false };
            write_text(text, to);
        }
        Values::Ints(_) => {
            let Some(int) = values.int(row) else { return false };
            let _ = write!(to, "{int}");
        }
        Values::Flags(flags) => {
            use arrow_array::Array as _;
            if !flags.is_valid(row) {
                return false;
            }
            to.push_str(if flags.value(row) { "true" } else { "false" });
        }
        Values::Instants(_) => {
            let Some(at) = values.int(row).map(Micros) else { return false };
            to.push('"');
            to.push_str(&if at.0 % 1000 == 0 { at.to_millis_text() } else { at.to_micros_text() });
            to.push('"');
        }
        Values::Missing => return false,
    }
    true
}

/// A JSON object that is kept as text: line breaks between its tokens would end a line of the stream.
fn write_object(text: &str, to: &mut String) -> bool {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) if text.contains(['\n', '\r']) => {
            to.extend(text.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }))
        }
        Ok(_) => to.push_str(text),
        // No surface lets it in; a file of somebody else's might have.
        Err(_) => write_text(text, to),
    }
    true
}

fn write_text(text: &str, to: &mut String) {
    // Writing a text into memory does not fail.
    if let Ok(quoted) = serde_json::to_string(text) {
        to.push_str(&quoted);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tidegauge_facts::{Event, OpenTables, Row as _, TableColumns as _};

    use super::*;

    fn told(event: &Event<'_>) -> Value {
        let mut tables = OpenTables::default();
        event.append_to(&mut tables.events);
        let batch = tables.events.finish().unwrap();
        let mut text = String::new();
        EventTexts::of(&batch).write(0, &mut text);
        assert!(!text.contains(['\n', '\r']), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    fn event<'a>(properties: &'a str) -> Event<'a> {
        Event {
            tenant_id: "acme",
            project_id: "web",
            event_id: "e\n1",
            event_time: 1_705_312_800_000_000,
            received_at: 1_705_312_800_000_500,
            event_name: "buy \"it\"",
            properties: Some(properties),
            int1: Some(-7),
            interaction: Some(true),
            ..Event::default()
        }
    }

    #[test]
    fn a_row_is_one_line_of_json_without_what_is_null_or_hidden() {
        assert_eq!(
            told(&event("{\"a\":\n{\"b\":\r\n\"x\\ny\"}}")),
            json!({
                "project_id": "web", "event_id": "e\n1", "event_time": "2024-01-15T10:00:00.000Z",
                "received_at": "2024-01-15T10:00:00.000500Z", "event_name": "buy \"it\"", "category": "user_action",
                "priority": "medium", "properties": {"a": {"b": "x\ny"}}, "int1": -7, "interaction": true,
            })
        );
        assert_eq!(told(&event("no json"))["properties"], "no json");
    }

    #[test]
    fn an_event_that_is_too_long_is_told_without_its_properties() {
        let long = json!({"x": "y".repeat(MAX_EVENT_BYTES)}).to_string();
        let told = told(&event(&long));
        assert_eq!(
            (&told["properties"], &told["truncated"], &told["int1"]),
            (&Value::Null, &json!(true), &json!(-7))
        );
    }
}

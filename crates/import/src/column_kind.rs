//! What a column of a table takes, by its name and type.
//!
//! Promise: the rules are those of the doors (`facts::limits`, and each surface's own); how a value is converted is left
//! to [`crate::column`].

use arrow_schema::DataType;
use tidegauge_facts::{Table, limits};

/// What a column takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text(TextRule),
    Id,
    Properties,
    Int(i64, i64),
    /// A status, or -1: network statistics, not a hit. 0 is what a gateway writes that got no answer.
    ResponseCode,
    /// -1 is what a gateway writes where it does not know.
    Bytes,
    /// An IP address, in its canonical spelling; an empty text is none.
    Address,
    Float,
    Flag,
    Instant,
    Texts,
}

/// What a column of texts allows, as the door of its table does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextRule {
    /// So many characters at most.
    pub most: usize,
    pub empty: Empty,
    /// Tabs and line ends may stand in it; other control characters stand nowhere.
    pub has_lines: bool,
}

/// What an empty text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Empty {
    Kept,
    Refused,
    /// As gateways write it where they know nothing.
    NoValue,
}

/// A label of any table.
pub(crate) const LABEL: TextRule =
    TextRule { most: limits::MAX_LABEL_CHARS, empty: Empty::Kept, has_lines: false };
/// What a double holds exactly, so that sums of many stay far from the end of 64 bits.
pub(crate) const MAX_BYTES: i64 = 1 << 53;

impl Kind {
    /// Of a column by its name and the type that its schema gives it.
    pub fn of(table: Table, name: &str, data_type: &DataType) -> Self {
        match data_type {
            DataType::Int64 => match name {
                "request_time" | "latency_total" | "latency_upstream" | "latency_gateway" => {
                    Self::Int(0, limits::MAX_REQUEST_MILLIS)
                }
                "response_code" => Self::ResponseCode,
                "content_length" | "bytes_in" | "bytes_out" => Self::Bytes,
                _ => Self::Int(i64::MIN, i64::MAX),
            },
            DataType::Float64 => Self::Float,
            DataType::Boolean => Self::Flag,
            DataType::Timestamp(..) => Self::Instant,
            DataType::List(_) => Self::Texts,
            _ => match name {
                "tenant_id" | "project_id" => Self::Id,
                "properties" => Self::Properties,
                "ip" => Self::Address,
                _ => Self::Text(text_rule(table, name)),
            },
        }
    }
}

fn text_rule(table: Table, name: &str) -> TextRule {
    let most = match name {
        "event_name" => limits::MAX_EVENT_NAME_CHARS,
        "event_id" => limits::MAX_EVENT_ID_CHARS,
        "request_id" => limits::MAX_REQUEST_ID_CHARS,
        "connection_id" => limits::MAX_CONNECTION_ID_CHARS,
        "service_name" | "protocol_name" | "data_center" | "close_reason" => {
            limits::MAX_CONNECTION_LABEL_CHARS
        }
        "host" if table == Table::Connections => limits::MAX_CONNECTION_LABEL_CHARS,
        "country" => limits::MAX_COUNTRY_CHARS,
        "path" => limits::MAX_PATH_CHARS,
        "page_url" | "referrer" | "user_agent" | "client_user_agent" | "raw_path" | "str1" | "str2"
        | "str3" | "str4" | "str5" => limits::MAX_TEXT_CHARS,
        _ => limits::MAX_LABEL_CHARS,
    };
    let empty = match name {
        "event_name" | "event_id" | "api_id" | "path" | "request_id" | "connection_id" | "service_name"
        | "protocol_name" | "data_center" => Empty::Refused,
        _ if table == Table::Requests => Empty::NoValue,
        _ => Empty::Kept,
    };
    let has_lines = matches!(name, "str1" | "str2" | "str3" | "str4" | "str5");
    TextRule { most, empty, has_lines }
}

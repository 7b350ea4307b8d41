//! Bodies read as FastAPI 0.165 with pydantic 2.14 reads them: what a write accepts, and the words of a refusal.
//!
//! Promise: nothing here knows a surface's fields; a surface declares them, and gets every error of a body at
//! once, in the order of its declaration. Beyond the original it bounds depth, lengths and integers, and refuses
//! control characters.

pub mod answer;
pub mod batch;
pub mod body;
pub mod coerce;
pub mod content_type;
pub mod cursor;
pub mod datetime;
pub mod described;
pub mod error;
pub mod fields;
#[cfg(test)]
pub mod generated;
pub mod ip_address;
pub mod json;
pub mod json_text;
pub mod number_rule;
pub mod plain;
pub mod preference;
pub mod project_rule;
pub mod scan;
pub mod text_rule;

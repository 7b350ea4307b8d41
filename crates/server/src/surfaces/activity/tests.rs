//! The intake's two parsers, and the reports' questions and answers.

mod answers;
mod decisions;
mod properties;
mod questions;
mod speed;

const JSON: Option<&str> = Some("application/json");

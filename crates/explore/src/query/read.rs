//! A query from JSON, with the place of what is wrong.

use super::object::Object;
use super::{BadQuery, Query};

pub(super) fn from_json(body: &[u8]) -> Result<Query, BadQuery> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let query: Result<Object<Query>, _> = serde_path_to_error::deserialize(&mut reader);
    let Object(query) = query.map_err(|error| {
        let path = error.path().to_string();
        // What is no JSON at all is wrong at a line and a column, not in a member.
        let is_json = error.inner().is_data();
        let member = if path == "." || !is_json { String::new() } else { path };
        BadQuery::new(member, error.into_inner().to_string())
    })?;
    reader.end().map_err(|error| BadQuery::new("", error.to_string()))?;
    Ok(query)
}

//! IP addresses as pydantic's `IPvAnyAddress` takes them, of texts alone; kept in their canonical spelling.

use std::borrow::Cow;
use std::net::IpAddr;

use super::error::Problem;
use super::fields::text;
use super::json::Json;
use super::text_rule::LABEL;

const NO_ADDRESS: Problem = Problem::plain("ip_any_address", "value is not a valid IPv4 or IPv6 address");

/// The canonical spelling of the address written there.
pub fn canonical(text: &str) -> Result<Cow<'_, str>, Problem> {
    match text.parse::<IpAddr>() {
        // Of IPv4 only the canonical spelling is read.
        Ok(IpAddr::V4(_)) => Ok(Cow::Borrowed(text)),
        Ok(IpAddr::V6(address)) => Ok(Cow::Owned(address.to_string())),
        Err(_) => Err(NO_ADDRESS),
    }
}

/// The address a value holds.
pub fn from_json(value: &Json<'_>) -> Result<String, Problem> {
    let text = text(value, LABEL)?;
    canonical(&text).map(Cow::into_owned)
}

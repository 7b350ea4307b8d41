//! The rows of the reports as JSON objects: names, order and optionality of seed 002.

use std::fmt::Write as _;

use tidegauge_facts::Micros;
use tidegauge_reports::event_rows::EventRow;
use tidegauge_reports::recent_sessions::SessionRow;

/// Appends a session.
pub(super) fn session(out: &mut String, tenant: &str, row: &SessionRow<'_>) {
    let mut object = Object::begin(out);
    object.text("tenantId", tenant);
    object.text("sessionId", row.session_id);
    object.instant("sessionCreated", row.session_created);
    object.text("environment", row.environment);
    object.text("dataResidency", row.data_residency);
    object.text("country", row.country);
    object.text("spaceId", row.space_id);
    object.text("appId", row.app_id);
    object.optional_text("appVersion", row.app_version);
    object.optional_text("installationVersion", row.installation_version);
    object.text("installationId", row.installation_id);
    object.optional_text("deviceId", row.device_id);
    object.text("clientId", row.client_id);
    object.text("ip", row.ip);
    object.plain("locationAccuracy", row.location_accuracy);
    object.plain("latitude", row.latitude);
    object.plain("longitude", row.longitude);
    object.text("captureId", row.capture_id);
    object.end();
}

/// Appends an event of the list of events.
pub(super) fn event(out: &mut String, tenant: &str, row: &EventRow<'_>) {
    let mut object = Object::begin(out);
    object.text("tenantId", tenant);
    rest_of_event(object, row);
}

/// Appends an event of the list of latest events.
pub(super) fn latest_event(out: &mut String, tenant: &str, row: &EventRow<'_>) {
    let mut object = Object::begin(out);
    object.text("tenantId", tenant);
    object.text("installationId", row.installation_id);
    object.text("deviceId", row.device_id);
    object.text("spaceId", row.space_id);
    rest_of_event(object, row);
}

fn rest_of_event(mut object: Object<'_>, row: &EventRow<'_>) {
    object.instant("eventTime", row.event_time);
    object.text("dataResidency", row.data_residency);
    object.text("sessionId", row.session_id);
    object.text("clientId", row.client_id);
    object.text("eventType", row.event_type);
    object.plain("interaction", row.interaction);
    object.text("ip", row.ip);
    object.text("captureId", row.capture_id);
    object.optional_text("productId", row.product_id);
    object.optional_text("categoryId", row.category_id);
    for (name, int) in ["int1", "int2", "int3", "int4", "int5"].into_iter().zip(row.ints) {
        object.optional(name, int);
    }
    for (name, text) in ["str1", "str2", "str3", "str4", "str5"].into_iter().zip(row.strs) {
        object.optional_text(name, text);
    }
    object.optional("stateful", row.stateful);
    object.optional("public", row.public);
    object.end();
}

/// A JSON object that is being written.
struct Object<'o> {
    out: &'o mut String,
    is_first: bool,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, is_first: true }
    }

    fn end(self) {
        self.out.push('}');
    }

    fn name(&mut self, name: &str) {
        self.out.push_str(if self.is_first { "\"" } else { ",\"" });
        self.out.push_str(name);
        self.out.push_str("\":");
        self.is_first = false;
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.out.push('"');
        escape_into(self.out, text);
        self.out.push('"');
    }

    fn optional_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A value whose own print is JSON: a flag, a whole number, or a finite one.
    fn plain(&mut self, name: &str, value: impl std::fmt::Display) {
        self.name(name);
        // Writing to a string does not fail.
        let _ = write!(self.out, "{value}");
    }

    fn optional(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.plain(name, value);
        }
    }

    fn instant(&mut self, name: &str, at: Micros) {
        self.name(name);
        self.out.push('"');
        self.out.push_str(&at.to_millis_text());
        self.out.push('"');
    }
}

/// Appends the text with what JSON forbids in strings escaped (RFC 8259, section 7).
fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

//! What an event is known by on the wire: its own columns, and those of its session.

/// A field of an event or of its session, by which events can be told apart.
#[derive(Debug, PartialEq, Eq)]
pub struct EventField {
    /// The wire's name (seed 002).
    pub wire: &'static str,
    /// The event's own column.
    pub(crate) own: Option<&'static str>,
    /// Where the event does not have it: another column of its own.
    pub(crate) fallback: Option<&'static str>,
    /// Where the event does not have it: its session's column.
    pub(crate) of_session: Option<&'static str>,
}

const fn own(wire: &'static str, column: &'static str) -> EventField {
    EventField { wire, own: Some(column), fallback: None, of_session: None }
}

const fn shared(wire: &'static str, column: &'static str) -> EventField {
    EventField { wire, own: Some(column), fallback: None, of_session: Some(column) }
}

const fn of_session(wire: &'static str, column: &'static str) -> EventField {
    EventField { wire, own: None, fallback: None, of_session: Some(column) }
}

/// Every field of seed 002's events and sessions.
pub static EVENT_FIELDS: [EventField; 35] = [
    own("tenantId", "tenant_id"),
    own("sessionId", "session_id"),
    of_session("sessionCreated", "event_time"),
    shared("environment", "environment"),
    own("dataResidency", "data_residency"),
    shared("country", "country"),
    shared("spaceId", "space_id"),
    shared("appId", "app_id"),
    of_session("appVersion", "app_version"),
    of_session("installationVersion", "installation_version"),
    shared("installationId", "installation_id"),
    shared("deviceId", "device_id"),
    own("clientId", "client_id"),
    own("ip", "ip"),
    of_session("locationAccuracy", "location_accuracy"),
    of_session("latitude", "latitude"),
    of_session("longitude", "longitude"),
    EventField { wire: "captureId", own: Some("capture_id"), fallback: Some("event_id"), of_session: None },
    own("eventTime", "event_time"),
    own("eventType", "event_name"),
    own("interaction", "interaction"),
    own("productId", "product_id"),
    own("categoryId", "category_id"),
    own("int1", "int1"),
    own("int2", "int2"),
    own("int3", "int3"),
    own("int4", "int4"),
    own("int5", "int5"),
    own("str1", "str1"),
    own("str2", "str2"),
    own("str3", "str3"),
    own("str4", "str4"),
    own("str5", "str5"),
    own("stateful", "stateful"),
    own("public", "public"),
];

impl EventField {
    /// The field of this wire name.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<&'static Self> {
        EVENT_FIELDS.iter().find(|field| field.wire == name)
    }

    /// The event's columns that have to be read for it.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static str> {
        let session_id = self.of_session.map(|_| "session_id");
        [self.own, self.fallback, session_id].into_iter().flatten()
    }
}

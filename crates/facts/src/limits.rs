//! The bounds of a fact. Each is checked at the door, by the surface that parses it.

/// Longest event name, in characters (seed 003).
pub const MAX_EVENT_NAME_CHARS: usize = 100;
/// Longest `event_id`, in characters.
pub const MAX_EVENT_ID_CHARS: usize = 256;
/// Longest `connection_id`, in characters.
pub const MAX_CONNECTION_ID_CHARS: usize = 256;
/// Longest service, protocol, data center or host of a connection, and longest reason for its end, in characters.
pub const MAX_CONNECTION_LABEL_CHARS: usize = 256;
/// Most messages in one call of the connections intake (spec section 6).
pub const MAX_BATCH_CONNECTIONS: usize = 100;
/// Longest other id or label (session, client, user, device, …), in characters.
pub const MAX_LABEL_CHARS: usize = 1024;
/// Longest country, in characters.
pub const MAX_COUNTRY_CHARS: usize = 64;
/// Longest URL, user agent or free text, in characters.
pub const MAX_TEXT_CHARS: usize = 32_768;
/// Longest `properties`, in bytes of JSON.
pub const MAX_PROPERTIES_BYTES: usize = 256 * 1024;
/// Deepest nesting of a JSON body.
pub const MAX_JSON_DEPTH: usize = 128;
/// Most events in one batch (seed 003).
pub const MAX_BATCH_EVENTS: usize = 100;
/// Most requests in one call of the requests intake (spec section 7).
pub const MAX_BATCH_REQUESTS: usize = 1000;
/// Longest `request_id`, in characters.
pub const MAX_REQUEST_ID_CHARS: usize = 256;
/// Longest path of a request, in characters.
pub const MAX_PATH_CHARS: usize = 4096;
/// Most tags of a request.
pub const MAX_TAGS: usize = 100;
/// Longest time that a request may have taken, in milliseconds: 49 days, what 32 bits hold.
pub const MAX_REQUEST_MILLIS: i64 = u32::MAX as i64;

//! One event of the `track` surface, as both parsers hand it on.
//!
//! Promise: every value in a [`TrackEvent`] has passed the field's rules; nothing behind this door checks again.
//! Defaults the server supplies (ids, the time of receipt) are left to the handlers.

use std::borrow::Cow;

pub use tidegauge_facts::events::{Category, Priority};
pub use tidegauge_facts::limits::{MAX_BATCH_EVENTS, MAX_PROPERTIES_BYTES};

/// One event; strings are borrowed from the body where it holds them unescaped.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackEvent<'a> {
    /// 1 to 100 characters.
    pub event_name: Cow<'a, str>,
    /// What kind of happening it is.
    pub category: Category,
    /// How much it matters to its sender.
    pub priority: Priority,
    /// A JSON object's text, at most [`MAX_PROPERTIES_BYTES`], free of U+0000 and of numbers beyond `f64`.
    pub properties: Cow<'a, str>,
    /// The client's time in microseconds since 1970 UTC; a time without an offset is taken as UTC.
    pub timestamp: Option<i64>,
    /// The session it happened in.
    pub session_id: Option<Cow<'a, str>>,
    /// Where it happened.
    pub page_url: Option<Cow<'a, str>>,
    /// The page before.
    pub referrer: Option<Cow<'a, str>>,
    /// The `User-Agent` of the person's program.
    pub user_agent: Option<Cow<'a, str>>,
    /// The client's id for safe retries, 1 to 256 characters.
    pub event_id: Option<Cow<'a, str>>,
    /// 1 to 128 of `A-Z a-z 0-9 _ . : -`.
    pub project_id: Option<Cow<'a, str>>,
    /// The event's own, else its batch's.
    pub client_id: Option<Cow<'a, str>>,
    /// The person, as the client knows them.
    pub user_id: Option<Cow<'a, str>>,
    /// The installed copy of the app.
    pub installation_id: Option<Cow<'a, str>>,
    /// The device.
    pub device_id: Option<Cow<'a, str>>,
    /// The space of seed 002.
    pub space_id: Option<Cow<'a, str>>,
    /// The app.
    pub app_id: Option<Cow<'a, str>>,
    /// Such as `production`.
    pub environment: Option<Cow<'a, str>>,
    /// The country as the client wrote it, at most 64 characters.
    pub country: Option<Cow<'a, str>>,
    /// Whether a person caused it.
    pub interaction: Option<bool>,
    /// The capture of seed 002.
    pub capture_id: Option<Cow<'a, str>>,
    /// The product.
    pub product_id: Option<Cow<'a, str>>,
    /// The product's category.
    pub category_id: Option<Cow<'a, str>>,
    /// `int1` to `int5`.
    pub ints: [Option<i64>; 5],
    /// `str1` to `str5`.
    pub strs: [Option<Cow<'a, str>>; 5],
    /// Seed 002's `stateful`.
    pub stateful: Option<bool>,
    /// Seed 002's `public`: an expiry in milliseconds.
    pub public: Option<i64>,
}

/// An event that borrows nothing from the body.
pub type OwnedEvent = TrackEvent<'static>;

impl TrackEvent<'_> {
    /// The model's defaults, with the name still empty: the start of every parse.
    pub(super) const fn blank() -> Self {
        Self {
            event_name: Cow::Borrowed(""),
            category: Category::UserAction,
            priority: Priority::Medium,
            properties: Cow::Borrowed("{}"),
            timestamp: None,
            session_id: None,
            page_url: None,
            referrer: None,
            user_agent: None,
            event_id: None,
            project_id: None,
            client_id: None,
            user_id: None,
            installation_id: None,
            device_id: None,
            space_id: None,
            app_id: None,
            environment: None,
            country: None,
            interaction: None,
            capture_id: None,
            product_id: None,
            category_id: None,
            ints: [None; 5],
            strs: [const { None }; 5],
            stateful: None,
            public: None,
        }
    }
}

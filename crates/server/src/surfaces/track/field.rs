//! The declared fields of an event, their names on the wire, and the text rules that are an event's own.
//!
//! Promise: one name, one field; the order is the specification's. What each field accepts is left to
//! [`super::wire`] and [`super::model`].

use tidegauge_facts::limits::{MAX_EVENT_ID_CHARS, MAX_EVENT_NAME_CHARS};

use crate::validation::text_rule::TextRule;

/// `event_name`.
pub const EVENT_NAME: TextRule = TextRule::line(1, MAX_EVENT_NAME_CHARS);
/// `event_id`.
pub const EVENT_ID: TextRule = TextRule::line(1, MAX_EVENT_ID_CHARS);
/// `country`.
pub const COUNTRY: TextRule = TextRule::line(0, 64);

/// A declared field of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    EventName,
    Category,
    Priority,
    Properties,
    Timestamp,
    SessionId,
    PageUrl,
    Referrer,
    UserAgent,
    EventId,
    ProjectId,
    ClientId,
    UserId,
    InstallationId,
    DeviceId,
    SpaceId,
    AppId,
    Environment,
    Country,
    Interaction,
    CaptureId,
    ProductId,
    CategoryId,
    Int1,
    Int2,
    Int3,
    Int4,
    Int5,
    Str1,
    Str2,
    Str3,
    Str4,
    Str5,
    Stateful,
    Public,
}

impl Field {
    /// The field of that exact name.
    #[inline]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "event_name" => Self::EventName,
            "category" => Self::Category,
            "priority" => Self::Priority,
            "properties" => Self::Properties,
            "timestamp" => Self::Timestamp,
            "session_id" => Self::SessionId,
            "page_url" => Self::PageUrl,
            "referrer" => Self::Referrer,
            "user_agent" => Self::UserAgent,
            "event_id" => Self::EventId,
            "project_id" => Self::ProjectId,
            "client_id" => Self::ClientId,
            "user_id" => Self::UserId,
            "installation_id" => Self::InstallationId,
            "device_id" => Self::DeviceId,
            "space_id" => Self::SpaceId,
            "app_id" => Self::AppId,
            "environment" => Self::Environment,
            "country" => Self::Country,
            "interaction" => Self::Interaction,
            "capture_id" => Self::CaptureId,
            "product_id" => Self::ProductId,
            "category_id" => Self::CategoryId,
            "int1" => Self::Int1,
            "int2" => Self::Int2,
            "int3" => Self::Int3,
            "int4" => Self::Int4,
            "int5" => Self::Int5,
            "str1" => Self::Str1,
            "str2" => Self::Str2,
            "str3" => Self::Str3,
            "str4" => Self::Str4,
            "str5" => Self::Str5,
            "stateful" => Self::Stateful,
            "public" => Self::Public,
            _ => return None,
        })
    }
}

//! From a record to a row of `events` or `sessions`.

use tidegauge_accounts::Principal;
use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::{Event, Micros, Session};

use super::contact;
use super::fields::Field;
use super::record::{Invalid, Record};
use crate::intake::events::NewEvent;
use crate::intake::project_of;

/// The event by which the client says who its user is: `str1` is the kind of identity, `str2` the identity.
const CONTACT_IDENTIFY: &str = "CONTACT_IDENTIFY";

/// A record that is an event.
pub(super) struct SignalEvent<'a> {
    record: &'a Record<'a>,
    name: &'a str,
    ip: Option<&'a str>,
    properties: Option<String>,
}

impl<'a> SignalEvent<'a> {
    /// The event of a record that came from `ip`.
    pub fn new(record: &'a Record<'a>, ip: Option<&'a str>) -> Result<Self, Invalid> {
        let name = record.required(Field::EventType)?;
        Ok(Self { record, name, ip, properties: record.inexact_numbers() })
    }

    /// The contact that the event identifies, if it is that kind of event: by the identity in it or, without
    /// one, by its session.
    pub fn contact_id(&self, tenant: &str) -> Option<String> {
        if self.name != CONTACT_IDENTIFY {
            return None;
        }
        let identity_type = self.record.text(Field::Str1).unwrap_or_default();
        match self.record.text(Field::Str2).filter(|identity| !identity.is_empty()) {
            Some(identity) => Some(contact::identified(tenant, identity_type, identity)),
            None => self.record.text(Field::SessionId).map(|session| contact::of_session(tenant, session)),
        }
    }
}

impl NewEvent for SignalEvent<'_> {
    fn event_id(&self) -> Option<&str> {
        None
    }

    fn project_id(&self) -> Option<&str> {
        None
    }

    fn country(&self) -> Option<&str> {
        self.record.text(Field::Country)
    }

    fn ip(&self) -> Option<&str> {
        self.ip
    }

    fn to_row<'e>(&'e self, tenant: &'e str, project: &'e str, received_at: Micros) -> Event<'e> {
        let record = self.record;
        Event {
            tenant_id: tenant,
            project_id: project,
            event_id: "",
            id_assigned: true,
            event_time: record.instant(Field::EventTime).unwrap_or(received_at.0),
            received_at: received_at.0,
            event_name: self.name,
            category: Category::default(),
            priority: Priority::default(),
            properties: self.properties.as_deref(),
            session_id: record.text(Field::SessionId),
            page_url: None,
            referrer: None,
            user_agent: record.text(Field::ClientUserAgent),
            client_id: record.text(Field::ClientId),
            user_id: None,
            installation_id: record.text(Field::InstallationId),
            device_id: record.text(Field::DeviceId),
            space_id: record.text(Field::SpaceId),
            app_id: record.text(Field::AppId),
            environment: record.text(Field::Environment),
            data_residency: record.text(Field::DataResidency),
            country: record.text(Field::Country),
            ip: self.ip,
            interaction: record.flag(Field::Interaction),
            capture_id: record.text(Field::CaptureId),
            product_id: record.text(Field::ProductId),
            category_id: record.text(Field::CategoryId),
            int1: record.whole(Field::Int1),
            int2: record.whole(Field::Int2),
            int3: record.whole(Field::Int3),
            int4: record.whole(Field::Int4),
            int5: record.whole(Field::Int5),
            str1: record.text(Field::Str1),
            str2: record.text(Field::Str2),
            str3: record.text(Field::Str3),
            str4: record.text(Field::Str4),
            str5: record.text(Field::Str5),
            stateful: record.flag(Field::Stateful),
            public: record.whole(Field::Public),
        }
    }
}

/// The row of a record that is a session, which began at its `sessionCreated`.
pub(super) fn session_row<'a>(
    record: &'a Record<'_>,
    principal: &'a Principal,
    ip: Option<&'a str>,
    received_at: Micros,
) -> Result<Session<'a>, Invalid> {
    let session_id = record.required(Field::SessionId)?;
    let event_time = record.instant(Field::SessionCreated).unwrap_or(received_at.0);
    Ok(Session { session_id, event_time, ..row(record, principal, ip, received_at) })
}

/// The row of a record that only describes a client. It is of the moment it came: the client may be years old,
/// and what it tells of itself is true now.
pub(super) fn client_row<'a>(
    record: &'a Record<'_>,
    principal: &'a Principal,
    ip: Option<&'a str>,
    received_at: Micros,
) -> Result<Session<'a>, Invalid> {
    record.required(Field::ClientId)?;
    Ok(row(record, principal, ip, received_at))
}

fn row<'a>(
    record: &'a Record<'_>,
    principal: &'a Principal,
    ip: Option<&'a str>,
    received_at: Micros,
) -> Session<'a> {
    Session {
        tenant_id: principal.tenant.as_str(),
        project_id: project_of(principal),
        session_id: "",
        event_time: received_at.0,
        received_at: received_at.0,
        capture_id: record.text(Field::CaptureId),
        ip,
        environment: record.text(Field::Environment),
        data_residency: record.text(Field::DataResidency),
        country: record.text(Field::Country),
        space_id: record.text(Field::SpaceId),
        app_id: record.text(Field::AppId),
        app_version: record.text(Field::AppVersion),
        installation_id: record.text(Field::InstallationId),
        installation_version: record.text(Field::InstallationVersion),
        device_id: record.text(Field::DeviceId),
        client_id: record.text(Field::ClientId),
        user_id: None,
        location_accuracy: record.decimal(Field::LocationAccuracy),
        latitude: record.decimal(Field::Latitude),
        longitude: record.decimal(Field::Longitude),
        client_created: record.instant(Field::ClientCreated),
        client_ip: record.text(Field::ClientIp),
        client_user_agent: record.text(Field::ClientUserAgent),
        client_device_vendor: record.text(Field::ClientDeviceVendor),
        client_device_model: record.text(Field::ClientDeviceModel),
        client_device_type: record.text(Field::ClientDeviceType),
        client_os_name: record.text(Field::ClientOsName),
        client_os_version: record.text(Field::ClientOsVersion),
        client_browser_name: record.text(Field::ClientBrowserName),
        client_browser_version: record.text(Field::ClientBrowserVersion),
        client_browser_major: record.text(Field::ClientBrowserMajor),
        client_browser_engine: record.text(Field::ClientBrowserEngine),
        client_browser_engine_version: record.text(Field::ClientBrowserEngineVersion),
        client_cpu_architecture: record.text(Field::ClientCpuArchitecture),
        client_screen_width: record.whole(Field::ClientScreenWidth),
        client_screen_height: record.whole(Field::ClientScreenHeight),
        client_screen_color_depth: record.whole(Field::ClientScreenColorDepth),
        client_screen_pixel_depth: record.whole(Field::ClientScreenPixelDepth),
    }
}

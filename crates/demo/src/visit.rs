//! A visit: the session that everything joins to which somebody does in one go.

use tidegauge_facts::{DEFAULT_NAME, Session};

use crate::countries::Country;
use crate::people::Visitor;
use crate::stands::Stand;

/// A session, and what all its events say alike.
#[derive(Debug)]
pub(crate) struct Visit {
    pub project: &'static str,
    /// Nothing for what no visitor does, such as a deploy.
    pub session_id: Option<String>,
    pub started: i64,
    pub visitor: Option<Visitor>,
    /// Where it is, for a visit to something that stands somewhere.
    pub stand: Option<Stand>,
    pub referrer: Option<&'static str>,
    pub app_id: Option<&'static str>,
    pub app_version: Option<&'static str>,
    pub capture_id: Option<String>,
}

impl Visit {
    /// What somebody does who is no visitor.
    pub fn of_nobody(project: &'static str, started: i64) -> Self {
        Self {
            project,
            session_id: None,
            started,
            visitor: None,
            stand: None,
            referrer: None,
            app_id: None,
            app_version: None,
            capture_id: None,
        }
    }

    pub fn account(&self) -> Option<&str> {
        self.visitor.as_ref()?.account.as_deref()
    }

    pub fn country(&self) -> Option<&'static Country> {
        let of_stand = self.stand.as_ref().map(|stand| stand.space.country());
        of_stand.or_else(|| self.visitor.as_ref().map(|visitor| visitor.country))
    }

    /// Where its data is kept.
    pub fn residency(&self) -> &'static str {
        match self.country().map(|country| country.data_center) {
            Some(1) => "US",
            Some(2) => "AP",
            _ => "EU",
        }
    }

    pub fn row(&self, received_at: i64) -> Session<'_> {
        let visitor = self.visitor.as_ref();
        let client = visitor.map(|visitor| visitor.client);
        let place = visitor.map(|visitor| match &self.stand {
            Some(stand) => (8.0, stand.space.latitude, stand.space.longitude),
            None => (25_000.0, visitor.country.latitude, visitor.country.longitude),
        });
        Session {
            tenant_id: DEFAULT_NAME,
            project_id: self.project,
            session_id: self.session_id.as_deref().unwrap_or_default(),
            event_time: self.started,
            received_at,
            capture_id: self.capture_id.as_deref(),
            ip: visitor.map(|visitor| &*visitor.ip),
            environment: Some("production"),
            data_residency: Some(self.residency()),
            country: self.country().map(|country| country.code),
            space_id: self.stand.as_ref().map(|stand| stand.space.id),
            app_id: self.app_id,
            app_version: self.app_version,
            installation_id: self.stand.as_ref().map(|stand| &*stand.installation_id),
            installation_version: self.stand.as_ref().map(|stand| stand.version),
            device_id: self.stand.as_ref().map(|stand| &*stand.device_id),
            client_id: visitor.map(|visitor| &*visitor.client_id),
            user_id: self.account(),
            location_accuracy: place.map(|place| place.0),
            latitude: place.map(|place| place.1),
            longitude: place.map(|place| place.2),
            client_created: visitor.map(|visitor| visitor.first_seen),
            client_ip: visitor.map(|visitor| &*visitor.ip),
            client_user_agent: client.map(|client| client.user_agent),
            client_device_vendor: client.and_then(|client| client.device_vendor),
            client_device_model: client.and_then(|client| client.device_model),
            client_device_type: client.map(|client| client.device_type),
            client_os_name: client.map(|client| client.os.0),
            client_os_version: client.map(|client| client.os.1),
            client_browser_name: client.map(|client| client.browser.0),
            client_browser_version: client.map(|client| client.browser.1),
            client_browser_major: client.map(|client| client.major()),
            client_browser_engine: client.map(|client| client.engine.0),
            client_browser_engine_version: client.map(|client| client.engine.1),
            client_cpu_architecture: client.map(|client| client.cpu),
            client_screen_width: client.map(|client| client.screen.0),
            client_screen_height: client.map(|client| client.screen.1),
            client_screen_color_depth: client.map(|_| 24),
            client_screen_pixel_depth: client.map(|_| 24),
        }
    }
}

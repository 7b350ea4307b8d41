//! From a wire event to a row of the table `events`.

use tidegauge_facts::{Event, Micros};

use super::event::TrackEvent;
use crate::intake::events::NewEvent;

impl NewEvent for TrackEvent<'_> {
    fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The platform's server sends these events, not who they are about.
    fn ip(&self) -> Option<&str> {
        None
    }

    #[inline]
    fn to_row<'e>(&'e self, tenant: &'e str, project: &'e str, received_at: Micros) -> Event<'e> {
        let [int1, int2, int3, int4, int5] = self.ints;
        let [str1, str2, str3, str4, str5] = &self.strs;
        Event {
            tenant_id: tenant,
            project_id: self.project_id.as_deref().unwrap_or(project),
            event_id: self.event_id.as_deref().unwrap_or_default(),
            id_assigned: self.event_id.is_none(),
            event_time: self.timestamp.unwrap_or(received_at.0),
            received_at: received_at.0,
            event_name: &self.event_name,
            category: self.category,
            priority: self.priority,
            properties: (self.properties != "{}").then_some(&*self.properties),
            session_id: self.session_id.as_deref(),
            page_url: self.page_url.as_deref(),
            referrer: self.referrer.as_deref(),
            user_agent: self.user_agent.as_deref(),
            client_id: self.client_id.as_deref(),
            user_id: self.user_id.as_deref(),
            installation_id: self.installation_id.as_deref(),
            device_id: self.device_id.as_deref(),
            space_id: self.space_id.as_deref(),
            app_id: self.app_id.as_deref(),
            environment: self.environment.as_deref(),
            data_residency: None,
            country: self.country.as_deref(),
            ip: None,
            interaction: self.interaction,
            capture_id: self.capture_id.as_deref(),
            product_id: self.product_id.as_deref(),
            category_id: self.category_id.as_deref(),
            int1,
            int2,
            int3,
            int4,
            int5,
            str1: str1.as_deref(),
            str2: str2.as_deref(),
            str3: str3.as_deref(),
            str4: str4.as_deref(),
            str5: str5.as_deref(),
            stateful: self.stateful,
            public: self.public,
        }
    }
}

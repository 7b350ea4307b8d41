//! What a row is known by, so that it is stored once.

use std::borrow::Cow;

use tidegauge_facts::connections::message_id;
use tidegauge_facts::{Connection, Event, Request, Row, Session};

/// A row that can be told from others of its tenant and project.
pub(crate) trait Identified: Row {
    fn tenant(&self) -> &str;
    fn project(&self) -> &str;

    /// Its id, or for a message about a connection what serves as one.
    fn id(&self) -> Cow<'_, str>;

    /// True when its sender has named it: the store remembers such a name against repeats.
    fn is_named(&self) -> bool;
}

macro_rules! identified {
    ($row:ident, $self:ident => $id:expr, $is_named:expr) => {
        impl Identified for $row<'_> {
            fn tenant(&self) -> &str {
                self.tenant_id
            }

            fn project(&self) -> &str {
                self.project_id
            }

            fn id(&$self) -> Cow<'_, str> {
                $id
            }

            fn is_named(&$self) -> bool {
                $is_named
            }
        }
    };
}

identified!(Event, self => Cow::Borrowed(self.event_id), !self.id_assigned);
identified!(Request, self => Cow::Borrowed(self.request_id), !self.id_assigned);
identified!(Connection, self => message_id(self.connection_id, self.state.as_str(), self.event_time).into(),
    self.at_assigned != Some(true));
identified!(Session, self => session_id(self.session_id, self.client_id.unwrap_or_default(), self.event_time),
    !self.session_id.is_empty());

/// A row without a session's id describes a client as of an instant.
pub(crate) fn session_id<'a>(session: &'a str, client: &str, at: i64) -> Cow<'a, str> {
    match session {
        "" => format!("\0{client}\0{at}").into(),
        named => named.into(),
    }
}

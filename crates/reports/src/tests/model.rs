//! A slow, obvious model of the three reports: lists of facts, gone through for each question.

use std::collections::BTreeSet;

use tidegauge_facts::time::DAY;

use crate::event_field::EventField;
use crate::recent_events::Interaction;

/// A text out of a few, or none.
pub type Maybe = Option<&'static str>;

#[derive(Debug, Clone)]
pub struct AnEvent {
    pub id: String,
    pub tenant: &'static str,
    pub project: &'static str,
    pub at: i64,
    pub name: &'static str,
    pub session: Maybe,
    pub installation: Maybe,
    pub space: Maybe,
    pub device: Maybe,
    pub country: Maybe,
    pub client: Maybe,
    pub capture: Maybe,
    pub interaction: Option<bool>,
    pub int1: Option<i64>,
    pub str1: Maybe,
}

#[derive(Debug, Clone)]
pub struct ASession {
    pub id: &'static str,
    pub tenant: &'static str,
    pub project: &'static str,
    pub at: i64,
    pub received: i64,
    pub installation: Maybe,
    pub space: Maybe,
    pub device: Maybe,
    pub country: Maybe,
    pub client: Maybe,
    pub version: Maybe,
    pub latitude: Option<f64>,
}

#[derive(Debug, Clone)]
pub struct Asked {
    pub project: Maybe,
    pub installation: Maybe,
    pub space: Maybe,
    pub device: Maybe,
    pub name: Maybe,
    pub interaction: Interaction,
    pub fields: Vec<&'static EventField>,
    pub limit: usize,
}

#[derive(Default)]
pub struct Model {
    pub now: i64,
    pub events: Vec<AnEvent>,
    pub sessions: Vec<ASession>,
}

/// What is unknown, or said to be nothing.
fn said(text: Maybe) -> Maybe {
    text.filter(|text| !text.is_empty())
}

impl Model {
    pub fn session_of(&self, event: &AnEvent, asked: &Asked) -> Option<&ASession> {
        let of_event = self.sessions.iter().filter(|session| {
            Some(session.id) == said(event.session)
                && session.tenant == event.tenant
                && asked.project.is_none_or(|own| session.project == own)
        });
        of_event.min_by_key(|session| (session.at <= self.now - DAY, session.received))
    }

    /// The event's value, as the wire shows it; unknown is empty.
    pub fn value(&self, event: &AnEvent, field: &str, asked: &Asked) -> String {
        let session = self.session_of(event, asked);
        let of = |own: Maybe, theirs: fn(&ASession) -> Maybe| {
            said(own).or_else(|| said(session.and_then(theirs))).unwrap_or_default().to_owned()
        };
        match field {
            "tenantId" => event.tenant.to_owned(),
            "sessionId" => of(event.session, |_| None),
            "sessionCreated" => session.map_or(String::new(), |session| session.at.to_string()),
            "country" => of(event.country, |session| session.country),
            "spaceId" => of(event.space, |session| session.space),
            "installationId" => of(event.installation, |session| session.installation),
            "deviceId" => of(event.device, |session| session.device),
            "clientId" => of(event.client, |_| None),
            "appVersion" => of(None, |session| session.version),
            "latitude" => {
                session.and_then(|s| s.latitude).map_or(String::new(), |number| (number + 0.0).to_string())
            }
            "captureId" => said(event.capture).unwrap_or(&event.id).to_owned(),
            "eventTime" => event.at.to_string(),
            "eventType" => event.name.to_owned(),
            "interaction" => event.interaction.unwrap_or(false).to_string(),
            "int1" => event.int1.map_or(String::new(), |int| int.to_string()),
            "str1" => of(event.str1, |_| None),
            _ => String::new(),
        }
    }

    /// The events that are asked for, newest first.
    pub fn events(&self, asked: &Asked) -> Vec<&AnEvent> {
        let is = |event: &AnEvent, field: &str, text: Maybe| {
            text.is_none_or(|text| self.value(event, field, asked) == text)
        };
        let mut events: Vec<&AnEvent> = self
            .events
            .iter()
            .filter(|event| event.tenant == "t" && asked.project.is_none_or(|own| event.project == own))
            .filter(|event| event.at > self.now - DAY)
            .filter(|event| is(event, "installationId", asked.installation))
            .filter(|event| is(event, "spaceId", asked.space) && is(event, "deviceId", asked.device))
            .filter(|event| is(event, "eventType", asked.name))
            .filter(|event| match asked.interaction {
                Interaction::All => true,
                Interaction::Interactive => event.interaction == Some(true),
                Interaction::NonInteractive => event.interaction != Some(true),
            })
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id.clone())));
        events
    }

    pub fn latest(&self, asked: &Asked) -> Vec<&AnEvent> {
        let mut known = BTreeSet::new();
        let mut latest = Vec::new();
        for event in self.events(asked) {
            let values: Vec<String> =
                asked.fields.iter().map(|field| self.value(event, field.wire, asked)).collect();
            if known.insert(values) {
                latest.push(event);
            }
        }
        latest
    }

    pub fn sessions(&self, asked: &Asked) -> Vec<&ASession> {
        let is = |own: Maybe, text: Maybe| text.is_none_or(|text| own.unwrap_or_default() == text);
        let mut sessions: Vec<&ASession> = self
            .sessions
            .iter()
            .filter(|session| session.tenant == "t" && !session.id.is_empty())
            .filter(|session| asked.project.is_none_or(|own| session.project == own))
            .filter(|session| session.at > self.now - DAY)
            .filter(|session| is(session.installation, asked.installation))
            .filter(|session| is(session.space, asked.space) && is(session.device, asked.device))
            .collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.at, session.id)));
        sessions
    }
}

//! Whether given users are connected to a project, and when they were last (`presence` of the projects family).

use std::collections::HashMap;

use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::Reader;

/// One user's presence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Presence {
    /// True while a connection of the user is open.
    pub is_online: bool,
    /// The newest sign of life of the user's connections, as far back as the ledger reaches: a day at least.
    pub last_seen: Option<Micros>,
}

/// The presence of each of `users`, in their order.
#[must_use]
pub fn user_presence(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: &ProjectId,
    users: &[String],
) -> Vec<Presence> {
    let known = store.look(|view| {
        let ledger = view.ledger.tenant(tenant.as_str())?;
        let codes: Vec<Option<u32>> = users.iter().map(|user| ledger.user(user)).collect();
        Some((codes, ledger.lives()))
    });
    let Some((codes, lives)) = known else { return vec![Presence::default(); users.len()] };
    let is_wanted: Vec<bool> =
        lives.groups().iter().map(|group| *group.project == *project.as_str()).collect();
    let mut presence: HashMap<u32, Presence> =
        codes.iter().flatten().map(|code| (*code, Presence::default())).collect();
    if !presence.is_empty() {
        for life in lives.iter().filter(|life| is_wanted[life.group as usize]) {
            if let Some(known) = presence.get_mut(&life.user) {
                known.is_online |= life.is_open();
                known.last_seen = known.last_seen.max(Some(Micros(life.last)));
            }
        }
    }
    codes.iter().map(|code| code.and_then(|code| presence.get(&code).copied()).unwrap_or_default()).collect()
}

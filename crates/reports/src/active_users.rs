//! Who is connected to a project now (`active-users` of the projects family).

use std::sync::Arc;

use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::connections::{Life, NONE};
use tidegauge_store::{Reader, StoreError};

use crate::connection_source::Connections;

/// Most connections that are listed; all are counted.
pub const MAX_LISTED: usize = 10_000;

/// The report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActiveUsers {
    /// The open connections that carry a user, newest first; at most [`MAX_LISTED`].
    pub users: Vec<ActiveUser>,
    /// How many there are.
    pub count: u64,
}

/// One open connection of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveUser {
    /// The user.
    pub user: Arc<str>,
    /// When the connection was opened.
    pub connected_at: Micros,
    /// The connection.
    pub connection: Box<str>,
}

/// The report for one project, as of `now`.
///
/// # Errors
/// Something cannot be read.
pub fn active_users(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: &ProjectId,
    now: Micros,
) -> Result<ActiveUsers, StoreError> {
    let connections = Connections::since(store, tenant, now.0, now)?;
    let Some(connections) = connections else { return Ok(ActiveUsers::default()) };
    let lives = connections.lives();
    let is_wanted: Vec<bool> =
        lives.groups().iter().map(|group| *group.project == *project.as_str()).collect();
    let open = lives.places().filter(|(_, life)| life.is_open() && life.user != NONE);
    let open = open.filter(|(_, life)| is_wanted[life.group as usize]);
    let mut found: Vec<(u32, Life)> = open.map(|(place, life)| (place, *life)).collect();
    let count = found.len() as u64;
    let newest_first = |a: &(u32, Life), b: &(u32, Life)| (b.1.opened, b.0).cmp(&(a.1.opened, a.0));
    if found.len() > MAX_LISTED {
        found.select_nth_unstable_by(MAX_LISTED, newest_first);
        found.truncate(MAX_LISTED);
    }
    found.sort_unstable_by(newest_first);
    let named = found.iter().zip(connections.describe(&found));
    let users = named.filter_map(|((_, life), names)| {
        let names = names?;
        Some(ActiveUser { user: names.user?, connected_at: Micros(life.opened), connection: names.id })
    });
    Ok(ActiveUsers { users: users.collect(), count })
}

//! Who is connected to a project now (`active-users` of the projects family).

use std::sync::Arc;

use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::View;
use tidegauge_store::connections::NONE;

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

/// The report for one project.
#[must_use]
pub fn active_users(view: &View, tenant: &TenantId, project: &ProjectId) -> ActiveUsers {
    let Some(ledger) = view.ledger.tenant(tenant.as_str()) else { return ActiveUsers::default() };
    let lives = ledger.lives();
    let is_wanted: Vec<bool> =
        lives.groups().iter().map(|group| *group.project == *project.as_str()).collect();
    let mut found: Vec<(i64, u32)> = ledger
        .iter()
        .filter(|(_, life)| life.is_open() && life.user != NONE && is_wanted[life.group as usize])
        .map(|(place, life)| (life.opened, place))
        .collect();
    let count = found.len() as u64;
    if found.len() > MAX_LISTED {
        found.select_nth_unstable_by(MAX_LISTED, |a, b| b.cmp(a));
        found.truncate(MAX_LISTED);
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    let users = found.into_iter().filter_map(|(opened, place)| {
        let description = ledger.describe(place)?;
        Some(ActiveUser { user: description.user?, connected_at: Micros(opened), connection: description.id })
    });
    ActiveUsers { users: users.collect(), count }
}

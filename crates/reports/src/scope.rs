//! Whose facts a report may see, and of what time.

use tidegauge_facts::time::DAY;
use tidegauge_facts::{Micros, ProjectId, TenantId};

/// Whose facts a report may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// The one project it is bound to, if it is: facts of others do not exist for it.
    pub project: Option<ProjectId>,
}

/// The first instant of the 24 hours that end `now`. What is dated after `now` belongs to them too: a clock that
/// runs ahead must not hide what it has sent.
pub(crate) fn day_before(now: Micros) -> i64 {
    now.0.saturating_sub(DAY).saturating_add(1)
}

//! How long a tenant's facts are kept, table by table.

use crate::bounded::bounded;
use crate::patch::with_patch;

bounded!(
    /// For how many days facts are kept.
    RetentionDays: 1 to 36_500, "facts are kept for 1 to 36500 days, or for ever (null)"
);

with_patch!(
    /// For how many days a tenant's facts are kept; `None` is for ever.
    Retention,
    /// A change of retention: what is absent stays, null is for ever.
    RetentionPatch {
        /// Events.
        events: RetentionDays,
        /// Sessions.
        sessions: RetentionDays,
        /// Connections.
        connections: RetentionDays,
        /// API requests.
        requests: RetentionDays,
    }
);

//! What goes wrong: three bursts of errors in a month, a slow deploy that is rolled back, an outage of a data center.
//!
//! They lie before the instant that the demo was made at, and come again every 30 days after it.

use tidegauge_facts::time::{DAY, HOUR, MINUTE};

/// The API whose deploy went wrong.
pub(crate) const DEPLOYED_API: &str = "payments";
/// The data center that had the outage: a place in [`crate::countries::DATA_CENTERS`].
pub(crate) const OUTAGE_AT: usize = 0;

/// How much slower the deploy made its API.
const DEPLOY_FACTOR: f64 = 2.5;
const MONTH: i64 = 30 * DAY;

/// How long before the demo was made, and for how long.
const BURSTS: [(i64, i64); 3] = [
    (3 * DAY + 7 * HOUR, 34 * MINUTE),
    (14 * DAY + 2 * HOUR, 52 * MINUTE),
    (22 * DAY + 20 * HOUR, 26 * MINUTE),
];
const DEPLOY: (i64, i64) = (9 * DAY, 6 * HOUR);
const OUTAGE: (i64, i64) = (5 * DAY + 10 * HOUR, 4 * MINUTE);

/// The incidents of a demo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incidents {
    /// When the demo was made.
    pub origin: i64,
}

impl Incidents {
    /// Whether errors are bursting.
    pub fn is_burst(self, at: i64) -> bool {
        BURSTS.iter().any(|(before, lasts)| (0..*lasts).contains(&self.since(*before, at)))
    }

    /// How much slower than usual the deployed API is.
    pub fn slowness(self, at: i64) -> f64 {
        let since = self.since(DEPLOY.0, at);
        if (0..DEPLOY.1).contains(&since) { DEPLOY_FACTOR } else { 1.0 }
    }

    /// When the deploy of this minute began or was rolled back.
    pub fn deploy_step(self, minute: i64) -> Option<(i64, DeployStep)> {
        let steps = [(0, DeployStep::Begun), (DEPLOY.1, DeployStep::RolledBack)];
        steps.into_iter().find_map(|(after, step)| {
            let until = (after - self.since(DEPLOY.0, minute)).rem_euclid(MONTH);
            (until < MINUTE).then_some((minute + until, step))
        })
    }

    /// Whether the data center of the outage is away.
    pub fn is_outage(self, at: i64) -> bool {
        (0..OUTAGE.1).contains(&self.since(OUTAGE.0, at))
    }

    /// Whether everybody comes back after the outage.
    pub fn is_return(self, at: i64) -> bool {
        (OUTAGE.1..OUTAGE.1 + 3 * MINUTE).contains(&self.since(OUTAGE.0, at))
    }

    /// When the outage ends a connection of its data center that lives from `opened` to `closed`.
    pub fn cut(self, opened: i64, closed: i64) -> Option<i64> {
        let begun = opened - self.since(OUTAGE.0, opened) + MONTH;
        (begun > opened && begun < closed).then_some(begun)
    }

    /// How long after the last incident that began so long before the origin, or whole months from it.
    fn since(self, before: i64, at: i64) -> i64 {
        (at - (self.origin - before)).rem_euclid(MONTH)
    }
}

/// What happened in a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeployStep {
    Begun,
    RolledBack,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: i64 = 20_000 * DAY + 17 * MINUTE;

    #[test]
    fn an_incident_lasts_as_long_as_it_says_and_comes_again_every_month() {
        let incidents = Incidents { origin: ORIGIN };
        let begun = ORIGIN - 9 * DAY;
        for month in [-MONTH, 0, MONTH] {
            let at = |after: i64| incidents.slowness(begun + month + after);
            assert_eq!([at(-1), at(0), at(6 * HOUR - 1), at(6 * HOUR)], [1.0, 2.5, 2.5, 1.0]);
        }
        let minutes = (0..MONTH / MINUTE).map(|minute| ORIGIN - MONTH + minute * MINUTE);
        assert_eq!(minutes.clone().filter(|at| incidents.is_burst(*at)).count(), 34 + 52 + 26);
        let steps: Vec<_> = minutes.filter_map(|minute| incidents.deploy_step(minute)).collect();
        assert_eq!(steps, [(begun, DeployStep::Begun), (begun + 6 * HOUR, DeployStep::RolledBack)]);
    }

    #[test]
    fn an_outage_cuts_what_is_open_when_it_begins() {
        let incidents = Incidents { origin: ORIGIN };
        let begun = ORIGIN - OUTAGE.0;
        assert_eq!(incidents.cut(begun - 5, begun + 5), Some(begun));
        assert_eq!(incidents.cut(begun - 5, begun), None);
        assert_eq!(incidents.cut(begun + 1, begun + DAY), None);
        assert!(incidents.is_outage(begun) && incidents.is_return(begun + OUTAGE.1));
    }
}

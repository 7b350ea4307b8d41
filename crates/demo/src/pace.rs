//! How much happens, beside the rhythm: history grows slowly, and what is live is denser than it.

use tidegauge_facts::time::DAY;

/// How many times as dense as history's last day what happens live is, at a rate of 1.
///
/// A month of history has to be made in seconds, so it is thin: half an event a second. That would not look alive.
/// Much denser than this, an hour of looking on would dwarf the month on every chart.
const LIVE_DENSITY: f64 = 16.0;
/// How many times more happens at the origin than a month before it.
const GROWTH_A_MONTH: f64 = 2.2;
const MONTH: i64 = 30 * DAY;

/// How dense things are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// When the demo was made.
    pub origin: i64,
    /// From this minute on it is live.
    pub live_from: i64,
    /// How many times as dense live is.
    pub rate: f64,
}

impl Pace {
    /// How many times as much happens as on average in the month before the origin.
    pub fn density(self, at: i64) -> f64 {
        if self.is_live(at) { self.trend(at) * LIVE_DENSITY * self.rate } else { self.trend(at) }
    }

    /// What of it is growth.
    pub fn trend(self, at: i64) -> f64 {
        let growth = GROWTH_A_MONTH.ln();
        let months = (self.origin - at).max(0) as f64 / MONTH as f64;
        (-growth * months).exp() * growth / (1.0 - GROWTH_A_MONTH.recip())
    }

    pub fn is_live(self, at: i64) -> bool {
        at >= self.live_from
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_facts::time::HOUR;

    use super::*;

    #[test]
    fn a_month_is_1_on_average_and_live_is_denser() {
        let origin = 20_000 * DAY;
        let pace = Pace { origin, live_from: origin, rate: 2.0 };
        let hours = MONTH / HOUR;
        let sum: f64 = (0..hours).map(|hour| pace.density(origin - MONTH + hour * HOUR)).sum();
        assert!((sum / hours as f64 - 1.0).abs() < 0.01, "{sum}");
        assert!((pace.density(origin) / pace.density(origin - 1) - 2.0 * LIVE_DENSITY).abs() < 0.01);
    }
}

//! When people are about: the day and the week of each country's own clock.

use tidegauge_facts::time::{DAY, HOUR};

use crate::countries::{COUNTRIES, Country};

/// What people are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// At home: evenings and weekends.
    Leisure,
    /// Out and about, while places are open.
    Shopping,
    /// At work, and programs that work for those.
    Office,
}

/// How much happens in each hour of the day.
const LEISURE: [f64; 24] = [
    0.45, 0.26, 0.17, 0.13, 0.13, 0.20, 0.42, 0.72, 0.92, 1.02, 1.10, 1.16, 1.26, 1.20, 1.12, 1.14, 1.22,
    1.36, 1.56, 1.78, 1.92, 1.84, 1.42, 0.86,
];
const SHOPPING: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.02, 0.25, 0.9, 1.5, 1.9, 2.2, 2.5, 2.3, 2.1, 2.1, 2.3, 2.4, 2.0, 1.3,
    0.6, 0.15, 0.0, 0.0,
];
const OFFICE: [f64; 24] = [
    0.36, 0.32, 0.30, 0.30, 0.32, 0.42, 0.62, 0.98, 1.42, 1.72, 1.80, 1.72, 1.52, 1.60, 1.70, 1.68, 1.56,
    1.30, 1.04, 0.86, 0.74, 0.62, 0.52, 0.42,
];
/// And on each day of the week, from Monday on.
const LEISURE_WEEK: [f64; 7] = [0.96, 0.92, 0.93, 0.96, 1.00, 1.12, 1.11];
const SHOPPING_WEEK: [f64; 7] = [0.80, 0.82, 0.88, 0.95, 1.15, 1.45, 0.95];
const OFFICE_WEEK: [f64; 7] = [1.14, 1.20, 1.18, 1.16, 1.06, 0.64, 0.62];

impl Habit {
    /// How much happens at an instant in that country, where 1 is the mean of a week.
    pub fn intensity(self, country: &Country, at: i64) -> f64 {
        let (hours, week) = match self {
            Self::Leisure => (&LEISURE, &LEISURE_WEEK),
            Self::Shopping => (&SHOPPING, &SHOPPING_WEEK),
            Self::Office => (&OFFICE, &OFFICE_WEEK),
        };
        let local = at + (country.clock * HOUR as f64) as i64;
        let hour = local.rem_euclid(DAY) / HOUR;
        let into = (local.rem_euclid(HOUR)) as f64 / HOUR as f64;
        let (this, next) = (hours[hour as usize], hours[(hour as usize + 1) % 24]);
        // 1970 began on a Thursday.
        let weekday = (local.div_euclid(DAY) + 3).rem_euclid(7);
        (this + (next - this) * into) * week[weekday as usize] * 24.0 / hours.iter().sum::<f64>()
    }

    /// The weights of all countries at an instant: how many of all people about are there.
    pub fn weights(self, at: i64) -> [f64; COUNTRIES.len()] {
        std::array::from_fn(|place| {
            let country = &COUNTRIES[place];
            country.share / 100.0 * self.intensity(country, at)
        })
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_facts::time::MINUTE;

    use super::*;
    use crate::countries::country_of;

    #[test]
    fn a_week_is_1_on_average_everywhere() {
        for habit in [Habit::Leisure, Habit::Shopping, Habit::Office] {
            for country in &COUNTRIES {
                let minutes = 7 * 24 * 60;
                let sum: f64 = (0..minutes).map(|minute| habit.intensity(country, minute * MINUTE)).sum();
                assert!((sum / minutes as f64 - 1.0).abs() < 0.01, "{habit:?} {}", country.code);
            }
        }
    }

    #[test]
    fn night_is_where_the_clock_says_so() {
        // A Wednesday, 1970-01-07; 3 o'clock in Tokyo is 18 o'clock of the day before in UTC.
        let three_in_tokyo = 5 * DAY + 18 * HOUR;
        let [japan, germany] =
            ["JP", "DE"].map(|code| Habit::Leisure.intensity(country_of(code), three_in_tokyo));
        assert!(japan < 0.3 && germany > 1.3, "{japan} {germany}");
        assert!(Habit::Shopping.intensity(country_of("JP"), three_in_tokyo) < 0.01);
        let saturday = |habit: Habit| habit.intensity(country_of("GB"), 2 * DAY + 12 * HOUR);
        assert!(saturday(Habit::Office) < saturday(Habit::Shopping));
    }
}

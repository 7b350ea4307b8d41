//! Everything that happens, in the order in which a server takes it in.
//!
//! Promise: what is taken in between two instants follows from the demo and from when it is live, and not from how often
//! anybody asks: history in hours and live traffic in quarters of a second go the same way.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde_json::json;
use tidegauge_facts::Micros;
use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::time::{DAY, HOUR, MINUTE};

use crate::connections::{self, LONGEST_LIFE, Opening};
use crate::countries::COUNTRIES;
use crate::diary::{Diary, Entry};
use crate::dice::Dice;
use crate::fact::{Due, Fact, Facts};
use crate::incidents::{DEPLOYED_API, DeployStep, Incidents};
use crate::pace::Pace;
use crate::rhythm::Habit;
use crate::stands::{STANDS, Stand};
use crate::visit::Visit;
use crate::{api_traffic, kiosk, mobile, shop};

/// No visit takes longer.
const LONGEST_VISIT: i64 = 3 * HOUR;

/// A demo: what it is made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demo {
    /// Chance.
    pub seed: u64,
    /// When it was made: incidents and growth lie before it.
    pub origin: Micros,
    /// How many times as dense live traffic is as it is by default.
    pub rate: f64,
}

/// What happens, as far as it was asked for.
#[derive(Debug)]
pub struct Timeline {
    seed: u64,
    pace: Pace,
    /// The minute that is told next.
    minute: i64,
    /// What was told and not yet asked for.
    waiting: BinaryHeap<Reverse<Due>>,
}

/// What makes the dice of one stream others than those of another.
#[derive(Clone, Copy)]
enum Stream {
    Shop = 1,
    Mobile,
    Kiosk,
    Connections,
    Returns,
    Requests,
    Statistics,
    Deploy,
}

impl Demo {
    /// What happens from `from` on, live from the minute of `live_from` on.
    #[must_use]
    pub fn timeline(&self, from: Micros, live_from: Micros) -> Timeline {
        let minute = |at: i64| at.div_euclid(MINUTE) * MINUTE;
        let pace = Pace { origin: self.origin.0, live_from: minute(live_from.0), rate: self.rate };
        let first = minute(from.0 - LONGEST_LIFE);
        let mut timeline = Timeline { seed: self.seed, pace, minute: first, waiting: BinaryHeap::new() };
        timeline.begin(from.0);
        timeline
    }
}

impl Timeline {
    /// All that the server takes in before this instant, and was not asked for before.
    pub fn until(&mut self, to: Micros) -> Facts {
        while self.minute < to.0 {
            self.tell_minute(true);
        }
        let mut facts = Facts::default();
        self.take_until(to.0, |due| facts.push(due));
        facts
    }

    /// Tells what began before and goes on.
    fn begin(&mut self, from: i64) {
        while self.minute < from {
            self.tell_minute(self.minute >= from - LONGEST_VISIT);
        }
        self.take_until(from, drop);
    }

    fn take_until(&mut self, to: i64, mut take: impl FnMut(Due)) {
        while self.waiting.peek().is_some_and(|Reverse(due)| due.received_at < to)
            && let Some(Reverse(due)) = self.waiting.pop()
        {
            if let Fact::Sign(sign) = &due.fact
                && let Some(next) = sign.next(self.pace)
            {
                self.waiting.push(Reverse(next));
            }
            take(due);
        }
    }

    /// Tells what begins in the next minute: connections, or everything.
    fn tell_minute(&mut self, everything: bool) {
        let mut out = Vec::new();
        let minute = Minute { seed: self.seed, pace: self.pace, at: self.minute };
        minute.connections(&mut out);
        if everything {
            minute.visits(&mut out);
            minute.requests(&mut out);
            minute.deploy(&mut out);
        }
        self.waiting.extend(out.into_iter().map(Reverse));
        self.minute += MINUTE;
    }
}

/// One minute of everything.
#[derive(Clone, Copy)]
struct Minute {
    seed: u64,
    pace: Pace,
    at: i64,
}

impl Minute {
    fn incidents(self) -> Incidents {
        Incidents { origin: self.pace.origin }
    }

    fn dice(self, stream: Stream, number: u64) -> Dice {
        // What is live is not what would have been history.
        let is_live = u64::from(self.pace.is_live(self.at));
        Dice::of(self.seed, &[stream as u64, self.at as u64, is_live, number])
    }

    /// Instants of this minute at which somebody begins something, and where they are: so many a day on average.
    fn beginnings<const N: usize>(
        self,
        stream: Stream,
        a_day: f64,
        weights: [f64; N],
    ) -> impl Iterator<Item = (i64, usize, Dice)> {
        let mean =
            a_day * MINUTE as f64 / DAY as f64 * self.pace.density(self.at) * weights.iter().sum::<f64>();
        let count = self.dice(stream, u64::MAX).poisson(mean);
        (0..count).map(move |number| {
            let mut dice = self.dice(stream, number as u64);
            let at = self.at + dice.between(0, MINUTE);
            let place = dice.weighted(weights);
            (at, place, dice)
        })
    }

    fn visits(self, out: &mut Vec<Due>) {
        let (seed, origin, incidents) = (self.seed, self.pace.origin, self.incidents());
        let leisure = Habit::Leisure.weights(self.at);
        for (at, country, mut dice) in self.beginnings(Stream::Shop, shop::VISITS, leisure) {
            let visitor = shop::CROWD.somebody(seed, country, origin, &mut dice);
            shop::visit(visitor, at, incidents.is_burst(at), dice, out);
        }
        for (at, country, mut dice) in self.beginnings(Stream::Mobile, mobile::VISITS, leisure) {
            let visitor = mobile::CROWD.somebody(seed, country, origin, &mut dice);
            mobile::visit(visitor, at, incidents.is_burst(at), dice, out);
        }
        let stands: [f64; STANDS] = std::array::from_fn(|number| {
            Habit::Shopping.intensity(Stand::country_of(number), self.at) / STANDS as f64
        });
        for (at, number, dice) in self.beginnings(Stream::Kiosk, kiosk::VISITS, stands) {
            kiosk::visit(seed, number, at, incidents.is_burst(at), dice, out);
        }
        kiosk::status(seed, self.at, self.pace.is_live(self.at), out);
    }

    fn connections(self, out: &mut Vec<Due>) {
        let (pace, incidents) = (self.pace, self.incidents());
        let weights = Habit::Leisure.weights(self.at);
        for (at, country, dice) in self.beginnings(Stream::Connections, connections::OPENED, weights) {
            if !connections::is_refused(incidents, &COUNTRIES[country], at) {
                let opening = Opening { at, country, is_return: false };
                connections::open(self.seed, opening, pace, dice, out);
            }
        }
        if incidents.is_return(self.at) {
            let nearby = std::array::from_fn::<f64, { COUNTRIES.len() }, _>(|country| {
                if COUNTRIES[country].data_center == 0 { weights[country] } else { 0.0 }
            });
            let sum: f64 = nearby.iter().sum();
            let a_day = connections::RETURNING * (DAY / MINUTE) as f64 / (sum * pace.density(self.at));
            for (at, country, dice) in self.beginnings(Stream::Returns, a_day, nearby) {
                let opening = Opening { at, country, is_return: true };
                connections::open(self.seed, opening, pace, dice, out);
            }
        }
    }

    fn requests(self, out: &mut Vec<Due>) {
        let weights = Habit::Office.weights(self.at);
        for (at, country, dice) in self.beginnings(Stream::Requests, api_traffic::REQUESTS, weights) {
            api_traffic::call(self.seed, at, country, self.incidents(), dice, out);
        }
        if (self.at / MINUTE) % api_traffic::STATISTICS_MINUTES == 0 {
            api_traffic::statistics(self.at, self.dice(Stream::Statistics, 0), out);
        }
    }

    /// The deploy that makes an API slow says when it began and when it was taken back.
    fn deploy(self, out: &mut Vec<Due>) {
        let Some((at, step)) = self.incidents().deploy_step(self.at) else { return };
        let visit = Visit { app_id: Some("release-bot"), ..Visit::of_nobody(shop::PROJECT, at) };
        let mut diary = Diary::open(visit, self.dice(Stream::Deploy, 0), out);
        let (name, version, priority) = match step {
            DeployStep::Begun => ("deploy_finished", "v1.18.0", Priority::Medium),
            DeployStep::RolledBack => ("deploy_rolled_back", "v1.17.3", Priority::High),
        };
        let what = json!({"service": DEPLOYED_API, "version": version});
        diary.write(Entry::new(name, Category::System).priority(priority).with(&what));
    }
}

//! Who comes: visitors that come back under the same ids, some often, most once or twice.

use tidegauge_facts::time::DAY;

use crate::clients::{self, Client};
use crate::countries::{COUNTRIES, Country, address};
use crate::dice::Dice;

/// Who a project's visitors are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    /// Makes the visitors of one project others than those of another.
    pub number: u64,
    /// How many there are in all.
    pub people: f64,
    /// How many of them have an account.
    pub known: f64,
    /// What they come with.
    pub clients: &'static [Client],
}

/// Somebody.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub client_id: String,
    /// Who has an account has this too, whether signed in or not.
    pub account: Option<String>,
    pub country: &'static Country,
    pub client: &'static Client,
    pub ip: String,
    /// When the client was first seen.
    pub first_seen: i64,
}

impl Crowd {
    /// Somebody of a country, a place in [`COUNTRIES`]. Small numbers come far more often than large ones.
    pub fn somebody(self, seed: u64, country: usize, origin: i64, dice: &mut Dice) -> Visitor {
        let people = (self.people * COUNTRIES[country].share / 100.0).max(4.0);
        let number = (people * dice.unit().powf(2.4)) as u64;
        self.visitor(seed, country, number, origin)
    }

    fn visitor(self, seed: u64, place: usize, number: u64, origin: i64) -> Visitor {
        let mut dice = Dice::of(seed, &[0x0071_0000 + self.number, place as u64, number]);
        let country = &COUNTRIES[place];
        Visitor {
            client_id: dice.hex(20),
            account: dice.chance(self.known).then(|| format!("usr_{}", dice.hex(10))),
            country,
            client: clients::pick(self.clients, &mut dice),
            ip: address(country, &mut dice),
            first_seen: origin - dice.between(30 * DAY, 400 * DAY),
        }
    }
}

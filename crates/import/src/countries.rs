//! The countries of a piece's addresses, each looked up once: the lines of a log are of few clients.

use std::collections::HashMap;

use tidegauge_geo::{Countries, Country};

use crate::cell_rows::OpenRow;
use crate::column::Taken;

/// Countries, and those that were looked up; at most one a line of a piece.
pub(crate) struct KnownCountries<'c> {
    all: &'c Countries,
    known: HashMap<Box<str>, Option<Country>>,
}

impl<'c> KnownCountries<'c> {
    /// None is known yet.
    pub fn of(all: &'c Countries) -> Self {
        Self { all, known: HashMap::new() }
    }

    /// The country of an address.
    pub fn country(&mut self, address: &str) -> Option<Country> {
        if self.all.is_off() {
            return None;
        }
        if let Some(known) = self.known.get(address) {
            return *known;
        }
        let country = self.all.of(address);
        self.known.insert(address.into(), country);
        country
    }

    /// Fills in the country of a row that has an address and no country.
    pub fn find(&mut self, row: &mut OpenRow<'_>) {
        let Some(place) = row.columns.place("country") else { return };
        if row.texts_of("country").is_some_and(|own| !own.is_empty()) {
            return;
        }
        if let Some(country) = row.texts_of("ip").and_then(|ip| self.country(ip)) {
            row.set(place, Some(Taken::Text(country.as_str().to_owned().into())));
        }
    }
}

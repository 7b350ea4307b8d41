//! Where the kiosks stand: 24 of them in eight halls.

use crate::countries::{Country, country_of};
use crate::dice::Dice;

/// A hall.
#[derive(Debug)]
pub(crate) struct Space {
    pub id: &'static str,
    country: &'static str,
    pub latitude: f64,
    pub longitude: f64,
}

const fn space(id: &'static str, country: &'static str, latitude: f64, longitude: f64) -> Space {
    Space { id, country, latitude, longitude }
}

const SPACES: [Space; 8] = [
    space("hall-hamburg-north", "DE", 53.55, 9.99),
    space("hall-berlin-east", "DE", 52.51, 13.44),
    space("hall-lyon-river", "FR", 45.76, 4.84),
    space("hall-malmo-harbour", "SE", 55.61, 13.00),
    space("hall-leeds-market", "GB", 53.80, -1.55),
    space("hall-chicago-lake", "US", 41.88, -87.63),
    space("hall-austin-south", "US", 30.27, -97.74),
    space("hall-osaka-station", "JP", 34.69, 135.50),
];
/// Kiosks in each.
const STANDS_A_SPACE: usize = 3;
/// All kiosks.
pub(crate) const STANDS: usize = SPACES.len() * STANDS_A_SPACE;

/// A kiosk, where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Stand {
    pub space: &'static Space,
    pub installation_id: String,
    pub device_id: String,
    pub version: &'static str,
}

impl Space {
    pub fn country(&self) -> &'static Country {
        country_of(self.country)
    }
}

impl Stand {
    /// The kiosk of this number, below [`STANDS`].
    pub fn of(seed: u64, number: usize) -> Self {
        let mut dice = Dice::of(seed, &[0x0057_a4d0, number as u64]);
        Self {
            space: &SPACES[number / STANDS_A_SPACE],
            installation_id: format!("inst-{}", dice.hex(8)),
            device_id: format!("kiosk-{:02}", number + 1),
            version: dice.pick(&["3.2.0", "3.2.0", "3.1.4"]),
        }
    }

    /// Where the kiosk of this number is.
    pub fn country_of(number: usize) -> &'static Country {
        SPACES[number / STANDS_A_SPACE].country()
    }
}

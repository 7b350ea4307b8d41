//! Where people are: 25 countries with their share of them, and addresses that belong to nobody.
//!
//! Addresses are of the ranges for documentation (RFC 5737, RFC 3849), which lie in no country; so the facts name theirs.

use crate::dice::Dice;

/// A country, and where in it most people are.
#[derive(Debug, PartialEq)]
pub(crate) struct Country {
    /// ISO 3166.
    pub code: &'static str,
    /// Percent of all people.
    pub share: f64,
    /// Hours that its clock is ahead of UTC.
    pub clock: f64,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// The data center nearest to it, a place in [`DATA_CENTERS`].
    pub data_center: usize,
    /// What prices are in.
    pub currency: &'static str,
}

/// Where the servers are.
pub(crate) const DATA_CENTERS: [&str; 3] = ["fra1", "iad1", "sin1"];
const FRA: usize = 0;
const IAD: usize = 1;
const SIN: usize = 2;

const fn country(
    code: &'static str,
    share: f64,
    clock: f64,
    place: (f64, f64),
    data_center: usize,
    currency: &'static str,
) -> Country {
    Country { code, share, clock, latitude: place.0, longitude: place.1, data_center, currency }
}

/// All of them, the most frequent first.
pub(crate) const COUNTRIES: [Country; 25] = [
    country("US", 21.0, -5.0, (40.71, -74.01), IAD, "USD"),
    country("DE", 14.0, 1.0, (52.52, 13.40), FRA, "EUR"),
    country("GB", 9.0, 0.0, (51.51, -0.13), FRA, "GBP"),
    country("FR", 7.0, 1.0, (48.86, 2.35), FRA, "EUR"),
    country("IN", 6.5, 5.5, (19.08, 72.88), SIN, "INR"),
    country("BR", 5.0, -3.0, (-23.55, -46.63), IAD, "BRL"),
    country("JP", 4.5, 9.0, (35.68, 139.69), SIN, "JPY"),
    country("NL", 3.8, 1.0, (52.37, 4.90), FRA, "EUR"),
    country("CA", 3.5, -5.0, (43.65, -79.38), IAD, "CAD"),
    country("ES", 3.2, 1.0, (40.42, -3.70), FRA, "EUR"),
    country("SE", 2.6, 1.0, (59.33, 18.07), FRA, "SEK"),
    country("AU", 2.5, 10.0, (-33.87, 151.21), SIN, "AUD"),
    country("IT", 2.4, 1.0, (45.46, 9.19), FRA, "EUR"),
    country("PL", 2.1, 1.0, (52.23, 21.01), FRA, "PLN"),
    country("SG", 1.9, 8.0, (1.35, 103.82), SIN, "SGD"),
    country("CH", 1.7, 1.0, (47.37, 8.54), FRA, "CHF"),
    country("MX", 1.6, -6.0, (19.43, -99.13), IAD, "MXN"),
    country("AT", 1.4, 1.0, (48.21, 16.37), FRA, "EUR"),
    country("KR", 1.3, 9.0, (37.57, 126.98), SIN, "KRW"),
    country("ZA", 1.0, 2.0, (-26.20, 28.05), FRA, "ZAR"),
    country("AE", 0.9, 4.0, (25.20, 55.27), FRA, "AED"),
    country("NO", 0.9, 1.0, (59.91, 10.75), FRA, "NOK"),
    country("ID", 0.8, 7.0, (-6.21, 106.85), SIN, "IDR"),
    country("AR", 0.7, -3.0, (-34.60, -58.38), IAD, "ARS"),
    country("NZ", 0.7, 12.0, (-36.85, 174.76), SIN, "NZD"),
];

/// The country of this code, which is one of [`COUNTRIES`].
pub(crate) fn country_of(code: &str) -> &'static Country {
    COUNTRIES.iter().find(|country| country.code == code).unwrap_or(&COUNTRIES[0])
}

/// The ranges for documentation (RFC 5737).
const V4_RANGES: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];

/// An address in that country: every address of version 4 is always in the same one.
pub(crate) fn address(country: &Country, dice: &mut Dice) -> String {
    let place = COUNTRIES.iter().position(|one| one == country).unwrap_or(0);
    if dice.chance(0.35) {
        let (site, host) = (dice.below(0x400) + 1, dice.below(0xffff) + 1);
        return format!("2001:db8:{:x}:{site:x}::{host:x}", 0x100 + place);
    }
    // 3 × 254 addresses: thirty for each country.
    let number = place * 30 + dice.below(30);
    format!("{}.{}", V4_RANGES[number / 254], number % 254 + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn addresses_are_of_the_ranges_for_documentation_and_each_is_in_one_country() {
        let mut dice = Dice::of(1, &[]);
        let mut seen: HashMap<IpAddr, &str> = HashMap::new();
        for country in COUNTRIES.iter().flat_map(|country| std::iter::repeat_n(country, 300)) {
            let text = address(country, &mut dice);
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(ip.to_string(), text);
            let is_documentation = match ip {
                IpAddr::V4(ip) => ip.is_documentation(),
                IpAddr::V6(ip) => ip.segments()[..2] == [0x2001, 0xdb8],
            };
            assert!(is_documentation, "{text}");
            assert_eq!(*seen.entry(ip).or_insert(country.code), country.code, "{text}");
        }
    }

    #[test]
    fn shares_are_percent() {
        let sum: f64 = COUNTRIES.iter().map(|country| country.share).sum();
        assert!((sum - 100.0).abs() < 0.01, "{sum}");
        assert_eq!(country_of("JP").currency, "JPY");
    }
}

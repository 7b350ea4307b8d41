//! The country of a fact that names none: that of its address, if the database knows it.

use tidegauge_geo::{Countries, Country};

/// The country to fill in. None when the fact names one itself, or has no address.
pub fn missing_country(countries: &Countries, own: Option<&str>, ip: Option<&str>) -> Option<Country> {
    match own {
        Some(own) if !own.is_empty() => None,
        _ => countries.of(ip?),
    }
}

//! The country of an address, from data that the binary carries or from a file of the operator's.
//!
//! Promise: an answer is two letters A to Z and comes from memory; an address that is none, or that no country can
//! have (private, reserved, local), has none. Whose address is looked up, and when, is left to the caller.

mod country;
mod file;
mod public;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

pub use country::Country;
use file::CountryFile;
pub use file::{BUNDLED_LICENCE, BUNDLED_SOURCE, UnusableFile};
use public::is_public;

/// Where countries come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountrySource {
    /// Nowhere.
    Off,
    /// The data in the binary.
    Bundled,
    /// A file in MaxMind's format (`.mmdb`).
    File(PathBuf),
}

impl FromStr for CountrySource {
    type Err = std::convert::Infallible;

    /// `off`, `bundled`, or else a path; `./off` is a file.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "off" => Self::Off,
            "bundled" => Self::Bundled,
            path => Self::File(path.into()),
        })
    }
}

/// Tells the countries of addresses.
#[derive(Debug, Default)]
pub struct Countries(Option<CountryFile>);

impl Countries {
    /// From this source, all of it in memory.
    ///
    /// # Errors
    /// The file cannot be read, or holds no countries.
    pub fn open(source: &CountrySource) -> Result<Self, UnusableFile> {
        Ok(Self(match source {
            CountrySource::Off => None,
            CountrySource::Bundled => Some(CountryFile::bundled()?),
            CountrySource::File(path) => Some(CountryFile::open(path)?),
        }))
    }

    /// Whether there is a source at all.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// The country of an address as text, IPv4 or IPv6.
    #[must_use]
    pub fn of(&self, address: &str) -> Option<Country> {
        let file = self.0.as_ref()?;
        // IPv4 within IPv6 is looked up as IPv4.
        let address = address.parse::<IpAddr>().ok()?.to_canonical();
        if is_public(address) { file.country(address) } else { None }
    }
}

//! Country data in MaxMind's format (`.mmdb`), whole in memory: the bundled one and an operator's own.
//!
//! Two shapes of records are read: `country_code`, as in the bundled data, and `country.iso_code`, as MaxMind and DB-IP
//! write them.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, WithinOptions};

use crate::Country;

/// What the bundled data is, and of which day. Made by `crates/geo/refresh`, as the data is.
pub const BUNDLED_SOURCE: &str = include_str!("../data/SOURCE").trim_ascii();
/// The bundled data's licence; its text is beside the data.
pub const BUNDLED_LICENCE: &str = "Open Data Commons Public Domain Dedication and License (PDDL) 1.0";
/// 2 MiB; 5.2 MB once unpacked.
const BUNDLED: &[u8] = include_bytes!("../data/iptoasn-country.mmdb.zst");

/// Longest bundled file, unpacked.
const MAX_BUNDLED_BYTES: usize = 16 * 1024 * 1024;
/// Longest file of an operator's: it is in memory as a whole.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

const COUNTRY_CODE: [PathElement<'static>; 1] = [PathElement::Key("country_code")];
const ISO_CODE: [PathElement<'static>; 2] = [PathElement::Key("country"), PathElement::Key("iso_code")];

/// Why a file of country data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableFile {
    /// The system does not let it be read.
    #[error("cannot read the country database {}: {source}", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is longer than 512 MiB.
    #[error("the country database {} is longer than {} MiB", path.display(), MAX_FILE_BYTES >> 20)]
    TooLong {
        /// Where it is.
        path: PathBuf,
    },
    /// It is no such file, or damaged.
    #[error("the country database {} is not in MaxMind's format, or damaged: {source}", path.display())]
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        source: MaxMindDbError,
    },
    /// It may be a good file, but about something else.
    #[error("the country database {} holds no countries", path.display())]
    NoCountries {
        /// Where it is.
        path: PathBuf,
    },
    /// The binary is damaged.
    #[error("the bundled country database is damaged: {0}")]
    Bundled(String),
}

/// Country data in memory.
#[derive(Debug)]
pub struct CountryFile(Reader<Vec<u8>>);

impl CountryFile {
    /// The data in the binary, which the tests have checked.
    pub fn bundled() -> Result<Self, UnusableFile> {
        let damaged = |error: &dyn std::fmt::Display| UnusableFile::Bundled(error.to_string());
        // The frame tells its length: no more memory is taken than that, and never more than the bound.
        let length = zstd::zstd_safe::get_frame_content_size(BUNDLED).ok().flatten().unwrap_or(0);
        let length =
            usize::try_from(length).map_or(MAX_BUNDLED_BYTES, |length| length.min(MAX_BUNDLED_BYTES));
        let bytes = zstd::bulk::decompress(BUNDLED, length).map_err(|error| damaged(&error))?;
        Reader::from_source(bytes).map(Self).map_err(|error| damaged(&error))
    }

    /// The data in a file, each record of which is looked at once.
    pub fn open(path: &Path) -> Result<Self, UnusableFile> {
        let bytes = read(path)?;
        let damaged = |source| UnusableFile::Damaged { path: path.to_owned(), source };
        let file = Self(Reader::from_source(bytes).map_err(damaged)?);
        match file.count_countries().map_err(damaged)? {
            0 => Err(UnusableFile::NoCountries { path: path.to_owned() }),
            _ => Ok(file),
        }
    }

    /// The country of an address; none when it is not known.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        country_of(&self.0.lookup(address).ok()?).ok()?
    }

    /// When the data was made, in seconds since 1970.
    #[cfg(test)]
    pub fn built_at(&self) -> u64 {
        self.0.metadata().build_epoch
    }

    /// How many distinct records name a country. Walks the whole tree.
    pub fn count_countries(&self) -> Result<usize, MaxMindDbError> {
        let mut seen = HashSet::new();
        let mut countries = 0;
        // A tree of n nodes has n + 1 leaves, and networks that share one are few: more means that it runs in circles.
        let most = usize::try_from(self.0.metadata().node_count).unwrap_or(usize::MAX).saturating_mul(3);
        for (walked, network) in self.0.networks(WithinOptions::default())?.enumerate() {
            if walked > most {
                return Err(MaxMindDbError::invalid_database("its networks run in circles"));
            }
            let network = network?;
            if network.offset().is_some_and(|offset| seen.insert(offset)) {
                countries += usize::from(country_of(&network)?.is_some());
            }
        }
        Ok(countries)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, UnusableFile> {
    let unreadable = |source| UnusableFile::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(UnusableFile::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}

fn country_of(found: &LookupResult<'_, Vec<u8>>) -> Result<Option<Country>, MaxMindDbError> {
    let code: Option<&str> = match found.decode_path(&COUNTRY_CODE)? {
        None => found.decode_path(&ISO_CODE)?,
        code => code,
    };
    Ok(code.and_then(Country::from_code))
}

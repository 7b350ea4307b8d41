//! Whole numbers with bounds that their types carry, as settings and limits are made of.
//!
//! Promise: one that exists is within its bounds, wherever it came from: the command line, JSON or the database.

use std::fmt;

use serde::de::{Unexpected, Visitor};

/// Why a number is none of its type; the text says what it is and what its bounds are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutOfBounds(pub(crate) &'static str);

/// Declares a whole number with bounds: its constructor, its JSON, its text.
macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident: $least:literal to $most:literal, $sentence:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub struct $name(u64);

        impl $name {
            /// The least that it can be.
            pub const LEAST: u64 = $least;
            /// The most that it can be.
            pub const MOST: u64 = $most;

            /// The number as one of these.
            ///
            /// # Errors
            /// [`OutOfBounds`](crate::OutOfBounds) when it is none.
            pub fn new(number: u64) -> Result<Self, crate::bounded::OutOfBounds> {
                let is_within = (Self::LEAST..=Self::MOST).contains(&number);
                is_within.then_some(Self(number)).ok_or(crate::bounded::OutOfBounds($sentence))
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::bounded::OutOfBounds;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text.parse().map_err(|_| crate::bounded::OutOfBounds($sentence))?)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserializer.deserialize_u64(crate::bounded::Whole($sentence))?;
                Self::new(number).map_err(|_| {
                    let found = serde::de::Unexpected::Unsigned(number);
                    serde::de::Error::invalid_value(found, &$sentence)
                })
            }
        }
    };
}
pub(crate) use bounded;

/// Takes a whole number that is not negative; the sentence says what was expected instead.
pub(crate) struct Whole(pub(crate) &'static str);

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<u64, E> {
        number.try_into().map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    /// `5.0` and `5e3` are whole numbers too (JSON Schema 2020-12, section 6.1.1), as far as a float is exact.
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<u64, E> {
        let is_exact = number.fract() == 0.0 && (0.0..=MAX_EXACT_FLOAT).contains(&number);
        if is_exact { Ok(number as u64) } else { Err(E::invalid_value(Unexpected::Float(number), &self)) }
    }
}

/// 2^53.
const MAX_EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

/// A whole number that is not negative, as JSON writes one, with or without a fraction of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeNumber(pub u64);

impl<'de> serde::Deserialize<'de> for WholeNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Whole("a whole number that is not negative")).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_however_it_is_written_and_anything_else_is_none() {
        let read = |json: &str| serde_json::from_str::<WholeNumber>(json).map(|WholeNumber(number)| number);
        for (json, number) in [
            ("0", 0),
            ("5", 5),
            ("5.0", 5),
            ("5e3", 5_000),
            ("-0.0", 0),
            ("18446744073709551615", u64::MAX),
            ("9007199254740992.0", 1 << 53),
        ] {
            assert_eq!(read(json).unwrap(), number, "{json}");
        }
        for none in [
            "-1",
            "-1.0",
            "0.5",
            "1e300",
            "18446744073709551616",
            "9007199254740994.0",
            "\"5\"",
            "null",
            "[5]",
        ] {
            assert!(read(none).unwrap_err().to_string().contains("a whole number"), "{none}");
        }
    }
}

//! How long a tenant's connections may be silent before they count as closed (spec section 6).
//!
//! Promise: an `IdleTimeout` that exists is of whole seconds, from one to a day: what the database holds and
//! the store keeps count of.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::bounded::Whole;

/// Shortest idle timeout, in seconds.
pub const MIN_IDLE_TIMEOUT_SECONDS: u64 = 1;
/// Longest idle timeout, in seconds: a day, as far back as open connections are looked for.
pub const MAX_IDLE_TIMEOUT_SECONDS: u64 = 86_400;

/// Why a number of seconds is no idle timeout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an idle timeout is {MIN_IDLE_TIMEOUT_SECONDS} to {MAX_IDLE_TIMEOUT_SECONDS} seconds (1s to 24h)")]
pub struct InvalidIdleTimeout;

/// How long a tenant's connections may be silent; in JSON the number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct IdleTimeout(u64);

impl<'de> Deserialize<'de> for IdleTimeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = deserializer.deserialize_u64(Whole("a number of seconds from 1 to 86400"))?;
        Self::from_secs(seconds).map_err(D::Error::custom)
    }
}

impl IdleTimeout {
    /// The idle timeout of so many seconds.
    ///
    /// # Errors
    /// [`InvalidIdleTimeout`] when it is none, or more than a day.
    pub fn from_secs(seconds: u64) -> Result<Self, InvalidIdleTimeout> {
        let is_within = (MIN_IDLE_TIMEOUT_SECONDS..=MAX_IDLE_TIMEOUT_SECONDS).contains(&seconds);
        is_within.then_some(Self(seconds)).ok_or(InvalidIdleTimeout)
    }

    /// In seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// As a length of time.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_timeout_is_from_one_second_to_a_day() {
        for seconds in [1, 600, 86_400] {
            assert_eq!(IdleTimeout::from_secs(seconds).unwrap().as_duration(), Duration::from_secs(seconds));
        }
        for seconds in [0, 86_401, u64::MAX] {
            assert_eq!(IdleTimeout::from_secs(seconds), Err(InvalidIdleTimeout), "{seconds}");
        }
    }
}

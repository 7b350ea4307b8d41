//! What a key may do: a set out of `ingest`, `read` and `admin`.
//!
//! Promise: one spelling everywhere, `ingest,read` as text and `["ingest","read"]` in JSON, always in
//! that order. What each scope opens is the server's to say; `admin` does not imply the others here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One thing that a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Write facts.
    Ingest,
    /// Ask for reports.
    Read,
    /// Administer keys, projects and retention.
    Admin,
}

impl Scope {
    /// Every scope, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// The scope's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl FromStr for Scope {
    type Err = InvalidScopes;

    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(InvalidScopes)
    }
}

/// Why a text names no scopes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scopes are one or more of ingest, read and admin, separated by commas")]
pub struct InvalidScopes;

/// A set of [`Scope`]s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// All three.
    pub const ALL: Self = Self(Scope::Ingest.bit() | Scope::Read.bit() | Scope::Admin.bit());

    /// True when `scope` is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// True when the set allows nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl FromStr for Scopes {
    type Err = InvalidScopes;

    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        text.split(',').map(|name| name.trim().parse::<Scope>()).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for scope in self.iter() {
            write!(f, "{separator}{}", scope.as_str())?;
            separator = ",";
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Scope>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back_as_it_was_written() {
        for bits in 1..=Scopes::ALL.0 {
            let scopes = Scopes(bits);
            assert_eq!(scopes.to_string().parse(), Ok(scopes));
            let json = serde_json::to_string(&scopes).unwrap();
            assert_eq!(serde_json::from_str::<Scopes>(&json).unwrap(), scopes);
        }
    }

    #[test]
    fn the_order_written_does_not_matter_and_is_always_the_same() {
        let scopes: Scopes = "admin, ingest,admin".parse().unwrap();
        assert_eq!(scopes.to_string(), "ingest,admin");
        assert_eq!(serde_json::to_string(&scopes).unwrap(), r#"["ingest","admin"]"#);
        assert!(scopes.contains(Scope::Admin) && !scopes.contains(Scope::Read));
    }

    #[test]
    fn unknown_and_empty_names_are_refused() {
        for bad in ["", ",", "ingest,", "write", "Ingest", "ingest read"] {
            assert_eq!(bad.parse::<Scopes>(), Err(InvalidScopes), "{bad}");
        }
        assert!(serde_json::from_str::<Scopes>(r#"["root"]"#).is_err());
    }
}

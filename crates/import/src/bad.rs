//! A line that cannot be taken, and why.

use std::borrow::Cow;
use std::fmt;

/// Why a line is bad: a kind that bad lines are counted by, and what is particular to this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub kind: Cow<'static, str>,
    pub detail: Option<String>,
}

impl Reason {
    pub const fn of(kind: &'static str) -> Self {
        Self { kind: Cow::Borrowed(kind), detail: None }
    }

    pub fn with(kind: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { kind: kind.into(), detail: Some(detail.into()) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{}: {detail}", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}

/// A bad line in its place.
#[derive(Debug)]
pub(crate) struct Bad {
    /// Where it begins in the content.
    pub at: u64,
    /// Its number, from 1.
    pub line: u64,
    /// Rows of its piece that stand before it.
    pub rows_before: usize,
    pub reason: Reason,
    /// The line as it stands; of one that is too long its beginning.
    pub text: Vec<u8>,
}

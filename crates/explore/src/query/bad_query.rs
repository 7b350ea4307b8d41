//! Why a query makes no sense.

/// A member of a query, and what is wrong with it: a sentence for who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", if member.is_empty() { String::new() } else { format!("{member}: ") })]
pub struct BadQuery {
    member: String,
    problem: String,
}

impl BadQuery {
    pub(super) fn new(member: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { member: member.into(), problem: problem.into() }
    }

    /// The member, as a path: `filters[0].column`; empty when it is the query as a whole.
    #[must_use]
    pub fn member(&self) -> &str {
        &self.member
    }

    /// The same, where the member is one of `outer`'s.
    pub(super) fn within(mut self, outer: &str) -> Self {
        self.member =
            if self.member.is_empty() { outer.to_owned() } else { format!("{outer}.{}", self.member) };
        self
    }

    /// What the engine says of a plan that was checked before: no sentence of ours fits.
    pub(super) fn planned(error: &datafusion::error::DataFusionError) -> Self {
        Self::new("", error.strip_backtrace())
    }
}

/// Refuses lists that are longer than they may be.
pub(super) fn at_most(most: usize, len: usize, member: &str) -> Result<(), BadQuery> {
    if len <= most {
        return Ok(());
    }
    Err(BadQuery::new(member, format!("{len} are too many; at most {most} are taken")))
}

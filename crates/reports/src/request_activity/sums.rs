//! Measures by what they are about, while they are added up.

use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashMap;
use tidegauge_store::Budget;
use tidegauge_store::traffic::Measure;

use super::{ActivityRow, Group};
use crate::ReportError;

/// Rows put together for one answer, at most.
pub const MAX_GROUPS: usize = 1_000_000;

/// Rows being added up.
pub(super) struct Sums {
    groups: HashMap<Group, Sum, RandomState>,
    budget: Arc<Budget>,
}

struct Sum {
    measure: Measure,
    /// When the label was given, and what it is: the newest that says something holds, and the greatest of those of one
    /// instant.
    label: (i64, Box<str>),
}

impl Sums {
    /// None yet, of a report of this budget.
    pub fn within(budget: &Arc<Budget>) -> Self {
        Self { groups: HashMap::default(), budget: Arc::clone(budget) }
    }

    /// Adds what is known of a group. The label is what it was called when it was last hit.
    ///
    /// # Errors
    /// There are too many groups.
    pub fn add(&mut self, group: Group, label: &str, measure: &Measure) -> Result<(), ReportError> {
        let at = measure.last_hit;
        let is_full = self.groups.len() >= MAX_GROUPS;
        match self.groups.get_mut(&group) {
            Some(sum) => {
                sum.measure.add(measure);
                let known = (!sum.label.1.is_empty(), sum.label.0, &*sum.label.1);
                if (!label.is_empty(), at, label) > known {
                    sum.label = (at, label.into());
                }
            }
            None if is_full => return Err(ReportError::TooManyRows(MAX_GROUPS)),
            None => {
                let texts = group.api.len() + group.path.len() + group.key.len() + label.len();
                self.budget.take(size_of::<(Group, Sum)>() + texts)?;
                self.groups.insert(group, Sum { measure: *measure, label: (at, label.into()) });
            }
        }
        Ok(())
    }

    pub fn into_rows(self) -> Vec<ActivityRow> {
        let rows = self.groups.into_iter();
        rows.map(|(group, Sum { measure, label })| ActivityRow { group, label: label.1, measure }).collect()
    }
}

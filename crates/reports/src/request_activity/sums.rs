//! Measures by what they are about, while they are added up.

use ahash::RandomState;
use hashbrown::HashMap;
use tidegauge_store::traffic::Measure;

use super::{ActivityRow, Group};

/// Rows being added up.
#[derive(Default)]
pub(super) struct Sums(HashMap<Group, Sum, RandomState>);

struct Sum {
    measure: Measure,
    /// When the label was given, and what it is: the newest one holds, and the greatest of those of one instant.
    label: (i64, Box<str>),
}

impl Sums {
    /// Adds what is known of a group. The label is what it was called when it was last hit.
    pub fn add(&mut self, group: Group, label: &str, measure: &Measure) {
        let at = measure.last_hit;
        match self.0.get_mut(&group) {
            Some(sum) => {
                sum.measure.add(measure);
                if (at, label) > (sum.label.0, &sum.label.1) {
                    sum.label = (at, label.into());
                }
            }
            None => {
                self.0.insert(group, Sum { measure: *measure, label: (at, label.into()) });
            }
        }
    }

    pub fn into_rows(self) -> Vec<ActivityRow> {
        let rows = self.0.into_iter();
        rows.map(|(group, Sum { measure, label })| ActivityRow { group, label: label.1, measure }).collect()
    }
}

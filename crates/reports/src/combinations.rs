//! The newest event of each combination of values, as they are found batch by batch.

use std::cmp::Ordering;

use hashbrown::hash_map::Entry;

use crate::coded::{Coded, Print, PrintMap};
use crate::error::ReportError;
use crate::event_field::EventField;
use crate::row_filter::{Join, Joined, RowFilter};
use crate::values::Values;

/// A piece, and a row of it.
pub(crate) type Place = (u32, u32);

/// The newest events of the combinations found so far.
#[derive(Debug)]
pub(crate) struct Combinations {
    newest: PrintMap<Newest>,
    most: usize,
}

/// The newest events of one combination: several when they are of one instant and of different pieces.
#[derive(Debug)]
struct Newest {
    time: i64,
    first: Place,
    more: Vec<Place>,
}

impl Combinations {
    /// At most so many.
    pub fn new(most: usize) -> Self {
        Self { newest: PrintMap::default(), most }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.newest.len()
    }

    /// Notes the newest event of a combination in one piece.
    pub fn add(&mut self, print: Print, time: i64, place: Place) -> Result<(), ReportError> {
        let has_room = self.newest.len() < self.most;
        match self.newest.entry(print) {
            Entry::Occupied(known) => known.into_mut().add(time, place),
            Entry::Vacant(free) if has_room => {
                free.insert(Newest { time, first: place, more: Vec::new() });
            }
            Entry::Vacant(_) => return Err(ReportError::TooManyCombinations(self.most)),
        }
        Ok(())
    }

    /// Of each combination, the newest instant and the events of it.
    pub fn into_newest(self) -> impl Iterator<Item = (i64, impl Iterator<Item = Place>)> {
        self.newest
            .into_values()
            .map(|newest| (newest.time, std::iter::once(newest.first).chain(newest.more)))
    }
}

impl Newest {
    fn add(&mut self, time: i64, place: Place) {
        match time.cmp(&self.time) {
            Ordering::Greater => *self = Self { time, first: place, more: Vec::new() },
            Ordering::Equal => self.more.push(place),
            Ordering::Less => {}
        }
    }
}

/// The newest wanted row of each combination in a batch that is sorted by time and id.
pub(crate) fn newest_of(
    joined: &Joined<'_>,
    fields: &[&'static EventField],
    filter: &RowFilter,
    join: &Join,
) -> Vec<(Print, i64, u32)> {
    const NONE: u32 = u32::MAX;
    let coded: Vec<Coded> = fields.iter().map(|field| joined.coded(field)).collect();
    let Some((first, others)) = coded.split_first() else { return Vec::new() };
    let start = (first.codes.clone(), first.prints.len());
    let (codes, count) = others
        .iter()
        .fold(start, |(codes, count), other| Coded::paired(codes, count, &other.codes, other.prints.len()));
    let mut newest = vec![NONE; count];
    if filter.is_empty() {
        codes.iter().enumerate().for_each(|(row, code)| newest[*code as usize] = row as u32);
    } else {
        let wanted = filter.wanted(joined);
        let rows = codes.iter().zip(wanted).enumerate().filter(|(_, (_, wanted))| *wanted);
        rows.for_each(|(row, (code, _))| newest[*code as usize] = row as u32);
    }
    let times = Values::of(joined.batch, "event_time");
    let prints = |row: u32| -> Vec<Print> {
        coded.iter().map(|coded| coded.prints[coded.codes[row as usize] as usize]).collect()
    };
    let rows = newest.into_iter().filter(|row| *row != NONE);
    rows.map(|row| (join.printer.all(&prints(row)), times.int(row as usize).unwrap_or_default(), row))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_combination_more_than_allowed_is_refused_and_a_known_one_is_not() {
        let mut combinations = Combinations::new(2);
        for (print, time) in [(1, 5), (2, 5), (1, 7), (2, 4), (1, 7)] {
            combinations.add(print, time, (0, time as u32)).unwrap();
        }
        assert!(matches!(combinations.add(3, 9, (0, 0)), Err(ReportError::TooManyCombinations(2))));
        let mut newest: Vec<(i64, Vec<Place>)> =
            combinations.into_newest().map(|(time, places)| (time, places.collect())).collect();
        newest.sort();
        assert_eq!(newest, [(5, vec![(0, 5)]), (7, vec![(0, 7), (0, 7)])]);
    }
}

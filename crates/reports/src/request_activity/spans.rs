//! A period in few spans: whole months where there are any, thirds of months before and after them, and days at its ends.

use std::ops::Range;

use tidegauge_store::traffic::Level;

use super::{Bucket, Question};

/// Levels whose spans are named by their first day, each with the most days that one has.
const LEVELS: [(Level, i64); 3] = [(Level::Month, 31), (Level::Third, 11), (Level::Day, 1)];

/// The spans that make up the question's period, each instant in one. They end where its buckets end.
pub(super) fn spans(question: &Question) -> Vec<(Level, Range<i64>)> {
    let days = question.first_day..question.last_day.saturating_add(1);
    match question.bucket {
        Some(Bucket::Hour) => vec![(Level::Hour, days.start.saturating_mul(24)..days.end.saturating_mul(24))],
        Some(Bucket::Day) => vec![(Level::Day, days)],
        Some(Bucket::Month) | None => {
            let mut spans = Vec::new();
            split(days, &LEVELS, &mut spans);
            spans
        }
    }
}

/// Whole spans of the first level, and what is before and after them in spans of the next ones.
fn split(days: Range<i64>, levels: &[(Level, i64)], spans: &mut Vec<(Level, Range<i64>)>) {
    let Some(((level, longest), finer)) = levels.split_first() else { return };
    if days.is_empty() {
        return;
    }
    let start_of = |day: i64| level.span(Level::Day.start(day));
    // The span that begins on the first day or after it: a day so much later is in it, and in none behind it.
    let first = if start_of(days.start) == days.start {
        days.start
    } else {
        start_of(start_of(days.start) + longest)
    };
    let end = start_of(days.end);
    if first < end {
        split(days.start..first, finer, spans);
        spans.push((*level, first..end));
        split(end..days.end, finer, spans);
    } else {
        split(days, finer, spans);
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_facts::TenantId;

    use super::*;
    use crate::Scope;
    use crate::request_activity::Subject;

    fn question(first_day: i64, last_day: i64, bucket: Option<Bucket>) -> Question {
        let scope = Scope { tenant: TenantId::parse("t").unwrap(), project: None };
        let subject = Subject::Keys;
        Question { scope, subject, first_day, last_day, bucket, api: None, tags: Vec::new() }
    }

    #[test]
    fn spans_are_the_periods_days_once_and_whole_months_where_they_can_be() {
        // 2024-01-01 is day 19,723; a leap year.
        for first in (19_700..19_900).chain([-719_162, 2_932_000]).chain(2_932_800..2_932_890) {
            // Up to the last day of the year 9999, day 2,932,896.
            for length in [1, 2, 5, 7, 10, 27, 28, 29, 30, 31, 32, 59, 60, 61, 90, 366] {
                let length = length.min(2_932_897 - first);
                let spans = spans(&question(first, first + length - 1, None));
                let mut next = first;
                for (level, span) in &spans {
                    assert_eq!(span.start, next);
                    for end in [span.start, span.end] {
                        assert_eq!(level.span(Level::Day.start(end)), end, "{first} {length}: {spans:?}");
                    }
                    next = span.end;
                }
                assert_eq!(next, first + length);
                let days =
                    spans.iter().filter(|(level, _)| *level == Level::Day).map(|(_, s)| s.end - s.start);
                // 9 before, 10 after; at the end of time a third whose end is no day.
                assert!(days.sum::<i64>() <= 21, "{first} {length}: {spans:?}");
                assert!(spans.len() <= 5, "{first} {length}: {spans:?}");
            }
        }
    }

    #[test]
    fn hours_and_days_are_as_they_are_asked_for() {
        assert_eq!(spans(&question(1, 2, Some(Bucket::Hour))), [(Level::Hour, 24..72)]);
        assert_eq!(spans(&question(0, 364, Some(Bucket::Day))), [(Level::Day, 0..365)]);
    }
}

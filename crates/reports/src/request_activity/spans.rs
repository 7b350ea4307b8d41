//! A period in few spans: whole months where there are any, days before and after them.

use std::ops::Range;

use tidegauge_store::traffic::Level;

use super::{Bucket, Question};

/// The spans that make up the question's period, each instant in one. They end where its buckets end.
pub(super) fn spans(question: &Question) -> Vec<(Level, Range<i64>)> {
    let days = question.first_day..question.last_day.saturating_add(1);
    let spans = match question.bucket {
        Some(Bucket::Hour) => vec![(Level::Hour, days.start.saturating_mul(24)..days.end.saturating_mul(24))],
        Some(Bucket::Day) => vec![(Level::Day, days)],
        Some(Bucket::Month) | None => {
            let first_month = month_from(days.start);
            let last_month = month_of(days.end);
            if first_month < last_month {
                vec![
                    (Level::Day, days.start..first_month),
                    (Level::Month, first_month..last_month),
                    (Level::Day, last_month..days.end),
                ]
            } else {
                vec![(Level::Day, days)]
            }
        }
    };
    spans.into_iter().filter(|(_, spans)| !spans.is_empty()).collect()
}

/// The month that a day is in, by its first day.
fn month_of(day: i64) -> i64 {
    Level::Month.span(Level::Day.start(day))
}

/// The first month that begins on the day or after it.
fn month_from(day: i64) -> i64 {
    let month = month_of(day);
    if month == day { day } else { month_of(month + 31) }
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
        for first in (19_700..19_900).chain([-800_000, 2_932_000]) {
            for length in [1, 2, 27, 28, 29, 30, 31, 32, 59, 60, 61, 90, 366] {
                let spans = spans(&question(first, first + length - 1, None));
                let mut next = first;
                for (level, span) in &spans {
                    assert_eq!(span.start, next);
                    assert!(*level == Level::Day || month_of(span.start) == span.start);
                    assert!(*level == Level::Day || month_of(span.end) == span.end);
                    next = span.end;
                }
                assert_eq!(next, first + length);
                let days: i64 = spans
                    .iter()
                    .filter(|(level, _)| *level == Level::Day)
                    .map(|(_, s)| s.end - s.start)
                    .sum();
                assert!(days <= 60, "{first} {length}: {spans:?}");
            }
        }
    }

    #[test]
    fn hours_and_days_are_as_they_are_asked_for() {
        assert_eq!(spans(&question(1, 2, Some(Bucket::Hour))), [(Level::Hour, 24..72)]);
        assert_eq!(spans(&question(0, 364, Some(Bucket::Day))), [(Level::Day, 0..365)]);
    }
}

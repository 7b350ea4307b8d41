//! What a report is asked with: the days in its path, and the parameters of its query, typed and checked.

use tidegauge_facts::limits::MAX_TAGS;
use tidegauge_facts::time::day_of_date;
use tidegauge_reports::request_activity::Bucket;

use super::order::{By, Order};
use crate::query::{BadQuery, Query};

/// Why a question is refused: 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadQuestion {
    /// The path's bytes are no text.
    #[error("the path is not UTF-8")]
    Path,
    /// A part of a date is no number, or there is no such day.
    #[error("there is no such {0} date: write day/month/year, such as 29/2/2024")]
    NoSuchDate(&'static str),
    /// The period ends before it starts.
    #[error("the end date is before the start date")]
    Backwards,
    /// A parameter is wrong.
    #[error(transparent)]
    Parameter(#[from] BadQuery),
    /// Rows cannot be told apart by a filter that is asked for.
    #[error("the parameter {0} is not supported")]
    Unsupported(&'static str),
    /// Everything on one page, and it is too much for one.
    #[error("there are more than {0} rows: ask for pages (p from 1), or for a shorter period")]
    TooManyRows(usize),
}

/// The first and the last day, in days since 1970, of `day, month, year, day, month, year`.
pub(super) fn days(parts: &[String; 6]) -> Result<(i64, i64), BadQuestion> {
    let [start_day, start_month, start_year, end_day, end_month, end_year] = parts;
    let first = day(start_day, start_month, start_year).ok_or(BadQuestion::NoSuchDate("start"))?;
    let last = day(end_day, end_month, end_year).ok_or(BadQuestion::NoSuchDate("end"))?;
    if last < first { Err(BadQuestion::Backwards) } else { Ok((first, last)) }
}

/// Days and months may be padded to two digits, years to four.
fn day(day: &str, month: &str, year: &str) -> Option<i64> {
    let number = |text: &str, digits: usize| {
        let is_number = (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<i16>().ok()).flatten()
    };
    let small = |text| number(text, 2).and_then(|number| i8::try_from(number).ok());
    day_of_date(number(year, 4)?, small(month)?, small(day)?)
}

/// What the query adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    /// `res`.
    pub bucket: Option<Bucket>,
    /// `api`, or `api_id`.
    pub api: Option<String>,
    /// `tags`, separated by commas.
    pub tags: Vec<String>,
    /// `by` and `sort`.
    pub order: Order,
    /// `p`.
    pub page: Page,
}

/// Which rows of an answer are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// All of them, as one page.
    Everything,
    /// The page of that number, from 1.
    Number(u64),
}

impl Parameters {
    /// The parameters of a URL.
    pub fn of(query: Query<'_>) -> Result<Self, BadQuestion> {
        // A filter that is not honoured would make an answer that is wrong, and looks right.
        if query.one(&["api_version"])?.is_some() {
            return Err(BadQuestion::Unsupported("api_version"));
        }
        Ok(Self {
            bucket: one(query, "res", "one of hour, day, month", bucket)?,
            api: query.one(&["api", "api_id"])?.map(std::borrow::Cow::into_owned),
            tags: one(query, "tags", "at most 100 tags, separated by commas", tags)?.unwrap_or_default(),
            order: Order {
                by: one(query, "by", By::RULE, By::from_name)?.unwrap_or(By::Hits),
                reversed: one(query, "sort", "1 or -1", reversed)?.unwrap_or(false),
            },
            page: one(query, "p", "a whole number", page)?.unwrap_or(Page::Number(1)),
        })
    }
}

fn bucket(text: &str) -> Option<Bucket> {
    match text {
        "hour" => Some(Bucket::Hour),
        "day" => Some(Bucket::Day),
        "month" => Some(Bucket::Month),
        _ => None,
    }
}

fn tags(text: &str) -> Option<Vec<String>> {
    let tags: Vec<String> =
        text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    (tags.len() <= MAX_TAGS).then_some(tags)
}

fn reversed(text: &str) -> Option<bool> {
    match text {
        "1" => Some(false),
        "-1" => Some(true),
        _ => None,
    }
}

/// A number of any length: one beyond all pages is as good as the last number there is.
fn page(text: &str) -> Option<Page> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() < text.len() {
        return Some(Page::Everything);
    }
    match digits.parse().unwrap_or(u64::MAX) {
        0 => Some(Page::Everything),
        number => Some(Page::Number(number)),
    }
}

fn one<T>(
    query: Query<'_>,
    name: &'static str,
    rule: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, BadQuery> {
    let Some(value) = query.one(&[name])? else { return Ok(None) };
    read(&value).map(Some).ok_or(BadQuery::Breaks(name, rule))
}

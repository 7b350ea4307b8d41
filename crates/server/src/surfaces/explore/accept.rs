//! In which format an answer is wanted (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};
use tidegauge_explore::formats::Format;

/// The format that the caller likes best: by weight, then by how exactly he names it, then by the order in which he
/// does. JSON when he does not say; none when he takes none of them.
pub(super) fn format(headers: &HeaderMap) -> Option<Format> {
    let values = headers.get_all(header::ACCEPT).iter();
    let said: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let ranges: Vec<Range> = said.iter().flat_map(|value| value.split(',')).filter_map(Range::read).collect();
    if ranges.is_empty() {
        // A header that names nothing asks for nothing in particular.
        return said.iter().all(|value| value.trim().is_empty()).then_some(Format::Json);
    }
    let wishes = Format::ALL.iter().enumerate().filter_map(|(ours, format)| {
        // The most exact range that a format is in is the one that counts for it.
        let in_it = ranges.iter().enumerate().filter_map(|(at, range)| Some((range.exactness(*format)?, at)));
        let (exactness, at) = in_it.max_by_key(|(exactness, at)| (*exactness, std::cmp::Reverse(*at)))?;
        let weight = ranges.get(at)?.weight;
        let rank = (weight, exactness, std::cmp::Reverse(at), std::cmp::Reverse(ours));
        (weight > 0).then_some((rank, *format))
    });
    wishes.max_by_key(|(rank, _)| *rank).map(|(_, format)| format)
}

/// A media range.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    /// What is no media range is passed over.
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
        });
        Some(Self { kind, subtype, weight: weight.unwrap_or(Some(1_000))? })
    }

    /// How exactly it names a format, if it does.
    fn exactness(&self, format: Format) -> Option<u8> {
        let (kind, subtype) = format.media_type().split_once('/')?;
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (range, "*") if range.eq_ignore_ascii_case(kind) => Some(1),
            (range, of) if range.eq_ignore_ascii_case(kind) && of.eq_ignore_ascii_case(subtype) => Some(2),
            _ => None,
        }
    }
}

/// A weight: 0 to 1, with three digits at most.
fn thousandths(text: &str) -> Option<u16> {
    let weight: f32 = text.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    // Invariant: from 0 to 1,000.
    Some((weight * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &[&'static str]) -> Option<Format> {
        let values = accept.iter().map(|value| (header::ACCEPT, value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(name, value);
        }
        format(&headers)
    }

    #[test]
    fn the_format_is_the_one_that_is_liked_best() {
        for (accept, expected) in [
            (&[][..], Some(Format::Json)),
            (&[""], Some(Format::Json)),
            (&["*/*"], Some(Format::Json)),
            (&["application/*"], Some(Format::Json)),
            (&["text/*"], Some(Format::Csv)),
            (&["text/csv, */*"], Some(Format::Csv)),
            (&["TEXT/CSV;header=present"], Some(Format::Csv)),
            (&["application/json;q=0.5, text/csv;q=0.9"], Some(Format::Csv)),
            (&["application/json;q=0.5", "application/x-ndjson"], Some(Format::Ndjson)),
            (&["application/json;q=0, */*;q=0.1"], Some(Format::Csv)),
            (&["application/vnd.apache.parquet"], Some(Format::Parquet)),
            (&["application/vnd.apache.arrow.stream, application/json"], Some(Format::ArrowStream)),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Some(Format::Json)),
            (&["image/png"], None),
            (&["application/json;q=0"], None),
            (&["nonsense"], None),
            (&["text/csv;q=7"], None),
            (&["nonsense, text/csv"], Some(Format::Csv)),
        ] {
            assert_eq!(of(accept), expected, "{accept:?}");
        }
    }
}

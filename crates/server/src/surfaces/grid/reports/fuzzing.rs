//! The fuzz targets of what the reports are asked with, cursors included.

use tidegauge_reports::Position;

use super::cursor::{self, List};
use super::params::{MAX_LIMIT, Params};

const LISTS: [List; 3] = [List::Sessions, List::Events, List::LatestEvents];

/// A query of the three reports: a page's link asks for the same as its page did.
pub fn report_query(text: &str) {
    let Ok(params) = Params::parse(Some(text)) else { return };
    let link = params.without_cursor();
    let linked = Params::parse(Some(&link));
    assert!(linked.is_ok(), "a link is a query: {link}");
    let Ok(linked) = linked else { return };
    assert_eq!(linked.without_cursor(), link, "the link of a link is the same");
    assert_eq!(linked.distinct_columns().ok(), params.distinct_columns().ok());
    assert_eq!(linked.session_filter().is_ok(), params.session_filter().is_ok());
    assert_eq!(linked.event_filter().is_ok(), params.event_filter().is_ok());
    for list in LISTS {
        if let Ok(page) = params.page(list) {
            assert!(page.limit.is_none_or(|limit| (1..=MAX_LIMIT).contains(&limit)));
            if let Some(place) = page.before {
                assert_eq!(cursor::decode(list, &cursor::encode(list, &place)), Some(place));
            }
        }
    }
}

/// A cursor, or the place of one: whatever reads as a cursor is written as the same one, and no other list's.
pub fn cursor(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        for list in LISTS {
            if let Some(place) = cursor::decode(list, text) {
                assert_eq!(cursor::encode(list, &place), text, "a place has one cursor");
            }
        }
    }
    let Some((numbers, id)) = data.split_first_chunk::<12>() else { return };
    let Ok(id) = str::from_utf8(id) else { return };
    if id.len() > tidegauge_facts::limits::MAX_LABEL_CHARS {
        return;
    }
    let [seen @ .., _, _, _, _, _, _, _, _] = *numbers;
    let [_, _, _, _, time @ ..] = *numbers;
    let place = Position {
        time: i64::from_le_bytes(time),
        id: id.to_owned(),
        seen: u32::from_le_bytes(seen) as usize,
    };
    for list in LISTS {
        let text = cursor::encode(list, &place);
        for other in LISTS {
            let expected = (other == list).then(|| place.clone());
            assert_eq!(cursor::decode(other, &text), expected, "a cursor is of its own list");
        }
    }
}

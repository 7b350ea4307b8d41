//! Whether a caller would rather have gzip than the content as it is (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

/// A caller that says nothing, or nothing that can be read, is given the content as it is. Gzip wins where both are
/// as welcome: it is smaller.
pub fn prefers_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for (coding, weight) in lines.flat_map(|line| line.split(',')).filter_map(weighed) {
        match &*coding.to_ascii_lowercase() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => identity = Some(weight),
            "*" => any = Some(weight),
            _ => {}
        }
    }
    // What is not named is as welcome as `*` says. Without that gzip is not, and the content as it is always is.
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= identity.unwrap_or(0)
}

/// A coding and its weight in thousandths; `None` for what is no element of the list.
fn weighed(element: &str) -> Option<(&str, u16)> {
    let (coding, weight) = element.split_once(';').unwrap_or((element, "q=1"));
    let (name, weight) = weight.split_once('=')?;
    let weight = weight.trim().parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    // Invariant: at most a thousand.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was looked at just now")]
    let thousandths = (weight * 1000.0).round() as u16;
    name.trim().eq_ignore_ascii_case("q").then_some((coding.trim(), thousandths))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn prefers(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        prefers_gzip(&headers)
    }

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        for lines in [
            &["gzip"][..],
            &["gzip, deflate, br, zstd"],
            &["GZip"],
            &["x-gzip"],
            &["br;q=1.0, gzip;q=0.8, *;q=0.1"],
            &["deflate", "gzip"],
            &["*"],
            &["gzip;q=0.5, identity;q=0.5"],
            &["identity;q=0, gzip ; Q=0.001"],
            &["gzip, identity"],
            &[" , gzip,,"],
        ] {
            assert!(prefers(lines), "{lines:?}");
        }
    }

    #[test]
    fn and_to_nobody_else() {
        for lines in [
            &[][..],
            &[""],
            &["identity"],
            &["br"],
            &["gzip;q=0"],
            &["gzip;q=0.000, *"],
            &["*;q=0"],
            &["gzip;q=0.4, identity;q=0.5"],
            &["gzip;q=2"],
            &["gzip;q=-1"],
            &["gzip;q=nan"],
            &["gzip;q="],
            &["gzip;level=9"],
            &["gzipped"],
        ] {
            assert!(!prefers(lines), "{lines:?}");
        }
    }
}

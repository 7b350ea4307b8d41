//! What requests carry in their headers: a credential, and whom proxies say that they ask for.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, HeaderValue};
use tidegauge_accounts::{KEY_TEXT_CHARS, KeyText};

use crate::auth::shown_credential;
use crate::client_address::TrustedProxies;

/// Lines that are looked at.
const MAX_LINES: usize = 8;
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const EVERYBODY: &str = "0.0.0.0/0, ::/0";

/// A line of trusted proxies, then lines of headers: a letter of [`name_of`], and the header's value.
pub fn headers(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n').take(MAX_LINES);
    let proxies = lines.next().and_then(|line| str::from_utf8(line).ok()).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some((letter, value)) = line.split_first() else { continue };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name_of(*letter), value);
        }
    }
    credential(&headers);
    client_address(proxies, &headers);
}

fn name_of(letter: u8) -> &'static str {
    match letter {
        b'A' => "authorization",
        b'K' => "x-api-key",
        b'F' => "forwarded",
        _ => "x-forwarded-for",
    }
}

/// A credential is one text without space around it, and a key is shown to nobody.
fn credential(headers: &HeaderMap) {
    let Ok(shown) = shown_credential(headers) else { return };
    let presented = shown.text();
    assert!(!presented.is_empty() && presented.trim() == presented, "a credential is more than space");
    assert!(presented.is_ascii(), "a credential is ASCII");
    if let Ok(key) = KeyText::parse(presented) {
        assert_eq!(key.expose(), presented);
        assert_eq!(presented.len(), KEY_TEXT_CHARS);
        assert_eq!(format!("{key:?}"), "KeyText(hidden)");
    }
}

/// Nobody is believed who is not trusted, and an address has one spelling.
fn client_address(proxies: &str, headers: &HeaderMap) {
    let address_by = |proxies: &str| -> Option<IpAddr> {
        Some(proxies.parse::<TrustedProxies>().ok()?.client_address(PEER, headers))
    };
    assert_eq!(address_by(""), Some(PEER));
    assert_eq!(address_by("10.0.0.2"), Some(PEER));
    for proxies in [proxies, "10.0.0.0/8", EVERYBODY] {
        if let Some(address) = address_by(proxies) {
            assert_eq!(address, address.to_canonical());
            assert!(address == PEER || !headers.is_empty(), "an address stands in a header");
        }
    }
}

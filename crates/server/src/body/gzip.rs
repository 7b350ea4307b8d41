//! Bodies that may be compressed with gzip (RFC 1952), for the surfaces whose clients do so.
//!
//! Promise: what comes out is bounded as what comes in is: `max_body_bytes` each, and both count towards the bound on
//! all bodies while they are held. No more than that is ever inflated.

use std::io::Read as _;

use axum::body::Body;
use axum::http::HeaderMap;
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;

use super::coding::Coding;
use super::{Bodies, BodyRefused, FIRST_ROOM_BYTES, WholeBody};

/// Why a body that may be compressed was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// As any other body.
    Body(BodyRefused),
    /// It says gzip and is none, or it is damaged: 400.
    NotGzip,
}

impl Bodies {
    /// Reads a body, and inflates it if its encoding is gzip.
    ///
    /// # Errors
    /// See [`Unread`]; [`BodyRefused::Encoded`] for any other encoding.
    pub async fn read_or_inflate(&self, headers: &HeaderMap, body: Body) -> Result<WholeBody, Unread> {
        if Coding::of(headers) != Coding::Gzip {
            return self.read(headers, body).await.map_err(Unread::Body);
        }
        let compressed = self.read_encoded(body).await.map_err(Unread::Body)?;
        self.inflate(&compressed)
    }

    fn inflate(&self, compressed: &WholeBody) -> Result<WholeBody, Unread> {
        let mut share = self.share();
        let mut decoder = MultiGzDecoder::new(&*compressed.bytes);
        let mut whole = Vec::with_capacity(compressed.bytes.len().min(FIRST_ROOM_BYTES));
        let mut piece = [0; 8 * 1024];
        loop {
            let length = decoder.read(&mut piece).map_err(|_| Unread::NotGzip)?;
            if length == 0 {
                return Ok(WholeBody { bytes: Bytes::from(whole), _share: share });
            }
            if whole.len() + length > self.max_bytes {
                return Err(Unread::Body(BodyRefused::TooLarge));
            }
            share.grow(length, self.max_bytes_of_all).map_err(Unread::Body)?;
            whole.extend_from_slice(&piece[..length]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::sync::atomic::Ordering;

    use axum::http::header;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::app::Limits;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bodies: &Bodies, encoding: &'static str, body: Vec<u8>) -> Result<WholeBody, Unread> {
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, encoding.parse().unwrap())]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(bodies.read_or_inflate(&headers, Body::from(body)))
    }

    fn bodies(max_body_bytes: usize, max_bodies_bytes: usize) -> Bodies {
        Bodies::new(&Limits { max_body_bytes, max_bodies_bytes, ..Limits::default() })
    }

    #[test]
    fn gzip_is_inflated_in_one_part_or_several_and_identity_stays_as_it_is() {
        let bodies = bodies(100, 1000);
        for encoding in ["gzip", "GZip", "x-gzip"] {
            assert_eq!(read(&bodies, encoding, gzip(b"abc")).unwrap().bytes, "abc");
        }
        assert_eq!(read(&bodies, "gzip", [gzip(b"abc"), gzip(b"def")].concat()).unwrap().bytes, "abcdef");
        assert_eq!(read(&bodies, "identity", b"abc".to_vec()).unwrap().bytes, "abc");
        for encoding in ["br", "gzip, gzip", "deflate", ""] {
            let refused = read(&bodies, encoding, gzip(b"abc")).unwrap_err();
            assert_eq!(refused, Unread::Body(BodyRefused::Encoded), "{encoding:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_bound_and_leaves_nothing_held() {
        let bodies = bodies(100_000, 1_000_000);
        let bomb = gzip(&vec![b' '; 50_000_000]);
        assert!(bomb.len() < 100_000);
        let refused = read(&bodies, "gzip", bomb).unwrap_err();
        assert_eq!(refused, Unread::Body(BodyRefused::TooLarge));
        assert_eq!(read(&bodies, "gzip", gzip(&[b'x'; 100_000])).unwrap().bytes.len(), 100_000);
        assert!(read(&bodies, "gzip", gzip(&[b'x'; 100_001])).is_err());
        assert_eq!(bodies.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_inflated_counts_towards_the_bound_on_all_bodies() {
        let bodies = bodies(10_000, 10_000);
        let held = read(&bodies, "gzip", gzip(&[b'x'; 9_000])).unwrap();
        let refused = read(&bodies, "gzip", gzip(&[b'x'; 9_000])).unwrap_err();
        assert_eq!(refused, Unread::Body(BodyRefused::TooManyAtOnce));
        drop(held);
        assert!(read(&bodies, "gzip", gzip(&[b'x'; 9_000])).is_ok());
    }

    #[test]
    fn gzip_that_is_cut_damaged_or_none_is_refused() {
        let bodies = bodies(1_000, 1_000);
        let whole = gzip(b"some text that is compressed, compressed, compressed");
        for end in 1..whole.len() {
            assert_eq!(read(&bodies, "gzip", whole[..end].to_vec()).unwrap_err(), Unread::NotGzip, "{end}");
        }
        let mut damaged = whole.clone();
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        for bad in [damaged, b"{}".to_vec(), [whole, b"x".to_vec()].concat()] {
            assert_eq!(read(&bodies, "gzip", bad).unwrap_err(), Unread::NotGzip);
        }
        assert!(read(&bodies, "gzip", Vec::new()).is_err());
    }
}

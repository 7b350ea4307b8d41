//! How long `KeyRing::authenticate` takes to refuse a key tells nothing of the keys that there are.
//!
//! The one test of this repository that asserts a time, as an attack by timing can be told in no other way: Welch's t
//! (as in Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2016) over what keys of two kinds take, in
//! turn, slow samples cropped. Each key counts once, since where its digest falls in the table has a time of its own, which
//! would otherwise look like one of its kind. The test compares times that were taken side by side and no time with a clock's, so
//! that a busy machine slows both; and only a difference that shows in each of [`TRIES`] fails.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test that cannot go on fails; statistics"
)]

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::{fresh, me, now, request};
use tidegauge_accounts::{KeyRequest, KeyRing, KeyText};

/// |t| of two kinds that are told apart; of the same kind it is 4.8 once in 100,000 times.
const TOLD_APART: f64 = 8.0;
const TRIES: usize = 3;
/// Keys of a kind.
const KEYS: usize = 40;
/// Samples of a key.
const ROUNDS: usize = 50;
/// Calls in a sample, so that it is long beside what the clock resolves.
const CALLS: usize = 4;
/// Of each hundred samples of a key the slower half is interruptions and caches.
const KEPT_PERCENT: usize = 50;

#[tokio::test]
async fn the_time_of_a_refusal_tells_nothing_of_the_keys_there_are() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let mut kinds = Kinds::default();
    for _ in 0..KEYS {
        let good = accounts.create_key(&me(), request("t")).await.unwrap();
        let revoked = accounts.create_key(&me(), request("t")).await.unwrap();
        accounts.revoke_key(&me(), None, &revoked.id).await.unwrap();
        let ending = KeyRequest { expires_in: Some(Duration::ZERO), ..request("t") };
        let expired = accounts.create_key(&me(), ending).await.unwrap();
        kinds.good.push(text(&good.text));
        kinds.revoked.push(text(&revoked.text));
        kinds.expired.push(text(&expired.text));
        kinds.first_differs.push(with_another(FIRST, &good.text));
        kinds.last_differs.push(with_another(LAST, &good.text));
        kinds.unknown.push(unknown());
    }
    assert!(kinds.good.iter().all(|key| ring.authenticate(key, now()).is_some()));
    for (name, one, other) in [
        ("unknown or revoked", &kinds.unknown, &kinds.revoked),
        ("unknown or expired", &kinds.unknown, &kinds.expired),
        ("unknown, or wrong in the first character", &kinds.unknown, &kinds.first_differs),
        ("unknown, or wrong in the last character", &kinds.unknown, &kinds.last_differs),
        ("wrong in the first or the last character", &kinds.first_differs, &kinds.last_differs),
    ] {
        let mut told = Vec::new();
        while told.len() < TRIES && told.last().is_none_or(|t: &f64| t.abs() >= TOLD_APART) {
            told.push(t_of(&ring, one, other));
        }
        assert!(told.last().unwrap().abs() < TOLD_APART, "{name} can be told by the time: t = {told:.1?}");
    }
}

#[derive(Default)]
struct Kinds {
    good: Vec<String>,
    revoked: Vec<String>,
    expired: Vec<String>,
    first_differs: Vec<String>,
    last_differs: Vec<String>,
    unknown: Vec<String>,
}

/// Where a key's first and last random characters stand, behind `tg_` and before the checksum.
const FIRST: usize = 3;
/// The last of 52 carries one bit; the one before it has all five.
const LAST: usize = 3 + 50;
const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";

fn text(key: &KeyText) -> String {
    key.expose().to_owned()
}

/// The key with another character at `at`, and the checksum that this makes right.
fn with_another(at: usize, key: &KeyText) -> String {
    let mut front = key.expose().as_bytes()[..55].to_vec();
    front[at] = *ALPHABET.as_bytes().iter().find(|c| **c != front[at]).unwrap();
    with_checksum(&front)
}

/// A key of the right shape that nobody made.
fn unknown() -> String {
    let mut front = b"tg_".to_vec();
    let mut random = [0; 52];
    getrandom::fill(&mut random).unwrap();
    front.extend(random.map(|byte| ALPHABET.as_bytes()[usize::from(byte) % 32]));
    with_checksum(&front)
}

fn with_checksum(front: &[u8]) -> String {
    // 32 bits in seven characters of five, filled up with zeros behind.
    let bits = u64::from(crc32fast::hash(front)) << 3;
    let character = |n: usize| ALPHABET.as_bytes()[(bits >> (30 - 5 * n) & 31) as usize];
    let text: Vec<u8> = front.iter().copied().chain((0..7).map(character)).collect();
    let text = String::from_utf8(text).unwrap();
    KeyText::parse(&text).unwrap();
    text
}

/// Welch's t of the times that the keys of two kinds take.
fn t_of(ring: &KeyRing, one: &[String], other: &[String]) -> f64 {
    let at = now();
    let mut samples = [one, other].map(|keys| vec![Vec::with_capacity(ROUNDS); keys.len()]);
    for turn in 0..ROUNDS * KEYS * 2 {
        // In turn, each kind first in every other pair.
        let (kind, key) = ((turn + turn / 2) % 2, turn / 2 % KEYS);
        let text = &[one, other][kind][key];
        let start = Instant::now();
        for _ in 0..CALLS {
            assert!(black_box(ring.authenticate(black_box(text), at)).is_none());
        }
        samples[kind][key].push(start.elapsed().as_nanos() as f64);
    }
    let [one, other] = samples.map(|keys| moments(&keys.into_iter().map(typical).collect::<Vec<_>>()));
    (one.0 - other.0) / (one.1 + other.1).sqrt()
}

/// What a key takes: the mean without the slow ones.
fn typical(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.truncate(samples.len() * KEPT_PERCENT / 100);
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// The mean, and the variance of the mean.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance / count)
}

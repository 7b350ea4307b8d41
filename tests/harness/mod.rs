//! What the tests share: a server in a directory of its own, an HTTP client, a raw one, the commands.

pub mod browser;
pub mod canonical;
pub mod client;
pub mod command;
pub mod document;
pub mod jwt;
pub mod key_server;
pub mod node;
pub mod postgres;
pub mod python;
pub mod raw;
pub mod redis;
pub mod server;
pub mod site;
pub mod socket;
pub mod stream;
pub mod takes_requests;
pub mod tls;
pub mod tyk;

use std::thread;
use std::time::{Duration, Instant};

pub use client::Client;
pub use command::{EventRow, Ran, tidegauge};
pub use server::Server;
pub use site::Site;

/// Asks until there is an answer; fails after `patience`. `what` completes "waited in vain for ...".
pub fn wait_for<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < patience, "waited in vain for {what} ({patience:?})");
        thread::sleep(Duration::from_millis(10));
    }
}

/// [`wait_for`] with a patience that only a broken server exhausts.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, Duration::from_secs(20), || is_so().then_some(()));
}

/// Seconds since 1970.
pub fn now_seconds() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// Numbers that look random and can be had again (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` up to and without `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }
}

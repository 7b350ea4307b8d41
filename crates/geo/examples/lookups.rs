//! Measures how long the bundled data takes to open and an address to look up:
//! `cargo run --release -p tidegauge-geo --example lookups`

use std::net::Ipv4Addr;
use std::time::Instant;

use tidegauge_geo::{Countries, CountrySource};

/// Addresses looked up.
const LOOKUPS: u32 = 1_000_000;

#[allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement by hand")]
fn main() {
    let start = Instant::now();
    let countries = Countries::open(&CountrySource::Bundled).expect("the bundled data is sound");
    println!("opened in {:?}", start.elapsed());
    // An odd factor visits every address before one comes again.
    let addresses: Vec<String> =
        (0..LOOKUPS).map(|n| Ipv4Addr::from(n.wrapping_mul(2_654_435_769)).to_string()).collect();
    let start = Instant::now();
    let known = addresses.iter().filter(|address| countries.of(address).is_some()).count();
    println!("{:?} a lookup, text to country; {known} of {LOOKUPS} known", start.elapsed() / LOOKUPS);
}

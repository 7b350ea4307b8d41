//! Figures, not promises: run by hand with `--release -- --ignored --nocapture`.

#![allow(clippy::print_stdout, reason = "figures are read by a person")]

use std::time::Instant;

use super::super::wire::parse_batch;

#[test]
#[ignore = "a figure: requests parsed in a second, in batches of 1000"]
fn batches_of_a_thousand_requests_are_parsed() {
    let requests: Vec<String> = (0..1000)
        .map(|n| {
            format!(
                r#"{{"request_id":"r-{n:08}","timestamp":"2026-10-15T17:{:02}:34.413Z","method":"GET","host":"gw.example.com","path":"/orders/{}","response_code":200,"api_key":"7f3c3ca87376ca{:02x}","alias":"","oauth_id":"","api_id":"1793db2cbb724ad54da582ce3191d383","api_name":"api","api_version":"Default","request_time":{n},"latency":{{"total":{n},"upstream":{n},"gateway":3}},"ip_address":"192.0.2.{}","tags":["eu","key-{}"],"user_agent":"curl/8.5.0"}}"#,
                n % 60, n % 20, n % 256, n % 256, n % 8
            )
        })
        .collect();
    let body = format!("{{\"requests\":[{}]}}", requests.join(","));
    for _ in 0..3 {
        let (start, rounds) = (Instant::now(), 500);
        for _ in 0..rounds {
            assert_eq!(std::hint::black_box(parse_batch(body.as_bytes())).unwrap().len(), 1000);
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{:.0} requests/s, {:.0} MB/s",
            f64::from(rounds) * 1000.0 / seconds,
            f64::from(rounds) * body.len() as f64 / seconds / 1e6
        );
    }
}

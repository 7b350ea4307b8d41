//! The server speaks TLS, and its certificate is exchanged while it runs.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;

use crate::harness::raw::Raw;
use crate::harness::tls::{Pair, connect};
use crate::harness::{Site, tidegauge, wait_until};

const ASK: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const BOTH: [&rustls::SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
/// A certificate that has changed is looked at every five seconds.
const CLOSED_SOON: Duration = Duration::from_secs(10);

fn pair() -> (TempDir, Pair) {
    let place = tempfile::tempdir().unwrap();
    let pair = Pair::write(place.path());
    (place, pair)
}

#[test]
fn requests_are_answered_over_tls_1_2_and_1_3_and_browsers_told_to_stay() {
    let (site, (_place, pair)) = (Site::new(), pair());
    let server = site.start(&pair.args());
    assert!(server.stdout().contains("listens on https://"), "{}", server.stdout());
    for version in BOTH {
        let mut client = connect(server.address, &pair.der, &[version]).unwrap();
        assert_eq!(client.0.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        let answer = client.ask(ASK);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    }
    server.stop();
}

#[test]
fn who_speaks_plain_http_is_told_and_who_speaks_nothing_is_closed() {
    let (site, (_place, pair)) = (Site::new(), pair());
    let args = [&pair.args()[..], &["--request-timeout-seconds", "1", "--max-connections", "2"]].concat();
    let server = site.start(&args);
    let mut plain = server.raw();
    plain.send(ASK);
    let answer = plain.answer().unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.body.ends_with("This port speaks TLS: use https://.\n"), "{}", answer.body);

    // Half of their handshake has come, or none: they hold places for so long and no longer.
    let (mut silent, mut half) = (server.raw(), server.raw());
    half.send(b"\x16\x03\x01\x02\x00\x01\x00");
    assert_eq!((silent.rest(CLOSED_SOON), half.rest(CLOSED_SOON)), (String::new(), String::new()));
    let mut garbage = server.raw();
    garbage.send(b"\x16garbage that is no handshake at all");
    garbage.end();
    assert!(!garbage.rest(CLOSED_SOON).contains("HTTP"));
    let mut client = connect(server.address, &pair.der, &BOTH).unwrap();
    assert!(client.ask(ASK).starts_with("HTTP/1.1 200"));
    // A request's head is waited for no longer than a handshake.
    let mut idle = connect(server.address, &pair.der, &BOTH).unwrap();
    idle.0.write_all(b"GET /").unwrap();
    let mut nothing = Vec::new();
    // Whoever is cut off gets no goodbye.
    let _ = idle.0.read_to_end(&mut nothing);
    assert_eq!(nothing, b"");
    server.stop();
}

#[test]
fn a_certificate_that_changes_on_disk_is_used_and_half_of_one_is_not() {
    let (site, (place, first)) = (Site::new(), pair());
    let server = site.start(&first.args());
    let mut before = connect(server.address, &first.der, &BOTH).unwrap();
    // A certificate that its key does not belong to yet.
    let other = tempfile::tempdir().unwrap();
    let second = Pair::write(other.path());
    fs::copy(&second.certificate, &first.certificate).unwrap();
    server.process.wait_for_stderr("cannot be used together");
    assert!(connect(server.address, &first.der, &BOTH).is_ok(), "the pair of before stays");
    fs::write(&first.key, "half a ke").unwrap();
    server.process.wait_for_stderr("no private key");
    fs::copy(&second.key, &first.key).unwrap();
    server.process.wait_for_stderr("the TLS certificate was read again");
    assert!(connect(server.address, &second.der, &BOTH).is_ok());
    assert!(connect(server.address, &first.der, &BOTH).is_err());
    // What was open goes on.
    assert!(before.ask(ASK).starts_with("HTTP/1.1 200"));
    assert_eq!(server.stderr().matches("cannot be used together").count(), 1, "it is said once");

    // SIGHUP does not wait for the next look.
    let third = Pair::write(place.path());
    server.hang_up();
    wait_until("the third certificate", || connect(server.address, &third.der, &BOTH).is_ok());
    server.stop();
}

/// Certificates for `localhost` that are good until 2126, with keys that nobody uses elsewhere: `openssl genrsa
/// -traditional` writes PKCS#1, `openssl ecparam -genkey -noout` SEC1.
#[test]
fn a_key_of_any_usual_form_is_taken() {
    let site = Site::new();
    for (form, mark) in [("pkcs1", "BEGIN RSA PRIVATE KEY"), ("sec1", "BEGIN EC PRIVATE KEY")] {
        let pair = Pair::kept(form);
        assert!(fs::read_to_string(&pair.key).unwrap().contains(mark));
        let server = site.start(&pair.args());
        for version in BOTH {
            let mut client = connect(server.address, &pair.der, &[version]).unwrap();
            assert!(client.ask(ASK).starts_with("HTTP/1.1 200 OK\r\n"), "{form}");
        }
        server.stop();
    }
}

#[test]
fn a_key_that_all_may_read_is_pointed_out() {
    let (site, (_place, pair)) = (Site::new(), pair());
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o644)).unwrap();
    let server = site.start(&pair.args());
    server.process.wait_for_stderr("everybody on this machine may use the TLS key");
    server.stop();
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o600)).unwrap();
    let server = site.start(&pair.args());
    assert!(!server.stop().stderr.contains("everybody"));
}

#[test]
fn files_that_make_no_pair_are_one_clear_line() {
    let (site, (place, pair)) = (Site::new(), pair());
    let empty = place.path().join("empty");
    fs::write(&empty, "").unwrap();
    let (cert, key, empty) =
        (pair.certificate.to_str().unwrap(), pair.key.to_str().unwrap(), empty.to_str().unwrap());
    for (cert, key, told) in [
        ("/nowhere", key, "cannot read /nowhere"),
        (empty, key, "no certificate in PEM"),
        (cert, empty, "no private key in PEM"),
        (key, key, "no certificate in PEM"),
    ] {
        let data = site.data().to_str().unwrap();
        let args = ["serve", "--listen", "127.0.0.1:0", "--data", data, "--tls-cert", cert, "--tls-key", key];
        let ran = tidegauge(&args);
        assert!(ran.assert_failed().contains(told), "{ran:?}");
    }
    assert!(!site.data().exists());
    let ran = tidegauge(&["serve", "--tls-cert", cert]);
    assert_eq!((ran.code, ran.stderr.contains("tls.key is not")), (Some(2), true), "{ran:?}");
}

#[test]
fn a_stop_does_not_wait_for_handshakes() {
    let (site, (_place, pair)) = (Site::new(), pair());
    let server = site.start(&pair.args());
    let _silent = TcpStream::connect(server.address).unwrap();
    let mut open = Raw::connect(server.address);
    open.send(b"\x16\x03");
    server.stop();
}

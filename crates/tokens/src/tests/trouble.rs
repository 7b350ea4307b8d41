//! Key sets that cannot be had: the keys known before stay.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

use super::key_server::{Answer, KeyServer};
use super::key_sets::{STILL, url_config, wait_until};
use super::mint::*;
use crate::key_source::Pace;
use crate::tokens::Fetching;
use crate::{Algorithm, MAX_JWKS_BYTES, MAX_JWKS_KEYS, Refused, Tokens, TokensConfig};

const SOON: Duration = Duration::from_millis(10);

/// Each token of an unknown key has the keys fetched, and gives up soon.
const EAGER: Fetching = Fetching {
    pace: Pace { unknown_key_every: Duration::ZERO, ..STILL.pace },
    timeout: Duration::from_secs(1),
};

fn troubles() -> Vec<(&'static str, Answer)> {
    let key = P256::generate().jwk(Some("new"));
    let many = vec![key.clone(); MAX_JWKS_KEYS + 1];
    let padded = |bytes: usize| format!("{}{}", set(std::slice::from_ref(&key)), " ".repeat(bytes));
    let thief = KeyServer::start();
    thief.answer_keys(std::slice::from_ref(&key));
    vec![
        ("it hangs", Answer::Hang),
        ("it hangs in the body", Answer::HangInBody),
        ("it answers 500", Answer::Status(500)),
        ("it answers 404", Answer::Status(404)),
        ("it answers 204", Answer::Status(204)),
        ("it redirects", Answer::Redirect(thief.url())),
        ("its body has no end", Answer::Endless),
        ("its body is too long", Answer::Body(padded(MAX_JWKS_BYTES))),
        ("it holds too many keys", Answer::Body(set(&many))),
        ("it is empty", Answer::Body(String::new())),
        ("it is HTML", Answer::Body("<html>".into())),
        ("it is a list", Answer::Body("[]".into())),
        ("it has no keys", Answer::Body("{}".into())),
        ("its keys are no list", Answer::Body(r#"{"keys":{}}"#.into())),
        ("its keys stand twice", Answer::Body(format!(r#"{{"keys":[{key}],"keys":[]}}"#))),
    ]
}

#[tokio::test]
async fn the_keys_known_before_stay_whatever_the_server_does() {
    let key = P256::generate();
    let server = KeyServer::start();
    server.answer_keys(&[key.jwk(Some("k1"))]);
    let tokens = Tokens::open_fetching(None, url_config(&server), EAGER).await.unwrap();
    for (what, answer) in troubles() {
        let before = server.requests();
        server.answer(answer);
        assert_eq!(
            tenant(&tokens, &P256::generate().token(Some("new"))).await,
            Err(Refused::UnknownKey),
            "{what}"
        );
        assert_eq!(server.requests(), before + 1, "{what}");
        // Another token each time, so that it is the key that is remembered and not the token.
        assert!(tenant(&tokens, &key.token(Some("k1"))).await.is_ok(), "{what}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_at_the_start_is_asked_again() {
    let key = P256::generate();
    let server = KeyServer::start();
    let pace = Pace { retry_every: SOON, ..STILL.pace };
    let tokens = Tokens::open_fetching(None, url_config(&server), Fetching { pace, ..STILL }).await.unwrap();
    assert_eq!(tenant(&tokens, &key.token(None)).await, Err(Refused::UnknownKey));
    server.answer_keys(&[key.jwk(None)]);
    wait_until("the key", async || tenant(&tokens, &key.token(None)).await.is_ok()).await;
}

#[tokio::test]
async fn who_is_opened_after_another_keeps_the_keys_of_the_same_url_and_of_no_other() {
    let (key, next) = (P256::generate(), P256::generate());
    let (server, elsewhere) = (KeyServer::start(), KeyServer::start());
    server.answer_keys(&[key.jwk(Some("k1"))]);
    let first = Tokens::open_fetching(None, url_config(&server), STILL).await.unwrap();
    server.answer(Answer::Status(500));
    let other = TokensConfig { leeway_seconds: 1, ..url_config(&server) };
    let after =
        async |config: TokensConfig| Tokens::open_fetching(Some(&first), config, EAGER).await.unwrap();
    let (second, stranger) = (after(other).await, after(url_config(&elsewhere)).await);
    // It does not hang on the life of the former one.
    let rs256 = TokensConfig { algorithms: Some(vec![Algorithm::RS256]), ..url_config(&server) };
    let narrower = after(rs256).await;
    drop(first);
    assert!(tenant(&second, &key.token(Some("k1"))).await.is_ok());
    assert_eq!(tenant(&stranger, &key.token(Some("k1"))).await, Err(Refused::UnknownKey));
    assert_eq!(tenant(&narrower, &key.token(Some("k1"))).await, Err(Refused::Algorithm));
    // What is read then counts, and no longer what was handed on.
    server.answer_keys(&[next.jwk(Some("k2"))]);
    assert!(tenant(&second, &next.token(Some("k2"))).await.is_ok());
    assert_eq!(tenant(&second, &key.token(Some("k1"))).await, Err(Refused::UnknownKey));
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_end_the_fetch() {
    let key = P256::generate();
    let server = KeyServer::start();
    server.answer_keys(&[]);
    let tokens = Tokens::open_fetching(None, url_config(&server), STILL).await.unwrap();
    server.answer_keys(&[key.jwk(Some("k1"))]);
    let token = key.token(Some("k1"));
    // Polled once, then dropped.
    tokio::select! {
        biased;
        _ = tenant(&tokens, &token) => panic!("the key was known"),
        () = std::future::ready(()) => {}
    }
    wait_until("the key", async || tenant(&tokens, &token).await.is_ok()).await;
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn trouble_is_logged_once_when_it_begins_and_once_when_it_ends_and_without_the_urls_query() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let server = KeyServer::start();
    let key = P256::generate();
    server.answer_keys(&[key.jwk(Some("k1"))]);
    let pace = Pace { every: SOON, retry_every: SOON, ..STILL.pace };
    let tokens = Tokens::open_fetching(None, url_config(&server), Fetching { pace, ..STILL }).await.unwrap();
    for _ in 0..2 {
        server.answer(Answer::Status(500));
        let so_far = server.requests();
        wait_until("five failures", async || server.requests() > so_far + 5).await;
        server.answer_keys(&[key.jwk(Some("k1"))]);
        let so_far = server.requests();
        wait_until("two fetches", async || server.requests() > so_far + 2).await;
    }
    let token = key.token(Some("k1"));
    assert!(tenant(&tokens, &token).await.is_ok());
    let text = String::from_utf8(log.0.lock().clone()).unwrap();
    assert_eq!(text.matches("cannot be read").count(), 2, "{text}");
    assert_eq!(text.matches("can be read again").count(), 2, "{text}");
    assert!(text.contains("answers 500") && text.contains("/keys"), "{text}");
    assert!(!text.contains("hidden") && !text.contains(&token), "{text}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

//! Tokens that are well signed, and whose claims do not allow what their bearer wants.

use serde_json::json;

use super::mint::*;
use crate::{Refused, Tokens, TokensConfig};

async fn refuses(config: &TokensConfig, token: &str, reason: Refused) {
    let tokens = Tokens::open(config.clone()).await.unwrap();
    assert_eq!(tenant(&tokens, token).await, Err(reason), "{token}");
}

async fn believes(config: &TokensConfig, token: &str) {
    let tokens = Tokens::open(config.clone()).await.unwrap();
    assert!(tenant(&tokens, token).await.is_ok(), "{token}");
}

#[tokio::test]
async fn an_expired_token_is_refused_when_its_leeway_is_over() {
    let config = secret_config();
    believes(&config, &with_claims(json!({"exp": NOW - 29}))).await;
    refuses(&config, &with_claims(json!({"exp": NOW - 30})), Refused::Expired).await;
    let exact = TokensConfig { leeway_seconds: 0, ..secret_config() };
    believes(&exact, &with_claims(json!({"exp": NOW + 1}))).await;
    believes(&exact, &with_claims(json!({"exp": NOW as f64 + 0.5}))).await;
    refuses(&exact, &with_claims(json!({"exp": NOW})), Refused::Expired).await;
    refuses(&exact, &with_claims(json!({"exp": 0})), Refused::Expired).await;
}

#[tokio::test]
async fn a_token_that_was_good_is_refused_when_it_expires() {
    let tokens = Tokens::open(TokensConfig { leeway_seconds: 0, ..secret_config() }).await.unwrap();
    let token = with_claims(json!({"exp": NOW + 1}));
    assert!(tokens.verify(&token, NOW_MICROS).await.is_ok());
    assert!(tokens.verify(&token, NOW_MICROS + 999_999).await.is_ok());
    assert_eq!(tokens.verify(&token, NOW_MICROS + 1_000_000).await, Err(Refused::Expired));
}

#[tokio::test]
async fn a_token_of_the_future_is_refused() {
    let config = secret_config();
    believes(&config, &with_claims(json!({"nbf": NOW + 30}))).await;
    refuses(&config, &with_claims(json!({"nbf": NOW + 31})), Refused::NotYet).await;
    let exact = TokensConfig { leeway_seconds: 0, ..secret_config() };
    believes(&exact, &with_claims(json!({"nbf": NOW}))).await;
    refuses(&exact, &with_claims(json!({"nbf": NOW + 1})), Refused::NotYet).await;
    for bad in [json!("1"), json!(-1), json!([]), json!(true), json!(1e300)] {
        refuses(&exact, &with_claims(json!({"nbf": bad})), Refused::Claims).await;
    }
}

#[tokio::test]
async fn a_token_without_an_expiry_is_refused() {
    refuses(&secret_config(), &with_claims(json!({"exp": null})), Refused::NoExpiry).await;
}

#[tokio::test]
async fn an_expiry_that_is_no_sensible_number_is_refused() {
    for exp in [
        "\"1900000000\"",
        "null",
        "true",
        "[]",
        "{}",
        "-1",
        "-1900000000",
        "1e300",
        "1900000000000",
        "18446744073709551616",
        "NaN",
        "Infinity",
        "1e400",
        "-1e400",
        "0x7fffffff",
        "01900000000",
        "1900000000.",
        "+1900000000",
        "",
    ] {
        let claims = format!(r#"{{"tenant":"acme","exp":{exp}}}"#);
        refuses(&secret_config(), &hs256(r#"{"alg":"HS256"}"#, &claims), Refused::Claims).await;
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    let config = TokensConfig { issuer: vec!["https://id.example".into(), "b".into()], ..secret_config() };
    believes(&config, &with_claims(json!({"iss": "https://id.example"}))).await;
    believes(&config, &with_claims(json!({"iss": "b"}))).await;
    for iss in [
        json!(null),
        json!("https://id.example/"),
        json!("https://ID.example"),
        json!(""),
        json!("https://id.exampl"),
        json!(["https://id.example"]),
        json!(5),
        json!({"b": "b"}),
        json!("https://id.example\0"),
        json!(" b"),
    ] {
        refuses(&config, &with_claims(json!({"iss": iss})), Refused::Issuer).await;
    }
    believes(&secret_config(), &with_claims(json!({"iss": "anyone"}))).await;
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    let config = TokensConfig { audience: vec!["tidegauge".into()], ..secret_config() };
    believes(&config, &with_claims(json!({"aud": "tidegauge"}))).await;
    believes(&config, &with_claims(json!({"aud": ["other", "tidegauge"]}))).await;
    for aud in [
        json!(null),
        json!("other"),
        json!([]),
        json!(["other"]),
        json!("tidegauge other"),
        json!("Tidegauge"),
        json!(["tidegauge", 5]),
        json!([["tidegauge"]]),
        json!({"tidegauge": true}),
        json!(5),
        json!(""),
    ] {
        refuses(&config, &with_claims(json!({"aud": aud})), Refused::Audience).await;
    }
}

#[tokio::test]
async fn claims_in_which_a_name_stands_twice_are_refused() {
    for claims in [
        r#"{"tenant":"acme","tenant":"victim","exp":1900000000}"#,
        r#"{"tenant":"acme","exp":1,"exp":1900000000}"#,
        r#"{"tenant":"acme","\u0074enant":"victim","exp":1900000000}"#,
        r#"{"tenant":"acme","exp":1900000000,"scope":"read","scope":"admin"}"#,
        r#"{"tenant":"acme","exp":1900000000,"a":[{"b":1,"b":1}]}"#,
    ] {
        refuses(&secret_config(), &hs256(r#"{"alg":"HS256"}"#, claims), Refused::Claims).await;
    }
}

#[tokio::test]
async fn claims_that_are_no_object_are_refused() {
    for claims in ["null", "[]", "5", r#""acme""#, "{", r#"{"exp":1900000000}{}"#, "\u{feff}{}", "x"] {
        refuses(&secret_config(), &hs256(r#"{"alg":"HS256"}"#, claims), Refused::Claims).await;
    }
    let invalid = token(r#"{"alg":"HS256"}"#, "", hs256_with(SECRET.as_bytes()));
    refuses(&secret_config(), &invalid, Refused::Form).await;
    let deep =
        format!(r#"{{"tenant":"acme","exp":1900000000,"a":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    refuses(&secret_config(), &hs256(r#"{"alg":"HS256"}"#, &deep), Refused::Claims).await;
}

#[tokio::test]
async fn a_tenant_is_an_id_to_the_letter() {
    let longest = "t".repeat(128);
    for good in ["acme", "A", "a_b-c.d:e", "685ad30be129932fbb7a1047", &longest] {
        believes(&secret_config(), &with_claims(json!({"tenant": good}))).await;
    }
    let too_long = "t".repeat(129);
    for bad in [
        "",
        " ",
        "acme ",
        " acme",
        "acme\n",
        "\nacme",
        "acme\r\n",
        "acme\0",
        "acme\t",
        "аcme",
        "acmе",
        "ａｃｍｅ",
        "acmé",
        "acme\u{301}",
        "ac\u{200b}me",
        "ac\u{200d}me",
        "\u{feff}acme",
        "acme\u{ad}",
        "\u{202e}emca",
        "ﬁ",
        "acme/other",
        "../acme",
        "acme%00",
        "acme'",
        "acme;",
        "*",
        "acme,other",
        "acme\\",
        "𝐚𝐜𝐦𝐞",
        "acme\u{85}",
        "acme\u{2028}",
        &too_long,
    ] {
        refuses(&secret_config(), &with_claims(json!({"tenant": bad})), Refused::Tenant).await;
    }
    let escaped = format!(r#"{{"tenant":"\u0430cme","exp":{}}}"#, NOW + 60);
    refuses(&secret_config(), &hs256(r#"{"alg":"HS256"}"#, &escaped), Refused::Tenant).await;
}

#[tokio::test]
async fn a_tenant_is_a_text() {
    for bad in [json!(5), json!(true), json!(["acme"]), json!({"id": "acme"}), json!([]), json!(1.5)] {
        refuses(&secret_config(), &with_claims(json!({"tenant": bad})), Refused::Tenant).await;
    }
    refuses(&secret_config(), &with_claims(json!({"tenant": null})), Refused::Tenant).await;
    let null = format!(r#"{{"tenant":null,"exp":{}}}"#, NOW + 60);
    refuses(&secret_config(), &hs256(r#"{"alg":"HS256"}"#, &null), Refused::Tenant).await;
    refuses(&secret_config(), &with_claims(json!({"tenant": null, "Tenant": "acme"})), Refused::Tenant).await;
}

#[tokio::test]
async fn a_project_is_an_id_to_the_letter_too() {
    let tokens = Tokens::open(secret_config()).await.unwrap();
    let good = tokens.verify(&with_claims(json!({"project": "p1"})), NOW_MICROS).await.unwrap();
    assert_eq!(good.project.as_ref().unwrap().as_str(), "p1");
    for bad in
        [json!(""), json!("p1 "), json!("р1"), json!(5), json!(["p1"]), json!({}), json!("p".repeat(129))]
    {
        refuses(&secret_config(), &with_claims(json!({"project": bad})), Refused::Project).await;
    }
    let null = format!(r#"{{"tenant":"acme","project":null,"exp":{}}}"#, NOW + 60);
    refuses(&secret_config(), &hs256(r#"{"alg":"HS256"}"#, &null), Refused::Project).await;
}

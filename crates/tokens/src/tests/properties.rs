//! What holds for any header, any claims and any text.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tidegauge_facts::ids::is_valid_id;

use super::mint::*;
use crate::{Refused, Tokens};

fn on_a_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A value of any type, mostly one that some member could have.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (NOW - 100..NOW + 100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[a-z]{1,5}".prop_map(Value::from),
        prop::sample::select(vec!["HS256", "none", "ES256", "JWT", "read", "ingest admin", "acme"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

/// An object that is good but for up to three members.
fn object(good: Value, names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((prop::sample::select(names), value()), 0..3).prop_map(move |changes| {
        let mut members = good.as_object().unwrap().clone();
        members.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        members
    })
}

fn header() -> impl Strategy<Value = Map<String, Value>> {
    object(json!({"alg": "HS256"}), &["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5c", "x"])
}

fn claims() -> impl Strategy<Value = Map<String, Value>> {
    object(good_claims(), &["tenant", "project", "scope", "exp", "nbf", "iss", "aud", "sub", "iat"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_signed_token_is_believed_only_within_its_claims(header in header(), claims in claims()) {
        let token = hs256(&json!(header).to_string(), &json!(claims).to_string());
        let verified = on_a_runtime(async {
            let tokens = Tokens::open(secret_config()).await.unwrap();
            tokens.verify(&token, NOW_MICROS).await
        });
        if let Ok(verified) = verified {
            prop_assert_eq!(&header["alg"], "HS256");
            prop_assert!(!header.contains_key("crit") && !header.contains_key("b64"));
            prop_assert_eq!(Some(verified.tenant.as_str()), claims["tenant"].as_str());
            prop_assert!(is_valid_id(verified.tenant.as_str()));
            prop_assert_eq!(verified.project.as_ref().map(|id| id.as_str()), claims.get("project").map(|id| id.as_str().unwrap()));
            prop_assert!(claims["exp"].as_f64().unwrap() > (NOW - 30) as f64);
            prop_assert!(claims.get("nbf").is_none_or(|start| start.as_f64().unwrap() <= (NOW + 30) as f64));
        }
    }

    #[test]
    fn a_token_that_somebody_else_has_signed_is_never_believed(header in header(), claims in claims()) {
        let forged = token(&json!(header).to_string(), &json!(claims).to_string(), hs256_with(b"another secret"));
        let refused = on_a_runtime(async {
            let tokens = Tokens::open(secret_config()).await.unwrap();
            tokens.verify(&forged, NOW_MICROS).await.unwrap_err()
        });
        prop_assert!(matches!(
            refused,
            Refused::Signature | Refused::Algorithm | Refused::Header | Refused::Extension | Refused::Type
        ));
    }

    #[test]
    fn any_text_is_answered(text in ".{0,60}", dotted in "[a-zA-Z0-9_.=-]{0,60}") {
        on_a_runtime(async {
            let tokens = Tokens::open(secret_config()).await.unwrap();
            assert!(tokens.verify(&text, NOW_MICROS).await.is_err());
            assert!(tokens.verify(&dotted, NOW_MICROS).await.is_err());
        });
    }
}

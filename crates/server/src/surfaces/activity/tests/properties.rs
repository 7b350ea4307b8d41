//! What holds for any body: the good path never goes beyond the strict one, and neither panics.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::model::strict_batch;
use super::super::wire::parse_batch;
use super::JSON;
use crate::validation::generated::{json, mutated, number, string, time};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_batch_the_good_path_accepts_is_the_strict_path_s_batch(body in mutated(batch())) {
        check(&body)?;
    }

    #[test]
    fn arbitrary_json_is_treated_alike(body in mutated(json())) {
        check(&body)?;
        let wrapped = [&b"{\"requests\":[{\"api_id\":\"a\",\"path\":\"/\",\"tags\":"[..], &body, b"}]}"].concat();
        check(&wrapped)?;
    }

    #[test]
    fn no_bytes_make_either_path_panic(body in vec(any::<u8>(), 0..200), content_type in "[ -~]{0,30}") {
        check(&body)?;
        _ = strict_batch(&body, Some(&content_type));
    }
}

#[test]
fn the_good_path_accepts_what_gateways_usually_send() {
    let request = r#"{"request_id":"r1-3","timestamp":"2026-10-15T17:42:34.413Z","method":"DELETE","host":"gw.example.com","path":"\/orders/\u00fc%20x","response_code":200,"api_key":"k1","alias":"","oauth_id":null,"api_id":"1793","api_name":"api","api_version":"Default","request_time":393,"latency":{"total":393,"upstream":390,"gateway":3},"ip_address":"2001:DB8::1","tags":["a","b\t"],"content_length":-1,"country":"DE","later":[{}]}"#;
    // A tag is one line: the tab is refused by both.
    assert!(parse_batch(format!(r#"{{"requests":[{request}]}}"#).as_bytes()).is_none());
    let request = request.replace("\\t", "");
    let body = format!(" {{ \"x\" : 1 , \"requests\" : [ {request} ,\n {request} ] }} ");
    let parsed = parse_batch(body.as_bytes()).unwrap();
    assert_eq!(parsed.len(), 2);
    assert_eq!(parsed[0].path, "/orders/ü%20x");
    assert_eq!(parsed[0].ip_address.as_deref(), Some("2001:db8::1"));
    let strict = strict_batch(body.as_bytes(), JSON).unwrap().all_or_nothing().unwrap();
    assert_eq!(parsed, strict);
}

#[test]
fn the_good_path_leaves_repeated_and_escaped_names_to_the_strict_one() {
    for request in [
        r#"{"api_id":"a","api_id":"b","path":"/"}"#,
        r#"{"api\u005fid":"a","path":"/"}"#,
        r#"{"api_id":"a","path":"/","latency":{"total":1,"total":2}}"#,
    ] {
        let body = format!(r#"{{"requests":[{request}]}}"#);
        assert!(parse_batch(body.as_bytes()).is_none());
        assert!(strict_batch(body.as_bytes(), JSON).unwrap().all_or_nothing().is_ok(), "{request}");
    }
}

fn check(body: &[u8]) -> Result<(), TestCaseError> {
    let strict = strict_batch(body, JSON).and_then(|batch| batch.all_or_nothing());
    if let Some(batch) = parse_batch(body) {
        prop_assert_eq!(Some(batch), strict.ok());
    }
    Ok(())
}

fn batch() -> impl Strategy<Value = String> {
    vec(request(), 0..4).prop_map(|requests| format!("{{\"requests\":[{}]}}", requests.join(", ")))
}

fn request() -> impl Strategy<Value = String> {
    vec(field(), 0..9).prop_map(|mut fields| {
        fields.insert(0, "\"path\": \"/get\"".to_owned());
        fields.push("\"api_id\": \"a1\"".to_owned());
        format!("{{{}}}", fields.join(","))
    })
}

/// A named field, mostly with a value of its kind.
fn field() -> impl Strategy<Value = String> {
    let texts = "method host raw_path api_key alias oauth_id api_name api_version ip_address country user_agent request_id \
                 project_id x";
    let ints = "response_code request_time content_length bytes_in bytes_out";
    let named = |names: &str| select(names.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let names = format!("{texts} {ints} api_id path timestamp latency tags");
    let ip = select(vec!["\"192.0.2.1\"", "\"::1\"", "\"1:0::A\"", "\"\"", "\"1.2.3\"", "\"01.2.3.4\""]);
    let small = select(vec![
        "-2",
        "-1",
        "0",
        "1",
        "99",
        "100",
        "200",
        "999",
        "1000",
        "4294967295",
        "4294967296",
        "2e2",
    ]);
    let parts = vec(
        (
            named("total upstream gateway y"),
            prop_oneof![3 => small.clone().prop_map(str::to_owned), 1 => json()],
        ),
        0..4,
    );
    prop_oneof![
        6 => (named(texts), string()),
        4 => (named(ints), small.prop_map(str::to_owned)),
        2 => (named(ints), number()),
        2 => (Just("timestamp".to_owned()), prop_oneof![time(), number()]),
        2 => (Just("ip_address".to_owned()), ip.prop_map(str::to_owned)),
        2 => (Just("latency".to_owned()), parts.prop_map(|parts| {
            let parts: Vec<_> = parts.into_iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
            format!("{{{}}}", parts.join(","))
        })),
        2 => (Just("tags".to_owned()), vec(string(), 0..4).prop_map(|tags| format!("[{}]", tags.join(" , ")))),
        1 => (named(&names), Just("null".to_owned())),
        1 => (named(&names), json()),
    ]
    .prop_map(|(name, value)| format!("\"{name}\":{value}"))
}

//! Tokens whose form, header, key or signature are meant to deceive.

use serde_json::json;

use super::mint::*;
use crate::{MAX_KEY_ID_BYTES, MAX_TOKEN_BYTES, Refused, Tokens, TokensConfig};

/// A secret, an RSA key in PEM and a P-256 key in a set, all at once: the most that there is to confuse.
struct Site {
    tokens: Tokens,
    key: P256,
}

impl Site {
    async fn open() -> Self {
        let key = P256::generate();
        let pem = file(vector("RS256").pem.unwrap());
        let jwks = file(set(&[key.jwk(Some("k1")), vector("EdDSA").jwk.unwrap()]));
        let config = TokensConfig {
            public_key_file: Some(pem.path().to_owned()),
            jwks_file: Some(jwks.path().to_owned()),
            ..secret_config()
        };
        Self { tokens: Tokens::open(config).await.unwrap(), key }
    }

    async fn refuses(&self, token: &str, reason: Refused) {
        assert_eq!(tenant(&self.tokens, token).await, Err(reason), "{token}");
    }

    async fn believes(&self, token: &str) {
        assert_eq!(tenant(&self.tokens, token).await, Ok("acme".to_owned()), "{token}");
    }
}

fn claims() -> String {
    good_claims().to_string()
}

#[tokio::test]
async fn no_algorithm_is_no_signature_however_it_is_spelled() {
    let site = Site::open().await;
    for none in ["none", "None", "NONE", "nOnE", "none ", " none", "", "null", "NULL", "n\u{f6}ne", "nоne"] {
        let header = json!({"alg": none, "typ": "JWT"}).to_string();
        site.refuses(&hs256(&header, &claims()), Refused::Algorithm).await;
        let unsigned = format!("{}.{}.", encode(&header), encode(claims()));
        site.refuses(&unsigned, Refused::Form).await;
        site.refuses(unsigned.trim_end_matches('.'), Refused::Form).await;
    }
}

#[tokio::test]
async fn an_algorithm_that_is_no_text_or_missing_is_refused() {
    let site = Site::open().await;
    for header in [r#"{}"#, r#"{"alg":null}"#, r#"{"alg":0}"#, r#"{"alg":["HS256"]}"#, r#"{"alg":{"a":1}}"#] {
        site.refuses(&hs256(header, &claims()), Refused::Header).await;
    }
    for name in ["hs256", "HS256 ", "HS256\0", "HS-256", "HS1", "RS1", "ES256K", "dir", "A128KW", "Ed448"] {
        site.refuses(&hs256(&json!({"alg": name}).to_string(), &claims()), Refused::Algorithm).await;
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let site = Site::open().await;
    let pem = vector("RS256").pem.unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &body).unwrap();
    for secret in [pem.as_bytes(), pem.trim_end().as_bytes(), body.as_bytes(), &der] {
        site.refuses(&token(r#"{"alg":"HS256"}"#, &claims(), hs256_with(secret)), Refused::Signature).await;
    }
    let point = site.key.jwk(None)["x"].as_str().unwrap().to_owned();
    site.refuses(
        &token(r#"{"alg":"HS256","kid":"k1"}"#, &claims(), hs256_with(point.as_bytes())),
        Refused::Signature,
    )
    .await;
}

#[tokio::test]
async fn without_a_secret_no_hmac_is_looked_at() {
    let pem = vector("RS256").pem.unwrap();
    let key_file = file(&pem);
    let config =
        TokensConfig { public_key_file: Some(key_file.path().to_owned()), ..TokensConfig::default() };
    let tokens = Tokens::open(config).await.unwrap();
    let forged = token(r#"{"alg":"HS256"}"#, &claims(), hs256_with(pem.as_bytes()));
    assert_eq!(tenant(&tokens, &forged).await, Err(Refused::Algorithm));
}

#[tokio::test]
async fn a_key_id_is_a_text_to_compare_and_nothing_else() {
    let site = Site::open().await;
    site.believes(&site.key.token(Some("k1"))).await;
    let long = "k".repeat(MAX_KEY_ID_BYTES);
    for id in [
        "../../../../dev/null",
        "/dev/null",
        "file:///dev/null",
        "k1\0",
        "k1 ",
        "K1",
        "",
        "k1' OR '1'='1",
        "x' UNION SELECT 'secret' --",
        "$(id)",
        "| cat /etc/passwd",
        "http://127.0.0.1/k",
        "%00",
        &long,
    ] {
        site.refuses(&site.key.token(Some(id)), Refused::UnknownKey).await;
        // An empty secret is what reading /dev/null would give.
        let header = json!({"alg": "HS256", "kid": id}).to_string();
        site.refuses(&token(&header, &claims(), hs256_with(b"")), Refused::Signature).await;
    }
    site.refuses(&site.key.token(Some(&format!("{long}k"))), Refused::Header).await;
    for id in [json!(1), json!(null), json!(["k1"]), json!({"k": 1})] {
        let header = json!({"alg": "ES256", "kid": id}).to_string();
        site.refuses(&token(&header, &claims(), |signed| site.key.sign(signed)), Refused::Header).await;
    }
}

#[tokio::test]
async fn a_key_in_the_token_is_not_looked_at() {
    let site = Site::open().await;
    let thief = P256::generate();
    for header in [
        json!({"alg": "ES256", "jwk": thief.jwk(None)}),
        json!({"alg": "ES256", "kid": "k1", "jwk": thief.jwk(Some("k1"))}),
        json!({"alg": "ES256", "x5c": ["MIIB"], "x5t": "x"}),
    ] {
        site.refuses(&token(&header.to_string(), &claims(), |signed| thief.sign(signed)), Refused::Signature)
            .await;
    }
    // What an honest issuer adds does no harm.
    let honest = json!({"alg": "ES256", "kid": "k1", "jwk": thief.jwk(None), "x5t": "x"}).to_string();
    site.believes(&token(&honest, &claims(), |signed| site.key.sign(signed))).await;
}

#[tokio::test]
async fn an_address_of_keys_in_the_token_is_never_asked() {
    let site = Site::open().await;
    let thief = P256::generate();
    let server = super::key_server::KeyServer::start();
    server.answer_keys(&[thief.jwk(Some("k1"))]);
    for member in ["jku", "x5u"] {
        let header = json!({"alg": "ES256", "kid": "k1", member: server.url()}).to_string();
        site.refuses(&token(&header, &claims(), |signed| thief.sign(signed)), Refused::Signature).await;
        let header = json!({"alg": "ES256", "kid": "new", member: server.url()}).to_string();
        site.refuses(&token(&header, &claims(), |signed| thief.sign(signed)), Refused::UnknownKey).await;
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn extensions_that_must_not_be_ignored_are_refused() {
    let site = Site::open().await;
    for extension in [
        json!({"crit": ["exp"], "exp": 1}),
        json!({"crit": []}),
        json!({"crit": null}),
        json!({"crit": "b64"}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"b64": false}),
        json!({"b64": true}),
    ] {
        let mut header = json!({"alg": "HS256"});
        header.as_object_mut().unwrap().extend(extension.as_object().unwrap().clone());
        site.refuses(&hs256(&header.to_string(), &claims()), Refused::Extension).await;
    }
}

#[tokio::test]
async fn what_says_that_it_is_no_access_token_is_none() {
    let site = Site::open().await;
    for typ in
        ["dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "", "JWT ", "application/", "application/json"]
    {
        site.refuses(&hs256(&json!({"alg": "HS256", "typ": typ}).to_string(), &claims()), Refused::Type)
            .await;
    }
    site.refuses(&hs256(r#"{"alg":"HS256","typ":5}"#, &claims()), Refused::Header).await;
}

#[tokio::test]
async fn a_header_in_which_a_name_stands_twice_is_refused() {
    let site = Site::open().await;
    for header in [
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
        r#"{"alg":"HS256","x":{"y":1,"y":1}}"#,
    ] {
        site.refuses(&hs256(header, &claims()), Refused::Header).await;
    }
    for header in ["", "[]", "null", r#""HS256""#, r#"{"alg":"HS256"}x"#, "\u{feff}{\"alg\":\"HS256\"}", "{"]
    {
        let reason = if header.is_empty() { Refused::Form } else { Refused::Header };
        site.refuses(&hs256(header, &claims()), reason).await;
    }
    let invalid = format!("{}.{}.{}", encode(b"{\"alg\":\"HS256\xff\"}"), encode(claims()), encode("x"));
    site.refuses(&invalid, Refused::Header).await;
}

#[tokio::test]
async fn a_token_that_is_too_long_is_not_looked_at() {
    let site = Site::open().await;
    let room = |filler: usize| with_claims(json!({"filler": "x".repeat(filler)}));
    let longest = (0..MAX_TOKEN_BYTES).rev().map(room).find(|token| token.len() <= MAX_TOKEN_BYTES).unwrap();
    site.believes(&longest).await;
    site.refuses(&room(MAX_TOKEN_BYTES), Refused::TooLong).await;
    site.refuses(&".".repeat(MAX_TOKEN_BYTES + 1), Refused::TooLong).await;
    site.refuses(&".".repeat(MAX_TOKEN_BYTES), Refused::Form).await;
}

#[tokio::test]
async fn a_token_is_three_parts() {
    let site = Site::open().await;
    let good = with_claims(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!() };
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        header.into(),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{header}.{claims}."),
        format!("{good}.{signature}"),
        format!("{header}.{header}.{claims}.{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.."),
        format!("{header}.{claims}.{signature}.{signature}.{signature}"),
    ] {
        site.refuses(&bad, Refused::Form).await;
    }
}

#[tokio::test]
async fn a_token_is_written_in_one_way_only() {
    let site = Site::open().await;
    // Lengths that leave bits over, in each part.
    let good = hs256(r#"{"alg":"HS256" }"#, &format!("{} ", claims()));
    site.believes(&good).await;
    let mut variants = vec![
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}="),
        format!("{good}=="),
    ];
    for (at, _) in good.match_indices('.') {
        variants.push(format!("{}={}", &good[..at], &good[at..]));
        variants.push(format!("{}==={}", &good[..at], &good[at..]));
        variants.push(format!("{}\n{}", &good[..at], &good[at..]));
        variants.push(format!("{} {}", &good[..=at], &good[at + 1..]));
        variants.push(format!("{}%3D{}", &good[..at], &good[at..]));
    }
    variants.push(format!("{}\u{200b}", good));
    for variant in variants {
        site.refuses(&variant, Refused::Form).await;
    }
    // The 43rd character of an HS256 signature carries two bits that mean nothing.
    let last = good.chars().next_back().unwrap();
    for other in
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/".chars().filter(|c| *c != last)
    {
        let variant = format!("{}{other}", &good[..good.len() - 1]);
        assert!(tenant(&site.tokens, &variant).await.is_err(), "{other}");
    }
}

#[tokio::test]
async fn the_other_base64_alphabet_is_refused() {
    let site = Site::open().await;
    let header = r#"{"alg":"HS256","x":"???>>>"}"#;
    let good = hs256(header, &claims());
    assert!(good.contains(['_', '-']));
    site.believes(&good).await;
    site.refuses(&good.replace('_', "/").replace('-', "+"), Refused::Form).await;
}

#[tokio::test]
async fn the_signature_of_another_token_does_not_fit() {
    let site = Site::open().await;
    for (one, other) in [
        (with_claims(json!({})), with_claims(json!({"tenant": "victim"}))),
        (site.key.token(None), site.key.token(Some("k1"))),
    ] {
        let stolen = format!("{}.{}", other.rsplit_once('.').unwrap().0, one.rsplit_once('.').unwrap().1);
        site.refuses(&stolen, Refused::Signature).await;
    }
}

#[tokio::test]
async fn a_signature_cut_short_or_drawn_out_does_not_fit() {
    let site = Site::open().await;
    for good in [
        with_claims(json!({})),
        vector("RS256").token,
        vector("PS256").token,
        vector("EdDSA").token,
        site.key.token(None),
    ] {
        site.believes(&good).await;
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let signature =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).unwrap();
        for length in 1..signature.len() {
            site.refuses(&format!("{signed}.{}", encode(&signature[..length])), Refused::Signature).await;
        }
        let mut longer = signature.clone();
        longer.push(0);
        site.refuses(&format!("{signed}.{}", encode(&longer)), Refused::Signature).await;
        let mut zero_before = vec![0];
        zero_before.extend(&signature);
        site.refuses(&format!("{signed}.{}", encode(&zero_before)), Refused::Signature).await;
    }
}

#[tokio::test]
async fn any_bit_that_is_changed_is_noticed() {
    let site = Site::open().await;
    let good = with_claims(json!({}));
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] ^= 1;
        let changed = String::from_utf8(bytes).unwrap();
        assert!(tenant(&site.tokens, &changed).await.is_err(), "{at}");
    }
}

#[tokio::test]
async fn a_signature_of_zeros_is_none() {
    let site = Site::open().await;
    let n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&n[2 * i..2 * i + 2], 16).unwrap()).collect();
    let one: Vec<u8> = (0..32).map(|i| u8::from(i == 31)).collect();
    let zero = vec![0; 32];
    for (r, s) in [
        (&zero, &zero),
        (&one, &zero),
        (&zero, &one),
        (&order, &order),
        (&order, &one),
        (&one, &order),
        (&one, &one),
    ] {
        let forged = token(r#"{"alg":"ES256","kid":"k1"}"#, &claims(), |_| [r.clone(), s.clone()].concat());
        site.refuses(&forged, Refused::Signature).await;
    }
    let forged = token(r#"{"alg":"EdDSA"}"#, &claims(), |_| vec![0; 64]);
    site.refuses(&forged, Refused::Signature).await;
    let forged = token(r#"{"alg":"RS256"}"#, &claims(), |_| vec![0; 256]);
    site.refuses(&forged, Refused::Signature).await;
}

#[tokio::test]
async fn a_signature_in_der_is_none() {
    let site = Site::open().await;
    let der = |signed: &[u8]| {
        let fixed = site.key.sign(signed);
        let integer = |half: &[u8]| {
            let start = half.iter().position(|byte| *byte != 0).unwrap();
            let sign = if half[start] >= 0x80 { vec![0] } else { Vec::new() };
            let body = [sign, half[start..].to_vec()].concat();
            [vec![2, u8::try_from(body.len()).unwrap()], body].concat()
        };
        let body = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
        [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
    };
    site.refuses(&token(r#"{"alg":"ES256"}"#, &claims(), der), Refused::Signature).await;
}

#[tokio::test]
async fn a_key_of_another_curve_or_kind_does_not_fit() {
    let site = Site::open().await;
    for algorithm in ["ES384", "ES512"] {
        site.refuses(&vector(algorithm).token, Refused::UnknownKey).await;
    }
    // Another key on the same curve, and a P-256 signature that says it is something else.
    site.refuses(&vector("ES256").token, Refused::Signature).await;
    for (algorithm, reason) in [
        ("ES384", Refused::UnknownKey),
        ("EdDSA", Refused::Signature),
        ("RS256", Refused::Signature),
        ("HS256", Refused::Signature),
    ] {
        let header = json!({"alg": algorithm}).to_string();
        site.refuses(&token(&header, &claims(), |signed| site.key.sign(signed)), reason).await;
    }
}

#[tokio::test]
async fn a_token_of_the_wrong_rsa_padding_or_hash_does_not_fit() {
    let site = Site::open().await;
    for (signed_with, said) in
        [("PS256", "RS256"), ("RS256", "PS256"), ("RS256", "RS384"), ("PS512", "PS256")]
    {
        let parts = vector(signed_with).token;
        let (signed, signature) = parts.rsplit_once('.').unwrap();
        let claims = signed.split_once('.').unwrap().1;
        let header = encode(json!({"alg": said, "typ": "JWT"}).to_string());
        site.refuses(&format!("{header}.{claims}.{signature}"), Refused::Signature).await;
    }
}

#[tokio::test]
async fn an_encrypted_or_nested_token_is_none() {
    let site = Site::open().await;
    let encrypted = format!("{}.a.b.c.d", encode(r#"{"alg":"dir","enc":"A256GCM"}"#));
    site.refuses(&encrypted, Refused::Form).await;
    let nested = hs256(r#"{"alg":"HS256","cty":"JWT"}"#, &with_claims(json!({})));
    site.refuses(&nested, Refused::Claims).await;
}

#[tokio::test]
async fn no_refusal_and_no_debug_output_carries_the_token_or_the_secret() {
    let site = Site::open().await;
    let token = with_claims(json!({"tenant": "some-victim", "exp": 5}));
    let refused = site.tokens.verify(&token, NOW_MICROS).await.unwrap_err();
    let printed =
        format!("{refused} {refused:?} {:?} {:?} {}", site.tokens, secret_config(), refused.label());
    assert!(!printed.contains("victim") && !printed.contains(&token) && !printed.contains(SECRET));
}

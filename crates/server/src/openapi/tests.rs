//! The document against the router, against itself, and against the copy in `docs/`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use axum::http::header::{self, HeaderMap, HeaderValue};

use super::{Written, document};

/// Routes that are no part of the document: pages, and the files that they are made of.
const PAGES: [&str; 5] = ["/", "/favicon.svg", "/assets/{}", "/api/docs", "/api/docs/{}"];

/// The document as it is sent.
fn written() -> Value {
    serde_json::to_value(document()).unwrap()
}

/// `(method, path)` of every operation.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    all
}

/// A path with its parameters' names left out: they are the program's own.
fn nameless(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn the_router_has_the_routes_of_the_document_and_no_others() {
    let document = written();
    let mut documented: BTreeSet<String> =
        operations(&document).iter().map(|(_, path, _)| nameless(path)).collect();
    assert!(PAGES.into_iter().all(|page| documented.insert(page.to_owned())));
    // axum tells a router's paths by its debug text alone; behind them stand its fallbacks.
    let router = format!("{:?}", crate::router::routes());
    let (router, _) = router.split_once("fallback_router").unwrap();
    let paths = router.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    let routed: BTreeSet<String> = paths.map(nameless).collect();
    assert!(routed.len() > 30, "{routed:?}");
    assert_eq!(routed, documented);
}

#[test]
fn every_operation_has_a_name_of_its_own_a_known_tag_a_summary_and_says_how_it_refuses() {
    let document = written();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{at}");
        let [tag] = &operation["tags"].as_array().unwrap()[..] else { panic!("{at}: {}", operation["tags"]) };
        assert!(tags.contains(tag.as_str().unwrap()), "{at}: {tag}");
        assert!(operation["summary"].as_str().unwrap().ends_with('.'), "{at}");
        let answers = operation["responses"].as_object().unwrap();
        let takes_a_credential = operation.get("security").is_none_or(|security| *security != json!([{}]));
        let wanted: &[&str] = if takes_a_credential { &["401", "403", "429"] } else { &["200"] };
        assert!(
            wanted.iter().all(|status| answers.contains_key(*status) || path.ends_with("/health")),
            "{at}"
        );
        for (status, header) in [("401", "WWW-Authenticate"), ("429", "Retry-After")] {
            if let Some(answer) = answers.get(status) {
                assert!(answer["headers"].get(header).is_some(), "{at}: {status}");
            }
        }
        for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            assert!(
                parameter["description"].is_string() && parameter["schema"].is_object(),
                "{at}: {parameter}"
            );
        }
        let named = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let named: BTreeSet<&str> = named
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let in_path = path.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(named, in_path, "{at}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_referred_to() {
    let document = written();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let known = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect::<BTreeSet<_>>();
    assert_eq!(references, known);
    assert_eq!(document["openapi"], "3.1.0");
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[test]
fn who_has_the_document_already_is_told_so() {
    let written = Written::new(&document());
    let asked_with = |tag: Option<&str>| {
        let tag = tag.map(|tag| (header::IF_NONE_MATCH, HeaderValue::try_from(tag).unwrap()));
        written.answer(&HeaderMap::from_iter(tag))
    };
    let first = asked_with(None);
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["cache-control"], "public, max-age=300");
    let tag = first.headers()["etag"].to_str().unwrap();
    let again = asked_with(Some(tag));
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &first.headers()["etag"]));
    assert_eq!(asked_with(Some("\"other\"")).status(), 200);
}

/// `TIDEGAUGE_UPDATE_OPENAPI=1 cargo test -p tidegauge-server openapi` writes the copy anew.
#[test]
fn the_copy_in_docs_is_the_document() {
    let copy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("TIDEGAUGE_UPDATE_OPENAPI").is_some() {
        std::fs::write(&copy, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&copy).unwrap_or_default();
    assert!(
        kept == text,
        "docs/api/openapi.json is not the document: TIDEGAUGE_UPDATE_OPENAPI=1 writes it anew"
    );
}

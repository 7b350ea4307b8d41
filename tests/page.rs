//! The page in the binary: its files and their headers, and the page itself in a real browser.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::harness::browser::browse;
use crate::harness::client::Answer;
use crate::harness::{Client, Server, Site};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.send("GET", path, headers, b"")
}

/// What the two pages refer to, as paths of this server; nothing that they refer to is anywhere else.
fn files(client: &Client) -> Vec<String> {
    let mut files = vec!["/".to_owned(), "/api/docs".to_owned()];
    for (page, base) in [("/", "/"), ("/api/docs", "/api/")] {
        let html = client.get(page).text();
        let links = html.split([' ', '\n']).filter_map(|word| {
            word.strip_prefix("src=\"").or_else(|| word.strip_prefix("href=\""))?.split('"').next()
        });
        for link in links {
            assert!(!link.starts_with('/') && !link.contains(':'), "{page}: {link} is not relative");
            let link = link.trim_start_matches("./");
            let path =
                link.strip_prefix("../").map_or_else(|| format!("{base}{link}"), |up| format!("/{up}"));
            files.push(path);
        }
    }
    files.sort();
    files.dedup();
    files
}

#[test]
fn every_file_is_for_everybody_typed_tagged_and_told_what_a_browser_may_do() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client_without_key();
    let files = files(&client);
    assert!(files.iter().filter(|file| file.starts_with("/assets/")).count() >= 2, "{files:?}");
    for path in &files {
        let whole = client.get(path);
        assert_eq!(whole.status, 200, "{path}");
        let is_hashed = path.starts_with("/assets/");
        let kept = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        if path != "/api/openapi.json" {
            assert_eq!(whole.header("cache-control"), Some(kept), "{path}");
            assert_eq!(whole.header("vary"), Some("Accept-Encoding"), "{path}");
            assert_eq!(whole.header("referrer-policy"), Some("no-referrer"), "{path}");
            let policy = whole.header("content-security-policy").unwrap();
            if path.starts_with("/api/docs") {
                assert!(policy.contains("default-src 'none'; script-src 'self';"), "{path}: {policy}");
            } else {
                assert_eq!(policy, POLICY, "{path}");
            }
        }
        assert_eq!(whole.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(whole.header("x-request-id").is_some(), "{path}");
        let ending = path.rsplit_once('.').map_or("html", |(_, ending)| ending);
        let wanted = match ending {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "json" => "application/json",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(whole.header("content-type"), Some(wanted), "{path}");

        let tag = whole.header("etag").unwrap();
        let known = get(&client, path, &[("If-None-Match", tag)]);
        assert_eq!((known.status, known.header("etag"), known.body.len()), (304, Some(tag), 0), "{path}");
        let head = client.send("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(tag)), "{path}");
        let length = whole.body.len().to_string();
        assert_eq!(head.header("content-length"), Some(&*length), "{path}");
    }
}

#[test]
fn a_file_comes_as_gzip_to_who_takes_it_under_a_tag_of_its_own() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client_without_key();
    for path in files(&client).iter().filter(|path| *path != "/api/openapi.json") {
        let whole = get(&client, path, &[("Accept-Encoding", "identity")]);
        assert_eq!(whole.header("content-encoding"), None, "{path}");
        // The client of these tests inflates nothing by itself.
        let packed = get(&client, path, &[("Accept-Encoding", "br, gzip;q=0.5")]);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(packed.header("content-type"), whole.header("content-type"), "{path}");
        let mut inflated = Vec::new();
        GzDecoder::new(&*packed.body).read_to_end(&mut inflated).unwrap();
        assert_eq!(inflated, whole.body, "{path}");
        let (of_whole, of_packed) = (whole.header("etag").unwrap(), packed.header("etag").unwrap());
        assert_ne!(of_whole, of_packed, "{path}");
        let asked = |tag| get(&client, path, &[("Accept-Encoding", "gzip"), ("If-None-Match", tag)]).status;
        assert_eq!((asked(of_packed), asked(of_whole)), (304, 200), "{path}");
    }
}

#[test]
fn what_is_no_file_is_not_there_and_what_is_no_reading_is_refused() {
    let site = Site::new();
    let server = site.start(&[]);
    let client = server.client_without_key();
    for path in [
        "/index.html",
        "/assets/",
        "/assets/nosuch.js",
        "/assets/..%2findex.html",
        "/assets/%2e%2e/index.html",
        "/assets/index.html",
        "/assets/%00",
        "/api/docs/",
        "/api/docs/nosuch.js",
        "/api/docs/..%2f..%2findex.html",
        "/favicon.ico",
    ] {
        let answer = client.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        // A file of the next version may have this very name.
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in ["/", "/favicon.svg", "/api/docs", "/assets/nosuch.js"] {
        let refused = client.send("POST", path, &[], b"");
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET,HEAD")), "{path}");
    }
    assert_eq!(client.get("/assets/%ff").status, 400);
}

#[test]
fn a_credential_changes_nothing_about_the_page_not_even_a_bad_one() {
    let site = Site::new();
    let server = site.start(&[]);
    let page = server.client_without_key().get("/");
    for header in [("Authorization", "Bearer nonsense"), ("Authorization", "Basic YTpi")] {
        let answer = get(&server.client_without_key(), "/", &[header]);
        assert_eq!((answer.status, &answer.body), (200, &page.body), "{header:?}");
    }
    assert_eq!(server.client().get("/").body, page.body);
}

fn in_browser(script: &str) -> String {
    let site = Site::new();
    let server: Server = site.start(&[]);
    let printed = browse(&server, script);
    server.stop();
    printed
}

#[test]
fn the_page_opens_without_an_error_and_asks_nobody_else_in_both_themes_and_on_a_narrow_screen() {
    in_browser("opens.cjs");
}

#[test]
fn the_page_and_the_apis_page_work_behind_a_prefix_that_a_proxy_strips() {
    in_browser("prefix.cjs");
}

#[test]
fn the_apis_page_tries_routes_with_a_credential_and_keeps_nothing() {
    in_browser("docs.cjs");
}

#[test]
#[expect(clippy::print_stdout, reason = "a figure to look at, and no bar")]
fn the_first_paint_comes_from_a_cold_server() {
    let told = in_browser("first_paint.cjs");
    println!("{told}");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told["transferred_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{told}");
}

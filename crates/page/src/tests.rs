//! What `build.rs` has made of the files, and how much there may be of them.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use super::{File, file, files};

/// What the whole dashboard may weigh, compressed, in bytes.
const BUDGET: usize = 200_000;
/// RapiDoc 9.3.8 as npm has it; `crates/page/refresh-rapidoc` prints the sum.
const RAPIDOC: &str = "48abb9e9accf460fa1ff21377dc1e4802b16722cce25a3996f33cc54583655d5";

fn is_of_docs(file: &File) -> bool {
    file.path.starts_with("docs/")
}

#[test]
fn each_file_is_what_lies_in_its_folder() {
    for file in files() {
        let from = match file.path.strip_prefix("docs/") {
            Some(rest) => format!("api-docs/{rest}"),
            None => format!("dist/{}", file.path),
        };
        let wanted = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(from)).unwrap();
        assert_eq!(file.whole.bytes, wanted, "{}", file.path);
        let mut inflated = Vec::new();
        GzDecoder::new(file.gzip.bytes).read_to_end(&mut inflated).unwrap();
        assert_eq!(inflated, wanted, "{}", file.path);
        assert!(std::ptr::eq(super::file(file.path).unwrap(), file));
    }
    assert!(
        ["", "index", "index.html ", "Index.html", "docs", "../Cargo.toml"]
            .into_iter()
            .all(|path| file(path).is_none())
    );
}

#[test]
fn each_form_of_each_content_has_a_strong_tag_of_its_own() {
    let tags: Vec<&str> = files().iter().flat_map(|file| [file.whole.etag, file.gzip.etag]).collect();
    let contents: BTreeSet<&[u8]> = files().iter().map(|file| file.whole.bytes).collect();
    assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), contents.len() * 2);
    for tag in tags {
        let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap();
        assert!(
            inner.len() >= 24 && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "{tag}"
        );
    }
}

#[test]
fn the_dashboard_compressed_is_within_its_budget() {
    let weights =
        files().iter().filter(|file| !is_of_docs(file)).map(|file| (file.gzip.bytes.len(), file.path));
    let mut weights: Vec<_> = weights.collect();
    weights.sort_unstable();
    let sum: usize = weights.iter().map(|(bytes, _)| bytes).sum();
    assert!(sum < BUDGET, "{sum} bytes, more than {BUDGET}: {weights:?}");
}

#[test]
fn every_file_has_a_place_that_the_server_serves_it_at() {
    for File { path, .. } in files() {
        let folders = ["assets/", "docs/"];
        let name = folders.iter().find_map(|folder| path.strip_prefix(folder)).unwrap_or(path);
        let is_alone = matches!(*path, "index.html" | "favicon.svg");
        assert!(
            !name.contains('/') && (is_alone || name != *path),
            "{path}: add a route for it to the server's page"
        );
    }
}

#[test]
fn what_is_kept_for_good_has_a_hash_in_its_name() {
    for File { path, .. } in files().iter().filter(|file| file.is_immutable()) {
        let hash = path.rsplit_once('.').and_then(|(name, _)| name.rsplit_once('-')).map(|(_, hash)| hash);
        assert!(hash.is_some_and(|hash| hash.len() >= 8), "{path}");
    }
}

#[test]
fn rapidoc_is_what_its_publisher_has_built() {
    let script = file("docs/rapidoc-min.js").unwrap();
    let sum: String = Sha256::digest(script.whole.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sum, RAPIDOC, "crates/page/refresh-rapidoc takes it from npm");
    assert!(file("docs/rapidoc-license.txt").is_some());
}

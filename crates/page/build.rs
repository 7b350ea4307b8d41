//! Lists the files of `dist/` and `api-docs/`, as Rust: their types, their entity tags and their gzip twins are made
//! here, once. Needs nothing but the files, and no npm: they are committed.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Each folder, and what its files' paths begin with when they are asked for.
const FOLDERS: [(&str, &str); 2] = [("dist", ""), ("api-docs", "docs/")];
/// What the page is nothing without.
const NEEDED: [&str; 3] = ["index.html", "favicon.svg", "docs/index.html"];

fn main() -> Result<(), Box<dyn Error>> {
    let (here, out) = (PathBuf::from(variable("CARGO_MANIFEST_DIR")?), PathBuf::from(variable("OUT_DIR")?));
    let mut files = Vec::new();
    for (folder, prefix) in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        collect(&here.join(folder), prefix, &mut files)?;
    }
    files.sort();
    if let Some(lacking) = NEEDED.iter().find(|needed| !files.iter().any(|(path, _)| path == *needed)) {
        return Err(format!("crates/page has no {lacking}: `make page` builds the page").into());
    }
    let mut code = String::from("&[\n");
    for (number, (path, from)) in files.iter().enumerate() {
        let bytes = fs::read(from)?;
        let content_type =
            content_type(path).ok_or_else(|| format!("crates/page/build.rs knows no type of {path}"))?;
        let twin = out.join(format!("{number}.gz"));
        fs::write(&twin, gzip(&bytes)?)?;
        let tag: String = Sha256::digest(&bytes)[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(
            code,
            "File {{ path: {path:?}, content_type: {content_type:?}, whole: Form {{ etag: \"\\\"{tag}\\\"\", bytes: \
             include_bytes!({from:?}) }}, gzip: Form {{ etag: \"\\\"{tag}-gzip\\\"\", bytes: include_bytes!({twin:?}) \
             }} }},"
        )?;
    }
    code.push(']');
    fs::write(out.join("files.rs"), code)?;
    Ok(())
}

fn variable(name: &str) -> Result<std::ffi::OsString, String> {
    std::env::var_os(name).ok_or_else(|| format!("cargo sets no {name}"))
}

/// The files of a folder and of those in it: the path under which each is asked for, and where it is.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{}: no text", name.display()))?;
        match entry.file_type()?.is_dir() {
            true => collect(&entry.path(), &format!("{prefix}{name}/"), files)?,
            false => files.push((format!("{prefix}{name}"), entry.path())),
        }
    }
    Ok(())
}

fn content_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

//! The files that patterns name.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::content::Source;
use crate::error::ImportError;
use crate::record::absolute;

/// Every file once, in the order of the patterns and then of the names. The file that an import writes bad lines to is
/// none that it reads.
pub(crate) fn matching(patterns: &[String], set_aside: Option<&Path>) -> Result<Vec<Source>, ImportError> {
    let set_aside = set_aside.map(absolute);
    let mut sources = Vec::new();
    let mut seen = HashSet::new();
    for pattern in patterns {
        if pattern == "-" {
            sources.push(Source::Stdin);
            continue;
        }
        let refused = |reason: String| ImportError::Pattern { pattern: pattern.clone(), reason };
        let mut has_match = false;
        for path in paths(pattern).map_err(refused)? {
            let path = path.map_err(refused)?;
            if path.is_dir() {
                continue;
            }
            has_match = true;
            let place = absolute(&path);
            if set_aside.as_ref() == Some(&place) {
                return Err(ImportError::OwnSetAside { path });
            }
            if seen.insert(place) {
                sources.push(Source::File(path));
            }
        }
        if !has_match {
            return Err(ImportError::NoFile { pattern: pattern.clone() });
        }
    }
    Ok(sources)
}

/// What a pattern matches. One that is the path of a file is that path, whatever brackets or stars its name holds.
fn paths(pattern: &str) -> Result<Box<dyn Iterator<Item = Result<PathBuf, String>>>, String> {
    let literal = Path::new(pattern);
    if literal.exists() && !literal.is_dir() {
        return Ok(Box::new(std::iter::once(Ok(literal.to_owned()))));
    }
    let matches = glob::glob(pattern).map_err(|error| error.to_string())?;
    Ok(Box::new(matches.map(|path| path.map_err(|error| error.to_string()))))
}

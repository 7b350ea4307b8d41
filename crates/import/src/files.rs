//! The files that patterns name.

use std::collections::HashSet;

use crate::content::Source;
use crate::error::ImportError;
use crate::record::absolute;

/// Every file once, in the order of the patterns and then of the names.
pub(crate) fn matching(patterns: &[String]) -> Result<Vec<Source>, ImportError> {
    let mut sources = Vec::new();
    let mut seen = HashSet::new();
    for pattern in patterns {
        if pattern == "-" {
            sources.push(Source::Stdin);
            continue;
        }
        let refused = |reason: String| ImportError::Pattern { pattern: pattern.clone(), reason };
        let mut has_match = false;
        for path in glob::glob(pattern).map_err(|error| refused(error.to_string()))? {
            let path = path.map_err(|error| refused(error.to_string()))?;
            if path.is_dir() {
                continue;
            }
            has_match = true;
            if seen.insert(absolute(&path)) {
                sources.push(Source::File(path));
            }
        }
        if !has_match {
            return Err(ImportError::NoFile { pattern: pattern.clone() });
        }
    }
    Ok(sources)
}

//! The built files of the dashboard and of the API's page, in the binary.
//!
//! Promise: a file is what `make page` built from this repository, is never loaded from elsewhere, and costs nothing
//! to have: types, entity tags and gzip twins were made when the crate was built (`build.rs`). How a file is asked for
//! and answered is the server's business.

#[cfg(test)]
mod tests;

/// Every file, by path.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file.
#[derive(Debug)]
pub struct File {
    /// Its path below the page's own, as in `assets/index-BtT2Ah1f.js`; those of the API's page begin with `docs/`.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// As it is.
    pub whole: Form,
    /// As gzip (RFC 1952).
    pub gzip: Form,
}

/// A file in one encoding.
#[derive(Debug)]
pub struct Form {
    /// A strong entity tag (RFC 9110, 8.8.3) in its quotes, made from the content: another content or encoding has another.
    pub etag: &'static str,
    /// The content.
    pub bytes: &'static [u8],
}

impl File {
    /// Whether the path is for this content only: Vite puts a hash of it into the names of `assets/`.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }
}

/// The file at a path.
#[must_use]
pub fn file(path: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.path.cmp(path)).ok().map(|at| &FILES[at])
}

/// Every file, in the order of their paths.
#[must_use]
pub fn files() -> &'static [File] {
    FILES
}

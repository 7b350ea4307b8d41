//! What a backup is outside the store: a directory of files, and a list of them that is written last.

pub mod copied;
pub mod list;

//! What the accounts promise, in a data directory: each a test of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "common/children.rs"]
mod children;
mod common;

use common::Place;

/// Makes a test of each promise of a file.
macro_rules! promises {
    ($($name:ident,)*) => {
        mod kept {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    super::$name(crate::place()).await;
                }
            )*
        }
    };
}

mod promises;

fn place() -> Place {
    Place::Sqlite(tempfile::tempdir().unwrap())
}

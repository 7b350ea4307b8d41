//! Fuzz targets without libFuzzer: each runs over its corpus, over what it once failed at, and over mutations of both.
//!
//! Promise: the same inputs in the same order every time, so that a failure here is a failure everywhere. Finding new
//! inputs is left to `cargo fuzz` (see `fuzz/README.md`); this is what a normal test run can afford.

mod corpus;
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use mutate::Mutator;

/// Mutated inputs a target is run with.
const MUTATIONS: usize = 4_000;
/// Longest input that is made.
const MAX_INPUT_BYTES: usize = 4096;

/// Runs a target over `fuzz/corpus/<name>`, `fuzz/regressions/<name>`, and mutations of what is there.
///
/// # Panics
/// The target does, on an input that is then in `fuzz/artifacts/<name>`, as `cargo fuzz` keeps one. Or it has no corpus.
pub fn replay(name: &str, target: fn(&[u8])) {
    let corpus = corpus::read(name);
    assert!(!corpus.is_empty(), "fuzz/corpus/{name} is empty");
    for input in &corpus {
        run(name, target, input);
    }
    let mut mutator = Mutator::new(name, &corpus);
    for _ in 0..MUTATIONS {
        run(name, target, &mutator.input(MAX_INPUT_BYTES));
    }
}

fn run(name: &str, target: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        corpus::keep_failing(name, input);
        resume_unwind(panic);
    }
}

/// A test a target, named as the target is: `tests! { track, activity }` of the functions `super::track`, `super::activity`.
#[macro_export]
macro_rules! tests {
    ($($target:ident),* $(,)?) => {
        $(
            #[test]
            fn $target() {
                $crate::replay(stringify!($target), super::$target);
            }
        )*
    };
}

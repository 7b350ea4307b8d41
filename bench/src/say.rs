//! Progress, for the person who waits: lines on standard error. The results go to files and standard output.

/// Says one line.
#[expect(clippy::print_stderr, reason = "the one place that does")]
pub fn line(text: &str) {
    eprintln!("{text}");
}

//! Work of several places, done side by side on a few threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::ReportError;

/// Threads that one report is worked out on.
const THREADS: usize = 2;

/// Does the work of each place, on a few threads; ends early with the first error.
pub(crate) fn side_by_side(
    places: usize,
    work: impl Fn(usize) -> Result<(), ReportError> + Sync,
) -> Result<(), ReportError> {
    let next = AtomicUsize::new(0);
    let until_done = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= places {
                return Ok(());
            }
            work(place).inspect_err(|_| next.store(places, Ordering::Relaxed))?;
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS.min(places)).map(|_| scope.spawn(until_done)).collect();
        let own = until_done();
        others.into_iter().fold(own, |so_far, other| match other.join() {
            Ok(done) => so_far.and(done),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

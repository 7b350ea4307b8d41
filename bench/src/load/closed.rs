//! The closed loop: each line sends its next request when the last is answered, until the time is up. It finds the most
//! a server takes. Its latencies are service times under full load, not what a visitor would wait; see `open` for that.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::tally::Tally;
use super::{Line, Progress, Reply};

/// Sends over `line` until `end`.
pub async fn drive<L: Line>(
    mut line: L,
    end: Instant,
    tally: Rc<RefCell<Tally>>,
    progress: &Progress,
) -> anyhow::Result<()> {
    let mut sent = Instant::now();
    while sent < end && !progress.abort.load(Ordering::Relaxed) {
        let reply = line.send().await?;
        let answered = Instant::now();
        tally.borrow_mut().count(reply, answered - sent);
        match reply {
            Reply::Taken(events) => {
                progress.events.fetch_add(u64::from(events), Ordering::Relaxed);
                sent = answered;
            }
            Reply::Refused(wait) => {
                tokio::time::sleep(wait).await;
                sent = Instant::now();
            }
        }
    }
    Ok(())
}

//! The open loop: requests arrive on a fixed schedule, whether or not the last ones were answered, as visitors do.
//! Latency counts from the scheduled arrival to the answer, so a stall is felt by every request that should have been
//! sent during it (no coordinated omission). The pacer wakes by timerfd: tokio's own timer is a whole millisecond coarse.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Semaphore;

use super::tally::Tally;
use super::{Line, Progress, Reply};

/// Arrivals closer together than this are released together: at most so much is added to a latency by the pacer.
const QUANTUM: Duration = Duration::from_micros(50);
/// How long after the schedule's end a backlog may still be worked off.
pub const DRAIN: Duration = Duration::from_secs(30);

/// The arrivals of one thread.
pub struct Schedule {
    start: Instant,
    period: Duration,
    arrivals: u64,
    next: Cell<u64>,
    /// One permit for each arrival that is due and not taken by a line.
    due: Semaphore,
}

impl Schedule {
    /// `per_second` arrivals a second, from `start`, for `length`.
    pub fn new(start: Instant, per_second: f64, length: Duration) -> Self {
        let arrivals = (per_second * length.as_secs_f64()).floor() as u64;
        let period = Duration::from_secs_f64(1.0 / per_second.max(0.001));
        Self { start, period, arrivals, next: Cell::new(0), due: Semaphore::new(0) }
    }

    /// When the `nth` arrival happens.
    fn arrival(&self, nth: u64) -> Instant {
        self.start + Duration::from_nanos((self.period.as_nanos() * u128::from(nth)) as u64)
    }

    /// When lines stop even if a backlog is left.
    fn last_call(&self) -> Instant {
        self.arrival(self.arrivals) + DRAIN
    }

    /// Arrivals that no line ever took.
    pub fn unsent(&self) -> u64 {
        self.arrivals.saturating_sub(self.next.get())
    }
}

/// Releases the arrivals as they fall due; ends when all are, and then lets `lines` see that it is over.
pub async fn pace(schedule: &Schedule, lines: usize, progress: &Progress) -> anyhow::Result<()> {
    let timer = rustix::time::timerfd_create(
        TimerfdClockId::Monotonic,
        TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
    )?;
    #[expect(
        deprecated,
        reason = "unsound for types whose descriptor may change; an OwnedFd's does not, and the new \
                                   constructor needs an unsafe block"
    )]
    let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
    let mut released = 0;
    while released < schedule.arrivals && !progress.abort.load(Ordering::Relaxed) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(schedule.start).as_nanos();
        let due = ((passed / schedule.period.as_nanos()) as u64 + 1).min(schedule.arrivals);
        if now >= schedule.start && due > released {
            schedule.due.add_permits((due - released) as usize);
            released = due;
        }
        let wait = schedule.arrival(released).saturating_duration_since(now).max(QUANTUM);
        sleep_exactly(&timer, wait).await?;
    }
    schedule.due.add_permits(lines);
    Ok(())
}

/// Sends over `line` as arrivals are released.
pub async fn drive<L: Line>(
    mut line: L,
    schedule: Rc<Schedule>,
    tally: Rc<RefCell<Tally>>,
    progress: &Progress,
) -> anyhow::Result<()> {
    let last_call = schedule.last_call();
    loop {
        schedule.due.acquire().await?.forget();
        let nth = schedule.next.get();
        let over = nth >= schedule.arrivals || Instant::now() > last_call;
        if over || progress.abort.load(Ordering::Relaxed) {
            // The permit is handed on, so that a line that still waits sees the end too.
            schedule.due.add_permits(1);
            return Ok(());
        }
        schedule.next.set(nth + 1);
        let reply = line.send().await?;
        let latency = Instant::now().saturating_duration_since(schedule.arrival(nth));
        tally.borrow_mut().count(reply, latency);
        match reply {
            Reply::Taken(events) => {
                progress.events.fetch_add(u64::from(events), Ordering::Relaxed);
            }
            Reply::Refused(wait) => tokio::time::sleep(wait).await,
        }
    }
}

async fn sleep_exactly(timer: &AsyncFd<rustix::fd::OwnedFd>, wait: Duration) -> anyhow::Result<()> {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let value = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos().into() };
    rustix::time::timerfd_settime(
        timer.get_ref(),
        TimerfdTimerFlags::empty(),
        &Itimerspec { it_interval: zero, it_value: value },
    )?;
    let mut expirations = [0u8; 8];
    timer
        .async_io(Interest::READABLE, |timer| {
            rustix::io::read(timer, &mut expirations).map_err(std::io::Error::from)
        })
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers at once, but its first answer takes 200 ms.
    struct Stalling {
        first: bool,
    }

    impl Line for Stalling {
        async fn send(&mut self) -> anyhow::Result<Reply> {
            if std::mem::take(&mut self.first) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Ok(Reply::Taken(1))
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_stall_is_felt_by_the_requests_scheduled_during_it() {
        let schedule = Rc::new(Schedule::new(Instant::now(), 1_000.0, Duration::from_millis(400)));
        let (tally, progress) = (Rc::new(RefCell::new(Tally::new().unwrap())), Progress::default());
        let line = drive(Stalling { first: true }, Rc::clone(&schedule), Rc::clone(&tally), &progress);
        let (paced, driven) = tokio::join!(pace(&schedule, 1, &progress), line);
        paced.unwrap();
        driven.unwrap();
        let tally = tally.borrow();
        assert_eq!((tally.requests, schedule.unsent()), (400, 0));
        // Half of the requests were scheduled during the stall; their mean wait is 100 ms, not 0.
        let felt = tally.latency.value_at_quantile(0.75);
        assert!((50_000..150_000).contains(&felt), "{felt} us");
    }
}

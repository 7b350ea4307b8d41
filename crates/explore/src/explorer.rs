//! Where questions are worked on: threads of their own, a bounded number at once.
//!
//! Promise: however heavy the questions are, the threads that take facts in stay free, and go before these.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::SessionState;
use tidegauge_facts::Micros;
use tidegauge_reports::Scope;
use tidegauge_store::{Budget, Store};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::asking::Asking;
use crate::error::ExploreError;
use crate::memory::Bytes;
use crate::session;
use crate::turns::{Turn, Turns};
use crate::views::Question;

/// Questions worked on at once, a core.
pub const QUESTIONS_PER_CORE: usize = 2;
/// How long one waits for its turn.
pub const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// Memory that all questions together may bring together, in bytes.
pub const MAX_MEMORY_BYTES: usize = 1 << 30;
/// Rows of an answer, whatever is asked for.
pub const MAX_ROWS: usize = 100_000;
/// Bytes of an answer, as they lie in memory.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;
/// Reads of files at once: threads that may wait for a disk.
const MAX_READS: usize = 16;
/// Stack of a thread: deep expressions are gone through by recursion. Only what is used of it is taken.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// How far these threads stand back behind those that answer requests (`nice`; on Linux of one thread).
const NICENESS: i32 = 5;

/// The bounds of exploring on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExploreLimits {
    /// Threads that work.
    pub threads: NonZeroUsize,
    /// Questions worked on at once; further ones wait.
    pub questions: usize,
    /// How long one waits for its turn.
    pub turn_timeout: Duration,
    /// Memory that all questions together may bring together, in bytes.
    pub memory_bytes: usize,
    /// Rows of an answer, whatever is asked for.
    pub max_rows: usize,
    /// Bytes of an answer, as they lie in memory.
    pub max_answer_bytes: usize,
}

impl Default for ExploreLimits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            threads,
            questions: threads.get() * QUESTIONS_PER_CORE,
            turn_timeout: TURN_TIMEOUT,
            memory_bytes: MAX_MEMORY_BYTES,
            max_rows: MAX_ROWS,
            max_answer_bytes: MAX_ANSWER_BYTES,
        }
    }
}

/// Who asks, and when.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Whose rows there are.
    pub scope: Scope,
    /// The moment of the answer: what is open now, and how long already.
    pub now: Micros,
}

/// Answers questions: one a server. Clones share it.
#[derive(Debug, Clone)]
pub struct Explorer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: ExploreLimits,
    turns: Turns,
    memory: Arc<Bytes>,
    state: SessionState,
    /// Taken when the explorer goes.
    runtime: Option<Runtime>,
}

impl Explorer {
    /// An explorer with these bounds, and its threads.
    ///
    /// # Panics
    /// Its threads cannot be started.
    #[must_use]
    pub fn new(limits: ExploreLimits) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(limits.threads.get())
            .max_blocking_threads(MAX_READS)
            .thread_name("explore")
            .thread_stack_size(STACK_BYTES)
            .on_thread_start(|| {
                let _ = rustix::process::nice(NICENESS);
            })
            .enable_all()
            .build();
        #[allow(clippy::expect_used)]
        let runtime = runtime.expect("invariant: a process that starts can start threads");
        Self(Arc::new(Inner {
            turns: Turns::new(limits.questions),
            memory: Arc::new(Bytes::new(limits.memory_bytes)),
            state: session::state(limits.threads.get()),
            runtime: Some(runtime),
            limits,
        }))
    }

    /// Begins a question within a budget, of the store as it is now: everything that is asked of it is of one state.
    ///
    /// # Errors
    /// The views cannot be made.
    pub fn ask(&self, store: &Arc<Store>, budget: Budget, asker: Asker) -> Result<Asking, ExploreError> {
        let question = Arc::new(Question::new(store, budget, asker, self.limits().threads.get()));
        let context = session::context(&self.0.state, &question)?;
        Ok(Asking::new(self.clone(), question, context))
    }

    /// Its bounds.
    #[must_use]
    pub fn limits(&self) -> &ExploreLimits {
        &self.0.limits
    }

    /// Questions that are being worked on.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.limits().questions - self.0.turns.free()
    }

    pub(crate) fn memory(&self) -> &Arc<Bytes> {
        &self.0.memory
    }

    pub(crate) fn handle(&self) -> Option<Handle> {
        self.0.runtime.as_ref().map(|runtime| runtime.handle().clone())
    }

    pub(crate) async fn turn(&self, tenant: &str) -> Result<Turn, ExploreError> {
        self.0.turns.next(tenant, self.limits().turn_timeout).await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The last owner may be a task of another runtime, where nobody may wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

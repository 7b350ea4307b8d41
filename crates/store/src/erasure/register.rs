//! All erasures in memory: which wait, which are under way, what became of the last ones.

use std::time::{Duration, Instant};

use super::record::{self, Record, Stage, Wanted};
use super::{Erased, Erasure, ErasureId, ErasureState, MAX_DONE_ERASURES, MAX_WAITING_ERASURES};
use crate::directory::DataDir;
use crate::error::StoreError;

/// So many are carried out in one go through the segments.
const MAX_AT_ONCE: usize = 64;
/// How long after a failure an erasure is tried again, doubling.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Every erasure, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Register {
    all: Vec<Tracked>,
}

#[derive(Debug)]
struct Tracked {
    record: Record,
    state: ErasureState,
    retry: Retry,
    has_failed: bool,
}

/// When an erasure that is not done is carried out.
#[derive(Debug)]
enum Retry {
    /// As soon as possible, or not before an instant; and how long to wait when it fails again.
    From(Option<Instant>, Duration),
    /// When the store opens next: nothing that this process does will help.
    AtNextStart,
}

impl Register {
    /// Reads what earlier processes left.
    pub fn load(dir: &DataDir) -> Result<Self, StoreError> {
        let (records, errors) = record::inspect(dir)?;
        for error in errors {
            tracing::error!(%error, "an erasure's record cannot be read: request it again, and remove the file");
        }
        let all = records.into_iter().map(Tracked::new).collect();
        let register = Self { all };
        record::remove_orphans(dir, &register.unfinished().map(|(record, _)| record.id).collect::<Vec<_>>())?;
        Ok(register)
    }

    /// What was committed up to each of these is not to be mixed with what came later.
    pub fn boundaries(&self) -> Vec<u64> {
        self.unfinished().map(|(_, wanted)| wanted.through).collect()
    }

    /// The log ends at `sequence`: where it lost its end, frames that come now have numbers that others had before.
    pub fn end_at(&mut self, sequence: u64, dir: &DataDir) -> Result<(), StoreError> {
        for tracked in &mut self.all {
            if let Stage::Wanted(wanted) = &mut tracked.record.stage
                && wanted.through > sequence
            {
                wanted.through = sequence;
                tracked.record.save(dir)?;
            }
        }
        Ok(())
    }

    /// True when no more requests of the tenant are taken.
    pub fn is_full(&self, tenant: &str) -> bool {
        self.unfinished().filter(|(record, _)| record.tenant == tenant).count() >= MAX_WAITING_ERASURES
    }

    pub fn add(&mut self, record: Record) {
        self.all.push(Tracked::new(record));
    }

    /// One tenant's erasures, newest first.
    pub fn of(&self, tenant: &str) -> impl Iterator<Item = Erasure> {
        self.all.iter().rev().filter(move |tracked| tracked.record.tenant == tenant).map(Tracked::tell)
    }

    /// How many could not be carried out so far.
    pub fn failed(&self) -> usize {
        self.all.iter().filter(|tracked| matches!(tracked.state, ErasureState::Failed { .. })).count()
    }

    pub fn is_due(&self) -> bool {
        self.all.iter().any(Tracked::is_due)
    }

    /// Those to be carried out now, in their turn: first who began in an earlier try, then in the order of the requests. One
    /// that has failed is tried alone: it is not to hold up others.
    pub fn begin(&mut self) -> Vec<(Record, Wanted)> {
        let is_new = |tracked: &Tracked| tracked.is_due() && !tracked.has_failed;
        let has_new = self.all.iter().any(is_new);
        let most = if has_new { MAX_AT_ONCE } else { 1 };
        let due =
            self.all.iter_mut().filter(|tracked| if has_new { is_new(tracked) } else { tracked.is_due() });
        let mut due: Vec<_> = due.collect();
        // Not by their names alone: a clock may have been set back before a restart.
        due.sort_by_key(|tracked| tracked.record.wanted().map(|wanted| (!wanted.has_links, wanted.through)));
        due.into_iter()
            .take(most)
            .filter_map(|tracked| {
                tracked.state = ErasureState::Running { done: 0, total: 0 };
                Some((tracked.record.clone(), tracked.record.wanted()?.clone()))
            })
            .collect()
    }

    /// Those that began in an earlier try and are not under way.
    pub fn begun(&self) -> Vec<(Record, Wanted)> {
        let is_idle = |tracked: &&Tracked| !matches!(tracked.state, ErasureState::Running { .. });
        let idle = self.all.iter().filter(is_idle);
        idle.filter_map(|tracked| Some((&tracked.record, tracked.record.wanted()?)))
            .filter(|(_, wanted)| wanted.has_links)
            .map(|(record, wanted)| (record.clone(), wanted.clone()))
            .collect()
    }

    /// The tenants of whom some erasure has not written down yet what rows committed up to `sequence`, or some later ones,
    /// may tell: which sessions and connections are the person's.
    pub fn without_links(&self, sequence: u64) -> Vec<String> {
        let waiting = self.unfinished().filter(|(_, wanted)| sequence <= wanted.through && !wanted.has_links);
        waiting.map(|(record, _)| record.tenant.clone()).collect()
    }

    /// Writes down that its sessions and connections are.
    pub fn note_links(&mut self, id: ErasureId, dir: &DataDir) -> Result<(), StoreError> {
        if let Some(tracked) = self.find_unfinished(id)
            && let Some(wanted) = tracked.record.wanted().filter(|wanted| !wanted.has_links)
        {
            let wanted = Wanted { has_links: true, ..wanted.clone() };
            let record = Record { stage: Stage::Wanted(wanted), ..tracked.record.clone() };
            record.save(dir)?;
            tracked.record = record;
        }
        Ok(())
    }

    pub fn note_progress(&mut self, ids: &[ErasureId], done: usize, total: usize) {
        for tracked in self.all.iter_mut().filter(|tracked| ids.contains(&tracked.record.id)) {
            tracked.state = ErasureState::Running { done, total };
        }
    }

    /// What was under way has ended, and is not done: for an error, or because the store closes. It is tried again.
    pub fn note_end(&mut self, error: Option<&StoreError>) {
        let is_running = |tracked: &&mut Tracked| matches!(tracked.state, ErasureState::Running { .. });
        for tracked in self.all.iter_mut().filter(is_running) {
            tracked.end(error);
        }
    }

    /// What is in the way stays there until somebody takes it away.
    pub fn note_stuck(&mut self, id: ErasureId, reason: String) {
        if let Some(tracked) = self.find_unfinished(id) {
            tracked.state = ErasureState::Failed { reason };
            tracked.retry = Retry::AtNextStart;
        }
    }

    /// Writes down what it did, instead of what was wanted, and lets go of the tenant's oldest.
    pub fn finish(&mut self, id: ErasureId, erased: Erased, dir: &DataDir) -> Result<(), StoreError> {
        let Some(tracked) = self.find_unfinished(id) else { return Ok(()) };
        let record = Record { stage: Stage::Done(erased), ..tracked.record.clone() };
        record.save(dir)?;
        record::remove(&record::links_path(dir, id))?;
        let tenant = record.tenant.clone();
        *tracked = Tracked::new(record);
        let is_done = |tracked: &Tracked| {
            tracked.record.tenant == tenant && matches!(tracked.record.stage, Stage::Done(_))
        };
        let mut surplus =
            self.all.iter().filter(|tracked| is_done(tracked)).count().saturating_sub(MAX_DONE_ERASURES);
        while let Some(place) = self.all.iter().position(is_done).filter(|_| surplus > 0) {
            self.all[place].record.remove(dir)?;
            self.all.remove(place);
            surplus -= 1;
        }
        Ok(())
    }

    fn find_unfinished(&mut self, id: ErasureId) -> Option<&mut Tracked> {
        self.all.iter_mut().find(|tracked| tracked.record.id == id && tracked.record.wanted().is_some())
    }

    fn unfinished(&self) -> impl Iterator<Item = (&Record, &Wanted)> {
        self.all.iter().filter_map(|tracked| Some((&tracked.record, tracked.record.wanted()?)))
    }
}

impl Record {
    fn wanted(&self) -> Option<&Wanted> {
        match &self.stage {
            Stage::Wanted(wanted) => Some(wanted),
            Stage::Done(_) => None,
        }
    }
}

impl Tracked {
    fn new(record: Record) -> Self {
        let state = match &record.stage {
            Stage::Wanted(_) => ErasureState::Waiting,
            Stage::Done(erased) => ErasureState::Done(erased.clone()),
        };
        Self { record, state, retry: Retry::From(None, FIRST_PAUSE), has_failed: false }
    }

    fn end(&mut self, error: Option<&StoreError>) {
        self.state = ErasureState::Waiting;
        let (Some(error), Retry::From(_, pause)) = (error, &self.retry) else { return };
        self.state = ErasureState::Failed { reason: error.to_string() };
        // A backup ends by itself, and whoever waits for it is in nobody's way.
        self.retry = if matches!(error, StoreError::BackupUnderWay { .. }) {
            Retry::From(Some(Instant::now() + FIRST_PAUSE), *pause)
        } else {
            self.has_failed = true;
            Retry::From(Some(Instant::now() + *pause), (*pause * 2).min(LONGEST_PAUSE))
        };
    }

    fn is_due(&self) -> bool {
        let may_begin = match self.retry {
            Retry::From(at, _) => at.is_none_or(|at| at <= Instant::now()),
            Retry::AtNextStart => false,
        };
        may_begin && self.record.wanted().is_some()
    }

    fn tell(&self) -> Erasure {
        Erasure { id: self.record.id, requested_at: self.record.requested_at, state: self.state.clone() }
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_facts::Micros;
    use uuid::Uuid;

    use super::*;
    use crate::erasure::Person;

    fn register_of_two() -> Register {
        let mut register = Register::default();
        for through in [1, 2] {
            let person = Person::User("ada".into());
            let wanted = Wanted { person, through, log_file: 1, has_links: false };
            let id = ErasureId(Uuid::now_v7());
            let stage = Stage::Wanted(wanted);
            register.add(Record { id, tenant: "t".to_owned(), requested_at: Micros::now(), stage });
        }
        register
    }

    fn once_paused(register: &mut Register) {
        for tracked in &mut register.all {
            let Retry::From(at, pause) = &mut tracked.retry else { panic!("{tracked:?}") };
            assert!(at.take().is_some());
            assert_eq!(*pause > FIRST_PAUSE, tracked.has_failed);
        }
    }

    #[test]
    fn who_waits_for_a_backup_goes_with_the_others_and_who_has_failed_alone() {
        let mut register = register_of_two();
        for _ in 0..3 {
            assert_eq!(register.begin().len(), 2);
            let error = StoreError::BackupUnderWay { path: "data".into() };
            register.note_end(Some(&error));
            assert_eq!((register.is_due(), register.failed()), (false, 2));
            once_paused(&mut register);
        }
        assert_eq!(register.begin().len(), 2);
        register.note_end(Some(&StoreError::format("erase")("no".into())));
        once_paused(&mut register);
        assert_eq!(register.begin().len(), 1);
    }
}

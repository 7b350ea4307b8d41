//! One tenant's connections: those that are open, and those that ended lately.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashTable;
use tidegauge_facts::time::{DAY, HOUR};

use super::chunks::Chunks;
use super::groups::{Group, Groups};
use super::interner::Interner;
use super::life::{Life, NONE};
use super::message::Message;
use super::past::PastPeaks;
use super::peaks::Peaks;

/// Late messages are remembered for so long, and none whose instant lies farther back: history reaches no farther.
const LATE_KEPT: i64 = 92 * DAY;

/// When a message is taken in, and how far back the ledger reaches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub now: i64,
    /// What ended before this has left the ledger, or is about to.
    pub since: i64,
    /// True while facts are read again that the past peaks know already.
    pub is_recovery: bool,
    /// True while messages of the past are read in a row: whether silence has ended a connection is asked once, afterwards.
    pub is_replay: bool,
}

/// One tenant's connections.
#[derive(Debug)]
pub struct TenantLedger {
    idle: i64,
    lives: Chunks<Life>,
    /// Beside each life, what only few reports ask for.
    names: Vec<Names>,
    places: HashTable<u32>,
    vacant: Vec<u32>,
    texts: Interner,
    groups: Groups,
    /// When open connections will have been silent for too long; each has one entry, which may be early.
    deadlines: BinaryHeap<Reverse<(i64, u32)>>,
    open: u64,
    peaks: Peaks,
    projects: HashMap<Arc<str>, ProjectLedger, RandomState>,
    /// Days (of their instants) with messages that later ones of their connections may not carry on, and until when these
    /// connections may have been open.
    late: BTreeMap<i64, i64>,
    /// Places still to be looked at for lives that ended long ago: those below this.
    to_sweep: usize,
    hasher: RandomState,
}

/// One project's connections, in numbers.
#[derive(Debug, Default)]
pub struct ProjectLedger {
    /// Open now.
    pub open: u64,
    /// By the minute, since the ledger begins.
    pub peaks: Peaks,
    /// By hour and day, before that.
    pub past: PastPeaks,
}

/// A connection's names. An optional one is the newest that a message gave: its instant is kept where it counts.
#[derive(Debug, Default)]
struct Names {
    id: Box<str>,
    project: u32,
    key_at: i64,
    user_at: i64,
    ip: u32,
    host: u32,
}

/// What a connection is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The platform's id of it.
    pub id: Box<str>,
    /// SHA-256 of its API key, in hex.
    pub key: Option<Arc<str>>,
    /// Its user.
    pub user: Option<Arc<str>>,
    /// The peer's address.
    pub ip: Option<Arc<str>>,
    /// The machine that holds it.
    pub host: Option<Arc<str>>,
    /// Where it belongs.
    pub group: Group,
}

/// All lives as of one moment, to be gone through at leisure.
#[derive(Debug, Clone)]
pub struct Lives {
    lives: Chunks<Life>,
    groups: Arc<Vec<Group>>,
}

impl Lives {
    /// Every connection known.
    pub fn iter(&self) -> impl Iterator<Item = &Life> {
        self.lives.iter().filter(|life| life.is_there())
    }

    /// Every connection known, with its place.
    pub fn places(&self) -> impl Iterator<Item = (u32, &Life)> {
        (0..).zip(self.lives.iter()).filter(|(_, life)| life.is_there())
    }

    /// The groups, by their codes; a code that no life has may stand for anything.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}

impl TenantLedger {
    pub(super) fn new(idle: i64) -> Self {
        Self {
            idle,
            lives: Chunks::default(),
            names: Vec::new(),
            places: HashTable::new(),
            vacant: Vec::new(),
            texts: Interner::default(),
            groups: Groups::default(),
            deadlines: BinaryHeap::new(),
            open: 0,
            peaks: Peaks::default(),
            projects: HashMap::default(),
            late: BTreeMap::new(),
            to_sweep: 0,
            hasher: RandomState::new(),
        }
    }

    /// Connections open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open
    }

    /// Connections open at once, of all projects, by the minute since the ledger begins.
    #[must_use]
    pub fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// One project's numbers, when it has had a connection.
    #[must_use]
    pub fn project(&self, project: &str) -> Option<&ProjectLedger> {
        self.projects.get(project)
    }

    /// All lives as of now; cheap.
    #[must_use]
    pub fn lives(&self) -> Lives {
        Lives { lives: self.lives.clone(), groups: self.groups.share() }
    }

    /// Every connection known, with its place.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Life)> {
        (0..).zip(self.lives.iter()).filter(|(_, life)| life.is_there())
    }

    /// The code of a user that a life known here has.
    #[must_use]
    pub fn user(&self, user: &str) -> Option<u32> {
        self.texts.find(user)
    }

    /// Connections known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.lives.len() - self.vacant.len()
    }

    /// When the connection was opened, as far as is known.
    #[must_use]
    pub fn opened_at(&self, project: &str, id: &str) -> Option<i64> {
        Some(self.lives.get(self.find(project, id)? as usize).opened)
    }

    /// The connections of this id, one a project at most.
    #[must_use]
    pub fn of_id(&self, id: &str) -> Vec<(u32, Life)> {
        let places = self.projects.keys().filter_map(|project| self.find(project, id));
        places.map(|place| (place, self.lives.get(place as usize))).collect()
    }

    /// The API keys (as hashes) of these codes, as long as a connection has them.
    #[must_use]
    pub fn keys(&self, codes: &[u32]) -> Vec<Option<Arc<str>>> {
        codes.iter().map(|code| self.texts.get(*code).cloned()).collect()
    }

    /// True while the connection that was opened then has this place.
    #[must_use]
    pub fn is_still(&self, place: u32, opened: i64) -> bool {
        let life = self.lives.get(place as usize);
        life.is_there() && life.opened <= opened
    }

    /// What the connection at a place is called.
    #[must_use]
    pub fn describe(&self, place: u32) -> Option<Description> {
        let names = self.names.get(place as usize)?;
        let life = self.lives.get(place as usize);
        let text = |code: u32| self.texts.get(code).filter(|_| code != NONE).cloned();
        Some(Description {
            id: names.id.clone(),
            key: text(life.key),
            user: text(life.user),
            ip: text(names.ip),
            host: text(names.host),
            group: self.groups.get(life.group)?.clone(),
        })
    }

    /// From where on the facts have to be read for the connections that were open since `from`. A message carries when its
    /// connection was opened, as far as was known; only what came late may stand before it.
    #[must_use]
    pub fn facts_from(&self, from: i64) -> i64 {
        let late = self.late.iter().find(|(_, reach)| **reach >= from);
        late.map_or(from, |(day, _)| from.min(day * DAY))
    }

    pub(super) fn late(&self) -> &BTreeMap<i64, i64> {
        &self.late
    }

    pub(super) fn set_late(&mut self, late: BTreeMap<i64, i64>) {
        self.late = late;
    }

    /// Remembers a message whose instant later messages of its connection may not carry on: one of a connection that had
    /// left the ledger, or that was opened earlier than was known.
    fn note_late(&mut self, message: &Message<'_>, before: Life, after: Life, moment: Moment) {
        let is_unknown = !before.is_there() && message.at < moment.since;
        let is_earlier = before.is_there() && message.at < before.opened;
        if (is_unknown || is_earlier) && message.at >= moment.now - LATE_KEPT {
            let reach = self.late.entry(message.at.div_euclid(DAY)).or_insert(i64::MIN);
            *reach = (*reach).max(after.last.saturating_add(DAY));
        }
    }

    /// Takes a message in.
    pub(super) fn apply(&mut self, message: &Message<'_>, moment: Moment) {
        let names = [message.project, message.service, message.protocol, message.data_center];
        let group = self.groups.acquire(&mut self.texts, names);
        let place = self.find(message.project, message.id).unwrap_or_else(|| self.make_place(message));
        let before = self.lives.get(place as usize);
        let mut after = before;
        if before.is_there() {
            let is_newest = after.merge(message.opened, message.at, message.state);
            let unused = if is_newest { std::mem::replace(&mut after.group, group) } else { group };
            // The old group goes only after what it counted was taken back.
            self.name(place, &mut after, message, is_newest);
            self.settle(place, before, after, moment);
            self.groups.release(&mut self.texts, unused);
        } else {
            after = Life::begin(message.opened, message.at, message.state, group);
            after.set_scheduled(before.is_scheduled());
            self.name(place, &mut after, message, true);
            self.settle(place, before, after, moment);
        }
        if !moment.is_recovery {
            self.note_late(message, before, after, moment);
        }
    }

    /// Keeps a message's optional names: the newest that any message gave, or the first for what is not counted.
    fn name(&mut self, place: u32, life: &mut Life, message: &Message<'_>, is_newest: bool) {
        let (texts, names) = (&mut self.texts, &mut self.names[place as usize]);
        let mut newest = |code: &mut u32, since: &mut i64, text: Option<&str>| {
            let Some(text) = text else { return };
            let is_newer = *code == NONE
                || message.at > *since
                || message.at == *since && texts.get(*code).is_some_and(|known| text > &**known);
            if is_newer {
                let unused = std::mem::replace(code, texts.acquire(text));
                texts.release(unused);
                *since = message.at;
            }
        };
        newest(&mut life.key, &mut names.key_at, message.key);
        newest(&mut life.user, &mut names.user_at, message.user);
        for (code, text) in [(&mut names.ip, message.ip), (&mut names.host, message.host)] {
            if let Some(text) = text.filter(|_| is_newest || *code == NONE) {
                let unused = std::mem::replace(code, texts.acquire(text));
                texts.release(unused);
            }
        }
        if message.is_live {
            life.set_live();
        }
    }

    /// Brings everything that counts lives from `before` to `after`, as of now.
    fn settle(&mut self, place: u32, before: Life, mut after: Life, moment: Moment) {
        let now = if moment.is_replay { after.last.min(moment.now) } else { moment.now };
        after.set_open(after.should_be_open(self.idle, now));
        self.count(before, after, moment);
        if after.is_open() && !after.is_scheduled() {
            self.deadlines.push(Reverse((after.last.saturating_add(self.idle), place)));
            after.set_scheduled(true);
        }
        self.lives.set(place as usize, after);
    }

    fn count(&mut self, before: Life, after: Life, moment: Moment) {
        let ended = |life: &Life| (!life.is_open()).then_some(life.last);
        let same = before.is_there()
            && after.is_there()
            && (before.opened, ended(&before)) == (after.opened, ended(&after));
        if same {
            return;
        }
        for (life, comes) in [(before, false), (after, true)] {
            let Some(group) = self.groups.get(life.group) else { continue };
            let project = Arc::clone(&group.project);
            let project = self.projects.entry(project).or_default();
            for peaks in [&mut self.peaks, &mut project.peaks] {
                match comes {
                    true => peaks.add_opening(life.opened, moment.since),
                    false => peaks.remove_opening(life.opened, moment.since),
                }
                match (ended(&life), comes) {
                    (Some(end), true) => peaks.add_ending(end, moment.since),
                    (Some(end), false) => peaks.remove_ending(end, moment.since),
                    (None, _) => {}
                }
            }
            let step = if comes { 1_i64 } else { -1 };
            if life.is_open() {
                self.open = self.open.saturating_add_signed(step);
                project.open = project.open.saturating_add_signed(step);
            }
        }
        if !moment.is_recovery {
            self.mark_stale(before, after, moment);
        }
    }

    /// What changed before the ledger begins is to be counted anew from the facts.
    fn mark_stale(&mut self, before: Life, after: Life, moment: Moment) {
        let until = |life: &Life| if life.is_open() { moment.since } else { life.last.min(moment.since) };
        let spans = if before.is_there() {
            let (opened, ended) = ([before.opened, after.opened], [until(&before), until(&after)]);
            [opened, ended]
                .map(|[a, b]| (a.min(b), a.max(b)))
                .map(|(from, to)| (from != to).then_some((from, to)))
        } else {
            // What is new here may be known to the facts: up to a day before it and after it.
            let span = (after.opened.saturating_sub(DAY), until(&after).saturating_add(DAY));
            [(after.opened < moment.since).then_some(span), None]
        };
        let Some(group) = self.groups.get(after.group) else { return };
        for (from, to) in spans.into_iter().flatten().filter(|(from, _)| *from < moment.since) {
            let project = self.projects.entry(Arc::clone(&group.project)).or_default();
            project.past.mark_stale(from, to.min(moment.since - 1), moment.now);
        }
    }

    /// True when some connection's deadline has passed.
    pub(super) fn is_due(&self, now: i64) -> bool {
        self.deadlines.peek().is_some_and(|Reverse((deadline, _))| *deadline < now)
    }

    /// Closes what has been silent for too long, but looks at no more than `most` connections.
    pub(super) fn expire(&mut self, moment: Moment, most: usize) {
        let moment = Moment { is_replay: false, ..moment };
        for _ in 0..most {
            if !self.is_due(moment.now) {
                return;
            }
            let Some(Reverse((_, place))) = self.deadlines.pop() else { return };
            let before = self.lives.get(place as usize);
            let mut after = before;
            after.set_scheduled(false);
            match before.is_there() && before.is_open() {
                true => self.settle(place, before, after, moment),
                false => self.lives.set(place as usize, after),
            }
        }
    }

    /// Sets the idle timeout, and looks at every connection again.
    pub(super) fn set_idle(&mut self, idle: i64, moment: Moment) {
        self.idle = idle;
        for place in 0..self.lives.len() {
            let before = self.lives.get(place);
            let is_open = before.should_be_open(idle, moment.now);
            if before.is_there() && !before.is_closed_by_message() && is_open != before.is_open() {
                self.settle(place as u32, before, before, moment);
            }
        }
        // What was scheduled by the old timeout may come too late.
        self.deadlines = self
            .deadlines
            .drain()
            .map(|Reverse((_, place))| (self.lives.get(place as usize), place))
            .map(|(life, place)| Reverse((life.last.saturating_add(idle), place)))
            .collect();
    }

    /// The hours from `since` to `new_since` leave the ledger: their peaks are kept.
    pub(super) fn advance(&mut self, since: i64, new_since: i64, now: i64) {
        let hours = usize::try_from((new_since - since) / HOUR).unwrap_or(0);
        self.peaks.fold_before(new_since);
        self.projects.retain(|_, project| {
            let first = since.div_euclid(HOUR);
            for (hour, peak) in (first..).zip(project.peaks.highest(since, HOUR, hours)) {
                project.past.note(hour, peak);
            }
            project.peaks.fold_before(new_since);
            project.past.forget_before(now);
            project.open > 0 || !project.peaks.is_empty() || !project.past.is_empty()
        });
    }

    /// Has all places looked at by [`TenantLedger::evict`].
    pub(super) fn sweep(&mut self) {
        self.to_sweep = self.lives.len();
    }

    pub(super) fn is_to_sweep(&self) -> bool {
        self.to_sweep > 0
    }

    /// Forgets lives that ended before `since`, looking at `most` of the places to sweep. What they counted has been folded.
    pub(super) fn evict(&mut self, since: i64, most: usize) {
        let from = self.to_sweep.saturating_sub(most);
        for place in from..std::mem::replace(&mut self.to_sweep, from) {
            let life = self.lives.get(place);
            if life.is_there() && !life.is_open() && life.last < since {
                self.remove(place as u32, life);
            }
        }
    }

    fn remove(&mut self, place: u32, life: Life) {
        let names = std::mem::take(&mut self.names[place as usize]);
        let hash = self.hasher.hash_one((names.project, &*names.id));
        if let Ok(entry) = self.places.find_entry(hash, |other| *other == place) {
            entry.remove();
        }
        for code in [names.project, life.key, life.user, names.ip, names.host] {
            self.texts.release(code);
        }
        self.groups.release(&mut self.texts, life.group);
        let mut vacant = Life::VACANT;
        vacant.set_scheduled(life.is_scheduled());
        self.lives.set(place as usize, vacant);
        self.vacant.push(place);
    }

    /// The projects and ids of the connections at some of the places; none once there are no more places.
    pub(super) fn names(&self, places: Range<usize>) -> Option<impl Iterator<Item = (&str, &str)>> {
        (places.start < self.lives.len()).then(|| {
            let places = places.start..places.end.min(self.lives.len());
            places.filter(|place| self.lives.get(*place).is_there()).filter_map(|place| {
                let names = &self.names[place];
                Some((&**self.texts.get(names.project)?, &*names.id))
            })
        })
    }

    /// Forgets a connection as if it had never been told of. What its hours before the ledger counted stays.
    pub(super) fn forget(&mut self, project: &str, id: &str, moment: Moment) {
        let Some(place) = self.find(project, id) else { return };
        let life = self.lives.get(place as usize);
        self.count(life, Life::VACANT, moment);
        self.remove(place, life);
    }

    /// An id names a connection within its project: a project's credential reaches no other's.
    fn find(&self, project: &str, id: &str) -> Option<u32> {
        let project = self.texts.find(project)?;
        let hash = self.hasher.hash_one((project, id));
        let is_it = |place: &u32| {
            let names = &self.names[*place as usize];
            names.project == project && &*names.id == id
        };
        self.places.find(hash, is_it).copied()
    }

    fn make_place(&mut self, message: &Message<'_>) -> u32 {
        let project = self.texts.acquire(message.project);
        let id = message.id.into();
        let names = Names { id, project, key_at: i64::MIN, user_at: i64::MIN, ip: NONE, host: NONE };
        let place = if let Some(place) = self.vacant.pop() {
            self.names[place as usize] = names;
            place
        } else {
            self.names.push(names);
            self.lives.push(Life::VACANT);
            u32::try_from(self.names.len() - 1).unwrap_or(NONE - 1)
        };
        let hash = self.hasher.hash_one((project, message.id));
        let (names, hasher) = (&self.names, &self.hasher);
        let hash_of = |place: &u32| {
            let names = &names[*place as usize];
            hasher.hash_one((names.project, &*names.id))
        };
        self.places.insert_unique(hash, place, hash_of);
        place
    }

    pub(super) fn forget_late(&mut self, now: i64) {
        self.late.retain(|_, reach| *reach >= now - LATE_KEPT);
    }

    pub(super) fn projects(&self) -> impl Iterator<Item = (&Arc<str>, &ProjectLedger)> {
        self.projects.iter()
    }

    pub(super) fn project_mut(&mut self, project: &str) -> &mut ProjectLedger {
        if !self.projects.contains_key(project) {
            self.projects.insert(project.into(), ProjectLedger::default());
        }
        self.projects.entry(project.into()).or_default()
    }
}

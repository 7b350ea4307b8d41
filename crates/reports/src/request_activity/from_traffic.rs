//! Traffic from what is added up of the requests in segments.

use std::ops::Range;

use ahash::RandomState;
use hashbrown::HashTable;
use tidegauge_store::Snapshot;
use tidegauge_store::traffic::{Family, Measure, Texts, Wanted};

use super::spans::spans;
use super::sums::Sums;
use super::{Group, MAX_GROUPS, Question, Subject};
use crate::ReportError;

/// Bytes of texts put together for one answer, at most.
const MAX_TEXT_BYTES: usize = 128 * 1024 * 1024;

/// Whether what is added up can answer the question: nothing is by tag, nor all keys by the hour.
pub(super) fn can_answer(question: &Question) -> bool {
    let (family, _) = family(question);
    question.tags.is_empty() && question.bucket.is_none_or(|bucket| family.has(bucket.level()))
}

fn family(question: &Question) -> (Family, &str) {
    match &question.subject {
        Subject::EndpointsOfKey(key) | Subject::Key(key) => (Family::Key, key),
        Subject::EndpointsOfClient(client) | Subject::Client(client) => (Family::Client, client),
        Subject::Keys => (Family::Keys, ""),
        Subject::Apis | Subject::Errors => (Family::Apis, ""),
    }
}

/// Adds what is known of the question.
pub(super) fn add(snapshot: &Snapshot, question: &Question, sums: &mut Sums) -> Result<(), ReportError> {
    let (family, who) = family(question);
    let is_filtered = question.scope.project.is_some() || question.api.is_some();
    let mut groups = Groups::default();
    for (level, spans) in spans(question) {
        snapshot.budget().check()?;
        let before = groups.bytes();
        let wanted = Wanted { tenant: question.scope.tenant.as_str(), family, who, level, spans };
        snapshot.traffic().visit(&wanted, |entry| {
            let bucket = question.bucket.map(|bucket| bucket.start(level.start(entry.span)));
            // Others' rows are not put together: they would count towards the bounds.
            if !is_filtered || is_wanted(question, entry.texts) {
                groups.add(bucket, entry.texts, entry.measure);
            }
        })?;
        snapshot.budget().take(groups.bytes() - before)?;
        if groups.is_full() {
            return Err(ReportError::TooManyRows(MAX_GROUPS));
        }
    }
    for same in &groups.all {
        let texts = Texts(&groups.texts[same.texts.clone()]);
        add_group(question, same.bucket, texts, &same.measure, sums)?;
    }
    Ok(())
}

/// Entries of the same bucket and texts, by their bytes: texts are read once for all of them.
///
/// Entries come sorted within each span, so what came after a group in one span mostly comes after it in the next: it is
/// looked at before the index is.
#[derive(Default)]
struct Groups {
    all: Vec<Same>,
    texts: Vec<u8>,
    index: HashTable<usize>,
    hasher: RandomState,
    /// The group of the entry before.
    last: usize,
}

struct Same {
    bucket: Option<i64>,
    /// Where its texts are.
    texts: Range<usize>,
    measure: Measure,
    /// The group that came after it.
    next: usize,
}

impl Groups {
    fn add(&mut self, bucket: Option<i64>, texts: Texts<'_>, measure: &Measure) {
        let guess = self.all.get(self.last).map_or(0, |last| last.next);
        let group = match self.is(guess, bucket, texts) {
            true => guess,
            false => self.find(bucket, texts),
        };
        if let Some(same) = self.all.get_mut(group) {
            same.measure.add(measure);
            if let Some(last) = self.all.get_mut(self.last) {
                last.next = group;
            }
            self.last = group;
        } else if !self.is_full() {
            self.begin(bucket, texts, measure);
        }
    }

    /// What it takes in memory, about.
    fn bytes(&self) -> usize {
        self.all.len() * (size_of::<Same>() + size_of::<usize>()) + self.texts.len()
    }

    /// Whether there are more than one answer may have, or longer ones.
    fn is_full(&self) -> bool {
        self.all.len() > MAX_GROUPS || self.texts.len() > MAX_TEXT_BYTES
    }

    fn is(&self, group: usize, bucket: Option<i64>, texts: Texts<'_>) -> bool {
        self.all
            .get(group)
            .is_some_and(|same| same.bucket == bucket && self.texts[same.texts.clone()] == *texts.0)
    }

    /// The group's number, or one that none has.
    fn find(&self, bucket: Option<i64>, texts: Texts<'_>) -> usize {
        let hash = self.hasher.hash_one((bucket, texts.0));
        self.index.find(hash, |group| self.is(*group, bucket, texts)).copied().unwrap_or(usize::MAX)
    }

    fn begin(&mut self, bucket: Option<i64>, texts: Texts<'_>, measure: &Measure) {
        let start = self.texts.len();
        self.texts.extend_from_slice(texts.0);
        let group = self.all.len();
        self.all.push(Same { bucket, texts: start..self.texts.len(), measure: *measure, next: group + 1 });
        let Self { all, texts: bytes, index, hasher, last } = self;
        let hash = |same: &Same| hasher.hash_one((same.bucket, &bytes[same.texts.clone()]));
        index.insert_unique(hash(&all[group]), group, |group| hash(&all[*group]));
        if *last < group {
            all[*last].next = group;
        }
        *last = group;
    }
}

/// Whether the texts are of the question's project and API.
fn is_wanted(question: &Question, texts: Texts<'_>) -> bool {
    let [a, b, _, project] = texts.read();
    let api = if question.subject == Subject::Keys { b } else { a };
    question.scope.project.as_ref().is_none_or(|wanted| *wanted.as_str() == *project)
        && question.api.as_ref().is_none_or(|wanted| *wanted == api)
}

fn add_group(
    question: &Question,
    bucket: Option<i64>,
    texts: Texts<'_>,
    measure: &Measure,
    sums: &mut Sums,
) -> Result<(), ReportError> {
    let [a, b, c, _] = texts.read();
    // In the order of the families' texts.
    let (api, path, key, code, label) = match question.subject {
        Subject::EndpointsOfKey(_) | Subject::EndpointsOfClient(_) => (a, Some(b), None, 0, None),
        Subject::Key(_) | Subject::Client(_) => (a, None, None, 0, Some(c)),
        Subject::Keys => (b, None, Some(a), 0, Some(c)),
        Subject::Apis => (a, None, None, 0, Some(c)),
        Subject::Errors => (a, None, None, b.parse().unwrap_or(0), None),
    };
    if question.subject == Subject::Errors && code < 400 {
        return Ok(());
    }
    let api = if question.subject == Subject::Keys { Box::default() } else { api.into() };
    let text = |text: Option<std::borrow::Cow<'_, str>>| text.map_or_else(Box::default, Box::from);
    let group = Group { bucket, api, path: text(path), key: text(key), code };
    sums.add(group, &label.unwrap_or_default(), measure)
}

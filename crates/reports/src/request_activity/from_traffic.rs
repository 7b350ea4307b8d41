//! Traffic from what is added up of the requests in segments.

use ahash::RandomState;
use hashbrown::HashTable;
use tidegauge_store::Snapshot;
use tidegauge_store::traffic::{Family, Measure, Texts, Wanted};

use super::spans::spans;
use super::sums::Sums;
use super::{Group, MAX_GROUPS, Question, Subject};
use crate::ReportError;

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
    let mut groups = Groups::default();
    for (level, spans) in spans(question) {
        let wanted = Wanted { tenant: question.scope.tenant.as_str(), family, who, level, spans };
        snapshot.traffic().visit(&wanted, |entry| {
            let bucket = question.bucket.map(|bucket| bucket.start(level.start(entry.span)));
            groups.add(bucket, entry.texts, entry.measure);
        })?;
        if groups.table.len() > MAX_GROUPS {
            return Err(ReportError::TooManyRows(MAX_GROUPS));
        }
    }
    for same in groups.table {
        add_group(question, same.bucket, Texts(&same.texts), &same.measure, sums)?;
    }
    Ok(())
}

/// Entries of the same bucket and texts, by their bytes: texts are read once for all of them.
#[derive(Default)]
struct Groups {
    table: HashTable<Same>,
    hasher: RandomState,
}

struct Same {
    bucket: Option<i64>,
    texts: Box<[u8]>,
    measure: Measure,
}

impl Groups {
    fn add(&mut self, bucket: Option<i64>, texts: Texts<'_>, measure: &Measure) {
        let hasher = &self.hasher;
        let hash = |bucket: Option<i64>, texts: &[u8]| hasher.hash_one((bucket, texts));
        let is_same = |same: &Same| same.bucket == bucket && *same.texts == *texts.0;
        let is_full = self.table.len() > MAX_GROUPS;
        match self.table.find_mut(hash(bucket, texts.0), is_same) {
            Some(same) => same.measure.add(measure),
            // One beyond the bound tells that there are more.
            None if is_full => {}
            None => {
                let same = Same { bucket, texts: texts.0.into(), measure: *measure };
                self.table.insert_unique(hash(bucket, texts.0), same, |same| hash(same.bucket, &same.texts));
            }
        }
    }
}

fn add_group(
    question: &Question,
    bucket: Option<i64>,
    texts: Texts<'_>,
    measure: &Measure,
    sums: &mut Sums,
) -> Result<(), ReportError> {
    let [a, b, c, project] = texts.read();
    let is_in_scope = question.scope.project.as_ref().is_none_or(|wanted| *wanted.as_str() == *project);
    // In the order of the families' texts.
    let (api, path, key, code, label) = match question.subject {
        Subject::EndpointsOfKey(_) | Subject::EndpointsOfClient(_) => (a, Some(b), None, 0, None),
        Subject::Key(_) | Subject::Client(_) => (a, None, None, 0, Some(c)),
        Subject::Keys => (b, None, Some(a), 0, Some(c)),
        Subject::Apis => (a, None, None, 0, Some(c)),
        Subject::Errors => (a, None, None, b.parse().unwrap_or(0), None),
    };
    let is_wanted = question.api.as_ref().is_none_or(|wanted| *wanted == api)
        && (question.subject != Subject::Errors || code >= 400);
    if !is_in_scope || !is_wanted {
        return Ok(());
    }
    let api = if question.subject == Subject::Keys { Box::default() } else { api.into() };
    let text = |text: Option<std::borrow::Cow<'_, str>>| text.map_or_else(Box::default, Box::from);
    let group = Group { bucket, api, path: text(path), key: text(key), code };
    sums.add(group, &label.unwrap_or_default(), measure)
}

//! A file's pieces through the parsers into the store, and how far they are into the record.

use std::num::NonZero;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tidegauge_facts::DEFAULT_NAME;
use tidegauge_store::Ticket;

use crate::access_log::LogTarget;
use crate::append::Appender;
use crate::error::{ImportError, READING};
use crate::file_import::FileImport;
use crate::import::Run;
use crate::lanes::Lanes;
use crate::parse::Parsed;
use crate::record::{Record, Records, Stretch};
use crate::recorder::Recorder;
use crate::set_aside::SetAside;

/// How often it is written how far an import is, at most.
const RECORD_EVERY: Duration = Duration::from_secs(1);
/// Threads that read lines, at most.
const MAX_PARSERS: usize = 4;
/// The `api_id` of an access log's requests.
const ACCESS_LOG: &str = "access-log";

/// What changes while a file is imported.
struct State<'a> {
    appender: Appender<'a>,
    record: Record,
    set_aside: SetAside,
    /// Good once all rows so far are durable, when some are not known to be.
    ticket: Option<Ticket>,
}

impl<'a> Run<'a> {
    /// Imports a file; what became of it, also where that is an error, stands in the record.
    pub fn pump(&mut self, file: FileImport<'a>, bytes_before: u64) -> (Record, Result<(), ImportError>) {
        let FileImport { source, record, place, set_aside, left, reading, pieces, read } = file;
        self.bad_lines += record.bad_lines();
        let target = LogTarget {
            tenant: reading.defaults.tenant.unwrap_or(DEFAULT_NAME),
            project: reading.defaults.project.unwrap_or(DEFAULT_NAME),
            api_id: reading.defaults.api_id.unwrap_or(ACCESS_LOG),
        };
        let appender = match Appender::new(self.store, target, left, record.since) {
            Ok(appender) => appender,
            Err(error) => return (record, Err(error)),
        };
        let mut state = State { appender, record, set_aside: SetAside::new(set_aside), ticket: None };
        let parse = |piece| reading.parse(piece);
        let result = thread::scope(|scope| {
            let mut lanes = Lanes::start(scope, pieces, parsers(), &parse);
            let mut recorder: Option<Recorder<'_>> = None;
            let mut recorded = Instant::now();
            let mut step = |state: &mut State<'_>, parsed: Parsed| {
                self.summary.unfinished_bytes += parsed.unfinished;
                if parsed.end == parsed.start {
                    return Ok(());
                }
                let recorder = match &mut recorder {
                    Some(recorder) => recorder,
                    None => {
                        // The ids of its rows begin with its id: it is known before the first of them.
                        state.record.is_open = true;
                        if let Some(place) = &place {
                            Records::save(place, &state.record)?;
                        }
                        recorder.insert(Recorder::start(scope, place.clone()))
                    }
                };
                self.take(state, source.path(), &parsed)?;
                if recorded.elapsed() >= RECORD_EVERY && recorder.is_well() {
                    state.set_aside.sync()?;
                    state.record.since = state.appender.stamp();
                    state.ticket = recorder.try_record(state.ticket.take(), state.record.clone());
                    recorded = Instant::now();
                }
                let read = read.load(Ordering::Relaxed);
                self.progress.bytes_done = (bytes_before + read).min(self.progress.bytes_total);
                (self.watch)(self.progress);
                if recorder.is_well() { Ok(()) } else { Err(ImportError::RecordLost) }
            };
            let mut result = Ok(());
            while result.is_ok()
                && let Some(parsed) = lanes.next()
            {
                result = parsed
                    .map_err(ImportError::io(READING, source.path()))
                    .and_then(|parsed| step(&mut state, parsed));
            }
            drop(lanes);
            let Some(recorder) = recorder else {
                self.summary.unchanged += u64::from(result.is_ok());
                return result;
            };
            let synced = state.set_aside.sync();
            state.record.since = state.appender.stamp();
            // Only where the position is known to be behind the last row stored.
            state.record.is_open = match &result {
                Ok(()) => false,
                Err(error) => !(matches!(error, ImportError::TooManyBad { .. }) || error.is_of_one_file()),
            };
            recorder.finish(state.ticket.take(), state.record.clone())?;
            result.and(synced)
        });
        (state.record, result)
    }

    /// Stores a piece's rows and keeps its bad lines. Of a piece with one bad line too many, what stands before that.
    fn take(
        &mut self,
        state: &mut State<'_>,
        path: &std::path::Path,
        parsed: &Parsed,
    ) -> Result<(), ImportError> {
        let room = self.plan.max_errors.saturating_sub(self.bad_lines);
        let passed = parsed.bad.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        let stop = parsed.bad.get(passed);
        let most = stop.map_or(usize::MAX, |bad| bad.rows_before);

        let State { appender, record, set_aside, ticket } = state;
        for bad in &parsed.bad[..passed] {
            set_aside.keep(path, bad)?;
        }
        let appended = appender.append(&parsed.rows, most)?;
        // From here on nothing fails, so that the position and the rows agree.
        for bad in &parsed.bad[..passed] {
            record.count_bad(&bad.reason.kind);
            *self.summary.bad_by_reason.entry(bad.reason.kind.to_string()).or_default() += 1;
        }
        if passed > 0 && self.summary.set_aside.last().is_none_or(|last| last != set_aside.path()) {
            self.summary.set_aside.push(set_aside.path().to_owned());
        }
        let (stored, repeated) = (appended.stored as u64, appended.repeated as u64);
        let lines = stop.map_or(parsed.lines, |_| stored + repeated + passed as u64);
        self.bad_lines += passed as u64;
        self.summary.bad += passed as u64;
        self.summary.lines += lines;
        self.summary.stored += stored;
        self.summary.repeated += repeated;
        self.progress.lines += lines;
        record.lines += lines;
        record.stored += stored;
        record.repeated += repeated;
        record.position = stop.map_or(parsed.end, |bad| bad.at);
        record.line = stop.map_or(parsed.next_line, |bad| bad.line);
        let taken = (record.position - parsed.start) as usize;
        if let Some(content) = parsed.content.get(..taken)
            && !content.is_empty()
        {
            record.known_by.tail = Stretch::ending(record.position, content);
        }
        if stored + repeated > 0 {
            *ticket = Some(appended.ticket);
        }
        match stop {
            Some(bad) => Err(ImportError::TooManyBad {
                allowed: self.plan.max_errors,
                path: path.to_owned(),
                line: bad.line,
                reason: bad.reason.to_string(),
            }),
            None => Ok(()),
        }
    }
}

fn parsers() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(MAX_PARSERS)
}

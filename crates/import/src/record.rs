//! How far each imported file is in the store: `DATA/imports/ID.json`, one an import.
//!
//! Promise: a record is replaced as a whole, and only after the rows before its position are durable. A file is known by
//! its content, decompressed: by its beginning, and by what stands before the position. So a log that was renamed,
//! compressed or has grown is known again, and another one that took its name is not taken for it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::backup::RECORDS;
use crate::content::Source;
use crate::error::{ImportError, READING};

/// What a file is known by at its beginning and before the position, in bytes.
pub(crate) const STRETCH_BYTES: usize = 64 * 1024;
/// Ends of earlier runs that are remembered.
const MAX_EARLIER: usize = 100;
/// Kinds of bad lines that are counted apart.
const MAX_KINDS: usize = 100;

/// How far one file is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Names the import, and begins the ids that it makes.
    pub id: String,
    /// Where the file was last seen.
    pub path: PathBuf,
    #[serde(flatten)]
    pub target: ImportTarget,
    /// Length of the file, when it is one that never grows (Parquet).
    pub size: Option<u64>,
    #[serde(flatten)]
    pub known_by: KnownBy,
    /// What it was known by when earlier runs ended, oldest first: a copy of it from then has nothing new either.
    #[serde(default)]
    pub earlier: Vec<KnownBy>,
    /// The next byte of the content, or row of a Parquet file.
    pub position: u64,
    /// The next line, from 1.
    pub line: u64,
    pub lines: u64,
    pub stored: u64,
    pub repeated: u64,
    pub bad: BTreeMap<String, u64>,
    /// No row behind the position was taken in before this instant (microseconds).
    pub since: i64,
    /// False once the import has ended in order: then no row behind the position is in the store.
    pub is_open: bool,
    /// True when it was found, and not begun just now.
    #[serde(skip)]
    pub is_known: bool,
}

/// Where rows go: the same file can be imported to several places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportTarget {
    pub table: String,
    pub tenant: Option<String>,
    pub project: Option<String>,
}

/// What content is known by: its beginning, and what stands before the position.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownBy {
    pub head: Stretch,
    pub tail: Stretch,
}

/// Some bytes that content is known by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stretch {
    /// Behind its last byte.
    pub end: u64,
    pub length: u64,
    pub sha256: String,
}

impl Stretch {
    /// The last bytes of content that ends at `end`.
    pub fn ending(end: u64, content: &[u8]) -> Self {
        let bytes = &content[content.len().saturating_sub(STRETCH_BYTES)..];
        Self { end, length: bytes.len() as u64, sha256: hash(bytes) }
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Record {
    /// Of a file that is not known.
    pub fn new(source: &Source, target: ImportTarget, size: Option<u64>, head: &[u8], since: i64) -> Self {
        let head = Stretch::ending(head.len() as u64, head);
        Self {
            id: new_id(),
            path: absolute(source.path()),
            target,
            size,
            known_by: KnownBy { head, tail: Stretch::default() },
            earlier: Vec::new(),
            position: 0,
            line: 1,
            lines: 0,
            stored: 0,
            repeated: 0,
            bad: BTreeMap::new(),
            since,
            is_open: true,
            is_known: false,
        }
    }

    pub fn bad_lines(&self) -> u64 {
        self.bad.values().sum()
    }

    /// The file has grown: what it was known by so far goes to the earlier ones.
    pub fn grows(&mut self, before: KnownBy) {
        self.earlier.push(before);
        let surplus = self.earlier.len().saturating_sub(MAX_EARLIER);
        self.earlier.drain(..surplus);
    }

    pub fn count_bad(&mut self, kind: &str) {
        let kind = if self.bad.len() < MAX_KINDS || self.bad.contains_key(kind) { kind } else { "other" };
        *self.bad.entry(kind.to_owned()).or_default() += 1;
    }
}

/// 48 random bits: short, because every row that has no id gets one that begins with it.
pub(crate) fn new_id() -> String {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    format!("{:012x}", high >> 16)
}

pub(crate) fn absolute(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The records of a data directory, which is locked.
#[derive(Debug)]
pub(crate) struct Records {
    dir: PathBuf,
    known: Vec<Record>,
}

impl Records {
    /// Reads all records; the directory is made when it is missing.
    pub fn open(data: &Path) -> Result<Self, ImportError> {
        let dir = data.join(RECORDS);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(ImportError::io("cannot make", &dir))?;
        sync(data).map_err(ImportError::io("cannot write", data))?;
        let mut known = Vec::new();
        for entry in fs::read_dir(&dir).map_err(ImportError::io("cannot open", &dir))? {
            let path = entry.map_err(ImportError::io("cannot open", &dir))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read(&path).map_err(ImportError::io("cannot open", &path))?;
                let record = serde_json::from_slice(&text);
                known.push(
                    record.map_err(|error| ImportError::DamagedRecord { path, reason: error.to_string() })?,
                );
            }
        }
        Ok(Self { dir, known })
    }

    /// The file of the import's own for bad lines.
    pub fn set_aside(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.set-aside"))
    }

    /// Where an import's record stands.
    pub fn place(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }

    /// Notes what has become of an import, for files that come later.
    pub fn note(&mut self, record: Record) {
        self.known.retain(|known| known.id != record.id);
        self.known.push(record);
    }

    /// The record of the file whose content begins with `head`: of several, the one that reaches farthest.
    pub fn find(
        &self,
        source: &Source,
        target: &ImportTarget,
        size: Option<u64>,
        head: &[u8],
    ) -> Result<Found, ImportError> {
        let mut hashes = BTreeMap::new();
        let mut begins_as = |stretch: &Stretch| {
            head.get(..stretch.length as usize)
                .is_some_and(|head| *hashes.entry(head.len()).or_insert_with(|| hash(head)) == stretch.sha256)
        };
        let mut of_target: Vec<&Record> =
            self.known.iter().filter(|record| record.target == *target && record.size == size).collect();
        of_target.sort_by_key(|record| std::cmp::Reverse(record.position));
        let mut shrunk = None;
        for record in &of_target {
            if begins_as(&record.known_by.head) {
                match ends(source, &record.known_by.tail)? {
                    Ends::There | Ends::Behind => return Ok(Found::Known(Box::new((*record).clone()))),
                    Ends::Otherwise => {}
                    Ends::Before => shrunk = shrunk.or(Some(*record)),
                }
            }
        }
        for known_by in of_target.iter().flat_map(|record| &record.earlier) {
            if begins_as(&known_by.head) && matches!(ends(source, &known_by.tail)?, Ends::There) {
                return Ok(Found::Copy);
            }
        }
        match shrunk {
            Some(record) => Err(ImportError::Shrunk {
                path: source.path().to_owned(),
                imported: record.position,
                record: self.place(&record.id),
            }),
            None => Ok(Found::New),
        }
    }

    /// Writes a record: after a crash the old one is there, or the new one.
    pub fn save(place: &Path, record: &Record) -> Result<(), ImportError> {
        let text = serde_json::to_vec_pretty(record).unwrap_or_default();
        let temporary = place.with_extension("new");
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&temporary, place)?;
            sync(place.parent().unwrap_or(Path::new(".")))
        };
        write().map_err(ImportError::io("cannot write", place))
    }
}

/// What is known of a file.
pub(crate) enum Found {
    New,
    Known(Box<Record>),
    /// It is what a file was that has grown since: all of it was imported.
    Copy,
}

/// Where content ends, seen from a stretch that it is said to hold.
enum Ends {
    /// With the stretch.
    There,
    Behind,
    Before,
    /// Something else stands there.
    Otherwise,
}

fn ends(source: &Source, stretch: &Stretch) -> Result<Ends, ImportError> {
    if stretch.length == 0 {
        return Ok(Ends::Behind);
    }
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let content = source.open(stretch.end - stretch.length, &Arc::default())?;
        content.take(stretch.length + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(ImportError::io(READING, source.path()))?;
    Ok(match bytes.get(..stretch.length as usize) {
        None => Ends::Before,
        Some(there) if hash(there) != stretch.sha256 => Ends::Otherwise,
        Some(there) if there.len() == bytes.len() => Ends::There,
        Some(_) => Ends::Behind,
    })
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

//! Which rows of a segment are a person's.

use arrow_array::RecordBatch;
use arrow_buffer::BooleanBufferBuilder;
use tidegauge_facts::Table;

use super::links::Links;
use super::record::{Record, Wanted};
use super::{ErasureId, Person};
use crate::dedupe::Fingerprint;
use crate::directory::DataDir;
use crate::error::StoreError;
use crate::read::{OptionalLabels, OptionalTexts};
use crate::segment::{OpenSegment, Segment, Texts};

/// One erasure while it is carried out.
#[derive(Debug)]
pub(super) struct Target {
    pub id: ErasureId,
    pub tenant: String,
    pub wanted: Wanted,
    pub links: Links,
    /// Rows removed, by table.
    pub rows: [u64; 4],
    /// Segments that cannot be read.
    pub damaged: Vec<String>,
}

/// The columns that say whose a row is.
struct Columns {
    /// The person's id.
    own: &'static str,
    /// What a row without one is joined by.
    link: Option<&'static str>,
}

/// What a connection's id is its own in.
const PROJECT: &str = "project_id";

impl Target {
    /// One for each record.
    pub fn of_all(
        dir: &DataDir,
        records: impl IntoIterator<Item = (Record, Wanted)>,
    ) -> Result<Vec<Self>, StoreError> {
        records.into_iter().map(|(record, wanted)| Self::new(dir, &record, wanted)).collect()
    }

    fn new(dir: &DataDir, record: &Record, wanted: Wanted) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            tenant: record.tenant.clone(),
            wanted,
            links: Links::load(dir, record.id)?,
            rows: [0; 4],
            damaged: Vec::new(),
        })
    }

    /// True when the segment may have rows that were committed before the request, of a table that names such persons.
    pub fn is_about(&self, segment: &Segment) -> bool {
        segment.meta.through <= self.wanted.through
            && segment.table().is_some_and(|table| self.columns(table).is_some())
    }

    /// True when an earlier try has found all sessions and connections: its rows may have gone since.
    pub fn has_links(&self) -> bool {
        self.wanted.has_links
    }

    /// True when rows of the table tell which sessions or connections are the person's.
    pub fn has_links_in(&self, table: Table) -> bool {
        table != Table::Events && self.columns(table).is_some_and(|columns| columns.link.is_some())
    }

    fn columns(&self, table: Table) -> Option<Columns> {
        let (own, link) = match (table, &self.wanted.person) {
            (Table::Events | Table::Sessions, Person::User(_)) => ("user_id", Some("session_id")),
            (Table::Events | Table::Sessions, Person::Client(_)) => ("client_id", Some("session_id")),
            (Table::Events | Table::Sessions, Person::Session(_)) => ("session_id", None),
            (Table::Connections, Person::User(_)) => ("user_id", Some("connection_id")),
            (Table::Requests, Person::Client(_)) => ("oauth_id", None),
            (Table::Connections | Table::Requests, _) => return None,
        };
        Some(Columns { own, link })
    }

    /// Notes the sessions, or connections, of the segment's rows that name the person and that none `before` takes.
    pub fn find_links(
        &mut self,
        segment: &Segment,
        open: &OpenSegment,
        table: Table,
        before: &[&Self],
    ) -> Result<(), StoreError> {
        let Some(Columns { own, link: Some(link) }) = self.columns(table) else { return Ok(()) };
        if !open.has_column(own) {
            return Ok(());
        }
        let takes_some = |other: &&Self| other.tenant == self.tenant && other.is_about(segment);
        let before: Vec<&Self> = before.iter().copied().filter(takes_some).collect();
        let theirs = before.iter().filter_map(|other| other.columns(table)).map(|columns| columns.own);
        // Who joins rows at all joins them by the same column.
        let columns: Vec<&str> = theirs.chain([own, link, PROJECT]).collect();
        for range in open.rows_of(&self.tenant, i64::MIN, i64::MAX)? {
            let batch = open.read_rows(range.row_group, range.rows, None, &columns, Texts::AsDictionaries)?;
            let before: Vec<_> = before.iter().filter_map(|other| other.owner(&batch, table)).collect();
            let Some(owner) = self.owner(&batch, table) else { continue };
            let prints: Vec<Fingerprint> = (0..batch.num_rows())
                .filter(|row| owner.is_named(*row) && !before.iter().any(|other| other.has(*row)))
                .filter_map(|row| owner.print(row))
                .collect();
            prints.into_iter().for_each(|print| self.links.insert(print));
        }
        Ok(())
    }

    /// Marks the person's rows among all rows of the segment, and counts those that nobody has marked before.
    pub fn mark(
        &self,
        open: &OpenSegment,
        table: Table,
        doomed: &mut BooleanBufferBuilder,
    ) -> Result<u64, StoreError> {
        let Some(Columns { own, link }) = self.columns(table) else { return Ok(0) };
        let link = link.filter(|link| !self.links.is_empty() && open.has_column(link));
        if link.is_none() && !open.has_column(own) {
            return Ok(0);
        }
        let columns = [own, link.unwrap_or(own), PROJECT];
        let columns = if table == Table::Connections { &columns[..] } else { &columns[..2] };
        let mut marked = 0;
        for range in open.rows_of(&self.tenant, i64::MIN, i64::MAX)? {
            let start = open.first_row(range.row_group) + range.rows.start;
            let batch = open.read_rows(range.row_group, range.rows, None, columns, Texts::AsDictionaries)?;
            let Some(owner) = self.owner(&batch, table) else { continue };
            for row in (0..batch.num_rows()).filter(|row| owner.has(*row)) {
                if !doomed.get_bit(start + row) {
                    doomed.set_bit(start + row, true);
                    marked += 1;
                }
            }
        }
        Ok(marked)
    }

    /// What a batch of the tenant's rows says of whether they are the person's.
    fn owner<'a>(&'a self, batch: &'a RecordBatch, table: Table) -> Option<Owner<'a>> {
        let Columns { own, link } = self.columns(table)?;
        Some(Owner {
            target: self,
            table,
            own: Column::of(batch, own),
            link: link.map(|link| Column::of(batch, link)),
            project: Column::of(batch, PROJECT),
        })
    }
}

/// Whether rows are a person's.
struct Owner<'a> {
    target: &'a Target,
    table: Table,
    own: Column<'a>,
    link: Option<Column<'a>>,
    project: Column<'a>,
}

impl Owner<'_> {
    /// True when the row itself names the person.
    fn is_named(&self, row: usize) -> bool {
        self.own.get(row) == Some(self.target.wanted.person.id())
    }

    /// True when the row is the person's: it says so, or it names nobody and what it is joined by is his.
    fn has(&self, row: usize) -> bool {
        match self.own.get(row) {
            Some(id) => id == self.target.wanted.person.id(),
            None if self.target.links.is_empty() => false,
            None => self.print(row).is_some_and(|print| self.target.links.contains(print)),
        }
    }

    fn print(&self, row: usize) -> Option<Fingerprint> {
        // A row without a session only describes a client: it is joined to nothing.
        let link = self.link.as_ref()?.get(row)?;
        let links = &self.target.links;
        Some(match self.table {
            Table::Connections => links.of_connection(self.project.get(row).unwrap_or_default(), link),
            _ => links.of_session(link),
        })
    }
}

/// A column of texts, however the file keeps them. An empty text is none.
struct Column<'a> {
    labels: OptionalLabels<'a>,
    texts: OptionalTexts<'a>,
}

impl<'a> Column<'a> {
    fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self { labels: OptionalLabels::of(batch, name), texts: OptionalTexts::of(batch, name) }
    }

    fn get(&self, row: usize) -> Option<&'a str> {
        self.labels.get(row).or_else(|| self.texts.get(row)).filter(|text| !text.is_empty())
    }
}

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

impl Target {
    pub fn new(dir: &DataDir, record: &Record, wanted: Wanted) -> Result<Self, StoreError> {
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

    /// Notes the sessions, or connections, of the segment's rows that name the person.
    pub fn find_links(&mut self, open: &OpenSegment, table: Table) -> Result<(), StoreError> {
        let Some(Columns { own, link: Some(link) }) = self.columns(table) else { return Ok(()) };
        if !open.has_column(own) {
            return Ok(());
        }
        for range in open.rows_of(&self.tenant, i64::MIN, i64::MAX)? {
            let columns = [own, link, "project_id"];
            let batch = open.read_rows(range.row_group, range.rows, None, &columns, Texts::AsDictionaries)?;
            let (own, link, project) =
                (Column::of(&batch, own), Column::of(&batch, link), Column::of(&batch, "project_id"));
            for row in 0..batch.num_rows() {
                if own.get(row) == Some(self.wanted.person.id())
                    && let Some(print) = self.print(table, &link, &project, row)
                {
                    self.links.insert(print);
                }
            }
        }
        Ok(())
    }

    /// Marks the person's rows among all rows of the segment, and counts them.
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
        let mut marked = 0;
        for range in open.rows_of(&self.tenant, i64::MIN, i64::MAX)? {
            let start = open.first_row(range.row_group) + range.rows.start;
            let columns = [own, link.unwrap_or(own), "project_id"];
            let columns = if table == Table::Connections { &columns[..] } else { &columns[..2] };
            let batch = open.read_rows(range.row_group, range.rows, None, columns, Texts::AsDictionaries)?;
            let own = Column::of(&batch, own);
            let project = Column::of(&batch, "project_id");
            let link = link.map(|link| Column::of(&batch, link));
            for row in 0..batch.num_rows() {
                let is_the_persons = match own.get(row) {
                    Some(id) => id == self.wanted.person.id(),
                    None => link
                        .as_ref()
                        .and_then(|link| self.print(table, link, &project, row))
                        .is_some_and(|print| self.links.contains(print)),
                };
                if is_the_persons {
                    doomed.set_bit(start + row, true);
                    marked += 1;
                }
            }
        }
        Ok(marked)
    }

    fn print(
        &self,
        table: Table,
        link: &Column<'_>,
        project: &Column<'_>,
        row: usize,
    ) -> Option<Fingerprint> {
        // A row without a session only describes a client: it is joined to nothing.
        let link = link.get(row)?;
        Some(match table {
            Table::Connections => self.links.of_connection(project.get(row).unwrap_or_default(), link),
            _ => self.links.of_session(link),
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

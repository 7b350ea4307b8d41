//! Rows of any table on their way from a parser to the store: a cell a column, texts in one place.
//!
//! Promise: a row that is in here is one of the table's: every column that must have a value has one, of its kind.

use tidegauge_facts::columns::Cell;
use tidegauge_facts::{Connection, DEFAULT_NAME, Event, FromCells, Request, Session, Table};

use crate::addresses::Addresses;
use crate::bad::Reason;
use crate::column::{Columns, Taken};

/// Rows of a table.
#[derive(Debug)]
pub(crate) struct CellRows {
    table: Table,
    width: usize,
    texts: String,
    cells: Vec<Option<Stored>>,
}

#[derive(Debug)]
enum Stored {
    Text(Span),
    Int(i64),
    Float(f64),
    Flag(bool),
    Instant(i64),
    Texts(Vec<Span>),
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

/// What a row gets that does not say it itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults<'a> {
    /// Whatever the row says.
    pub tenant: Option<&'a str>,
    /// Whatever the row says.
    pub project: Option<&'a str>,
    pub api_id: Option<&'a str>,
}

impl CellRows {
    pub fn table(&self) -> Table {
        self.table
    }

    pub fn new(table: Table) -> Self {
        Self { table, width: table.schema().fields().len(), texts: String::new(), cells: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.cells.len() / self.width
    }

    /// Adds a row, once `fill` has set its cells and `defaults` those that are left; `id` is for a row without one. Of its
    /// addresses `addresses` are kept. When the row is bad, nothing of it stays.
    pub fn add(
        &mut self,
        columns: &Columns,
        defaults: Defaults<'_>,
        addresses: &Addresses,
        id: &str,
        fill: impl FnOnce(&mut OpenRow<'_>) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let (cells, texts) = (self.cells.len(), self.texts.len());
        self.cells.resize_with(cells + self.width, || None);
        let mut row = OpenRow { columns, cells: &mut self.cells[cells..], texts: &mut self.texts };
        let result = fill(&mut row)
            .map(|()| {
                row.complete(defaults, id);
                addresses.keep(&mut row);
            })
            .and_then(|()| self.check(columns, cells / self.width));
        if result.is_err() {
            self.cells.truncate(cells);
            self.texts.truncate(texts);
        }
        result
    }

    fn check(&self, columns: &Columns, row: usize) -> Result<(), Reason> {
        let lists = self.lists(row..row + 1);
        let mut cells = Vec::with_capacity(self.width);
        self.cells_of(row, &lists, &mut cells);
        // It is set when the row is stored.
        if let Some(place) = columns.place("received_at") {
            cells[place] = Some(Cell::Instant(0));
        }
        let checked = match self.table {
            Table::Events => Event::from_cells(&cells).map(drop),
            Table::Sessions => Session::from_cells(&cells).map(drop),
            Table::Connections => Connection::from_cells(&cells).map(drop),
            Table::Requests => Request::from_cells(&cells).map(drop),
        };
        checked.map_err(|column| {
            let place = columns.place(column);
            let is_missing = place.is_some_and(|place| cells[place].is_none());
            let what = if is_missing { "is missing" } else { "is none of its values" };
            Reason { kind: format!("{column} {what}").into(), detail: None }
        })
    }

    /// The first `most` rows, for the store.
    pub fn rows<'a, R: FromCells<'a>>(
        &'a self,
        lists: &'a [Vec<&'a str>],
        received_at: (usize, i64),
        most: usize,
    ) -> impl Iterator<Item = R> {
        let mut cells = Vec::with_capacity(self.width);
        let mut lists_from = 0;
        (0..self.len().min(most)).filter_map(move |row| {
            cells.clear();
            lists_from += self.cells_of(row, &lists[lists_from..], &mut cells);
            let (place, at) = received_at;
            cells[place] = Some(Cell::Instant(at));
            // Invariant: `add` has checked it.
            R::from_cells(&cells).ok()
        })
    }

    /// The lists of texts of all rows, in their order: what [`CellRows::rows`] borrows.
    pub fn all_lists(&self) -> Vec<Vec<&str>> {
        self.lists(0..self.len())
    }

    fn lists(&self, rows: std::ops::Range<usize>) -> Vec<Vec<&str>> {
        let cells = &self.cells[rows.start * self.width..rows.end * self.width];
        let lists = cells.iter().filter_map(|cell| match cell {
            Some(Stored::Texts(spans)) => Some(spans.iter().map(|span| self.text(*span)).collect()),
            _ => None,
        });
        lists.collect()
    }

    /// Puts the cells of a row into `cells`, and says how many of the lists they took.
    fn cells_of<'a>(
        &'a self,
        row: usize,
        lists: &'a [Vec<&'a str>],
        cells: &mut Vec<Option<Cell<'a>>>,
    ) -> usize {
        let mut taken = 0;
        for cell in &self.cells[row * self.width..(row + 1) * self.width] {
            cells.push(cell.as_ref().map(|cell| match cell {
                Stored::Text(span) => Cell::Text(self.text(*span)),
                Stored::Int(number) => Cell::Int(*number),
                Stored::Float(number) => Cell::Float(*number),
                Stored::Flag(flag) => Cell::Flag(*flag),
                Stored::Instant(at) => Cell::Instant(*at),
                Stored::Texts(_) => {
                    taken += 1;
                    Cell::Texts(&lists[taken - 1])
                }
            }));
        }
        taken
    }

    fn text(&self, span: Span) -> &str {
        &self.texts[span.start..span.end]
    }
}

/// A row whose cells are being set.
pub(crate) struct OpenRow<'r> {
    pub columns: &'r Columns,
    cells: &'r mut [Option<Stored>],
    texts: &'r mut String,
}

impl OpenRow<'_> {
    /// Sets a cell, as its column takes it. Where a name is repeated, the last one holds.
    pub fn set(&mut self, place: usize, value: Option<Taken<'_>>) {
        self.cells[place] = value.map(|value| match value {
            Taken::Text(text) => Stored::Text(keep(self.texts, &text)),
            Taken::Int(number) => Stored::Int(number),
            Taken::Float(number) => Stored::Float(number),
            Taken::Flag(flag) => Stored::Flag(flag),
            Taken::Instant(at) => Stored::Instant(at),
            Taken::Texts(texts) => Stored::Texts(texts.iter().map(|text| keep(self.texts, text)).collect()),
        });
    }

    fn complete(&mut self, defaults: Defaults<'_>, id: &str) {
        self.own("tenant_id", defaults.tenant);
        self.own("project_id", defaults.project);
        let event_time = self.instant("event_time");
        match self.columns.table {
            Table::Events => {
                self.give_id("event_id", id);
                self.default_text("category", "user_action");
                self.default_text("priority", "medium");
            }
            Table::Requests => {
                self.give_id("request_id", id);
                if let Some(api_id) = defaults.api_id {
                    self.default_text("api_id", api_id);
                }
            }
            Table::Connections => {
                let is_close = self.texts_of("state") == Some("close");
                for (column, is_wanted) in [("opened_at", true), ("closed_at", is_close)] {
                    if let Some(place) = self.empty(column)
                        && let (true, Some(at)) = (is_wanted, event_time)
                    {
                        self.cells[place] = Some(Stored::Instant(at));
                    }
                }
            }
            Table::Sessions => {}
        }
    }

    /// `forced` when it is given, else the row's own, else the default.
    fn own(&mut self, column: &str, forced: Option<&str>) {
        let Some(place) = self.columns.place(column) else { return };
        let text = match forced {
            Some(forced) => forced,
            None if self.cells[place].is_some() => return,
            None => DEFAULT_NAME,
        };
        self.cells[place] = Some(Stored::Text(keep(self.texts, text)));
    }

    /// A row without an id gets one, and says so, as when the server makes it. One that brings its id is known by it from
    /// now on, whoever made it: the next file may bring it again.
    fn give_id(&mut self, column: &str, id: &str) {
        let (Some(place), Some(mark)) = (self.columns.place(column), self.columns.place("id_assigned"))
        else {
            return;
        };
        let is_made = self.texts_of(column).is_none_or(str::is_empty);
        if is_made {
            self.cells[place] = Some(Stored::Text(keep(self.texts, id)));
        }
        self.cells[mark] = Some(Stored::Flag(is_made));
    }

    fn default_text(&mut self, column: &str, text: &str) {
        if let Some(place) = self.empty(column) {
            self.cells[place] = Some(Stored::Text(keep(self.texts, text)));
        }
    }

    fn empty(&self, column: &str) -> Option<usize> {
        self.columns.place(column).filter(|place| self.cells[*place].is_none())
    }

    fn instant(&self, column: &str) -> Option<i64> {
        match self.cells[self.columns.place(column)?] {
            Some(Stored::Instant(at)) => Some(at),
            _ => None,
        }
    }

    /// The text of a column that is set.
    pub fn texts_of(&self, column: &str) -> Option<&str> {
        match self.cells[self.columns.place(column)?] {
            Some(Stored::Text(Span { start, end })) => Some(&self.texts[start..end]),
            _ => None,
        }
    }
}

fn keep(texts: &mut String, text: &str) -> Span {
    let start = texts.len();
    texts.push_str(text);
    Span { start, end: texts.len() }
}

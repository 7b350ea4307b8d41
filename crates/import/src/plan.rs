//! What is to be imported, and how.

use std::path::PathBuf;
use std::sync::Arc;

use tidegauge_facts::{ProjectId, Table, TenantId};
use tidegauge_geo::Countries;

use crate::addresses::Addresses;
use crate::format::Format;

/// What is to be imported, and how.
#[derive(Clone)]
pub struct Plan {
    /// Files, as glob patterns; `-` is standard input.
    pub patterns: Vec<String>,
    /// What the files are; `None`: told by their beginning.
    pub format: Option<Format>,
    /// The table that rows go to. Access logs are requests.
    pub table: Table,
    /// Whose all rows are. `None`: the row's own `tenant_id`, or `default`.
    pub tenant: Option<TenantId>,
    /// The project of all rows. `None`: the row's own `project_id`, or `default`.
    pub project: Option<ProjectId>,
    /// The `api_id` of requests that name none.
    pub api_id: Option<String>,
    /// Where bad lines are kept. `None`: a file of each import's own in the data directory.
    pub set_aside: Option<PathBuf>,
    /// So many bad lines are passed over, of all files together, earlier runs included.
    pub max_errors: u64,
    /// Fields that the table has no column for are passed over instead of making their line a bad one.
    pub ignore_unknown: bool,
    /// Takes the last line of an access log also when no newline ends it: nobody is writing it any more.
    pub whole: bool,
    /// Fills in the country of rows that have an address and no country.
    pub countries: Arc<Countries>,
    /// What is stored of addresses.
    pub addresses: Arc<Addresses>,
}

impl Plan {
    /// The plan of the defaults.
    #[must_use]
    pub fn new(patterns: Vec<String>) -> Self {
        Self {
            patterns,
            format: None,
            table: Table::Requests,
            tenant: None,
            project: None,
            api_id: None,
            set_aside: None,
            max_errors: 1000,
            ignore_unknown: false,
            whole: false,
            countries: Arc::default(),
            addresses: Arc::default(),
        }
    }
}

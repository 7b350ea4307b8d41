//! A store with rows in it, and questions to it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use futures::StreamExt as _;
use serde_json::Value;
use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::{Event, Micros, ProjectId, Row, Session, TenantId};
use tidegauge_reports::Scope;
use tidegauge_store::{Budget, Options, Store};

use crate::{Answer, Asker, ExploreError, ExploreLimits, Explorer};

/// A store in which nothing is flushed unless asked.
pub fn open(path: &Path) -> Arc<Store> {
    let options =
        Options { flush_interval: Duration::from_hours(24), flush_bytes: u64::MAX, ..Options::default() };
    Arc::new(Store::open(path, options).unwrap())
}

/// Appends rows and waits until they are durable.
pub fn append<R: Row>(store: &Store, rows: impl Iterator<Item = R>) {
    let appended = store.append(rows.map(|row| (None, row))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(appended.ticket.committed()).unwrap();
}

/// Moves everything hot into segments.
pub fn flush(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while store.look(|view| !view.hot.parts().is_empty()) {
        store.request_flush();
        assert!(Instant::now() < deadline, "the flush never came: {:?}", store.health());
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn event<'a>(tenant: &'a str, id: &'a str, at: i64) -> Event<'a> {
    Event {
        tenant_id: tenant,
        project_id: "p",
        event_id: id,
        id_assigned: true,
        event_time: at,
        received_at: at,
        event_name: "view",
        category: Category::UserAction,
        priority: Priority::Medium,
        ..Event::default()
    }
}

pub fn session<'a>(tenant: &'a str, id: &'a str, at: i64) -> Session<'a> {
    Session {
        tenant_id: tenant,
        project_id: "p",
        session_id: id,
        event_time: at,
        received_at: at,
        ..Session::default()
    }
}

pub fn scope(tenant: &str, project: Option<&str>) -> Scope {
    Scope {
        tenant: TenantId::parse(tenant).unwrap(),
        project: project.map(|project| ProjectId::parse(project).unwrap()),
    }
}

/// One who asks, and his explorer.
pub struct Asked {
    pub explorer: Explorer,
    pub store: Arc<Store>,
    pub scope: Scope,
    pub now: Micros,
    pub runtime: tokio::runtime::Runtime,
}

/// All rows as texts; null is none.
pub type Rows = Vec<Vec<Option<String>>>;

impl Asked {
    pub fn new(store: &Arc<Store>, scope: Scope) -> Self {
        Self::with(store, scope, ExploreLimits::default())
    }

    pub fn with(store: &Arc<Store>, scope: Scope, limits: ExploreLimits) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { explorer: Explorer::new(limits), store: Arc::clone(store), scope, now: Micros::now(), runtime }
    }

    pub fn budget() -> Budget {
        Budget::new(Duration::from_secs(60), 256 << 20)
    }

    pub fn asking(&self, budget: Budget) -> crate::Asking {
        let asker = Asker { scope: self.scope.clone(), now: self.now };
        self.explorer.ask(&self.store, budget, asker).unwrap()
    }

    /// The rows of an answer.
    pub fn sql(&self, text: &str) -> Result<Rows, ExploreError> {
        self.sql_with(text, &[], 100_000, Self::budget()).map(|(rows, _)| rows)
    }

    /// The rows, and whether there are more.
    pub fn sql_with(
        &self,
        text: &str,
        parameters: &[Value],
        limit: usize,
        budget: Budget,
    ) -> Result<(Rows, bool), ExploreError> {
        let asking = self.asking(budget);
        self.runtime.block_on(async { rows(asking.sql(text, parameters, limit).await?).await })
    }

    /// The rows, each as one text.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let rows = self.sql(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        rows.into_iter()
            .map(|row| {
                row.into_iter().map(|cell| cell.unwrap_or("null".into())).collect::<Vec<_>>().join("|")
            })
            .collect()
    }
}

async fn rows(answer: Answer) -> Result<(Rows, bool), ExploreError> {
    let Answer { schema, mut batches, truncated } = answer;
    let mut rows = Rows::new();
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        assert_eq!(batch.schema(), schema);
        rows.extend(texts(&batch));
    }
    Ok((rows, truncated.get()))
}

fn texts(batch: &RecordBatch) -> Rows {
    let options = FormatOptions::default();
    let columns: Vec<_> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    (0..batch.num_rows())
        .map(|row| {
            let cells = columns.iter().zip(batch.columns());
            cells.map(|(cell, column)| column.is_valid(row).then(|| cell.value(row).to_string())).collect()
        })
        .collect()
}

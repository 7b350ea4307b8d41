//! Connections: a row each, from the ledger as far back as it reaches, from the facts before that, as the connections
//! surface's reports have them.

mod rows;
mod traffic;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tidegauge_store::connections::{Description, Group, Life, TenantLedger, connections_since};

use super::facts::blocking;
use super::scan::Source;
use super::shape::Shape;
use super::table::failed;
use super::{Question, instant};
use crate::session::BATCH_ROWS;
use traffic::Traffic;

/// What a connection takes while a question goes through them, about.
const PLACE_BYTES: usize = 48;
/// Names looked up in one go: who commits waits meanwhile.
const NAMED_AT_ONCE: usize = 1024;

/// The view's columns.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str, is_optional| Field::new(name, DataType::Utf8View, is_optional);
    Arc::new(Schema::new(vec![
        text("connection_id", false),
        text("project_id", false),
        text("service_name", false),
        text("protocol_name", false),
        text("data_center", false),
        Field::new("event_time", instant(), false),
        Field::new("opened_at", instant(), false),
        Field::new("closed_at", instant(), true),
        Field::new("last_activity_at", instant(), false),
        Field::new("is_open", DataType::Boolean, false),
        Field::new("duration_seconds", DataType::Float64, false),
        text("api_key_id", true),
        text("user_id", true),
        text("ip", true),
        Field::new("bytes_in", DataType::Int64, true),
        Field::new("bytes_out", DataType::Int64, true),
        text("close_reason", true),
    ]))
}

/// The connections of a shape.
pub(super) fn source(question: &Arc<Question>, shape: &Arc<Shape>) -> Arc<dyn Source> {
    Arc::new(Connections { question: Arc::clone(question), shape: Arc::clone(shape) })
}

#[derive(Debug)]
struct Connections {
    question: Arc<Question>,
    shape: Arc<Shape>,
}

impl Source for Connections {
    fn partitions(&self) -> usize {
        1
    }

    fn read(&self, _: usize) -> BoxStream<'static, Result<RecordBatch>> {
        let (question, shape) = (Arc::clone(&self.question), Arc::clone(&self.shape));
        let found = stream::once(blocking(move || Found::look(question, &shape).map(Arc::new)));
        let batches = found.flat_map(|found| match found {
            Ok(found) => {
                let parts = (0..found.places.len()).step_by(BATCH_ROWS);
                stream::iter(parts)
                    .then(move |start| {
                        let found = Arc::clone(&found);
                        blocking(move || found.batch(start))
                    })
                    .boxed()
            }
            Err(error) => stream::iter([Err(error)]).boxed(),
        });
        batches.boxed()
    }
}

/// The connections that a question is about.
struct Found {
    question: Arc<Question>,
    schema: SchemaRef,
    places: Vec<(u32, Life)>,
    groups: Vec<Group>,
    /// What they are called stands in the ledger, if it is none.
    facts: Option<TenantLedger>,
    traffic: Traffic,
}

impl Found {
    fn look(question: Arc<Question>, shape: &Shape) -> Result<Self> {
        let (span, schema) = (shape.span, Arc::clone(&shape.schema));
        let mut found = Self {
            question,
            schema,
            places: Vec::new(),
            groups: Vec::new(),
            facts: None,
            traffic: Traffic::default(),
        };
        let question = &found.question;
        let Some(known) = &question.ledger else { return Ok(found) };
        if span.from < known.since {
            let tenant = question.tenant();
            let from = question.store.look(|view| {
                view.ledger.tenant(tenant).map_or(span.from, |ledger| ledger.facts_from(span.from))
            });
            let facts = connections_since(&question.snapshot, tenant, from, known.idle, question.now.0);
            found.facts = Some(facts.map_err(failed)?);
        }
        let lives = found.facts.as_ref().map_or_else(|| known.lives.clone(), TenantLedger::lives);
        let own = question.project();
        let is_own: Vec<bool> =
            lives.groups().iter().map(|group| own.is_none_or(|own| own == &*group.project)).collect();
        let places = lives
            .places()
            .filter(|(_, life)| is_own[life.group as usize] && (span.from..=span.to).contains(&life.opened));
        found.places = places.map(|(place, life)| (place, *life)).collect();
        found.groups = lives.groups().to_vec();
        question.budget().take(found.places.len() * PLACE_BYTES).map_err(failed)?;
        found.traffic = Traffic::read(question, &found.schema, &found.places)?;
        Ok(found)
    }

    /// The rows from a place on.
    fn batch(&self, start: usize) -> Result<RecordBatch> {
        let places = &self.places[start..(start + BATCH_ROWS).min(self.places.len())];
        let names = match rows::need_names(&self.schema) {
            true => places.chunks(NAMED_AT_ONCE).flat_map(|places| self.names(places)).collect(),
            false => vec![Some(None); places.len()],
        };
        let connections = places.iter().zip(names).filter_map(|((_, life), names)| {
            // One that has left the ledger meanwhile has no name any more.
            let names = names?;
            Some(Connection { life, group: &self.groups[life.group as usize], names })
        });
        rows::batch(&self.schema, &connections.collect::<Vec<_>>(), &self.traffic, self.question.now.0)
    }

    fn names(&self, places: &[(u32, Life)]) -> Vec<Option<Option<Description>>> {
        let describe = |ledger: &TenantLedger| {
            let name = |(place, life): &(u32, Life)| {
                ledger.describe(*place).filter(|_| ledger.is_still(*place, life.opened)).map(Some)
            };
            places.iter().map(name).collect()
        };
        match &self.facts {
            Some(facts) => describe(facts),
            None => self.question.store.look(|view| {
                let ledger = view.ledger.tenant(self.question.tenant());
                ledger.map(describe).unwrap_or_default()
            }),
        }
    }
}

/// One connection, with its names where they are needed.
struct Connection<'a> {
    life: &'a Life,
    group: &'a Group,
    names: Option<Description>,
}

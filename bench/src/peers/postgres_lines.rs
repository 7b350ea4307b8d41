//! How PostgreSQL takes a batch: one transaction of 100 rows on one connection, either as one INSERT over UNNESTed
//! parameter arrays or as one COPY. Both are prepared once and built before the clock runs.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::SinkExt as _;
use jiff::Timestamp;
use tokio_postgres::{Client, NoTls, Statement};

use crate::events::{Event, Events};
use crate::load::{Line, Reply, Target};
use crate::pool::BATCH;

/// Distinct batches, as many as the other receivers get.
const BATCHES: usize = 512;

/// The leanest table that can still be asked: no key, no b-tree; a BRIN index for time ranges costs next to nothing.
const TABLE: &str = "
    CREATE TABLE events (
        ts timestamptz NOT NULL, name text NOT NULL, category text NOT NULL, priority text NOT NULL,
        properties jsonb, session_id text, page_url text, referrer text, user_agent text);
    CREATE INDEX events_ts ON events USING brin (ts)";

const INSERT: &str = "
    INSERT INTO events
    SELECT ts, name, category, priority, properties::jsonb, session_id, page_url, referrer, user_agent
    FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[]) AS row (ts, name, category, priority, properties, session_id, page_url, referrer, user_agent)";

/// The way a batch goes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// One INSERT ... SELECT FROM unnest(...).
    Unnest,
    /// One COPY ... FROM STDIN, text format.
    Copy,
}

/// PostgreSQL, as the load generator sees it.
pub struct PostgresTarget {
    /// Where it listens.
    pub address: SocketAddr,
    /// How batches go in.
    pub method: Method,
    /// What goes in.
    pub batches: Arc<Batches>,
}

/// The prebuilt batches, in both forms.
pub struct Batches {
    columns: Vec<Columns>,
    copies: Vec<Bytes>,
}

struct Columns {
    at: Vec<SystemTime>,
    /// name, category, priority, properties, session, page, referrer, agent
    texts: [Vec<Option<String>>; 8],
}

impl Batches {
    /// Builds them.
    pub fn build() -> Self {
        let mut events = Events::new(Timestamp::now());
        let (mut columns, mut copies) = (Vec::new(), Vec::new());
        for _ in 0..BATCHES {
            let drawn: Vec<Event> = (0..BATCH).map(|_| events.draw()).collect();
            let mut copy = Vec::new();
            drawn.iter().for_each(|event| event.write_copy(&mut copy));
            copies.push(Bytes::from(copy));
            columns.push(Columns::from(drawn));
        }
        Self { columns, copies }
    }
}

impl From<Vec<Event>> for Columns {
    fn from(events: Vec<Event>) -> Self {
        let at = events.iter().map(|event| event.at.into()).collect();
        let mut texts: [Vec<Option<String>>; 8] = Default::default();
        for event in events {
            let values = [
                Some(event.name.to_owned()),
                Some(event.category.to_owned()),
                Some(event.priority.unwrap_or("medium").to_owned()),
                Some(event.properties),
                Some(event.session),
                Some(event.page),
                event.referrer.map(str::to_owned),
                Some(event.agent),
            ];
            for (column, value) in texts.iter_mut().zip(values) {
                column.push(value);
            }
        }
        Self { at, texts }
    }
}

impl Target for PostgresTarget {
    type Line = PostgresLine;

    async fn connect(&self, nth: usize, of: usize) -> anyhow::Result<PostgresLine> {
        let client = connect(self.address).await?;
        let statement = match self.method {
            Method::Unnest => client.prepare(INSERT).await?,
            Method::Copy => client.prepare("COPY events FROM STDIN").await?,
        };
        Ok(PostgresLine {
            client,
            statement,
            method: self.method,
            batches: Arc::clone(&self.batches),
            next: nth,
            step: of,
        })
    }
}

/// One session.
pub struct PostgresLine {
    client: Client,
    statement: Statement,
    method: Method,
    batches: Arc<Batches>,
    next: usize,
    step: usize,
}

impl Line for PostgresLine {
    async fn send(&mut self) -> anyhow::Result<Reply> {
        let batch = self.next % BATCHES;
        self.next += self.step;
        let rows = match self.method {
            Method::Unnest => {
                let Columns {
                    at,
                    texts: [name, category, priority, properties, session, page, referrer, agent],
                } = &self.batches.columns[batch];
                self.client
                    .execute(
                        &self.statement,
                        &[at, name, category, priority, properties, session, page, referrer, agent],
                    )
                    .await?
            }
            Method::Copy => {
                let mut sink = pin!(self.client.copy_in(&self.statement).await?);
                sink.send(self.batches.copies[batch].clone()).await?;
                sink.finish().await?
            }
        };
        anyhow::ensure!(rows == BATCH as u64, "{rows} rows of a batch went in");
        Ok(Reply::Taken(rows as u32))
    }
}

/// Makes the table, empty. The checkpoint lets the WAL segments of the trials be used again: a server that has run for a
/// while does not fill new ones with zeros, which takes some 100 ms each and is no part of what is measured.
pub async fn make_table(address: SocketAddr) -> anyhow::Result<()> {
    let client = connect(address).await?;
    client.batch_execute("DROP TABLE IF EXISTS events").await?;
    client.batch_execute(TABLE).await.context("cannot make the table")?;
    client.batch_execute("CHECKPOINT").await.context("cannot write a checkpoint")
}

/// Rows of the table.
pub async fn count(address: SocketAddr) -> anyhow::Result<u64> {
    let row = connect(address).await?.query_one("SELECT count(*) FROM events", &[]).await?;
    Ok(row.get::<_, i64>(0) as u64)
}

async fn connect(address: SocketAddr) -> anyhow::Result<Client> {
    let settings = format!("host={} port={} user=bench dbname=postgres", address.ip(), address.port());
    let (client, connection) = tokio_postgres::connect(&settings, NoTls).await?;
    // It ends when the client is dropped; what fails in it is told to the client's own calls.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}

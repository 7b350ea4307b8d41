//! Lines of access logs on their way from a parser to the store.

use tidegauge_facts::Request;

use super::Line;

/// Rows whose texts stand in one place, so that a row costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct LogRows {
    texts: String,
    rows: Vec<LogRow>,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Debug)]
struct LogRow {
    at: i64,
    id: Span,
    client: Option<Span>,
    user: Option<Span>,
    method: Option<Span>,
    host: Option<Span>,
    path: Span,
    raw: Option<Span>,
    user_agent: Option<Span>,
    country: Option<Span>,
    status: Option<i64>,
    bytes: i64,
}

/// What all rows of an import share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogTarget<'a> {
    pub tenant: &'a str,
    pub project: &'a str,
    pub api_id: &'a str,
}

impl LogRows {
    /// Room for the lines of a piece.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { texts: String::with_capacity(bytes), rows: Vec::with_capacity(bytes / 128) }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds a line; `client` is what is stored of its address.
    pub fn push(&mut self, id: &str, line: &Line<'_>, client: Option<&str>, country: Option<&str>) {
        let mut keep = |text: &str| {
            let start = self.texts.len() as u32;
            self.texts.push_str(text);
            Span { start, end: self.texts.len() as u32 }
        };
        let row = LogRow {
            at: line.at,
            id: keep(id),
            client: client.map(&mut keep),
            user: line.user.as_deref().map(&mut keep),
            method: line.request.method().map(&mut keep),
            host: line.request.host().map(&mut keep),
            path: keep(line.request.path()),
            raw: line.request.raw().map(&mut keep),
            user_agent: line.user_agent.as_deref().map(&mut keep),
            country: country.map(&mut keep),
            status: line.status,
            bytes: line.bytes,
        };
        self.rows.push(row);
    }

    /// The first `most` rows, for the store.
    pub fn requests<'a>(
        &'a self,
        most: usize,
        target: LogTarget<'a>,
        received_at: i64,
    ) -> impl Iterator<Item = Request<'a>> {
        let text = |span: Span| &self.texts[span.start as usize..span.end as usize];
        self.rows.iter().take(most).map(move |row| Request {
            tenant_id: target.tenant,
            project_id: target.project,
            request_id: text(row.id),
            id_assigned: true,
            event_time: row.at,
            received_at,
            api_id: target.api_id,
            path: text(row.path),
            method: row.method.map(text),
            host: row.host.map(text),
            raw_path: row.raw.map(text),
            response_code: row.status,
            alias: row.user.map(text),
            ip: row.client.map(text),
            country: row.country.map(text),
            user_agent: row.user_agent.map(text),
            bytes_out: Some(row.bytes),
            ..Request::default()
        })
    }
}

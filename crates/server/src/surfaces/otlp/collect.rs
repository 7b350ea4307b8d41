//! The requests of an export, and what became of its other spans.

use tidegauge_facts::limits::MAX_BATCH_REQUESTS;
use tidegauge_facts::{Micros, Request};

use super::attributes::Attributes;
use super::record::{Record, Rejected, Service};
use super::span::{Sink, Span};

/// Most requests in one export: more than twice the 8,192 spans that a Collector puts together by default.
pub const MAX_EXPORT_REQUESTS: usize = 20_000;

/// What an export holds.
#[derive(Debug, Default)]
pub struct Export<'a> {
    /// Those that have requests.
    services: Vec<Service<'a>>,
    /// Each with its service's place.
    records: Vec<(usize, Record<'a>)>,
    /// Of the resource that is being read: its attributes, until its first request asks for its service.
    attributes: Attributes<'a>,
    service: Option<Result<usize, Rejected>>,
    /// Spans that are no requests: another kind's, or not about HTTP.
    pub ignored: usize,
    /// Spans that tell of a request, but wrongly, or that cannot be read.
    pub rejected: usize,
    /// Why the first of them was rejected.
    pub reason: Option<Rejected>,
    /// There are more requests than [`MAX_EXPORT_REQUESTS`]. Those beyond are not kept, so what is here is not all.
    pub is_over: bool,
}

impl Export<'_> {
    /// How many requests it tells of.
    pub fn requests(&self) -> usize {
        self.records.len()
    }

    /// The requests as rows, in the order in which they were told, in parts that an append takes. A part's rows are
    /// made when it is asked for.
    pub fn parts<'r>(
        &'r self,
        tenant: &'r str,
        project: &'r str,
        received_at: Micros,
    ) -> impl ExactSizeIterator<Item = Vec<Request<'r>>> {
        self.records.chunks(MAX_BATCH_REQUESTS).map(move |part| {
            let rows = part.iter();
            rows.map(|(place, record)| record.row(&self.services[*place], tenant, project, received_at))
                .collect()
        })
    }
}

impl<'a> Export<'a> {
    fn record(&mut self, span: &Span<'a>) -> Result<bool, Rejected> {
        let Some(record) = Record::of(span)? else { return Ok(false) };
        let (attributes, services) = (&self.attributes, &mut self.services);
        let service = self.service.get_or_insert_with(|| {
            services.push(Service::of(attributes)?);
            Ok(services.len() - 1)
        });
        let service = service.clone()?;
        match self.records.len() < MAX_EXPORT_REQUESTS {
            true => self.records.push((service, record)),
            false => self.is_over = true,
        }
        Ok(true)
    }

    fn reject(&mut self, reason: Rejected) {
        self.rejected += 1;
        self.reason.get_or_insert(reason);
    }
}

impl<'a> Sink<'a> for Export<'a> {
    fn resource(&mut self, attributes: Attributes<'a>) {
        self.attributes = attributes;
        self.service = None;
    }

    fn span(&mut self, span: Span<'a>) {
        match self.record(&span) {
            Ok(true) => {}
            Ok(false) => self.ignored += 1,
            Err(reason) => self.reject(reason),
        }
    }

    fn unreadable(&mut self, what: String) {
        self.reject(Rejected::Unreadable(what));
    }
}

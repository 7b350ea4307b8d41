//! The requests of an export, and what became of its other spans.

use tidegauge_facts::{Micros, Request};

use super::attributes::Attributes;
use super::record::{Record, Rejected, Service};
use super::span::{Sink, Span};

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
}

impl Export<'_> {
    /// The requests as rows, in the order in which they were told.
    pub fn rows<'r>(&'r self, tenant: &'r str, project: &'r str, received_at: Micros) -> Vec<Request<'r>> {
        let records = self.records.iter();
        records
            .map(|(place, record)| record.row(&self.services[*place], tenant, project, received_at))
            .collect()
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
        self.records.push((service.clone()?, record));
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

//! How a surface refuses, status by status, in its one shape.

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::header::Header;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, RefOr, Response, ResponseBuilder};

use super::schemas::reference;

/// The refusals of a surface.
#[derive(Default)]
pub(crate) struct Refusals(BTreeMap<String, RefOr<Response>>);

impl Refusals {
    /// With a body of this schema.
    pub fn with<T: ToSchema>(self, told: &[(u16, &str)]) -> Self {
        self.of_type::<T>("application/json", told)
    }

    /// With a body of this schema and content type.
    pub fn of_type<T: ToSchema>(self, content_type: &str, told: &[(u16, &str)]) -> Self {
        told.iter().fold(self, |refusals, (status, when)| {
            let body = ResponseBuilder::new().content(content_type, Content::new(Some(reference::<T>())));
            refusals.and(*status, when, body)
        })
    }

    /// Without a body.
    pub fn bare(self, told: &[(u16, &str)]) -> Self {
        told.iter().fold(self, |refusals, (status, when)| refusals.and(*status, when, ResponseBuilder::new()))
    }

    pub fn and(mut self, status: u16, when: &str, answer: ResponseBuilder) -> Self {
        let answer = headed(status, answer).description(when).build();
        self.0.insert(status.to_string(), answer.into());
        self
    }

    pub fn all(self) -> BTreeMap<String, RefOr<Response>> {
        self.0
    }
}

/// An answer with the headers that its status always has.
fn headed(status: u16, answer: ResponseBuilder) -> ResponseBuilder {
    let header = |schema: ObjectBuilder, told: &str| {
        let mut header = Header::new(Schema::Object(schema.build()));
        header.description = Some(told.to_owned());
        header
    };
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let seconds = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    match status {
        401 => answer.header("WWW-Authenticate", header(text(), "`Bearer`")),
        429 => answer
            .header("Retry-After", header(seconds(), "Seconds after which it may be tried again"))
            .header("RateLimit", header(text(), "What is left of the limit"))
            .header("RateLimit-Policy", header(text(), "The limit")),
        503 => answer.header("Retry-After", header(seconds(), "Seconds after which it may be tried again")),
        _ => answer,
    }
}

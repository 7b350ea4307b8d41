//! What an administrator sends: a JSON object whose every name is known, and pages of lists.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegauge_accounts::Object;

use super::failure::Failure;
use crate::app::App;
use crate::query::Query;
use crate::validation::content_type;

/// Rows of a page, unless the request says otherwise; and at most.
pub(super) const DEFAULT_LIMIT: usize = 100;
pub(super) const MAX_LIMIT: usize = 1_000;

/// The names in the path. What is not even text names nothing that is there.
pub(super) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Named<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let path = Path::<T>::from_request_parts(parts, app).await;
        path.map(|Path(names)| Self(names))
            .map_err(|_| Failure::NotFound("there is no such thing".to_owned()))
    }
}

/// The body, read as strictly as `T` is.
pub(super) struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Input<T> {
    type Rejection = Failure;

    async fn from_request(request: Request<Body>, app: &Arc<App>) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        if !content_type::is_json(content_type::of(&parts.headers)) {
            return Err(Failure::Bad("the body is JSON, with Content-Type: application/json".to_owned()));
        }
        let body = app.bodies.read(&parts.headers, body).await.map_err(Failure::Body)?;
        // The reader's sentence names fields and places, and repeats a value at most: none is a secret here.
        let read = serde_json::from_slice(&body.bytes).map_err(|error| Failure::Bad(error.to_string()));
        read.map(|Object(input)| Self(input))
    }
}

/// Which part of a list is asked for.
pub(super) struct Page {
    /// The last row of the page before, as that one named it.
    pub after: Option<String>,
    /// Rows at most.
    pub limit: usize,
}

impl Page {
    /// What `?limit=` and `?cursor=` say; no other name is known.
    pub fn of(uri: &Uri) -> Result<Self, Failure> {
        let query = Query::of(uri);
        let bad = |bad: crate::query::BadQuery| Failure::Bad(bad.to_string());
        let limit = query.one(&["limit"]).map_err(bad)?;
        let after = query.one(&["cursor"]).map_err(bad)?.map(|cursor| cursor.into_owned());
        let limit = match limit.as_deref().map(str::parse::<usize>) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(_) => return Err(Failure::Bad(format!("limit is a whole number from 1 to {MAX_LIMIT}"))),
        };
        Ok(Self { after, limit })
    }
}

/// A page of a list: `next` is the `cursor` of the following one, null on the last.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// The page of these rows, of which one more was asked for than is to be shown.
    pub fn of(mut rows: Vec<T>, limit: usize, name: impl Fn(&T) -> String) -> Self {
        let is_last = rows.len() <= limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| !is_last).map(name);
        Self { items: rows, next }
    }
}

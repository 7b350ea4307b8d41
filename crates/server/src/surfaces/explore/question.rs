//! What is asked, out of a request's body.

use axum::body::Body;
use axum::http::Request;
use serde::Deserialize;
use serde_json::Value;
use tidegauge_accounts::Object;
use tidegauge_explore::Query;
use tidegauge_explore::query::checked_limit;

use super::failure::Failure;
use crate::app::App;
use crate::body::WholeBody;
use crate::validation::content_type;

/// A statement, and what belongs to it.
pub(super) struct Statement {
    pub sql: String,
    pub parameters: Vec<Value>,
    pub limit: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SqlBody {
    sql: String,
    limit: Option<u64>,
    #[serde(default)]
    parameters: Vec<Value>,
}

/// A typed query: JSON alone.
pub(super) async fn query(app: &App, request: Request<Body>) -> Result<Query, Failure> {
    let (is_json, _, body) = read(app, request).await?;
    if !is_json {
        return Err(Failure::UnsupportedType("a query is JSON: send it with Content-Type: application/json"));
    }
    Ok(Query::from_json(&body.bytes)?)
}

/// A statement: in JSON, or as the body itself.
pub(super) async fn sql(app: &App, request: Request<Body>) -> Result<Statement, Failure> {
    let (is_json, is_text, body) = read(app, request).await?;
    if is_json {
        let read: Result<Object<SqlBody>, _> = serde_json::from_slice(&body.bytes);
        let Object(SqlBody { sql, limit, parameters }) =
            read.map_err(|error| Failure::bad(error.to_string()))?;
        return Ok(Statement { sql, parameters, limit: checked_limit(limit)? });
    }
    if !is_text {
        let told =
            "SQL is sent in JSON (Content-Type: application/json), or as application/sql or text/plain";
        return Err(Failure::UnsupportedType(told));
    }
    let sql = str::from_utf8(&body.bytes).map_err(|_| Failure::bad("the statement is not UTF-8"))?;
    Ok(Statement { sql: sql.to_owned(), parameters: Vec::new(), limit: checked_limit(None)? })
}

/// Whether the body is called JSON, whether SQL, and the body.
async fn read(app: &App, request: Request<Body>) -> Result<(bool, bool, WholeBody), Failure> {
    let (parts, body) = request.into_parts();
    let of_type = content_type::of(&parts.headers);
    let essence = of_type.and_then(|of_type| of_type.split(';').next()).unwrap_or_default().trim();
    let is_text = ["application/sql", "text/plain"].iter().any(|known| essence.eq_ignore_ascii_case(known));
    let is_json = content_type::is_json(of_type);
    let body = app.bodies.read(&parts.headers, body).await.map_err(Failure::Body)?;
    Ok((is_json, is_text, body))
}

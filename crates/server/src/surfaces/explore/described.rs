//! Exploring in the OpenAPI document: questions, answers and refusals.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidegauge_explore::formats::Format;
use tidegauge_explore::query::{
    DEFAULT_LIMIT, FilterOp, Interval, MAX_COLUMNS, MAX_FILTERS, MAX_GROUPS, MAX_LIMIT, MAX_METRICS,
    MAX_NAME_BYTES, MetricOp, TableName,
};
use utoipa::openapi::content::Content;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi};

use super::routes;
use crate::openapi::{Members, Refusals, named_schema, one_of, or_null, reference};
use crate::problem::Problem;

/// Exploring's part of the document.
pub fn described() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

#[derive(OpenApi)]
#[openapi(
    tags((name = "explore", description = "Free questions over what the caller may see: typed queries and SQL.")),
    paths(routes::query, routes::sql),
    components(schemas(Problem, QueryAnswer)),
)]
struct Described;

named_schema!(
    /// A typed query.
    QueryRequest, query, QueryFilter, QueryMetric, QueryOrder
);
named_schema!(
    /// A condition on a column.
    QueryFilter, filter
);
named_schema!(
    /// What is told of a group of rows.
    QueryMetric, metric, QueryFilter
);
named_schema!(
    /// An order by a column of the answer.
    QueryOrder,
    || Members::new("An order by a column of the answer; where there is no value comes last.")
        .required("by", text().description(Some("A name of the answer.")))
        .optional("desc", ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false))))
        .closed()
);
named_schema!(
    /// A statement of SQL, and what belongs to it.
    SqlRequest,
    || {
        let of_any = ObjectBuilder::new().schema_type(SchemaType::from_iter([
            Type::String, Type::Number, Type::Boolean, Type::Null,
        ]));
        let parameters = ArrayBuilder::new().items(of_any).description(Some("What `$1`, `$2`... stand for."));
        Members::new("A statement of SQL, and what belongs to it.")
            .required("sql", text().description(Some("One statement that reads.")))
            .optional("limit", limit())
            .optional("parameters", parameters)
            .closed()
            .example(json!({"sql": "SELECT event_name, count(*) AS n FROM events WHERE country = $1 GROUP BY 1 ORDER BY 2 DESC",
                "parameters": ["DE"]}))
    }
);
named_schema!(
    /// An answer as JSON.
    QueryAnswer, answer, QueryColumn
);
named_schema!(
    /// A column of an answer.
    QueryColumn,
    || Members::new("A column of an answer.")
        .required("name", text())
        .required("type", one_of(["timestamp", "string", "integer", "number", "boolean", "list", "object"]))
        .closed()
);

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn limit() -> ObjectBuilder {
    let limit = or_null(Type::Integer, ObjectBuilder::new()).minimum(Some(1)).maximum(Some(MAX_LIMIT));
    limit.default(Some(json!(DEFAULT_LIMIT))).description(Some("Rows of the answer at most."))
}

/// One of these, or null, which is as good as nothing.
fn maybe_one_of<const N: usize>(names: [&str; N]) -> ObjectBuilder {
    let names = names.into_iter().map(Value::from).chain([Value::Null]);
    or_null(Type::String, ObjectBuilder::new().enum_values(Some(names)))
}

fn texts(most: usize, told: &str) -> ArrayBuilder {
    maybe_list().items(text()).max_items(Some(most)).description(Some(told))
}

fn maybe_list() -> ArrayBuilder {
    ArrayBuilder::new().schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
}

fn filters(told: &str) -> ArrayBuilder {
    let filters = ArrayBuilder::new().items(reference::<QueryFilter>()).max_items(Some(MAX_FILTERS));
    filters.description(Some(told))
}

fn query() -> Members {
    let instant = |told: &str| {
        or_null(Type::String, text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))))
            .description(Some(told))
    };
    let orders = ArrayBuilder::new().items(reference::<QueryOrder>()).max_items(Some(MAX_COLUMNS));
    let metrics = maybe_list().items(reference::<QueryMetric>()).max_items(Some(MAX_METRICS));
    Members::new("A typed query. With `columns` it asks for rows as they are; else for groups of rows, and what is told of each.")
        .required("table", one_of(TableName::ALL.map(TableName::as_str)))
        .optional("from", instant("The first instant; 24 hours before `to` when absent."))
        .optional("to", instant("The first instant that is not asked for; now when absent."))
        .optional("project", or_null(Type::String, text()).description(Some("Of this project alone.")))
        .optional("filters", filters("All of them hold."))
        .optional("group_by", texts(MAX_GROUPS, "The columns by which rows are put together."))
        .optional("interval", maybe_one_of(Interval::ALL.map(Interval::as_str)).description(Some(
            "Puts rows together by buckets of time, whose starts are the column `time`. Buckets without rows are absent.",
        )))
        .optional("time_zone", or_null(Type::String, text()).default(Some(json!("UTC"))).description(Some(
            "Whose days, weeks and months: a name of IANA's database.",
        )))
        .optional("metrics", metrics.description(Some("What is told of each group; how many rows it has when absent.")))
        .optional("columns", texts(MAX_COLUMNS, "Rows as they are, with these columns; excludes `group_by`, `interval` and `metrics`."))
        .optional("order", orders.description(Some(
            "By time when there is an interval, else by the first metric, the most first, when absent; rows as they are: the newest first.",
        )))
        .optional("limit", limit())
        .closed()
        .example(json!({"table": "events", "filters": [{"column": "country", "op": "eq", "value": "DE"}],
            "group_by": ["event_name"], "metrics": [{"op": "count"}], "limit": 10}))
}

fn filter() -> Members {
    let value = ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some(
        "A text, a number, true or false; an instant as RFC 3339 has it; a list of them for `in` and `not_in`; nothing for `is_null` and `is_not_null`.",
    ));
    Members::new("A condition on a column.")
        .required("column", text().description(Some("Its name, or `properties.` and a path.")))
        .required(
            "op",
            one_of(FilterOp::NAMES).description(Some(
                "`ne` and `not_in` hold where `eq` and `in` do not, also where there is no value.",
            )),
        )
        .optional("value", value)
        .closed()
        .example(json!({"column": "country", "op": "in", "value": ["DE", "AT"]}))
}

fn metric() -> Members {
    let p = or_null(Type::Number, ObjectBuilder::new()).minimum(Some(0)).maximum(Some(100));
    let name = or_null(Type::String, text()).min_length(Some(1)).max_length(Some(MAX_NAME_BYTES));
    Members::new("What is told of a group of rows.")
        .required("op", one_of(MetricOp::ALL.map(MetricOp::as_str)))
        .optional(
            "column",
            or_null(Type::String, text())
                .description(Some("Of which column; `count` may have none, and counts rows.")),
        )
        .optional("p", p.description(Some("Which percentile; for `percentile` alone.")))
        .optional(
            "as",
            name.description(Some("Its name in the answer; else `count`, `mean_x`, `p95_x`, `unique_x`...")),
        )
        .optional("where", filters("Of the rows for which these hold, too."))
        .closed()
        .example(json!({"op": "percentile", "column": "latency_total", "p": 95}))
}

fn answer() -> Members {
    let row = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
        .description(Some("A member a column; null where there is no value."));
    let whole =
        |told: &str| ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).description(Some(told));
    let truncated = ObjectBuilder::new().schema_type(Type::Boolean);
    Members::new("An answer.")
        .required("columns", ArrayBuilder::new().items(reference::<QueryColumn>()))
        .required("rows", ArrayBuilder::new().items(row))
        .required("row_count", whole("Rows of the answer."))
        .required("truncated", truncated.description(Some("Whether there are more than the limit.")))
        .required("elapsed_ms", whole("How long it took, in milliseconds."))
        .closed()
}

/// How a question is answered, and refused.
pub(super) struct ExploreAnswers;

impl IntoResponses for ExploreAnswers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut good = ResponseBuilder::new().description("The answer, in the format that `Accept` asks for");
        for format in Format::ALL {
            let content = match format {
                Format::Json => Content::new(Some(reference::<QueryAnswer>())),
                Format::Csv | Format::Ndjson => Content::new(Some(text())),
                Format::ArrowStream | Format::Parquet => {
                    let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
                    Content::new(Some(text().format(Some(binary))))
                }
            };
            good = good.content(format.media_type(), content);
        }
        let told = [
            (400, "The question makes no sense, or would take more memory than it may"),
            (401, "No credential, or none that works"),
            (403, "The credential may not read"),
            (406, "None of the formats that are accepted is one of ours"),
            (408, "The body took too long to arrive"),
            (413, "The body is too large"),
            (415, "The body is of another type, or compressed"),
            (429, "The tenant or the key asks too much"),
            (503, "It cannot be answered now, or not in the time that it may take"),
        ];
        let mut all = Refusals::default().of_type::<Problem>("application/problem+json", &told).all();
        all.insert("200".to_owned(), good.build().into());
        all
    }
}

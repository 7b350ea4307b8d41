//! Why there is no answer, each as a sentence that a person can act on.

use std::sync::Arc;

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use tidegauge_store::StoreError;

/// What the engine says of a regular expression that it does not take.
const BAD_PATTERN: &str = "Regular expression did not compile";

/// Why there is no answer, or no more of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExploreError {
    /// What is asked cannot be answered as it stands.
    #[error("{message}")]
    Bad {
        /// What is wrong with it.
        message: String,
        /// Where in the text, if that is known.
        place: Option<Place>,
    },
    /// As many questions as may are being worked on, and none ended in time.
    #[error("too many questions are being worked on; try again soon")]
    Busy,
    /// It took longer than its tenant's reports may.
    #[error("the query took longer than {seconds} s; ask for a shorter period, or for less of it")]
    TookTooLong {
        /// What it may take.
        seconds: u64,
    },
    /// It would bring more together than its tenant's reports may.
    #[error("the query would take more memory than it may; ask for a shorter period, or for fewer groups")]
    TooMuchMemory,
    /// Something could not be read, or went wrong; what it was is in the log.
    #[error("the query cannot be answered now")]
    Failed,
}

/// A place in a text, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The character in it.
    pub column: u64,
}

impl ExploreError {
    /// Something is wrong with what is asked.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::Bad { message: message.into(), place: None }
    }
}

impl From<StoreError> for ExploreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TookTooLong { seconds } => Self::TookTooLong { seconds },
            StoreError::TooMuchMemory { .. } | StoreError::TooMuch { .. } => Self::TooMuchMemory,
            error => {
                tracing::error!(%error, "a query cannot be answered");
                Self::Failed
            }
        }
    }
}

impl From<DataFusionError> for ExploreError {
    fn from(error: DataFusionError) -> Self {
        of_datafusion(&error, None)
    }
}

fn of_datafusion(error: &DataFusionError, place: Option<Place>) -> ExploreError {
    use DataFusionError as E;
    let bad = |message: &str| ExploreError::Bad { message: sentence(message), place };
    match error {
        E::Diagnostic(diagnostic, inner) => {
            let start =
                diagnostic.span.map(|span| Place { line: span.start.line, column: span.start.column });
            of_datafusion(inner, start.or(place))
        }
        E::Context(_, inner) => of_datafusion(inner, place),
        E::Shared(inner) => of_datafusion(inner, place),
        E::Collection(all) => all.first().map_or(ExploreError::Failed, |first| of_datafusion(first, place)),
        E::SQL(error, _) => of_parser(&error.to_string()),
        E::SchemaError(error, _) => match &**error {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let known: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
                bad(&no_column(&field.name, &known))
            }
            error => bad(&error.to_string()),
        },
        E::Plan(message) | E::NotImplemented(message) | E::Execution(message) | E::Configuration(message) => {
            bad(message)
        }
        // A pattern that is too large is taken for the engine's own fault.
        E::Internal(message) if message.contains(BAD_PATTERN) => {
            let start = message.find(BAD_PATTERN).unwrap_or_default();
            bad(&message[start..])
        }
        E::ResourcesExhausted(_) => ExploreError::TooMuchMemory,
        E::ArrowError(error, _) => of_arrow(error, place),
        E::External(error) => of_external(&**error, place),
        error => {
            tracing::error!(%error, "a query cannot be answered");
            ExploreError::Failed
        }
    }
}

fn of_arrow(error: &ArrowError, place: Option<Place>) -> ExploreError {
    match error {
        ArrowError::ExternalError(error) => of_external(&**error, place),
        ArrowError::DivideByZero => {
            ExploreError::Bad { message: "a number is divided by zero".into(), place }
        }
        ArrowError::MemoryError(_) | ArrowError::OffsetOverflowError(_) => ExploreError::TooMuchMemory,
        error => ExploreError::Bad { message: sentence(&error.to_string()), place },
    }
}

fn of_external(
    error: &(dyn std::error::Error + Send + Sync + 'static),
    place: Option<Place>,
) -> ExploreError {
    if let Some(error) = error.downcast_ref::<ExploreError>() {
        return error.clone();
    }
    if let Some(error) = error.downcast_ref::<DataFusionError>() {
        return of_datafusion(error, place);
    }
    if let Some(error) = error.downcast_ref::<Arc<DataFusionError>>() {
        return of_datafusion(error, place);
    }
    // What is ours comes as ours: this is a function's own refusal, of a pattern for one.
    ExploreError::Bad { message: sentence(&error.to_string()), place }
}

/// A parser's message ends in ` at Line: 1, Column: 8` when it knows the place.
fn of_parser(message: &str) -> ExploreError {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let (said, place) = match message.rsplit_once(" at Line: ") {
        Some((said, at)) => (said, place_of(at)),
        None => (message, None),
    };
    ExploreError::Bad { message: sentence(said), place }
}

fn place_of(at: &str) -> Option<Place> {
    let (line, column) = at.split_once(", Column: ")?;
    Some(Place { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
}

fn no_column(name: &str, known: &[&str]) -> String {
    let known = if known.is_empty() { String::new() } else { format!("; there are {}", known.join(", ")) };
    format!("no such column {name:?}{known}")
}

/// The engine's message without its own prefixes.
fn sentence(message: &str) -> String {
    const PREFIXES: [&str; 6] = [
        "Error during planning: ",
        "Execution error: ",
        "Arrow error: ",
        "Compute error: ",
        "Invalid argument error: ",
        "This feature is not implemented: ",
    ];
    let mut message = message;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| message.strip_prefix(prefix)) {
        message = rest;
    }
    // A backtrace is for nobody who asks.
    message.split("\n\nbacktrace:").next().unwrap_or(message).trim().to_owned()
}

//! Why an administrator's request was not done, as a problem (RFC 9457).
//!
//! Promise: nothing of the server's own (a path, a database's words) is told, and no part of a key.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tidegauge_accounts::AccountsError;
use tidegauge_store::EraseRefused;

use crate::auth::Denied;
use crate::body::BodyRefused;
use crate::problem::Problem;
use crate::unavailable::Unavailable;

/// Why it was not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// 401, 403 or 429.
    Denied(Denied),
    /// 400, and what is wrong.
    Bad(String),
    /// 404, and what there is not.
    NotFound(String),
    /// 409: it is not as the request takes it to be.
    Conflict(String),
    /// 422: it makes sense, but may not be.
    Refused(String),
    /// 400, 408, 413, 415 or 503.
    Body(BodyRefused),
    /// 405.
    MethodNotAllowed,
    /// 503; why is in the log.
    Unavailable,
}

impl Failure {
    /// The same for a tenant that is another's as for one that is not there.
    pub fn no_such_tenant() -> Self {
        Self::NotFound("there is no such tenant".to_owned())
    }

    /// A cursor that no page of the list has given.
    pub fn no_such_cursor() -> Self {
        Self::Bad("the cursor is none of this list's".to_owned())
    }
}

impl From<AccountsError> for Failure {
    fn from(error: AccountsError) -> Self {
        use AccountsError as E;
        match error {
            E::UnknownTenant(_) => Self::no_such_tenant(),
            E::UnknownKeyId(_) | E::UnknownKeyText | E::NoKeyName | E::InvalidKeyText(_) => {
                Self::NotFound("there is no such key".to_owned())
            }
            E::TenantExists(_) | E::ProjectExists(..) | E::KeyReplaced { .. } | E::KeyEnded(_) => {
                Self::Conflict(error.to_string())
            }
            E::TooManyKeys
            | E::TooManyKeysOfTenant(..)
            | E::TooManyWorkingKeys(..)
            | E::TooManyTenants
            | E::TooManyProjects { .. }
            | E::NoScopes
            | E::InvalidKeyName
            | E::ExpiryTooLong
            | E::OverlapTooLong
            | E::InvalidAuditPage => Self::Refused(error.to_string()),
            _ => {
                tracing::error!(%error, "the accounts could not be read or changed");
                Self::Unavailable
            }
        }
    }
}

impl From<EraseRefused> for Failure {
    fn from(error: EraseRefused) -> Self {
        match error {
            EraseRefused::EmptyId | EraseRefused::LongId => Self::Bad(error.to_string()),
            EraseRefused::TooMany => Self::Conflict(error.to_string()),
            EraseRefused::Closing | EraseRefused::Store(_) => {
                tracing::error!(%error, "a person's data cannot be erased now");
                Self::Unavailable
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::Denied(denied) => return Problem::from(denied).into_response(),
            Self::Bad(detail) => (StatusCode::BAD_REQUEST, detail),
            Self::NotFound(detail) => (StatusCode::NOT_FOUND, detail),
            Self::Conflict(detail) => (StatusCode::CONFLICT, detail),
            Self::Refused(detail) => (StatusCode::UNPROCESSABLE_ENTITY, detail),
            Self::Body(BodyRefused::TooManyAtOnce) | Self::Unavailable => {
                let detail = "the server cannot do this now; try again soon";
                return Unavailable::BUSY.answer(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
            }
            Self::Body(refused) => {
                let (status, detail) = body_refused(refused);
                (status, detail.to_owned())
            }
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "this route does not answer this method".to_owned())
            }
        };
        Problem::new(status, detail).into_response()
    }
}

fn body_refused(refused: BodyRefused) -> (StatusCode, &'static str) {
    match refused {
        BodyRefused::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        BodyRefused::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
        BodyRefused::Encoded => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not taken"),
        BodyRefused::CutShort | BodyRefused::TooManyAtOnce => {
            (StatusCode::BAD_REQUEST, "the body ended early")
        }
    }
}

/// Answers a method that the route has not.
pub(super) async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

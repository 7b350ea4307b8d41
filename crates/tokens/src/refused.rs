//! Why a token is not believed.
//!
//! Promise: a reason says which rule was broken and carries nothing of the token, so that it may be logged, counted
//! and, where the server wants to, told.

/// Why a token is refused. To its bearer all of these are the same 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Longer than [`crate::MAX_TOKEN_BYTES`].
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url as it has to be written.
    #[error("the token is not three parts of base64url")]
    Form,
    /// A header that is no JSON object, names a member twice, or holds something of the wrong type.
    #[error("the token's header is malformed")]
    Header,
    /// A header with `crit` or `b64`: an extension that must not be ignored, and is not known here.
    #[error("the token needs an extension that is not supported")]
    Extension,
    /// A `typ` of something that is no access token.
    #[error("the token is of another type")]
    Type,
    /// An algorithm that is unknown or not allowed here, `none` for one.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// No key of the algorithm's kind that could have signed it.
    #[error("no known key could have signed the token")]
    UnknownKey,
    /// More keys than [`crate::MAX_TRIED_KEYS`] could have signed it: mostly because it does not say which has.
    #[error("too many keys could have signed the token, and it does not say which has")]
    TooManyKeys,
    /// The signature is not one of the key's.
    #[error("the token's signature is wrong")]
    Signature,
    /// Claims that are no JSON object, name a member twice, or hold something of the wrong type.
    #[error("the token's claims are malformed")]
    Claims,
    /// `exp` is missing.
    #[error("the token has no expiry")]
    NoExpiry,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// `iss` is missing or another.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` is missing or another.
    #[error("the token is for another audience")]
    Audience,
    /// The tenant's claim is missing, or no id.
    #[error("the token names no tenant")]
    Tenant,
    /// The project's claim is there, and no id.
    #[error("the token names an impossible project")]
    Project,
    /// The scopes' claim is there, and neither a text nor a list of texts.
    #[error("the token's scopes are malformed")]
    Scope,
}

impl Refused {
    /// A short constant name, for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Form => "form",
            Self::Header => "header",
            Self::Extension => "extension",
            Self::Type => "type",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::TooManyKeys => "too_many_keys",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::NoExpiry => "no_expiry",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Tenant => "tenant",
            Self::Project => "project",
            Self::Scope => "scope",
        }
    }
}

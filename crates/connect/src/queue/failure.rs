//! What an error of Redis means: that it will pass, or that a person has to do something.

use ::redis::{ErrorKind, RedisError};

use super::Address;
use crate::sink::Trouble;

/// Codes that no wait changes.
const LASTING: [&str; 5] = ["WRONGPASS", "NOAUTH", "NOPERM", "WRONGTYPE", "NOPROTO"];

pub(super) fn trouble(address: &Address, error: &RedisError) -> Trouble {
    let reason = format!("Redis at {address}: {error}");
    if error.code() == Some("MOVED") {
        return Trouble::Lasting(format!("Redis at {address} is a cluster: say so with --redis-cluster"));
    }
    let is_lasting = matches!(error.kind(), ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig)
        || error.code().is_some_and(|code| LASTING.contains(&code))
        // What a cluster's nodes say comes as text inside another error.
        || ["AuthenticationFailed", "invalid peer certificate"].iter().any(|text| reason.contains(text));
    match is_lasting {
        true => Trouble::Lasting(reason),
        false => Trouble::Passing { reason, retry_after: None },
    }
}

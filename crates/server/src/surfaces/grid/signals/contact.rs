//! Contact ids: which one a contact has, as a UUID made of what is known of it.
//!
//! Promise: the same in every run of every server, different for every tenant, and nothing of the contact can be
//! read from it. Who can guess a contact can make its id: it is a name, not a secret.

use sha2::{Digest as _, Sha256};

/// The contact that was identified by `contact` (an address, a number, an id), of the kind `identity_type`.
pub(super) fn identified(tenant: &str, identity_type: &str, contact: &str) -> String {
    derive("contact", &[tenant, identity_type, contact])
}

/// The contact of a session of whom nothing more is known.
pub(super) fn of_session(tenant: &str, session: &str) -> String {
    derive("session", &[tenant, session])
}

/// A UUIDv8 (RFC 9562) of the front of a SHA-256.
fn derive(what: &str, parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update("tidegauge contact id 1\0");
    for part in [&[what], parts].concat() {
        // The lengths keep (`a`, `bc`) and (`ab`, `c`) apart.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut front = [0; 16];
    front.copy_from_slice(&hasher.finalize()[..16]);
    uuid::Builder::from_custom_bytes(front).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_for_ever_and_differs_by_each_part() {
        let id = identified("acme", "email", "anna@example.com");
        assert_eq!(id, "84247270-88af-8024-b5d1-c9cc0146cbc6");
        assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 8);
        for other in [
            identified("acm", "eemail", "anna@example.com"),
            identified("acme", "phone", "anna@example.com"),
            identified("acme", "email", "Anna@example.com"),
            identified("other", "email", "anna@example.com"),
            of_session("acme", "email"),
        ] {
            assert_ne!(id, other);
        }
    }
}

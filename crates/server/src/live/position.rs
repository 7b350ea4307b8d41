//! Places in what is committed, and the ids that streams name them by.
//!
//! Promise: an id means the same place for as long as the data directory lives, and something to the stream of its own
//! tenant and project alone. It names a place, never a row: what is read from there is read as the caller himself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::channel::Key;

/// Bytes of an id, before they become text.
const ID_BYTES: usize = 20;

/// After a row of a committed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    /// The batch's number in the log.
    pub sequence: u64,
    /// The row.
    pub row: u32,
}

impl Position {
    /// After all rows of a batch.
    pub const fn after(sequence: u64) -> Self {
        Self { sequence, row: u32::MAX }
    }
}

/// What makes ids of one stream: of one project, or of a whole tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ids([u8; 8]);

impl Ids {
    pub fn of(key: &Key) -> Self {
        let project = key.project.as_ref().map_or("", |project| project.as_str());
        // Ids of tenants and projects have no zero bytes, so that no two streams look the same.
        let digest = Sha256::digest(
            [b"tidegauge live\0", key.tenant.as_str().as_bytes(), b"\0", project.as_bytes()].concat(),
        );
        let mut tag = [0; 8];
        tag.copy_from_slice(&digest[..8]);
        Self(tag)
    }

    pub fn write(&self, position: Position, to: &mut String) {
        let mut bytes = [0; ID_BYTES];
        bytes[..8].copy_from_slice(&self.0);
        bytes[8..16].copy_from_slice(&position.sequence.to_be_bytes());
        bytes[16..].copy_from_slice(&position.row.to_be_bytes());
        URL_SAFE_NO_PAD.encode_string(bytes, to);
    }

    /// The place that an id names; `None` when it is none of this stream's.
    pub fn read(&self, id: &str) -> Option<Position> {
        let mut bytes = [0; ID_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(id, &mut bytes).ok()?;
        let (tag, rest) = bytes.split_at(8);
        let (sequence, row) = rest.split_at(8);
        (length == ID_BYTES && tag == self.0).then_some(Position {
            sequence: u64::from_be_bytes(sequence.try_into().ok()?),
            row: u32::from_be_bytes(row.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_facts::{ProjectId, TenantId};

    use super::*;

    #[test]
    fn an_id_is_read_back_by_its_own_stream_and_by_no_other() {
        let key = |tenant: &str, project: Option<&str>| Key {
            tenant: TenantId::parse(tenant).unwrap(),
            project: project.map(|project| ProjectId::parse(project).unwrap()),
        };
        let ids = Ids::of(&key("acme", Some("web")));
        let place = Position { sequence: 1 << 40, row: 7 };
        let mut id = String::new();
        ids.write(place, &mut id);
        assert_eq!(ids.read(&id), Some(place));
        for other in
            [key("acme", None), key("acme", Some("we")), key("acm", Some("eweb")), key("web", Some("acme"))]
        {
            assert_eq!(Ids::of(&other).read(&id), None, "{other:?}");
        }
        for made_up in ["", "1", "%%%", &id[1..], &format!("{id}AAAA"), "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "ä"] {
            assert_eq!(ids.read(made_up), None, "{made_up}");
        }
    }
}

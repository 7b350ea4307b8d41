//! What becomes of a person's rows, and of everybody else's.

use super::*;
use crate::{ErasureState, Person};

/// Waits until no erasure is left that is not done.
pub(super) fn until_done(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let all: Vec<_> = ["t", "t0", "t1"].iter().flat_map(|tenant| store.erasures(tenant)).collect();
        if all.iter().all(|erasure| matches!(erasure.state, ErasureState::Done(_))) {
            return;
        }
        assert!(Instant::now() < deadline, "{all:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn nobody_is_no_person() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(store.erase("t", Person::Session(String::new())).is_err());
    assert!(store.erase("t", Person::User("x".repeat(crate::MAX_PERSON_BYTES + 1))).is_err());
    assert!(store.erasures("t").is_empty());
}

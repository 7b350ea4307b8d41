//! A key's text and digest stay where they belong.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::{fresh, me, now, request};
use sha2::{Digest as _, Sha256};
use tidegauge_accounts::{Accounts, KeyText};

fn has(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn neither_a_key_nor_its_digest_is_in_any_debug_output() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let request = request("t");
    let mut outputs = vec![format!("{request:?}")];
    let key = accounts.create_key(&me(), request).await.unwrap();
    let secret = key.text.expose();
    let digest = Sha256::digest(secret);
    outputs.extend([
        format!("{key:#?}"),
        format!("{:?}", KeyText::parse(secret)),
        format!("{accounts:#?}"),
        format!("{ring:#?}"),
        format!("{:?}", ring.authenticate(secret, now()).unwrap()),
        format!("{:?}", accounts.list_keys(None).await.unwrap()),
        format!("{:?}", accounts.revoke_key(&me(), None, secret).await.unwrap()),
    ]);
    let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    let list = digest[..4].iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    for output in outputs {
        // The first characters are shown on purpose; those after them never.
        assert!(!output.contains(&secret[9..20]), "{output}");
        assert!(!output.to_lowercase().contains(&hex[..16]) && !output.contains(&list), "{output}");
    }
}

#[tokio::test]
async fn the_files_hold_the_digest_and_not_the_key_and_are_their_owners_alone() {
    let (dir, accounts) = fresh().await;
    let key = accounts.create_key(&me(), request("t")).await.unwrap();
    accounts.revoke_key(&me(), None, key.text.expose()).await.unwrap();
    let (mut files, mut bytes) = (0, Vec::new());
    for file in fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        bytes.extend(fs::read(file.path()).unwrap());
        files += 1;
    }
    assert_eq!(files, 4, "accounts.db, its -wal and -shm, and the lock file");
    let secret = key.text.expose().as_bytes();
    assert!(has(&bytes, &Sha256::digest(secret)), "the search finds what is there");
    assert!(!has(&bytes, secret));
    assert!(!has(&bytes, &secret[9..20]));
}

#[tokio::test]
async fn a_database_that_others_could_read_is_closed_to_them() {
    let (dir, accounts) = fresh().await;
    accounts.close().await;
    let file = dir.path().join("accounts.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    Accounts::open(dir.path()).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

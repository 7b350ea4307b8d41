//! Accounts in a PostgreSQL: servers share them, commands reach them, and its password is told to nobody.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::client::HEALTH;
use crate::harness::postgres::{PASSWORD, Postgres};
use crate::harness::{Site, wait_for, wait_until};

const A_SECOND: Duration = Duration::from_secs(1);

#[test]
fn two_servers_share_the_accounts_of_one_postgresql() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let at = ["--database-url", &*url];
    let sites = [Site::new(), Site::new()];
    let servers = sites.each_ref().map(|site| site.start(&at));
    // One of them made the first key.
    let first_keys = sites.iter().filter(|site| site.data().join("admin.key").exists()).count();
    assert_eq!(first_keys, 1);
    assert!(sites.iter().all(|site| !site.data().join("accounts.db").exists()));

    let key = sites[0].key_create("acme", "ingest,read", &at);
    let clients = servers.each_ref().map(|server| server.client_with(key["key"].as_str().unwrap()));
    for client in &clients {
        wait_for("the key", A_SECOND, || (client.get(HEALTH).status == 200).then_some(()));
    }
    let ran = sites[1].run(&[&["key", "revoke", key["id"].as_str().unwrap()], &at[..]].concat());
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    for client in &clients {
        wait_for("the key's end", A_SECOND, || (client.get(HEALTH).status == 401).then_some(()));
    }
}

#[test]
fn the_url_can_stand_in_a_file_and_its_password_is_in_nothing_that_is_printed() {
    let postgres = Postgres::start_with_password();
    let url = postgres.database();
    let site = Site::new();
    let file = site.data().with_file_name("url");
    fs::write(&file, format!("{url}\n")).unwrap();
    let at = ["--database-url-file", file.to_str().unwrap()];
    let server = site.start(&at);
    let ran = site.run(&[&["tenant", "create", "acme"], &at[..]].concat());
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    let made: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(made["tenant"], json!("acme"));
    let output = server.stop();
    let output = output.stdout + &output.stderr;
    assert!(!output.contains(PASSWORD) && !output.contains("s3cr"), "{output}");

    let wrong = url.replace("pass@", "wrong@");
    for args in [&["tenant", "list"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let ran = site.run(&[args, &["--database-url", &wrong]].concat());
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let last = ran.stderr.lines().last().unwrap();
        assert!(last.contains("check the user, the password") && last.contains("tide@127.0.0.1"), "{last}");
        assert!(!ran.stderr.contains("s3cr"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_no_url_is_said_without_repeating_it() {
    let site = Site::new();
    for wrong in ["mysql://tide:s3cret@localhost/a", "s3cret", "postgres://tide:s3cret@host:port/a"] {
        let ran = site.run(&["tenant", "create", "acme", "--database-url", wrong]);
        let said = ran.assert_failed();
        assert!(said.contains("postgres://USER:PASSWORD@HOST") && !said.contains("s3cret"), "{said}");
    }
    let file = site.data().with_file_name("url");
    fs::write(&file, "\n").unwrap();
    let ran = site.run(&["tenant", "list", "--database-url-file", file.to_str().unwrap()]);
    assert!(ran.assert_failed().contains("is empty"));
    let both = ["--database-url", "postgres://localhost/a", "--database-url-file", "url"];
    assert_eq!(site.run(&[&["tenant", "list"], &both[..]].concat()).code, Some(2));
}

#[test]
fn a_server_goes_on_with_the_keys_it_knows_while_its_postgresql_is_gone() {
    let mut postgres = Postgres::start();
    let url = postgres.database();
    let at = ["--database-url", &*url];
    let site = Site::new();
    let server = site.start(&at);
    let client = server.client();
    postgres.stop();
    client.track(&json!({"event_name": "a"}));
    assert_eq!(client.get(HEALTH).status, 200);
    postgres.start_again();
    let key = site.key_create("acme", "read", &at);
    let later = server.client_with(key["key"].as_str().unwrap());
    wait_until("the key", || later.get(HEALTH).status == 200);
    client.track(&json!({"event_name": "a"}));
}

#[test]
fn tls_checks_the_certificate_by_the_authority_that_the_url_names() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let postgres = Postgres::start_with_tls(&cert.pem(), &signing_key.serialize_pem());
    let url = postgres.database();
    let site = Site::new();
    let file = |name: &str, pem: String| {
        let path = site.data().with_file_name(name);
        fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (own, other) = (file("own.pem", cert.pem()), file("other.pem", stranger.cert.pem()));
    let create = |tenant: &str, authority: &str| {
        let url = format!("{url}?sslmode=verify-full&sslrootcert={authority}");
        site.run(&["tenant", "create", tenant, "--database-url", &url])
    };
    let ran = create("acme", &own);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    let ran = create("other", &other);
    let said = ran.assert_failed();
    assert!(said.contains("TLS") && said.contains("certificate"), "{said}");
}

//! What a tenant does not want kept is not kept: addresses are shortened or left out before anything is stored, and a
//! person's data goes, also from the raw files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::client::HEALTH;
use crate::harness::postgres::Postgres;
use crate::harness::{Client, Server, Site, wait_for, wait_until};

const ADDRESS: &str = "203.0.113.77";
const SHORT: &str = "203.0.113.0";

fn set(server: &Server, tenant: &str, settings: &Value) {
    let path = format!("/api/v1/admin/tenants/{tenant}");
    let headers = [("Content-Type", "application/json")];
    server.client().send("PATCH", &path, &headers, settings.to_string().as_bytes()).ok();
}

/// Sends one fact of each kind that carries an address.
fn tell(server: &Server, key: &str) {
    let client = server.client_with(key);
    let connection = json!({"connection_id": "c1", "state": "open", "service_name": "s", "protocol_name": "p",
        "data_center": "d", "ip": ADDRESS, "user_id": "ann"});
    client.post_json("/api/v1/connections", &json!({ "connections": [connection] })).ok();
    let request = json!({"api_id": "a", "path": "/", "ip_address": ADDRESS});
    client.post_json("/api/v1/requests", &json!({ "requests": [request] })).ok();
    for (kind, body) in [
        ("event", json!({"sessionId": "s1", "eventType": "A", "ip": ADDRESS, "clientId": "k1"})),
        ("session", json!({"sessionId": "s1", "ip": ADDRESS, "clientId": "k1"})),
        ("client", json!({"clientId": "k1", "clientIp": ADDRESS})),
    ] {
        let headers = [("Content-Type", "text/plain"), ("X-Forwarded-For", ADDRESS)];
        let path = format!("/signals/v1/{key}/{kind}");
        server.client_without_key().send("POST", &path, &headers, body.to_string().as_bytes()).ok();
    }
}

fn rows_of(site: &Site, tenant: &str) -> Vec<Value> {
    let tables = ["events", "sessions", "connections", "requests"];
    let rows = tables.iter().flat_map(|table| site.rows(table));
    rows.filter(|row| row["tenant_id"] == tenant).collect()
}

fn ips(rows: &[Value]) -> Vec<&str> {
    rows.iter().flat_map(|row| [&row["ip"], &row["client_ip"]]).filter_map(Value::as_str).collect()
}

#[test]
fn addresses_are_kept_whole_shortened_or_not_at_all_as_each_tenant_says() {
    let site = Site::new();
    let server = site.start(&["--trusted-proxies", "127.0.0.1"]);
    let keys = ["whole", "short", "none"].map(|tenant| site.make_key(tenant, "ingest,read", &[]));
    wait_until("the keys", || keys.iter().all(|key| server.client_with(key).get(HEALTH).status == 200));
    set(&server, "short", &json!({"ip_addresses": "shortened"}));
    set(&server, "none", &json!({"ip_addresses": "none"}));
    keys.iter().for_each(|key| tell(&server, key));
    server.stop();
    let rows = ["whole", "short", "none"].map(|tenant| rows_of(&site, tenant));
    assert!(ips(&rows[0]).len() >= 5 && ips(&rows[0]).iter().all(|ip| *ip == ADDRESS), "{:?}", ips(&rows[0]));
    assert_eq!(ips(&rows[1]).len(), ips(&rows[0]).len());
    assert!(ips(&rows[1]).iter().all(|ip| *ip == SHORT), "{:?}", ips(&rows[1]));
    assert_eq!(ips(&rows[2]), [""; 0]);
    assert_eq!(rows[2].len(), rows[0].len(), "the facts themselves are all there");
    // The country was looked up before the address was shortened or left out.
    let countries = |rows: &[Value]| rows.iter().filter(|row| row["country"].is_string()).count();
    assert_eq!((countries(&rows[1]), countries(&rows[2])), (countries(&rows[0]), countries(&rows[0])));
}

/// Sets how a tenant's addresses are stored, with the command line.
fn set_by_command(site: &Site, tenant: &str, how: &str, at: &[&str]) {
    for command in
        [&["tenant", "create", tenant][..], &["tenant", "set", "--tenant", tenant, "--ip-addresses", how]]
    {
        let ran = site.run(&[command, at].concat());
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    }
}

fn import(site: &Site, args: &[&str]) {
    let ran = site.run(&[&["import"], args].concat());
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap()["bad"], 0, "{}", ran.stdout);
}

const LOG_LINE: &str = r#"203.0.113.77 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 1"#;

/// Imports rows of every format and table that carry an address, for three tenants that want them stored otherwise.
fn import_everything(site: &Site, at: &[&str]) {
    set_by_command(site, "short", "shortened", at);
    set_by_command(site, "none", "none", at);
    let files = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let write = |name: &str, content: &str| {
        fs::write(files.path().join(name), content).unwrap();
        files.path().join(name).to_str().unwrap().to_owned()
    };
    let log = write("access.log", &format!("{LOG_LINE}\n"));
    let (mut requests, mut sessions, mut events) = (String::new(), String::new(), String::new());
    let mut csv = "tenant_id,api_id,path,event_time,ip\n".to_owned();
    for tenant in ["whole", "short", "none"] {
        import(site, &[&["--tenant", tenant, &log], at].concat());
        let at = "2025-10-10T13:55:36Z";
        requests += &format!(
            "{}\n",
            json!({"tenant_id": tenant, "api_id": "a", "path": "/", "event_time": at, "ip_address": ADDRESS})
        );
        csv += &format!("{tenant},a,/,{at},{ADDRESS}\n");
        sessions += &format!(
            "{}\n",
            json!({"tenant_id": tenant, "session_id": format!("s-{tenant}"), "event_time": at, "ip": ADDRESS, "client_ip": ADDRESS})
        );
        events += &format!(
            "{}\n",
            json!({"tenant_id": tenant, "event_name": "a", "event_time": at, "ip": ADDRESS})
        );
    }
    import(site, &[&[&*write("requests.ndjson", &requests), &*write("requests.csv", &csv)], at].concat());
    import(site, &[&["--table", "sessions", &*write("sessions.ndjson", &sessions)], at].concat());
    import(site, &[&["--table", "events", &*write("events.ndjson", &events)], at].concat());
}

/// What [`import_everything`] leaves.
fn assert_imported_as_set(site: &Site) {
    let rows = ["whole", "short", "none"].map(|tenant| rows_of(site, tenant));
    assert_eq!(ips(&rows[0]), [ADDRESS; 6]);
    assert_eq!(ips(&rows[1]), [SHORT; 6]);
    assert_eq!(ips(&rows[2]), [""; 0]);
    // The country was looked up before the address was shortened or left out.
    let shown = |rows: &[Value]| {
        let mut shown: Vec<String> = rows.iter().map(|row| row["country"].to_string()).collect();
        shown.sort();
        shown
    };
    assert_eq!((shown(&rows[1]), shown(&rows[2])), (shown(&rows[0]), shown(&rows[0])));
    assert_eq!(rows[0].len(), 5);
}

#[test]
fn what_is_imported_keeps_of_addresses_what_each_tenant_says() {
    let site = Site::new();
    import_everything(&site, &[]);
    assert_imported_as_set(&site);
}

#[test]
fn what_is_imported_keeps_of_addresses_what_each_tenant_says_in_postgresql() {
    let postgres = Postgres::start();
    let site = Site::new();
    import_everything(&site, &["--database-url", &postgres.database()]);
    assert_imported_as_set(&site);
    assert!(!site.data().join("accounts.db").exists());
}

#[test]
fn an_import_into_a_directory_without_accounts_makes_none_and_keeps_what_it_is_told_for_all() {
    let site = Site::new();
    let log = site.data().with_file_name("access.log");
    fs::write(&log, format!("{LOG_LINE}\n")).unwrap();
    import(&site, &["--tenant-ip-addresses", "shortened", log.to_str().unwrap()]);
    assert_eq!(ips(&rows_of(&site, "default")), [SHORT]);
    assert!(!site.data().join("accounts.db").exists());
    assert_eq!(somewhere(site.data(), ADDRESS), None);
}

#[test]
fn nothing_is_imported_while_it_cannot_be_read_what_is_set() {
    let site = Site::new();
    let log = site.data().with_file_name("access.log");
    fs::write(&log, format!("{LOG_LINE}\n")).unwrap();
    let away = ["--database-url", "postgres://nobody@127.0.0.1:1/nothing"];
    let ran = site.run(&[&["import", log.to_str().unwrap()], &away[..]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("no PostgreSQL answers"), "{}", ran.stderr);
    assert!(!site.data().exists() || somewhere(site.data(), ADDRESS).is_none());
}

/// Whether any file under a directory has these bytes.
fn somewhere(dir: &Path, bytes: &str) -> Option<String> {
    let mut entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.find_map(|path| match path.is_dir() {
        true => somewhere(&path, bytes),
        false => {
            let content = fs::read(&path).unwrap_or_default();
            let found = content.windows(bytes.len()).any(|window| window == bytes.as_bytes());
            found.then(|| path.display().to_string())
        }
    })
}

fn erase(admin: &Client, tenant: &str, who: &Value) -> Value {
    let path = format!("/api/v1/admin/tenants/{tenant}/erasures");
    let taken = admin.post_json(&path, who);
    assert_eq!(taken.status, 202, "{}", taken.text());
    let one = format!("{path}/{}", taken.json()["id"].as_str().unwrap());
    wait_for("the erasure", std::time::Duration::from_secs(60), || {
        let state = admin.get(&one).ok();
        assert_ne!(state["state"], json!("failed"), "{state}");
        (state["state"] == "done").then_some(state)
    })
}

#[test]
fn a_persons_data_goes_from_every_table_and_every_file_and_nobody_elses() {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "1"]);
    let [acme, other] =
        ["acme", "other"].map(|tenant| server.client_with(&site.make_key(tenant, "ingest,read", &[])));
    wait_until("the keys", || [&acme, &other].iter().all(|client| client.get(HEALTH).status == 200));
    let ann = "ann-b4c7d1e9f2";
    let bob = "bob-0a1b2c3d4e";
    for client in [&acme, &other] {
        for user in [ann, bob] {
            let events: Vec<Value> = (0..50)
                .map(|n| json!({"event_name": "a", "user_id": user, "session_id": format!("s-{user}"), "properties": {"n": n}}))
                .collect();
            client.batch(&events);
            let connection = json!({"connection_id": format!("c-{user}"), "state": "open", "service_name": "s",
                "protocol_name": "p", "data_center": "d", "user_id": user});
            client.post_json("/api/v1/connections", &json!({ "connections": [connection] })).ok();
        }
    }
    assert!(somewhere(site.data(), ann).is_some(), "the search finds what is there");
    let state = erase(&server.client(), "acme", &json!({"user_id": ann}));
    assert_eq!(
        (&state["erased"]["rows"]["events"], &state["erased"]["rows"]["connections"]),
        (&json!(50), &json!(1)),
        "{state}"
    );
    let users = |client: &Client| {
        let report = client.get("/api/realtime/projects/default/active-users").ok();
        let mut users: Vec<String> = report["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["userId"].as_str().unwrap().to_owned())
            .collect();
        users.sort();
        users
    };
    assert_eq!(users(&acme), [bob]);
    assert_eq!(users(&other), [ann, bob], "another tenant's person of the same name stays");
    let state = erase(&server.client(), "other", &json!({"user_id": ann}));
    assert_eq!(state["erased"]["rows"]["events"], json!(50));
    assert_eq!(somewhere(site.data(), ann), None, "while the server runs");
    server.stop();
    assert_eq!(somewhere(site.data(), ann), None);
    let rows = [rows_of(&site, "acme"), rows_of(&site, "other")];
    for rows in &rows {
        assert!(!json!(rows).to_string().contains(ann));
        assert_eq!(rows.iter().filter(|row| row["user_id"] == bob).count(), 51);
    }
    // It stays away, and who asked for it stands in the log, but not for whom.
    let server = site.start(&[]);
    let log = server.client().get("/api/v1/admin/audit?limit=100").ok();
    let erasures: Vec<&Value> =
        log["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "person.erase").collect();
    assert_eq!(erasures.len(), 2);
    assert!(!log.to_string().contains(ann));
}

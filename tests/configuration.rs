//! One configuration: `tidegauge config` tells it, `serve` follows it, and SIGHUP reads it again.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::harness::client::TRACK;
use crate::harness::server::Process;
use crate::harness::{Client, Site, tidegauge, wait_until};

/// A configuration file of a test's own.
struct Config {
    _place: TempDir,
    file: PathBuf,
}

impl Config {
    fn new(text: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("tidegauge.toml");
        fs::write(&file, text).unwrap();
        Self { _place: place, file }
    }

    fn write(&self, text: &str) {
        fs::write(&self.file, text).unwrap();
    }

    fn path(&self) -> &str {
        self.file.to_str().unwrap()
    }
}

#[test]
fn the_effective_configuration_is_printed_with_where_it_comes_from_and_no_secret() {
    let config = Config::new("data = \"./elsewhere\"\n[tyk]\nredis = [\"redis://:sekrit@localhost\"]\n");
    let ran = tidegauge(&["config", "--config", config.path(), "--listen", "127.0.0.1:9"]);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    for line in [
        "listen = \"127.0.0.1:9\" # flag",
        "data = \"./elsewhere\" # file, line 1",
        "redis = [\"********\"] # file, line 3",
        "max_connections = 16384 # default",
        "# cert is not set",
    ] {
        assert!(ran.stdout.lines().any(|printed| printed == line), "{line} is not in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("sekrit"));
    // What is printed is a configuration.
    let again = Config::new(&ran.stdout.replace("redis = [\"********\"]", ""));
    assert_eq!(tidegauge(&["config", "--check", "--config", again.path()]).code, Some(0));

    let args = ["config", "--config", config.path()];
    let mut process = Process::tidegauge(&args, &[("TIDEGAUGE_DATA", "./third"), ("TIDEGAUGE_LISTEN", "")]);
    process.wait(std::time::Duration::from_secs(20));
    let printed = process.output().stdout;
    assert!(printed.contains("data = \"./third\" # variable\n"), "{printed}");
    assert!(printed.contains("listen = \"127.0.0.1:8080\" # default\n"), "empty is not set: {printed}");
}

#[test]
fn a_file_that_cannot_be_used_is_exit_code_2_and_one_sentence() {
    let config = Config::new("[limits]\nmax_conections = 5\n");
    let told = format!(
        "error: {}, line 2: there is no option `limits.max_conections`; `limits.max_connections` may be meant\n",
        config.path()
    );
    for args in [&["config", "--check"][..], &["config"], &["serve"]] {
        let ran = tidegauge(&[args, &["--config", config.path()]].concat());
        assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (Some(2), "", &*told), "{args:?}");
    }
    let ran = tidegauge(&["config", "--check", "--config", "/nowhere.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("error: cannot read /nowhere.toml: "), "{}", ran.stderr);
    config.write("[tyk]\nredis = [\"redis://:sekrit@\"]\nmax_set_aside = \"sekrit\"\n");
    let ran = tidegauge(&["config", "--check", "--config", config.path()]);
    assert!(ran.code == Some(2) && !ran.stderr.contains("sekrit"), "{ran:?}");
}

#[test]
fn sighup_changes_what_can_change_and_names_what_cannot() {
    let site = Site::new();
    let config = Config::new("[tenant_defaults]\nevents_per_second = 1000\n");
    let server = site.start(&["--config", config.path()]);
    let event = json!({"event_name": "a"});
    let client = server.client();
    client.track(&event);

    config.write("listen = \"127.0.0.1:1\"\n[tenant_defaults]\nevents_per_second = 0\n[log]\nlevel = \"debug\"\n[limits]\nmax_body_bytes = 9\n");
    server.hang_up();
    server.process.wait_for_stderr("the configuration was read again");
    let stderr = server.stderr();
    // A flag says otherwise than the file: nothing has changed.
    assert!(!stderr.contains("listen changed"), "{stderr}");
    assert!(stderr.contains("limits.max_body_bytes changed: it takes a restart"), "{stderr}");
    assert_eq!(client.post_json(TRACK, &event).status, 429);
    wait_until("a line of level debug", || server.stderr().contains("DEBUG"));

    // A bad file changes nothing, and the server runs on.
    config.write("[tenant_defaults]\nevents_per_second = 1000\nnonsense = 1\n");
    server.hang_up();
    server.process.wait_for_stderr("the configuration stays as it was");
    assert!(server.stderr().contains("line 3: there is no option `tenant_defaults.nonsense`"));
    assert_eq!(client.post_json(TRACK, &event).status, 429);
    config.write("[tls]\ncert = \"/nowhere\"\nkey = \"/nowhere\"\n");
    server.hang_up();
    server.process.wait_for_stderr("tls.cert changed: it takes a restart");
    wait_until("the default again", || client.post_json(TRACK, &event).status == 200);
    server.stop();
}

#[test]
fn a_proxy_is_trusted_from_the_next_request_on() {
    let site = Site::new();
    let config = Config::new("");
    let server = site.start(&["--config", config.path()]);
    let client = server.client_without_key();
    let send = |name: &str| {
        let path = format!("/signals/v1/{}/event", site.admin_key());
        let body = json!({"s": name}).to_string();
        client.send("POST", &path, &[("X-Forwarded-For", "198.51.100.7")], body.as_bytes()).ok();
    };
    send("before");
    config.write("trusted_proxies = [\"127.0.0.0/8\"]\n");
    server.hang_up();
    server.process.wait_for_stderr("the configuration was read again");
    send("after");
    server.stop();
    let rows = site.rows("events");
    let ip = |name: &str| rows.iter().find(|row| row["event_name"] == name).unwrap()["ip"].clone();
    assert_eq!((ip("before"), ip("after")), (json!("127.0.0.1"), json!("198.51.100.7")));
}

#[test]
fn figures_have_an_address_of_their_own_without_a_credential() {
    let site = Site::new();
    let server = site.start(&["--metrics-listen", "127.0.0.1:0"]);
    server.process.wait_for_stderr("figures at http://");
    let stderr = server.stderr();
    let address = stderr.split_once("figures at http://").unwrap().1.split_once("/metrics").unwrap().0;
    let figures = Client::new(address.parse().unwrap(), None);
    assert!(figures.get("/metrics").text().contains("tidegauge_"), "{stderr}");
    assert_eq!(figures.get("/api/v1/analytics/stats").status, 404);
    assert_eq!(server.client_without_key().get("/metrics").status, 401);
    server.stop();
}

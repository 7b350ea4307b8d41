//! The kinds of Redis that `tidegauge connect tyk` works with: a password, an ACL user, TLS, a cluster; and one that goes
//! away and comes back.

use std::fs;
use std::time::Duration;

use crate::harness::redis::{Redis, Reply};
use crate::harness::server::{Output, Process};
use crate::harness::takes_requests::{KEY, Meets, TakesRequests};
use crate::harness::tyk::{LIST, ORGANIZATION, connect, connect_once, protobuf, records};
use crate::harness::{client::Client, wait_for, wait_until};

fn ended(mut connector: Process, code: i32) -> Output {
    let status = connector.wait(Duration::from_secs(60));
    let output = connector.output();
    assert_eq!(status.code(), Some(code), "{}", output.stderr);
    output
}

fn storing() -> TakesRequests {
    TakesRequests::start(|_| Meets::Storing)
}

/// The user `tidegauge`, with the rights that the documentation names.
fn make_user(redis: &Redis, password: &str) {
    let password = format!(">{password}");
    let rights = "on ~analytics-tyk-system-analytics* ~tidegauge-set-aside:* \
        +llen +lrange +persist +eval +rpush +ltrim +cluster|slots";
    let mut command: Vec<&[u8]> = vec![b"ACL", b"SETUSER", b"tidegauge", password.as_bytes()];
    command.extend(rights.split(' ').map(str::as_bytes));
    redis.command(&command);
}

#[test]
fn a_user_with_no_more_than_the_documented_rights_is_enough() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.push(LIST, &[records(0..3), vec![b"garbage".to_vec()]].concat());
    make_user(&redis, "p%ss");
    let url = format!("redis://tidegauge:p%25ss@127.0.0.1:{}", redis.port);
    let output = ended(connect_once(&url, &server.url(), KEY), 0);
    assert!(
        output.stdout.starts_with("4 records: 3 stored, 0 stored before, 1 set aside;"),
        "{}",
        output.stdout
    );
    assert!(!output.stderr.contains("p%ss") && !output.stderr.contains("p%25ss"), "{}", output.stderr);
}

#[test]
fn a_wrong_password_ends_it_with_one_clear_line_that_does_not_hold_it() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.command(&[b"ACL", b"SETUSER", b"tidegauge", b"on", b">right", b"~*", b"+@all"]);
    redis.push(LIST, &records(0..1));
    let url = format!("redis://tidegauge:s3cret@127.0.0.1:{}", redis.port);
    for more in [&["--org", ORGANIZATION][..], &["--org", ORGANIZATION, "--redis-cluster"]] {
        let output = ended(connect(&url, &server.url(), KEY, more), 1);
        assert!(output.stderr.contains("tidegauge: Redis at redis://127.0.0.1:"), "{}", output.stderr);
        assert!(!output.stderr.contains("s3cret") && !output.stdout.contains("s3cret"), "{}", output.stderr);
    }
    assert_eq!(redis.length(LIST), 1);
}

#[test]
fn a_password_can_stand_in_a_file() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.command(&[b"ACL", b"SETUSER", b"default", b">from-a-file"]);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("password");
    fs::write(&file, "from-a-file\n").unwrap();
    let args = ["--org", ORGANIZATION, "--once", "--redis-password-file", file.to_str().unwrap()];
    ended(connect(&redis.url(), &server.url(), KEY, &args), 0);
}

#[test]
fn tls_is_spoken_with_the_authority_that_was_named_and_with_nobody_else() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(path("certificate"), certified.cert.pem()).unwrap();
    fs::write(path("key"), certified.signing_key.serialize_pem()).unwrap();
    let redis = Redis::start_with_tls(&path("certificate"), &path("key"));
    let server = storing();
    redis.push(LIST, &records(0..3));
    let url = format!("rediss://localhost:{}", redis.port);
    let output = ended(connect(&url, &server.url(), KEY, &["--org", ORGANIZATION]), 1);
    assert!(output.stderr.contains("certificate"), "{}", output.stderr);
    assert_eq!(redis.length(LIST), 3);
    let args = ["--org", ORGANIZATION, "--once", "--redis-ca", &path("certificate")];
    ended(connect(&url, &server.url(), KEY, &args), 0);
    assert_eq!((server.by_path().len(), redis.length(LIST)), (3, 0));
}

#[test]
fn a_cluster_is_served_whichever_node_holds_a_list() {
    let nodes =
        [0, 1, 2].map(|_| Redis::start(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]));
    for (node, (from, to)) in nodes.iter().zip([("0", "5460"), ("5461", "10922"), ("10923", "16383")]) {
        node.command(&[b"CLUSTER", b"ADDSLOTSRANGE", from.as_bytes(), to.as_bytes()]);
    }
    let ports = nodes.each_ref().map(|node| node.port.to_string());
    for port in &ports[1..] {
        nodes[0].command(&[b"CLUSTER", b"MEET", b"127.0.0.1", port.as_bytes()]);
    }
    for node in &nodes {
        wait_for("the cluster to stand", Duration::from_secs(30), || {
            match node.command(&[b"CLUSTER", b"INFO"]) {
                Reply::Text(text) => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    (text.contains("cluster_state:ok") && text.contains("cluster_known_nodes:3"))
                        .then_some(())
                }
                other => panic!("{other:?}"),
            }
        });
    }
    let holder = |list: &str| {
        let Reply::Number(slot) = nodes[0].command(&[b"CLUSTER", b"KEYSLOT", list.as_bytes()]) else {
            panic!()
        };
        &nodes[(slot / 5461).min(2) as usize]
    };
    for shard in 0..10_u64 {
        let list = format!("{LIST}_{shard}");
        let bad = vec![b"garbage".to_vec()];
        holder(&list).push(&list, &[records(shard * 10..shard * 10 + 10), bad].concat());
    }
    let server = storing();
    nodes.iter().for_each(|node| make_user(node, "secret"));
    let url = format!("redis://tidegauge:secret@127.0.0.1:{}", nodes[1].port);
    let args = ["--org", ORGANIZATION, "--once", "--redis-cluster"];
    let output = ended(connect(&url, &server.url(), KEY, &args), 0);
    assert!(
        output.stdout.starts_with("110 records: 100 stored, 0 stored before, 10 set aside;"),
        "{}",
        output.stdout
    );
    assert_eq!(server.by_path().len(), 100);
    let said = ended(connect(&nodes[1].url(), &server.url(), KEY, &["--org", ORGANIZATION]), 1);
    assert!(said.stderr.contains("is a cluster: say so with --redis-cluster"), "{}", said.stderr);
}

#[test]
fn a_redis_that_goes_away_and_comes_back_is_waited_for() {
    let (mut redis, server) = (Redis::start(&[]), storing());
    let connector = connect(&redis.url(), &server.url(), KEY, &["--org", ORGANIZATION]);
    redis.push(LIST, &records(0..10));
    wait_until("the first records", || server.by_path().len() == 10);
    redis.stop();
    connector.wait_for_stderr("trying again");
    redis.restart();
    redis.push(LIST, &records(10..20));
    wait_until("the second records", || server.by_path().len() == 20);
    wait_until("them to leave", || redis.length(LIST) == 0);
    connector.terminate();
    ended(connector, 0);
}

#[test]
fn lists_that_a_gateway_leaves_to_expire_again_and_again_are_kept_while_the_server_is_away_or_silent() {
    // Its connections are made, and nobody ever answers them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let shard = format!("{LIST}_4_protobuf");
    for server in ["http://127.0.0.1:1", &silent] {
        let redis = Redis::start(&[]);
        let mut connector = connect(&redis.url(), server, KEY, &["--org", ORGANIZATION]);
        for round in 0..3 {
            for (list, record) in [(LIST, records(round..round + 1)), (shard.as_str(), vec![protobuf(round)])]
            {
                redis.push(list, &record);
                redis.command(&[b"EXPIRE", list.as_bytes(), b"60"]);
            }
            wait_until("the expiry to be taken off", || {
                [LIST, &shard]
                    .iter()
                    .all(|list| redis.command(&[b"TTL", list.as_bytes()]) == Reply::Number(-1))
            });
        }
        assert_eq!((redis.length(LIST), redis.length(&shard)), (3, 3));
        connector.wait_for_stderr("set analytics_config.storage_expiration_time to -1");
        connector.kill();
    }
}

#[test]
fn a_full_redis_is_drained_bad_records_and_all() {
    let (redis, server) = (Redis::start(&["--maxmemory-policy", "noeviction"]), storing());
    redis.push(LIST, &[records(0..100), vec![b"garbage".to_vec()]].concat());
    redis.command(&[b"CONFIG", b"SET", b"maxmemory", b"1"]);
    let output = ended(connect_once(&redis.url(), &server.url(), KEY), 0);
    assert!(
        output.stdout.starts_with("101 records: 100 stored, 0 stored before, 1 set aside;"),
        "{}",
        output.stdout
    );
    assert_eq!(redis.list(&format!("tidegauge-set-aside:{{{LIST}}}")), [b"garbage"]);
}

#[test]
fn a_redis_that_refuses_writes_is_asked_less_and_less_and_given_up_in_the_end() {
    let (redis, server) = (Redis::start(&[]), storing());
    redis.push(LIST, &records(0..3));
    redis.command(&[b"CONFIG", b"SET", b"min-replicas-to-write", b"1"]);
    let args = ["--org", ORGANIZATION, "--once", "--give-up-after", "2"];
    let output = ended(connect(&redis.url(), &server.url(), KEY, &args), 1);
    assert!(output.stderr.contains("NOREPLICAS") && output.stderr.contains("given up"), "{}", output.stderr);
    assert!(!output.stderr.contains("working again"), "{}", output.stderr);
    assert_eq!(redis.length(LIST), 3);
}

#[test]
fn writes_refused_only_once_records_are_stored_are_no_success_either() {
    let redis = std::sync::Arc::new(Redis::start(&[]));
    // The stand-in outlives the test, and must not keep Redis.
    let weak = std::sync::Arc::downgrade(&redis);
    let server = TakesRequests::start(move |_| {
        if let Some(redis) = weak.upgrade() {
            redis.command(&[b"CONFIG", b"SET", b"min-replicas-to-write", b"1"]);
        }
        Meets::Storing
    });
    redis.push(LIST, &records(0..3));
    let args = ["--org", ORGANIZATION, "--once", "--give-up-after", "2"];
    let output = ended(connect(&redis.url(), &server.url(), KEY, &args), 1);
    assert!(output.stderr.contains("NOREPLICAS") && output.stderr.contains("given up"), "{}", output.stderr);
    assert_eq!((redis.length(LIST), server.by_path().len()), (3, 3));
    redis.command(&[b"CONFIG", b"SET", b"min-replicas-to-write", b"0"]);
}

#[test]
fn prometheus_finds_its_figures() {
    let (redis, server) = (Redis::start(&[]), storing());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    redis.push(LIST, &[records(0..10), vec![b"garbage".to_vec()]].concat());
    let args = ["--org", ORGANIZATION, "--metrics-listen", &port.to_string()];
    let connector = connect(&redis.url(), &server.url(), KEY, &args);
    wait_until("the records to leave", || redis.length(LIST) == 0);
    let client = Client::new(port, None);
    let figures =
        || client.try_send("GET", "/metrics", &[], b"").map(|answer| answer.text()).unwrap_or_default();
    wait_until("the figures", || {
        figures().contains("tidegauge_connect_records_total{outcome=\"stored\"} 10\n")
    });
    let text = figures();
    assert!(text.contains("tidegauge_connect_records_total{outcome=\"set_aside\"} 1\n"), "{text}");
    assert!(
        text.contains(&format!("tidegauge_connect_waiting_records{{list=\"{LIST}_9_protobuf\"}} 0\n")),
        "{text}"
    );
    assert!(!text.contains("tidegauge_connect_last_success_timestamp_seconds 0\n"), "{text}");
    connector.terminate();
    ended(connector, 0);
}

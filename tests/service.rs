//! Run by a service manager or in a container: it hears when the server is ready and when it stops, and can ask.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::server::Process;
use crate::harness::tls::Pair;
use crate::harness::{Site, tidegauge};

fn heard(socket: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let length = socket.recv(&mut message).unwrap();
    String::from_utf8(message[..length].to_vec()).unwrap()
}

#[test]
fn a_service_manager_hears_that_the_server_is_ready_reloads_and_stops() {
    let site = Site::new();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let server = site.prepare(&[]).env("NOTIFY_SOCKET", path.to_str().unwrap()).spawn();
    assert_eq!(heard(&socket), "READY=1\n");
    // It answers from that moment on.
    let server = server.listening();
    assert_eq!(server.client().get("/readyz").status, 200);
    kill_process(Pid::from_raw(server.process.id()).unwrap(), Signal::HUP).unwrap();
    assert_eq!(heard(&socket), "RELOADING=1\n");
    assert_eq!(heard(&socket), "READY=1\n");
    assert_eq!(server.client().get("/healthz").status, 200);
    server.stop();
    assert_eq!(heard(&socket), "STOPPING=1\n");
}

#[test]
fn a_service_manager_that_is_gone_keeps_no_server_from_serving() {
    let site = Site::new();
    let server = site.prepare(&[]).env("NOTIFY_SOCKET", "/nowhere/notify").listening();
    assert_eq!(server.client().get("/healthz").status, 200);
    let output = server.stop();
    assert!(output.stderr.contains("service manager"), "{}", output.stderr);
}

#[test]
fn health_asks_a_running_server_and_says_by_its_exit_code_how_it_is() {
    let site = Site::new();
    let server = site.start(&[]);
    let address = server.address.to_string();
    let anywhere = format!("0.0.0.0:{}", server.address.port());
    for args in [["health", "--address", &address].as_slice(), &["health", "--ready", "--address", &anywhere]]
    {
        let ran = tidegauge(args);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
        assert!(ran.stdout.ends_with(": 200\n"), "{}", ran.stdout);
    }
    server.stop();
    assert!(tidegauge(&["health", "--address", &address]).assert_failed().contains("no answer from"));
    assert_eq!(tidegauge(&["health", "--address", "no address"]).code, Some(2));
}

#[test]
fn health_asks_over_tls_whoever_shows_the_servers_own_certificate() {
    let (place, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (pair, other) = (Pair::write(place.path()), Pair::write(elsewhere.path()));
    let site = Site::new();
    let server = site.start(&pair.args());
    let address = server.address.to_string();
    let ask = |certificate: &Path| {
        tidegauge(&["health", "--ready", "--address", &address, "--tls-cert", certificate.to_str().unwrap()])
    };
    let ran = ask(&pair.certificate);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    assert_eq!(ran.stdout, format!("https://{address}/readyz: 200\n"));
    assert!(ask(&other.certificate).assert_failed().contains("no answer from"));
    assert!(ask(&pair.key).assert_failed().contains("cannot read a certificate in"));
    assert!(ask(Path::new("/nowhere")).assert_failed().contains("cannot read a certificate in /nowhere"));
    // As the image's health check asks: the server's own variables are all it has.
    let certificate = pair.certificate.to_str().unwrap();
    let variables = [("TIDEGAUGE_LISTEN", &*address), ("TIDEGAUGE_TLS_CERT", certificate)];
    let mut asked = Process::tidegauge(&["health"], &variables);
    assert_eq!(asked.wait(Duration::from_secs(20)).code(), Some(0));
    // Without the certificate it says what the server says.
    assert!(tidegauge(&["health", "--address", &address]).assert_failed().contains("400"));
    server.stop();
    // One that takes the connection and never shakes hands.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ran = tidegauge(&["health", "--address", &address, "--tls-cert", certificate]);
    assert!(ran.assert_failed().contains("longer than"), "{}", ran.stderr);
}

#[test]
fn health_fails_in_time_at_whatever_answers_otherwise() {
    let answers: [(&[u8], &str); 4] = [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "503"),
        (b"SSH-2.0-somebody\r\n", "does not speak HTTP"),
        (b"", "closed the connection"),
        (&[b'x'; 1000], "does not speak HTTP"),
    ];
    for (answer, wanted) in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer);
        });
        let ran = tidegauge(&["health", "--address", &address]);
        assert!(ran.assert_failed().contains(wanted), "{}", ran.stderr);
        answering.join().unwrap();
    }
    // One that takes the connection and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ran = tidegauge(&["health", "--address", &listener.local_addr().unwrap().to_string()]);
    assert!(ran.assert_failed().contains("longer than"), "{}", ran.stderr);
}

#[test]
fn the_packaging_starts_what_there_is() {
    let read =
        |name: &str| fs::read_to_string(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let help = tidegauge(&["serve", "--help"]).stdout;
    let used =
        ["packaging/tidegauge.service", "Dockerfile", "bench/src/cases/tidegauge.rs"].map(read).concat();
    let variables = used
        .split(|c: char| !c.is_ascii_uppercase() && c != '_')
        .filter(|word| word.starts_with("TIDEGAUGE_"));
    for variable in variables.filter(|name| *name != "TIDEGAUGE_") {
        assert!(help.contains(&format!("[env: {variable}=")), "serve has no variable {variable}");
    }
    assert_eq!(tidegauge(&["health", "--help"]).code, Some(0));
}

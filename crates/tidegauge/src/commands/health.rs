//! `tidegauge health`: asks a server how it is, for a container or a script that has no HTTP client.

mod shown_certificate;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::say;

/// How long a server has to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// An answer's first line is no longer.
const MAX_LINE_BYTES: usize = 256;

/// Ask a running server how it is: 0 when it is well, 1 when it is not or does not answer.
#[derive(clap::Args)]
pub struct Args {
    /// The address it listens on.
    #[arg(long, default_value = "127.0.0.1:8080", env = "TIDEGAUGE_LISTEN")]
    address: SocketAddr,
    /// The file of its certificate, where it speaks TLS: it has to show this one, whoever has signed it.
    #[arg(long, value_name = "FILE", env = "TIDEGAUGE_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Whether it takes writes, and not just whether it lives.
    #[arg(long)]
    ready: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let address = reachable(args.address);
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let tls = args.tls_cert.as_deref().map(shown_certificate::config).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    // A thread of its own, so that the time is bounded whatever comes, and in whatever pieces.
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || {
        let line = connect(address, tls).and_then(|connection| ask(connection, address, path));
        let _ = answer.send(line);
    });
    let late = || anyhow!("it took longer than {} s", PATIENCE.as_secs());
    let line = answered.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(late()));
    let line = line.with_context(|| format!("no answer from {address}"))?;
    match line.strip_prefix("HTTP/1.1 200") {
        Some(_) => {
            say(&format!("{scheme}://{address}{path}: 200"));
            Ok(())
        }
        None => bail!("{scheme}://{address}{path}: {line}"),
    }
}

/// Where a server that listens on every address is found from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}

fn connect(address: SocketAddr, tls: Option<Arc<ClientConfig>>) -> anyhow::Result<Box<dyn Connection>> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    let Some(config) = tls else { return Ok(Box::new(stream)) };
    let client = ClientConnection::new(config, ServerName::from(address.ip()))?;
    Ok(Box::new(StreamOwned::new(client, stream)))
}

/// The first line of the answer.
fn ask(mut connection: impl Connection, address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut head = [0; MAX_LINE_BYTES];
    let mut length = 0;
    while length < MAX_LINE_BYTES && !head[..length].contains(&b'\n') {
        match connection.read(&mut head[length..])? {
            0 => bail!("it closed the connection"),
            read => length += read,
        }
    }
    let line = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
    ensure!(line.starts_with("HTTP/1."), "it does not speak HTTP");
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        let at = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(at("[::]:8080"), "[::1]:8080");
        assert_eq!(at("10.1.2.3:80"), "10.1.2.3:80");
    }
}

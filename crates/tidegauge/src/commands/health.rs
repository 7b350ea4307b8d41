//! `tidegauge health`: asks a server how it is, for a container or a script that has no HTTP client.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

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
    /// Whether it takes writes, and not just whether it lives.
    #[arg(long)]
    ready: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let address = reachable(args.address);
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let line = ask(address, path).with_context(|| format!("no answer from {address}"))?;
    match line.strip_prefix("HTTP/1.1 200") {
        Some(_) => {
            say(&format!("http://{address}{path}: 200"));
            Ok(())
        }
        None => bail!("http://{address}{path}: {line}"),
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

/// The first line of the answer.
fn ask(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; MAX_LINE_BYTES];
    let mut length = 0;
    while length < MAX_LINE_BYTES && !head[..length].contains(&b'\n') {
        let left = deadline.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "it took longer than {} s", PATIENCE.as_secs());
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut head[length..]) {
            Ok(0) => bail!("it closed the connection"),
            Ok(read) => length += read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
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

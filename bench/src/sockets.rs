//! A crowd of WebSocket clients in one thread: each opens, waits to be told that it is connected, and answers pings,
//! until its group's fate is another. Raw frames: a library's buffers would cost more than the server's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Sockets that may be on their way at once.
const OPENING: usize = 256;
/// How long all may take to open.
const OPEN_LIMIT: Duration = Duration::from_secs(300);
/// Longest head or frame of the server.
const LONGEST: usize = 4096;

/// What the sockets of a group do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Read, and answer pings.
    Answer,
    /// Send the longest message there may be, once, and go on as before.
    Talk,
    /// Stay connected, and neither read nor write.
    FallSilent,
    /// Be reset without a word, as when their process is killed.
    Vanish,
}

/// Sockets that share a fate.
pub struct Group {
    /// How many.
    pub count: usize,
    fate: watch::Sender<Fate>,
}

impl Group {
    /// Gives all of them another fate.
    pub fn meet(&self, fate: Fate) {
        // Without a receiver all of them have ended already.
        let _ = self.fate.send(fate);
    }
}

/// Groups of open sockets.
pub struct Crowd {
    _runtime: Runtime,
}

impl Crowd {
    /// Opens groups of these sizes on `path`, and returns when every socket was told that it is connected.
    pub fn open(
        address: SocketAddr,
        path: &str,
        authorization: &str,
        sizes: &[usize],
    ) -> anyhow::Result<(Self, Vec<Group>)> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let request: Arc<[u8]> = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\n{authorization}connection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .into_bytes()
        .into();
        let groups = runtime.block_on(async {
            tokio::time::timeout(OPEN_LIMIT, open_all(address, request, sizes))
                .await
                .context("the sockets did not open in time")?
        })?;
        Ok((Self { _runtime: runtime }, groups))
    }
}

async fn open_all(address: SocketAddr, request: Arc<[u8]>, sizes: &[usize]) -> anyhow::Result<Vec<Group>> {
    let room = Arc::new(Semaphore::new(OPENING));
    let mut opening = JoinSet::new();
    let mut groups = Vec::new();
    for size in sizes {
        let (fate, fates) = watch::channel(Fate::Answer);
        groups.push(Group { count: *size, fate });
        for _ in 0..*size {
            let (room, request, fates) = (Arc::clone(&room), Arc::clone(&request), fates.clone());
            opening.spawn(async move {
                let _place = room.acquire().await?;
                let (stream, received) = open(address, &request).await?;
                tokio::spawn(live(stream, received, fates));
                anyhow::Ok(())
            });
        }
    }
    while let Some(opened) = opening.join_next().await {
        opened??;
    }
    Ok(groups)
}

/// Opens one socket; returns it with what has come behind the message that it is connected.
async fn open(address: SocketAddr, request: &[u8]) -> anyhow::Result<(TcpStream, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut received = Vec::new();
    let end = loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(&mut stream, &mut received).await?;
    };
    ensure!(received.starts_with(b"HTTP/1.1 101"), "no upgrade: {}", String::from_utf8_lossy(&received));
    received.drain(..end);
    loop {
        if let Some((opcode, length)) = whole_frame(&received) {
            ensure!(opcode == TEXT, "closed before it was connected: {}", String::from_utf8_lossy(&received));
            received.drain(..length);
            return Ok((stream, received));
        }
        more(&mut stream, &mut received).await?;
    }
}

async fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut piece = [0; 1024];
    let read = stream.read(&mut piece).await?;
    if read == 0 || received.len() > LONGEST {
        bail!("the server ended a socket, or said too much");
    }
    received.extend_from_slice(&piece[..read]);
    Ok(())
}

async fn live(mut stream: TcpStream, mut received: Vec<u8>, mut fates: watch::Receiver<Fate>) {
    let mut has_talked = false;
    loop {
        let fate = *fates.borrow_and_update();
        match fate {
            Fate::Talk if !has_talked => {
                has_talked = true;
                if stream.write_all(&longest_message()).await.is_err() {
                    return;
                }
            }
            Fate::Vanish => {
                // Without lingering the close is a reset.
                let _ = rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO));
                return;
            }
            Fate::FallSilent => {
                if fates.changed().await.is_err() {
                    return;
                }
            }
            Fate::Answer | Fate::Talk => tokio::select! {
                changed = fates.changed() => if changed.is_err() {
                    return;
                },
                read = more(&mut stream, &mut received) => {
                    if read.is_err() || answer(&mut stream, &mut received).await.is_err() {
                        return;
                    }
                }
            },
        }
    }
}

/// Longest message the server takes, in bytes.
const LONGEST_MESSAGE: u16 = 16 * 1024;

/// A binary frame, masked with zeros.
fn longest_message() -> Vec<u8> {
    let [high, low] = LONGEST_MESSAGE.to_be_bytes();
    let mut frame = vec![0x82, 0x80 | 126, high, low, 0, 0, 0, 0];
    frame.resize(frame.len() + usize::from(LONGEST_MESSAGE), b'x');
    frame
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;

/// Answers what is whole: a ping by a pong, a goodbye by a goodbye.
async fn answer(stream: &mut TcpStream, received: &mut Vec<u8>) -> anyhow::Result<()> {
    while let Some((opcode, length)) = whole_frame(received) {
        received.drain(..length);
        match opcode {
            // Empty frames of a client, masked with zeros.
            PING => stream.write_all(&[0x8A, 0x80, 0, 0, 0, 0]).await?,
            CLOSE => {
                stream.write_all(&[0x88, 0x80, 0, 0, 0, 0]).await?;
                bail!("closed");
            }
            _ => {}
        }
    }
    Ok(())
}

/// The opcode and whole length of the frame in front (RFC 6455, 5.2; a server's are not masked, and short here).
fn whole_frame(received: &[u8]) -> Option<(u8, usize)> {
    let length = match *received.get(1)? {
        126 => 4 + usize::from(u16::from_be_bytes([*received.get(2)?, *received.get(3)?])),
        short => 2 + usize::from(short),
    };
    (received.len() >= length).then_some((received[0] & 0x0F, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_whole_when_all_of_it_is_there() {
        assert_eq!(whole_frame(&[0x89]), None);
        assert_eq!(whole_frame(&[0x89, 0]), Some((PING, 2)));
        assert_eq!(whole_frame(&[0x81, 2, b'a']), None);
        assert_eq!(whole_frame(&[0x81, 2, b'a', b'b', b'c']), Some((TEXT, 4)));
        let long = [&[0x81, 126, 0, 130][..], &[b'x'; 130]].concat();
        assert_eq!(whole_frame(&long), Some((TEXT, 134)));
    }
}

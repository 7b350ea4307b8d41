//! What the service manager is told: that the server is ready, reads its configuration again, and stops (`sd_notify(3)`).
//!
//! One datagram of text to the socket that `NOTIFY_SOCKET` names: systemd sets it for a service of `Type=notify`.
//! Promise: without that variable nothing is done, and no trouble with the socket keeps a server from serving.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// What is told.
#[derive(Debug, Clone, Copy)]
pub enum State {
    /// Requests are answered from now on.
    Ready,
    /// The configuration is being read again; `Ready` says when that is over.
    Reloading,
    /// The end was asked for; what was accepted is still being finished.
    Stopping,
}

impl State {
    fn message(self) -> &'static [u8] {
        match self {
            Self::Ready => b"READY=1\n",
            Self::Reloading => b"RELOADING=1\n",
            Self::Stopping => b"STOPPING=1\n",
        }
    }
}

/// Who is told.
#[derive(Debug, Clone)]
pub struct ServiceManager {
    socket: Option<OsString>,
}

impl ServiceManager {
    /// The one that has started this process, if it wants to be told.
    pub fn of_this_process() -> Self {
        Self { socket: std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) }
    }

    /// Tells it.
    pub fn tell(&self, state: State) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = send(socket, state.message()) {
            tracing::warn!(socket = %socket.display(), %error, "the service manager cannot be told of {state:?}");
        }
    }
}

/// A name that begins with `@` is of the abstract namespace; any other is a path.
fn send(socket: &OsStr, message: &[u8]) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    // The manager reads when it gets to it; a server does not wait for that.
    sender.set_nonblocking(true)?;
    sender.send_to_addr(message, &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(socket: &UnixDatagram) -> Vec<u8> {
        let mut message = [0; 64];
        let length = socket.recv(&mut message).unwrap();
        message[..length].to_vec()
    }

    #[test]
    fn a_manager_with_a_path_hears_each_state_in_a_datagram() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let manager = ServiceManager { socket: Some(path.into()) };
        manager.tell(State::Ready);
        manager.tell(State::Reloading);
        manager.tell(State::Stopping);
        assert_eq!(received(&socket), b"READY=1\n");
        assert_eq!(received(&socket), b"RELOADING=1\n");
        assert_eq!(received(&socket), b"STOPPING=1\n");
    }

    #[test]
    fn a_manager_in_the_abstract_namespace_hears_them_too() {
        let name = format!("tidegauge-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        ServiceManager { socket: Some(format!("@{name}").into()) }.tell(State::Ready);
        assert_eq!(received(&socket), b"READY=1\n");
    }

    #[test]
    fn no_manager_and_one_that_is_gone_are_no_trouble() {
        ServiceManager { socket: None }.tell(State::Ready);
        ServiceManager { socket: Some("/nowhere/at/all".into()) }.tell(State::Ready);
        ServiceManager { socket: Some("x".repeat(1000).into()) }.tell(State::Stopping);
    }
}

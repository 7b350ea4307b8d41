//! How a WebSocket ends: why, in the words of `close_reason`, and how its client is told goodbye.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use tokio::time::{Instant, sleep_until, timeout};
use tungstenite::error::{Error as WsError, ProtocolError};

/// How long a client may take to answer a goodbye.
pub const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its client said goodbye.
    ClientClosed,
    /// It ended without one.
    WentAway,
    /// Nothing was heard for too long.
    NoAnswer,
    /// What is sent is not taken.
    ReadsNothing,
    /// A message or frame over the bound.
    TooBig,
    /// A text that is not UTF-8.
    NoText,
    /// Something else that RFC 6455 forbids.
    Broken,
    /// The server stops.
    Stopping,
    /// Its key was revoked, or has expired.
    KeyEnded,
    /// It sends more than its tenant or its key may.
    TooMuch,
}

impl End {
    /// The end that an error of the socket is.
    pub fn of(error: axum::Error) -> Self {
        match error.into_inner().downcast_ref::<WsError>() {
            Some(WsError::Capacity(_)) => Self::TooBig,
            Some(WsError::Utf8(_)) => Self::NoText,
            Some(WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Self::WentAway,
            Some(WsError::Protocol(_)) => Self::Broken,
            _ => Self::WentAway,
        }
    }

    /// `close_reason`, and the text of the goodbye.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ClientClosed => "client closed",
            Self::WentAway => "went away",
            Self::NoAnswer => "no answer to ping",
            Self::ReadsNothing => "client reads nothing",
            Self::TooBig => "message too big",
            Self::NoText => "text is not UTF-8",
            Self::Broken => "protocol error",
            Self::Stopping => "server stopping",
            Self::KeyEnded => "key revoked or expired",
            Self::TooMuch => "too much is sent",
        }
    }

    /// Whether nobody knows when it happened: then the last sign of life is its instant, as it is for a
    /// connection that fell silent elsewhere.
    pub fn is_a_silence(self) -> bool {
        matches!(self, Self::NoAnswer | Self::ReadsNothing)
    }
}

/// Says goodbye and waits a little for the answer; after a broken frame there is none to be understood, and the
/// wait lets the client read why.
pub async fn goodbye(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    let begun = Instant::now();
    let said = async {
        let is_said = socket.send(Message::Close(Some(frame))).await.is_ok();
        is_said && drain(socket).await
    };
    if timeout(GOODBYE_TIMEOUT, said).await == Ok(false)
        && matches!(code, close_code::SIZE | close_code::PROTOCOL)
    {
        sleep_until(begun + GOODBYE_TIMEOUT).await;
    }
}

/// Reads to the end; true when that was the end of an orderly close.
pub async fn drain(socket: &mut WebSocket) -> bool {
    let mut is_orderly = false;
    while let Some(Ok(message)) = socket.recv().await {
        is_orderly |= matches!(message, Message::Close(_));
    }
    is_orderly
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_ended_without_a_word_went_away() {
        let reset = WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake);
        assert_eq!(End::of(axum::Error::new(reset)), End::WentAway);
        let broken = WsError::Protocol(ProtocolError::UnmaskedFrameFromClient);
        assert_eq!(End::of(axum::Error::new(broken)), End::Broken);
        assert_eq!(End::of(axum::Error::new(std::io::Error::other("gone"))), End::WentAway);
    }
}

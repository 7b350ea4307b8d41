//! Server-Sent Events, as they come in pieces (WHATWG HTML, 9.2).

/// Longest event, in bytes: a stream that is none does not fill the memory.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// What kind of event it is; `message` where it says nothing.
    pub kind: String,
    /// What it says.
    pub data: String,
}

/// A stream, as far as it was read. Lines end by LF or CR LF.
#[derive(Debug, Default)]
pub struct EventStream {
    line: Vec<u8>,
    kind: String,
    data: String,
    last_id: Option<String>,
    retry_millis: Option<u64>,
}

/// The stream says more in one event than anybody would.
#[derive(Debug, thiserror::Error)]
#[error("an event of more than {MAX_EVENT_BYTES} bytes")]
pub struct TooLong;

impl EventStream {
    /// Takes the next piece, and answers the events that it completes.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<StreamEvent>, TooLong> {
        let mut events = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.len() + self.data.len() > MAX_EVENT_BYTES {
                return Err(TooLong);
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                events.extend(self.take(line.trim_end_matches(['\r', '\n'])));
            }
        }
        Ok(events)
    }

    /// The id of the newest event that had one.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// How long the server wants to be left alone before it is asked again.
    pub fn retry_millis(&self) -> Option<u64> {
        self.retry_millis
    }

    fn take(&mut self, line: &str) -> Option<StreamEvent> {
        if line.is_empty() {
            let (kind, mut data) = (std::mem::take(&mut self.kind), std::mem::take(&mut self.data));
            data.pop()?;
            let kind = if kind.is_empty() { "message".to_owned() } else { kind };
            return Some(StreamEvent { kind, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => self.data.extend([value, "\n"]),
            "id" if !value.contains('\0') => self.last_id = Some(value.to_owned()),
            "retry" => self.retry_millis = value.parse().ok().or(self.retry_millis),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "retry: 2000\n\n: hello\nevent: snapshot\nid: 5\ndata: {\"a\":\ndata: 1}\n\n\
                          data\n\nid: 6\r\nevent:event\r\ndata:  é\r\n\r\nevent: x\n\ndata: cut";

    #[test]
    fn a_stream_is_read_the_same_whatever_pieces_it_comes_in() {
        for size in [1, 2, 3, 7, STREAM.len()] {
            let mut stream = EventStream::default();
            let mut events = Vec::new();
            for piece in STREAM.as_bytes().chunks(size) {
                events.extend(stream.push(piece).unwrap());
            }
            let told: Vec<_> = events.iter().map(|event| (&*event.kind, &*event.data)).collect();
            assert_eq!(told, [("snapshot", "{\"a\":\n1}"), ("message", ""), ("event", " é")], "{size}");
            assert_eq!((stream.last_id(), stream.retry_millis()), (Some("6"), Some(2000)));
        }
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut stream = EventStream::default();
        let piece = [b'x'; 64 * 1024];
        assert!((0..17).any(|_| stream.push(&piece).is_err()));
        let mut stream = EventStream::default();
        let line = format!("data: {}\n", "x".repeat(1000));
        assert!((0..1100).any(|_| stream.push(line.as_bytes()).is_err()));
    }
}

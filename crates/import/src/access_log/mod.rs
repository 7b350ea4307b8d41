//! Access logs in the common and the combined format, as Apache and nginx write them.
//!
//! `%h %l %u %t "%r" %>s %b`, in the combined format followed by `"%{Referer}i" "%{User-agent}i"`
//! (<https://httpd.apache.org/docs/2.4/logs.html>; nginx's predefined `combined` is the same). Whatever follows is
//! passed over: both servers let their users append fields.
//!
//! What a request line holds that is none (`-` where the client said nothing, the first bytes of a TLS handshake) was
//! answered all the same, and with an error: it is a request without a method, its path `-`.

mod line;
mod rows;
mod text;
mod time;

pub(crate) use line::{Line, looks_like_one, parse};
pub(crate) use rows::{LogRows, LogTarget};

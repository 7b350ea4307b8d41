//! What a caller showed, and who changes accounts: names fit for logs and for the audit log, never a secret.

use std::fmt;
use std::sync::Arc;

/// Most characters of a token's subject, or of a user's name, that are shown.
pub const MAX_SHOWN_CHARS: usize = 200;

/// What a caller showed to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// An API key, by its public id.
    Key(Arc<str>),
    /// A token (JWT), by its subject, if it names one. The issuer chose the text.
    Token(Option<Arc<str>>),
}

/// `key_...`, `token:SUBJECT` or `token`; safe on a line of a log.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => f.write_str(id),
            Self::Token(Some(subject)) => write!(f, "token:{}", OneLine(subject)),
            Self::Token(None) => f.write_str("token"),
        }
    }
}

/// Who makes a change to accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A caller of the API.
    Caller(Credential),
    /// Whoever runs the command line, by the operating system's name for the user.
    CommandLine(Arc<str>),
    /// The server of its own accord, such as at its first start.
    Server,
}

impl From<Credential> for Actor {
    fn from(credential: Credential) -> Self {
        Self::Caller(credential)
    }
}

/// As the audit log has it: `key_...`, `token:SUBJECT`, `token`, `command-line:USER` or `server`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller(credential) => credential.fmt(f),
            Self::CommandLine(user) => write!(f, "command-line:{}", OneLine(user)),
            Self::Server => f.write_str("server"),
        }
    }
}

/// A text of somebody else's: what is not printable is escaped, and what is too long is cut.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for c in chars.by_ref().take(MAX_SHOWN_CHARS) {
            c.escape_debug().fmt(f)?;
        }
        if chars.next().is_some() { f.write_str("...") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_printable_line_however_it_was_chosen() {
        let token = |subject: &str| Credential::Token(Some(subject.into())).to_string();
        assert_eq!(Credential::Key("key_1".into()).to_string(), "key_1");
        assert_eq!(token("jo@example.com"), "token:jo@example.com");
        assert_eq!(token("a\nb\0\u{202e}"), r"token:a\nb\0\u{202e}");
        assert_eq!(token(&"x".repeat(1000)).len(), "token:".len() + MAX_SHOWN_CHARS + "...".len());
        assert_eq!(Credential::Token(None).to_string(), "token");
        assert_eq!(Actor::CommandLine("root".into()).to_string(), "command-line:root");
        assert_eq!(Actor::from(Credential::Key("key_1".into())).to_string(), "key_1");
        assert_eq!(Actor::Server.to_string(), "server");
    }
}

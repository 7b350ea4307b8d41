//! Where Redis is, and how to speak to it. Its password is in no text that this prints.

use std::fmt;

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, TlsCertificates};

/// Most addresses of one cluster that can be named; the others are found through them.
pub const MAX_NODES: usize = 64;

/// Why there is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not parse.
    #[error("an address of Redis is redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS")]
    Unreadable,
    /// None was given, too many, or several that are no cluster.
    #[error("one address of Redis is needed, or 1 to {MAX_NODES} of a cluster")]
    Count,
    /// A cluster has one database.
    #[error("a Redis Cluster has no databases: leave /DATABASE out")]
    Database,
    /// A certificate authority without TLS.
    #[error("a certificate authority needs an address that begins with rediss://")]
    NoTls,
}

/// Where Redis is.
#[derive(Clone)]
pub struct Address {
    pub(super) nodes: Vec<ConnectionInfo>,
    pub(super) is_cluster: bool,
    authority: Option<Vec<u8>>,
}

impl Address {
    /// One server, at the first of `urls`.
    ///
    /// # Errors
    /// There is not exactly one URL, or it is none of Redis.
    pub fn server(urls: &[String]) -> Result<Self, AddressError> {
        let nodes = parse(urls)?;
        if nodes.len() != 1 {
            return Err(AddressError::Count);
        }
        Ok(Self { nodes, is_cluster: false, authority: None })
    }

    /// A cluster, which is found through any of `urls`.
    ///
    /// # Errors
    /// There is no URL, or one is none of Redis.
    pub fn cluster(urls: &[String]) -> Result<Self, AddressError> {
        let nodes = parse(urls)?;
        if nodes.iter().any(|node| node.redis_settings().db() != 0) {
            return Err(AddressError::Database);
        }
        Ok(Self { nodes, is_cluster: true, authority: None })
    }

    /// With a password that is in no URL.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        let with = |node: ConnectionInfo| {
            let settings = node.redis_settings().clone().set_password(password);
            node.set_redis_settings(settings)
        };
        self.nodes = self.nodes.into_iter().map(with).collect();
        self
    }

    /// With certificates trusted that this authority (PEM) has signed, instead of the system's authorities.
    ///
    /// # Errors
    /// The address is not one of TLS.
    pub fn with_authority(mut self, pem: Vec<u8>) -> Result<Self, AddressError> {
        if !self.is_tls() {
            return Err(AddressError::NoTls);
        }
        self.authority = Some(pem);
        Ok(self)
    }

    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        let root_cert = self.authority.clone()?;
        Some(TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
    }

    fn is_tls(&self) -> bool {
        self.nodes.iter().all(|node| matches!(node.addr(), ConnectionAddr::TcpTls { .. }))
    }
}

fn parse(urls: &[String]) -> Result<Vec<ConnectionInfo>, AddressError> {
    if !(1..=MAX_NODES).contains(&urls.len()) {
        return Err(AddressError::Count);
    }
    let parse = |url: &String| {
        let node = url.as_str().into_connection_info().map_err(|_| AddressError::Unreadable)?;
        // Naming the client would be one more right that a Redis user needs.
        let settings = node.redis_settings().clone().set_skip_set_lib_name();
        Ok(node.set_redis_settings(settings))
    };
    let nodes = urls.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    // `rediss://…/#insecure` would turn the check of certificates off.
    let is_insecure =
        |node: &ConnectionInfo| matches!(node.addr(), ConnectionAddr::TcpTls { insecure: true, .. });
    if nodes.iter().any(is_insecure) { Err(AddressError::Unreadable) } else { Ok(nodes) }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes.iter().enumerate() {
            let scheme =
                if matches!(node.addr(), ConnectionAddr::TcpTls { .. }) { "rediss" } else { "redis" };
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{scheme}://{}", node.addr())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn an_address_prints_without_its_password() {
        let address = Address::server(&urls(&["rediss://me:s3cret@localhost:7000/3"])).unwrap();
        assert_eq!(address.to_string(), "rediss://localhost:7000");
        let address = Address::server(&urls(&["redis://localhost"])).unwrap().with_password("s3cret");
        assert_eq!(
            format!("{address} {address:?}"),
            "redis://localhost:6379 Address(redis://localhost:6379)"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let server = |texts: &[&str]| Address::server(&urls(texts)).map(|address| address.to_string());
        assert_eq!(server(&[]), Err(AddressError::Count));
        assert_eq!(server(&["redis://a", "redis://b"]), Err(AddressError::Count));
        assert_eq!(server(&["http://a"]), Err(AddressError::Unreadable));
        assert_eq!(server(&["rediss://a/#insecure"]), Err(AddressError::Unreadable));
        assert_eq!(Address::cluster(&urls(&["redis://a/1"])).map(drop), Err(AddressError::Database));
        let plain = Address::server(&urls(&["redis://a"])).unwrap();
        assert_eq!(plain.with_authority(Vec::new()).map(drop), Err(AddressError::NoTls));
    }
}

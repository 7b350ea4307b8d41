//! TLS from outside: certificates of a test's own, and a client that trusts one of them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

/// A certificate for `localhost` and its key, in files.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub der: CertificateDer<'static>,
}

impl Pair {
    /// A new one in these files.
    pub fn write(directory: &Path) -> Self {
        let (certificate, key) = (directory.join("server.pem"), directory.join("server.key"));
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pem = certified.cert.pem();
        fs::write(&certificate, &pem).unwrap();
        fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        Self { certificate, key, der }
    }

    /// One of those that are kept with the tests, in `data/tls`.
    pub fn kept(name: &str) -> Self {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/tls");
        let file = |ending: &str| place.join(format!("{name}.{ending}"));
        let der = CertificateDer::from_pem_file(file("pem")).unwrap();
        Self { certificate: file("pem"), key: file("key"), der }
    }

    /// The server's arguments.
    pub fn args(&self) -> [&str; 4] {
        ["--tls-cert", self.certificate.to_str().unwrap(), "--tls-key", self.key.to_str().unwrap()]
    }
}

/// A connection whose handshake is done.
pub struct Secured(pub StreamOwned<ClientConnection, TcpStream>);

/// Speaks TLS of these versions and trusts this certificate alone; an error when the handshake fails.
pub fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<Secured> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_protocol_versions(versions).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut client =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    while client.is_handshaking() {
        client.complete_io(&mut stream)?;
    }
    Ok(Secured(StreamOwned::new(client, stream)))
}

impl Secured {
    /// Sends a request and reads what comes until the end.
    pub fn ask(&mut self, request: &str) -> String {
        self.0.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // An end without goodbye would be an error here.
        self.0.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }
}

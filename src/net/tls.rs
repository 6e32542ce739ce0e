//! TLS of the listeners: TLS 1.2 and 1.3 by aws-lc-rs, sessions resumed, certificate replaceable while
//! serving.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use arc_swap::ArcSwap;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

use super::Stream;

/// Why TLS could not be set up, for the whole process or for one connection.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate or key file cannot be read.
    #[error("{path}: {problem}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, in words.
        problem: String,
    },
    /// The two files do not belong together.
    #[error("the certificate and its key do not fit: {0}")]
    Pair(rustls::Error),
    /// The TLS library would not start.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
    /// A peer's handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Handshake(io::Error),
    /// A peer's handshake took too long.
    #[error("the TLS handshake took too long")]
    Timeout,
    /// TLS over TLS.
    #[error("TLS is on already")]
    AlreadyOn,
}

/// What the listeners need for TLS; cheap to clone. All clones see a reloaded certificate at once.
#[derive(Clone)]
pub struct ServerTls {
    acceptor: TlsAcceptor,
    certificate: Arc<Certificate>,
    files: Arc<(PathBuf, PathBuf)>,
}

/// The certificate in use, replaceable.
struct Certificate(ArcSwap<CertifiedKey>);

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate")
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl ServerTls {
    /// Sessions without a ticket (TLS 1.2) that are remembered for resumption.
    const SESSIONS: usize = 8192;

    /// Reads a certificate chain and its key (PEM).
    ///
    /// # Errors
    /// [`TlsError::File`] or [`TlsError::Pair`]; the text names the file and is fit for an operator.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = Arc::new((certificate.to_owned(), key.to_owned()));
        let certificate = Arc::new(Certificate(ArcSwap::from_pointee(read_pair(certificate, key)?)));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(certificate.clone());
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Setup)?;
        config.session_storage = ServerSessionMemoryCache::new(Self::SESSIONS);
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate, files })
    }

    /// Reads the same two files again. On failure the certificate in use stays.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn reload(&self) -> Result<(), TlsError> {
        let pair = read_pair(&self.files.0, &self.files.1)?;
        self.certificate.0.store(Arc::new(pair));
        Ok(())
    }

    pub(super) fn certificate_in_use(&self) -> Arc<CertifiedKey> {
        self.certificate.0.load_full()
    }

    /// The server's side of a handshake, at most `limit` long.
    pub(super) async fn accept(&self, tcp: TcpStream, limit: Duration) -> Result<Stream, TlsError> {
        let done = tokio::time::timeout(limit, self.acceptor.accept(tcp)).await;
        let result = match done {
            Ok(Ok(tls)) => Ok(Stream::Tls(Box::new(tls))),
            Ok(Err(error)) => Err(TlsError::Handshake(error)),
            Err(_) => Err(TlsError::Timeout),
        };
        let word = match &result {
            Ok(_) => "done",
            Err(TlsError::Timeout) => "timeout",
            Err(_) => "failed",
        };
        metrics::counter!("postern_tls_handshakes_total", "result" => word).increment(1);
        result
    }
}

fn read_pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let file = |path: &Path, problem: String| TlsError::File { path: path.to_owned(), problem };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| file(certificate, pem_problem(&e)))?;
    if chain.is_empty() {
        return Err(file(certificate, "holds no certificate".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| file(key, pem_problem(&e)))?;
    let signing = aws_lc_rs::sign::any_supported_type(&private)
        .map_err(|_| file(key, "holds no RSA, ECDSA or Ed25519 key".to_owned()))?;
    let pair = CertifiedKey::new(chain, signing);
    match pair.keys_match() {
        // An unknown key algorithm in the certificate says nothing about the pair.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(pair),
        Err(error) => Err(TlsError::Pair(error)),
    }
}

/// In words, and never with the file's bytes, which the library's own text quotes.
fn pem_problem(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "holds nothing of the kind looked for".to_owned(),
        _ => "is not well-formed PEM".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion};

    use super::*;

    /// A server's TLS, and a client's configuration that trusts it.
    fn pair(version: &'static SupportedProtocolVersion) -> (ServerTls, Arc<ClientConfig>) {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let (cert_file, key_file) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
        std::fs::write(&cert_file, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (ServerTls::load(&cert_file, &key_file).unwrap(), Arc::new(client))
    }

    #[tokio::test]
    async fn sessions_are_resumed() {
        for version in [&TLS12, &TLS13] {
            let (tls, config) = pair(version);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let mut kinds = Vec::new();
            for _ in 0..2 {
                let server = async {
                    let tcp = listener.accept().await.unwrap().0;
                    let mut stream = tls.accept(tcp, Duration::from_secs(20)).await.unwrap();
                    assert!(stream.tls_description().unwrap().starts_with("TLSv1."));
                    stream.write_all(b"x").await.unwrap();
                    stream.shutdown().await.unwrap();
                };
                let client = async {
                    let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    let name = ServerName::try_from("localhost").unwrap();
                    let mut stream = TlsConnector::from(config.clone()).connect(name, tcp).await.unwrap();
                    let mut heard = Vec::new();
                    // To the end: TLS 1.3 sends its tickets after the handshake.
                    stream.read_to_end(&mut heard).await.unwrap();
                    stream.get_ref().1.handshake_kind().unwrap()
                };
                kinds.push(tokio::join!(server, client).1);
            }
            assert_ne!(kinds[0], HandshakeKind::Resumed);
            assert_eq!(kinds[1], HandshakeKind::Resumed, "{version:?}");
        }
    }

    #[tokio::test]
    async fn a_silent_peer_gets_no_handshake_for_ever() {
        let (tls, _) = pair(&TLS13);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let tcp = listener.accept().await.unwrap().0;
        assert!(matches!(tls.accept(tcp, Duration::from_millis(20)).await, Err(TlsError::Timeout)));
        drop(silent);
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (one, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = file("c.pem", &params.self_signed(&one).unwrap().pem());
        let (key, wrong) = (file("k.pem", &one.serialize_pem()), file("w.pem", &other.serialize_pem()));
        let broken = file("b.pem", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n");
        assert!(ServerTls::load(&certificate, &key).is_ok());
        assert!(matches!(ServerTls::load(&certificate, &wrong), Err(TlsError::Pair(_))));
        for (c, k, named) in [(&certificate, &broken, "b.pem"), (&key, &key, "k.pem")] {
            let said = ServerTls::load(c, k).err().unwrap().to_string();
            assert!(said.contains(named) && !said.contains("secret"), "{said}");
        }
        assert!(
            ServerTls::load(&folder.path().join("none"), &key).err().unwrap().to_string().contains("none")
        );
    }
}

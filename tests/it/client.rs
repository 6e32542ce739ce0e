//! A raw TLS line client for SMTP and IMAP: sends bytes, reads whole lines, never guesses.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long anything that must happen may take before the test fails. Far more than it ever takes: how fast this
/// machine is, and what else it does, is not what is tested.
pub const PATIENCE: Duration = Duration::from_secs(60);

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// One connection, before or after TLS.
pub struct Client {
    wire: Option<Box<dyn Wire>>,
    buffer: Vec<u8>,
    tls: TlsConnector,
}

/// Trusts exactly the given CA.
pub fn connector(ca_pem: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for cert in CertificateDer::pem_slice_iter(ca_pem) {
        roots.add(cert.unwrap()).unwrap();
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

impl Client {
    /// Connects without TLS.
    pub async fn plain(port: u16, tls: TlsConnector) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { wire: Some(Box::new(stream)), buffer: Vec::new(), tls }
    }

    /// Connects with TLS from the first byte.
    pub async fn tls(port: u16, tls: TlsConnector) -> Self {
        let mut client = Self::plain(port, tls).await;
        client.start_tls().await;
        client
    }

    /// Like [`Client::tls`], `None` when the server is not there (it may be being killed).
    pub async fn try_tls(port: u16, tls: TlsConnector) -> Option<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let name = ServerName::try_from("localhost").unwrap();
        let wire = tokio::time::timeout(PATIENCE, tls.connect(name, stream)).await.ok()?.ok()?;
        Some(Self { wire: Some(Box::new(wire)), buffer: Vec::new(), tls })
    }

    /// The handshake, in the middle of a connection; what was read before is given up.
    pub async fn start_tls(&mut self) {
        self.buffer.clear();
        let wire = self.wire.take().unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = tokio::time::timeout(PATIENCE, self.tls.connect(name, wire)).await;
        self.wire = Some(Box::new(stream.expect("TLS handshake in time").expect("TLS handshake")));
    }

    /// Writes all of it. An error is the peer's closing, which the next read shows.
    pub async fn send(&mut self, bytes: &[u8]) {
        let wire = self.wire.as_mut().unwrap();
        if wire.write_all(bytes).await.is_ok() {
            let _ = wire.flush().await;
        }
    }

    /// Writes all of it and says whether the peer still took it.
    pub async fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let wire = self.wire.as_mut().unwrap();
        wire.write_all(bytes).await?;
        wire.flush().await
    }

    async fn fill(&mut self) -> bool {
        let mut piece = vec![0; 65536];
        let wire = self.wire.as_mut().unwrap();
        match wire.read(&mut piece).await {
            Ok(n) if n > 0 => {
                self.buffer.extend_from_slice(&piece[..n]);
                true
            }
            _ => false,
        }
    }

    /// The next line without its CRLF; `None` when the peer has closed.
    pub async fn line(&mut self) -> Option<Vec<u8>> {
        tokio::time::timeout(PATIENCE, async {
            let mut from = 0;
            loop {
                if let Some(at) = memchr::memmem::find(&self.buffer[from..], b"\r\n") {
                    let mut line: Vec<u8> = self.buffer.drain(..from + at + 2).collect();
                    line.truncate(from + at);
                    return Some(line);
                }
                from = self.buffer.len().saturating_sub(1);
                if !self.fill().await {
                    return None;
                }
            }
        })
        .await
        .expect("an answer in time")
    }

    /// Exactly `n` bytes, for literals.
    pub async fn bytes(&mut self, n: usize) -> Vec<u8> {
        tokio::time::timeout(PATIENCE * 6, async {
            while self.buffer.len() < n {
                assert!(self.fill().await, "closed inside a literal");
            }
            self.buffer.drain(..n).collect()
        })
        .await
        .expect("a literal in time")
    }

    /// An IMAP response: the line, with every literal it holds in place as `{n}\r\n` and its bytes.
    pub async fn response(&mut self) -> Option<Vec<u8>> {
        let mut whole = self.line().await?;
        while let Some(n) = literal_size(&whole) {
            whole.extend_from_slice(b"\r\n");
            let literal = self.bytes(n).await;
            whole.extend_from_slice(&literal);
            whole.extend_from_slice(&self.line().await?);
        }
        Some(whole)
    }

    /// Whether the peer closes without another byte.
    pub async fn closed(&mut self) -> bool {
        self.buffer.is_empty() && tokio::time::timeout(PATIENCE, self.fill()).await.is_ok_and(|more| !more)
    }

    /// Sends an SMTP command and returns the code and all reply lines.
    pub async fn smtp(&mut self, command: &str) -> (u16, String) {
        self.send(format!("{command}\r\n").as_bytes()).await;
        self.smtp_reply().await.unwrap_or_else(|| panic!("closed after a command"))
    }

    /// One SMTP reply, of however many lines; `None` when the peer has closed.
    pub async fn smtp_reply(&mut self) -> Option<(u16, String)> {
        let mut text = String::new();
        loop {
            let line = String::from_utf8(self.line().await?).unwrap();
            text.push_str(line.get(4..).unwrap_or(""));
            if line.as_bytes().get(3) != Some(&b'-') {
                return Some((line[..3].parse().unwrap(), text));
            }
            text.push('\n');
        }
    }

    /// Sends an IMAP command under `tag` and returns all responses, the tagged one last.
    pub async fn imap(&mut self, tag: &str, command: &str) -> Vec<String> {
        self.send(format!("{tag} {command}\r\n").as_bytes()).await;
        self.imap_until(tag).await
    }

    /// Responses up to and with the one that starts with `start`.
    pub async fn imap_until(&mut self, start: &str) -> Vec<String> {
        let mut out = Vec::new();
        loop {
            let response = self.response().await.unwrap_or_else(|| panic!("closed; before that: {out:?}"));
            let text = String::from_utf8_lossy(&response).into_owned();
            let last = text.strip_prefix(start).is_some_and(|rest| rest.starts_with(' '));
            out.push(text);
            if last {
                return out;
            }
        }
    }
}

/// The size in a line that ends in `{n}`.
pub fn literal_size(line: &[u8]) -> Option<usize> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|&b| b == b'{')?;
    std::str::from_utf8(&inner[open + 1..]).ok()?.parse().ok()
}

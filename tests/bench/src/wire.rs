//! A connection over TLS: lines and counted bytes in, bytes out, nothing known about either protocol.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Longest that a server may say nothing.
const SILENCE: Duration = Duration::from_mins(2);

/// Whether a client comes back with the ticket it got the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// Each connection proves everything anew.
    Full,
    /// As mail programs do: a ticket of an earlier connection, if there is one.
    Resumed,
}

/// What is trusted, for both kinds of handshake.
#[derive(Clone)]
pub struct Trust {
    full: TlsConnector,
    resumed: TlsConnector,
}

impl Trust {
    /// Trusts the certificate authority of that file alone.
    pub fn of(ca_file: &Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in
            CertificateDer::pem_file_iter(ca_file).context("the certificate authority's file")?
        {
            roots.add(certificate?)?;
        }
        let mut full = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let resumed = full.clone();
        full.resumption = Resumption::disabled();
        Ok(Self { full: Arc::new(full).into(), resumed: Arc::new(resumed).into() })
    }
}

/// One connection.
pub struct Wire {
    stream: TlsStream<tokio::net::TcpStream>,
    bytes: Vec<u8>,
    start: usize,
    /// Bytes read since it was opened.
    pub received: u64,
}

impl Wire {
    /// Connects from `source` (another loopback address is another peer to a server) and finishes TLS.
    pub async fn open(
        at: SocketAddr,
        source: Ipv4Addr,
        trust: &Trust,
        handshake: Handshake,
    ) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_nodelay(true)?;
        socket.bind((source, 0).into())?;
        let tcp = timeout(SILENCE, socket.connect(at)).await??;
        let connector = match handshake {
            Handshake::Full => &trust.full,
            Handshake::Resumed => &trust.resumed,
        };
        let name = ServerName::try_from("localhost")?;
        let stream = timeout(SILENCE, connector.connect(name, tcp)).await??;
        Ok(Self { stream, bytes: Vec::new(), start: 0, received: 0 })
    }

    /// Writes all of it.
    pub async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        } else if self.start > 1 << 16 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.reserve(1 << 16);
        let read = timeout(SILENCE, self.stream.read_buf(&mut self.bytes))
            .await
            .context("the server is silent")??;
        if read == 0 {
            bail!("the server has closed the connection");
        }
        self.received += read as u64;
        Ok(())
    }

    /// Appends the next line to `into`, its CRLF taken off.
    pub async fn line(&mut self, into: &mut Vec<u8>) -> anyhow::Result<()> {
        let mut looked = self.start;
        loop {
            if let Some(at) = self.bytes[looked..].iter().position(|b| *b == b'\n') {
                let end = looked + at;
                let line = &self.bytes[self.start..end];
                into.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                self.start = end + 1;
                return Ok(());
            }
            let seen = self.bytes.len() - self.start;
            self.fill().await?;
            looked = self.start + seen;
        }
    }

    /// Appends the next `count` bytes to `into`.
    pub async fn counted(&mut self, count: usize, into: &mut Vec<u8>) -> anyhow::Result<()> {
        let mut left = count;
        into.reserve(count);
        loop {
            let have = (self.bytes.len() - self.start).min(left);
            into.extend_from_slice(&self.bytes[self.start..self.start + have]);
            self.start += have;
            left -= have;
            if left == 0 {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Ends it as a polite client does. What goes wrong while parting concerns nobody.
    pub async fn close(mut self) {
        let _parting = self.stream.shutdown().await;
    }
}

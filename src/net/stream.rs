//! A connection's bytes, in the clear or under TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{ReadBuffer, ServerTls, TlsError};

/// A TCP connection; TLS is put over it at once or by STARTTLS.
pub enum Stream {
    /// In the clear.
    Plain(TcpStream),
    /// Under TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether TLS protects it.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// TLS version and cipher suite as `TLSv1.3 TLS13_AES_256_GCM_SHA384`, for `Received:` (RFC 8314 §4.3).
    pub fn tls_description(&self) -> Option<String> {
        let Self::Tls(tls) = self else { return None };
        let (_, session) = tls.get_ref();
        let version = match session.protocol_version()? {
            tokio_rustls::rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3",
            tokio_rustls::rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2",
            _ => "TLS",
        };
        Some(format!("{version} {:?}", session.negotiated_cipher_suite()?.suite()))
    }

    /// Acknowledges what has come, before waiting for more. A client that sends the end of a command in a
    /// packet of its own (Python's imaplib does after a literal) is held back by Nagle's algorithm until
    /// then, and where there is no reply to carry it the system puts its acknowledgement off for 40 ms.
    fn acknowledge(&self) {
        #[cfg(target_os = "linux")]
        {
            let tcp = match self {
                Self::Plain(tcp) => tcp,
                Self::Tls(tls) => tls.get_ref().0,
            };
            // Only a wish; a connection that is gone says so when it is read.
            let _wish = tcp.set_quickack(true);
        }
    }

    /// Puts TLS over a plain connection. Whatever the peer sent in the clear after its STARTTLS is
    /// thrown away, never obeyed (RFC 3207 §6, RFC 9051 §6.2.1: command injection).
    ///
    /// # Errors
    /// [`TlsError`] when the handshake fails or takes longer than `limit`, or TLS is on already.
    pub async fn start_tls(
        self,
        buffered: &mut ReadBuffer,
        tls: &ServerTls,
        limit: Duration,
    ) -> Result<Self, TlsError> {
        buffered.clear();
        match self {
            Self::Plain(tcp) => tls.accept(tcp, limit).await,
            Self::Tls(_) => Err(TlsError::AlreadyOn),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = match this {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, into),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, into),
        };
        if read.is_pending() {
            this.acknowledge();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, from),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, from),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

//! How one person comes in by IMAP, through any gateway of a world.

use tokio_rustls::TlsConnector;

use crate::client::Client;

/// A port and who signs in there.
#[derive(Clone)]
pub struct Entrance {
    pub port: u16,
    pub tls: TlsConnector,
    /// `LOGIN …`
    pub login: String,
}

impl Entrance {
    /// The same person at another gateway's port.
    pub fn at(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// A signed-in connection.
    pub async fn imap(&self) -> Client {
        let mut wire = Client::tls(self.port, self.tls.clone()).await;
        wire.response().await.expect("a greeting");
        let answer = wire.imap("l", &self.login).await;
        assert!(answer.last().unwrap().starts_with("l OK"), "{answer:?}");
        wire
    }
}

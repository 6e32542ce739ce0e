//! The message on its way into the store: R22 between the rewritten header and the ingest.
//!
//! What the client sent is what a retry (R17) and the client's own copy (R28) are compared with, so the
//! summary of a signed message tells for the signed parts what they were before. Both copies hold the
//! message as it was sent, signature included.

use crate::mime::AddressField;
use crate::mime::signature::{Signing, Unsigned};
use crate::store::{Ingest, Ingested, MailError};

/// A message whose header is rewritten.
pub(super) struct Body {
    ingest: Ingest,
    /// `None`: nothing is appended.
    signing: Option<Signing>,
    /// What the signature's pass gave out; kept for its capacity.
    ready: Vec<u8>,
    /// Whom the removed `Bcc` fields named.
    pub bcc: AddressField,
}

/// A message received in full.
pub(super) struct Received {
    pub ingested: Ingested,
    pub bcc: AddressField,
    /// What the signed parts were before.
    pub unsigned: Vec<Unsigned>,
}

/// Signed at a time: keeps what is ready, and so the memory of a connection, small.
const PIECE: usize = 64 * 1024;

impl Body {
    pub fn new(ingest: Ingest, signing: Option<Signing>, bcc: AddressField) -> Self {
        Self { ingest, signing, ready: Vec::new(), bcc }
    }

    /// Takes the next bytes, from the header on.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), MailError> {
        let Some(signing) = &mut self.signing else { return self.ingest.push(bytes).await };
        for piece in bytes.chunks(PIECE) {
            self.ready.clear();
            signing.push(piece, &mut self.ready);
            self.ingest.push(&self.ready).await?;
        }
        Ok(())
    }

    pub async fn finish(mut self) -> Result<Received, MailError> {
        let mut unsigned = Vec::new();
        if let Some(signing) = self.signing {
            self.ready.clear();
            unsigned = signing.finish(&mut self.ready);
            self.ingest.push(&self.ready).await?;
        }
        Ok(Received { ingested: self.ingest.finish().await?, bcc: self.bcc, unsigned })
    }
}

/// Makes the summary tell what the client sent. For after the verdict, which looks at what is delivered.
pub(super) fn as_the_client_sent(ingested: &mut Ingested, unsigned: &[Unsigned]) {
    for before in unsigned {
        for part in &mut ingested.scan.summary.parts {
            if part.path == before.path
                && let Some(content) = &mut part.content
            {
                part.charset.clone_from(&before.charset);
                content.decoded_size = before.decoded_size;
                content.sha256 = before.sha256;
            }
        }
    }
}

//! Reading stored messages: their facts in batches, their bytes in pieces.

use bytes::Bytes;

use crate::service::mailbox::{AccountMail, MailError};
pub use crate::store::BodyReader;
use crate::types::BodyId;

/// Most messages asked for in one statement.
pub const BATCH: usize = 500;

impl AccountMail {
    /// The facts of messages, opened, in the order asked: one statement. `None`: the message is no
    /// longer there. May answer for the first few alone, when the facts are large; never for none.
    pub async fn facts(&self, bodies: &[BodyId]) -> Result<Vec<Option<Bytes>>, MailError> {
        Ok(self.store.facts(self.account, bodies).await?)
    }

    /// The bytes of messages, to be read in pieces, in the order asked. One statement for all, which
    /// brings their first chunks along: ask for few. `None`: the message is no longer there.
    pub async fn bodies(&self, bodies: &[BodyId]) -> Result<Vec<Option<BodyReader>>, MailError> {
        Ok(self.store.bodies(self.account, bodies).await?)
    }
}

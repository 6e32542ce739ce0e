//! The header blocks of many messages, one after the other.

use crate::mime::FactsRef;
use crate::service::mailbox::{AccountMail, MailError, Row};
use crate::types::BodyId;

/// Messages whose facts are read together.
const FACTS: usize = 200;

impl AccountMail {
    /// Shows `look` each message's place and header block, in order; an empty block for a message that is
    /// gone for good. One statement per 200 messages, no connection held between two.
    pub(super) async fn each_header(
        &self,
        rows: &[Row],
        mut look: impl FnMut(usize, &[u8]) + Send,
    ) -> Result<(), MailError> {
        let mut at = 0;
        while at < rows.len() {
            let bodies: Vec<BodyId> = rows[at..].iter().take(FACTS).map(|row| row.body).collect();
            let facts = self.facts(&bodies).await?;
            let count = facts.len().clamp(1, bodies.len());
            for i in 0..count {
                match facts.get(i).and_then(Option::as_deref).map(FactsRef::parse) {
                    Some(Ok(facts)) => look(at + i, facts.header),
                    Some(Err(error)) => {
                        tracing::error!(%error, "stored facts cannot be read");
                        look(at + i, b"");
                    }
                    None => look(at + i, b""),
                }
            }
            at += count;
        }
        Ok(())
    }
}

//! The words of one message: of its header, of its text parts, and of the header blocks in it.

use std::ops::Range;

use bytes::Bytes;

use super::header;
use super::hunt::{Piece, Places, Walk};
use super::index::class;
use super::index::words::Words;
use crate::mime::FactsRef;
use crate::service::mailbox::MailError;
use crate::store::BodyReader;

/// A message's bytes.
pub(super) trait Source: Sync {
    fn bytes(&self, range: Range<u64>) -> impl Future<Output = Result<Bytes, MailError>> + Send;
}

impl Source for BodyReader {
    async fn bytes(&self, range: Range<u64>) -> Result<Bytes, MailError> {
        Ok(self.read(range).await?)
    }
}

/// The words of one message.
pub(super) async fn take_words(
    facts: &FactsRef<'_>,
    message: &impl Source,
    words: &mut Words,
) -> Result<(), MailError> {
    header::index(facts.header, words);
    let mut walk = Walk::new(facts, Places::TextAndHeaders);
    let mut text = words.begin(class::BODY);
    while let Some(range) = walk.wants() {
        let bytes = message.bytes(range).await?;
        match walk.feed(&bytes) {
            Some(Piece::Header(folded)) => {
                text.finish();
                let mut header = words.begin(class::HEAD);
                header.push_folded(&folded);
                header.finish();
                text = words.begin(class::BODY);
            }
            Some(Piece::Text(piece, over)) => {
                text.push(piece);
                if text.over() {
                    break;
                }
                if over {
                    text.finish();
                    text = words.begin(class::BODY);
                }
            }
            None => break,
        }
    }
    text.finish();
    Ok(())
}

//! EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9).

use crate::imap::command::{By, MessageSet};
use crate::imap::conn::{Answer, Client};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;

impl<S: Bytes> Client<S> {
    /// The EXPUNGE responses are told with whatever else changed, before the tagged reply.
    pub(super) async fn expunge(&mut self, uids: Option<MessageSet>) -> Answer {
        let selected = self.selected()?;
        let id = selected.id;
        let uids = match uids {
            None => None,
            Some(set) => Some(selected.uids_at(&selected.positions(&set, By::Uid)?)),
        };
        let mut gone = Vec::new();
        if uids.as_ref().is_none_or(|uids| !uids.is_empty()) {
            gone = self.mail()?.expunge(id, uids.as_deref()).await?;
            self.refresh().await?;
        }
        let reply = Reply::ok("EXPUNGE done");
        // RFC 7162 §3.2.7, §3.2.9
        if gone.is_empty() || !self.session.enabled().qresync {
            return Ok(reply);
        }
        let now = self.selected()?.live.known();
        Ok(reply.with(Code::HighestModSeq(now)))
    }
}

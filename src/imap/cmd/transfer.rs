//! COPY and MOVE, by number or UID (RFC 9051 §6.4.7, §6.4.8).

use crate::imap::command::Transfer;
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::service::mailbox::{Copied, MailError};
use crate::types::{MailboxId, MailboxName};

impl<S: Bytes> Client<S> {
    pub(super) async fn copy(&mut self, tag: &str, transfer: Transfer) -> Answer {
        let (from, uids, to) = self.both_ends(&transfer).await?;
        if uids.is_empty() {
            return Ok(Reply::ok("no such messages"));
        }
        let mail = self.mail()?.clone();
        let copied = self.with_progress(tag, mail.copy(from, &uids, to)).await?.map_err(to_target)?;
        self.note_copied(to, &copied);
        if to == from {
            self.refresh().await?;
        }
        Ok(match copy_uid(copied) {
            Some(code) => Reply::ok("COPY done").with(code),
            None => Reply::ok("the messages are gone").with(Code::ExpungeIssued),
        })
    }

    /// RFC 9051 §6.4.8: COPYUID comes untagged, then the EXPUNGE responses, then the tagged OK.
    pub(super) async fn move_messages(&mut self, tag: &str, transfer: Transfer) -> Answer {
        let (from, uids, to) = self.both_ends(&transfer).await?;
        if uids.is_empty() {
            return Ok(Reply::ok("no such messages"));
        }
        let mail = self.mail()?.clone();
        let moved = self.with_progress(tag, mail.move_messages(from, &uids, to)).await?.map_err(to_target)?;
        self.note_copied(to, &moved);
        match copy_uid(moved) {
            Some(code) => {
                Reply::ok("moved").with(code).write("*", &mut self.wire.out);
                self.refresh().await?;
                let reply = Reply::ok("MOVE done");
                // RFC 6851 §4.4
                if !self.session.enabled().condstore {
                    return Ok(reply);
                }
                let now = self.selected()?.live.known();
                Ok(reply.with(Code::HighestModSeq(now)))
            }
            None => Ok(Reply::ok("the messages are gone").with(Code::ExpungeIssued)),
        }
    }

    fn note_copied(&mut self, to: MailboxId, copied: &Copied) {
        let mut uids: Vec<u32> = copied.uids.iter().map(|(_, there)| *there).collect();
        uids.sort_unstable();
        self.note_put(to, &uids);
    }

    /// Messages with these UIDs, which ascend, are this session's own doing (RFC 5465 §5).
    pub(super) fn note_put(&mut self, mailbox: MailboxId, uids: &[u32]) {
        if self.notified.is_none() {
            return;
        }
        match &mut self.selected {
            Some(selected) if selected.id == mailbox => selected.own_new.extend_from_slice(uids),
            _ => self.note_own(|watch| watch.own_messages(mailbox, uids)),
        }
    }

    async fn both_ends(&mut self, transfer: &Transfer) -> Result<(MailboxId, Vec<u32>, MailboxId), Failure> {
        let selected = self.selected()?;
        let from = selected.id;
        let uids = selected.uids_at(&selected.positions(&transfer.set, transfer.by)?);
        let to = self.target(&transfer.mailbox).await?;
        Ok((from, uids, to))
    }

    /// The mailbox that messages are put into.
    ///
    /// # Errors
    /// TRYCREATE where there is none (RFC 9051 §6.4.7).
    pub(super) async fn target(&self, name: &MailboxName) -> Result<MailboxId, Failure> {
        Ok(self.mail()?.find_selectable(name).await.map_err(to_target)?.id)
    }
}

/// A missing target may be made.
pub(super) fn to_target(error: MailError) -> Failure {
    match error {
        MailError::NoMailbox | MailError::NotSelectable => {
            Reply::no("There is no such folder").with(Code::TryCreate).into()
        }
        other => other.into(),
    }
}

/// RFC 4315 §3; both sets ascend, so their order says which became which.
fn copy_uid(mut copied: Copied) -> Option<Code> {
    copied.uids.sort_unstable();
    let (from, to): (Vec<u32>, Vec<u32>) = copied.uids.into_iter().unzip();
    (!from.is_empty()).then_some(Code::CopyUid(copied.uidvalidity, from, to))
}

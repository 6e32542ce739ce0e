//! STATUS (RFC 9051 §6.3.11): from the mailbox's own counters, nothing is counted here.

use std::io::Write as _;

use crate::imap::codec::Utf8Mode;
use crate::imap::command::StatusItem;
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::Reply;
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::service::mailbox::MailboxInfo;
use crate::types::MailboxName;

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.3.11
    pub(super) async fn status(&mut self, mailbox: &MailboxName, items: &[StatusItem]) -> Answer {
        if items.contains(&StatusItem::HighestModSeq) {
            self.use_condstore();
        }
        let info = self.mail()?.find_selectable(mailbox).await?;
        self.status_response(&info, items).await?;
        Ok(Reply::ok("STATUS done"))
    }

    /// `* STATUS "INBOX" (MESSAGES 3)`
    pub(super) async fn status_response(
        &mut self,
        info: &MailboxInfo,
        items: &[StatusItem],
    ) -> Result<(), Failure> {
        let recent = if items.contains(&StatusItem::Recent) {
            self.mail()?.unclaimed_recent(info.id).await?.1
        } else {
            0
        };
        let limit = self.session.append_limit();
        write_status(info, items, recent, limit, self.utf8(), &mut self.wire.out);
        Ok(())
    }
}

fn write_status(
    info: &MailboxInfo,
    items: &[StatusItem],
    recent: u32,
    append_limit: u64,
    mode: Utf8Mode,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"* STATUS ");
    write::mailbox_name(&info.name, mode, out);
    out.extend_from_slice(b" (");
    for (i, item) in items.iter().enumerate() {
        let space = if i > 0 { " " } else { "" };
        let value = match item {
            StatusItem::Messages => info.messages.into(),
            StatusItem::Recent => recent.into(),
            StatusItem::UidNext => info.uidnext.into(),
            StatusItem::UidValidity => info.uidvalidity.get().into(),
            StatusItem::Unseen => info.unseen.into(),
            StatusItem::Deleted => info.deleted.into(),
            StatusItem::Size => info.size,
            StatusItem::HighestModSeq => info.highestmodseq.0,
            StatusItem::AppendLimit => append_limit,
            StatusItem::DeletedStorage => info.deleted_size,
            StatusItem::MailboxId => {
                let _ = write!(out, "{space}{} ({})", item.as_str(), info.id.object_id());
                continue;
            }
        };
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{space}{} {value}", item.as_str());
    }
    out.extend_from_slice(b")\r\n");
}

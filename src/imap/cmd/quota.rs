//! GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208): one root, the account, named by the empty string.
//!
//! Storage is reported, not capped, unless Support set a cap (R20); RFC 9208 has no way to say "no
//! limit", so then a limit is named that nobody reaches.

use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::types::MailboxName;

/// In units of 1024 octets (RFC 9208 §5.1): 1 TiB.
const NO_STORAGE_LIMIT: u64 = 1 << 30;
const NO_MESSAGE_LIMIT: u64 = (1 << 31) - 1;

impl<S: Bytes> Client<S> {
    /// RFC 9208 §4.1.2
    pub(super) async fn get_quota(&mut self, root: &str) -> Answer {
        if !root.is_empty() {
            return Err(Reply::no("there is no such quota root").with(Code::NonExistent).into());
        }
        self.quota_response().await?;
        Ok(Reply::ok("GETQUOTA done"))
    }

    /// RFC 9208 §4.1.3; the mailbox need not exist yet.
    pub(super) async fn get_quota_root(&mut self, mailbox: &MailboxName) -> Answer {
        let mode = self.utf8();
        self.wire.out.extend_from_slice(b"* QUOTAROOT ");
        write::mailbox_name(mailbox, mode, &mut self.wire.out);
        self.wire.out.extend_from_slice(b" \"\"\r\n");
        self.quota_response().await?;
        Ok(Reply::ok("GETQUOTAROOT done"))
    }

    async fn quota_response(&mut self) -> Result<(), Failure> {
        let usage = self.mail()?.usage().await?;
        let used = usage.size.div_ceil(1024);
        let limit = usage.cap.map_or(NO_STORAGE_LIMIT, |cap| cap / 1024);
        let line = format!(
            "* QUOTA \"\" (STORAGE {used} {limit} MESSAGE {} {NO_MESSAGE_LIMIT})\r\n",
            usage.messages
        );
        self.wire.out.extend_from_slice(line.as_bytes());
        Ok(())
    }
}

/// RFC 9208 §4.1.1: Support sets caps, by the CLI.
pub(super) fn set_quota() -> Reply {
    Reply::no("Only Support can change the storage of an account").with(Code::NoPerm)
}

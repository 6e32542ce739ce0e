//! MYRIGHTS, GETACL, LISTRIGHTS, SETACL, DELETEACL (RFC 4314).
//!
//! Mailboxes cannot be shared: their owner has every right, always, and nobody else can be given any. So
//! the commands that ask are answered and those that change are refused.

use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::types::{Address, MailboxName};

/// All of them; `c` and `d` for clients of RFC 2086 (RFC 4314 §2.1.1).
const OWNER: &str = "lrswipkxtecda";

impl<S: Bytes> Client<S> {
    /// RFC 4314 §3.5
    pub(super) async fn my_rights(&mut self, mailbox: &MailboxName) -> Answer {
        self.mail()?.find(mailbox).await?;
        self.my_rights_response(mailbox);
        Ok(Reply::ok("MYRIGHTS done"))
    }

    /// `* MYRIGHTS "INBOX" lrswipkxtecda`
    pub(super) fn my_rights_response(&mut self, mailbox: &MailboxName) {
        self.rights_line(b"* MYRIGHTS ", mailbox, |_| {});
    }

    /// RFC 4314 §3.3
    pub(super) async fn get_acl(&mut self, mailbox: &MailboxName) -> Answer {
        self.mail()?.find(mailbox).await?;
        let owner = self.owner()?.to_string();
        self.rights_line(b"* ACL ", mailbox, |out| {
            write::string(&owner, out);
            out.push(b' ');
        });
        Ok(Reply::ok("GETACL done"))
    }

    /// RFC 4314 §3.4
    pub(super) async fn list_rights(&mut self, mailbox: &MailboxName, identifier: &str) -> Answer {
        self.mail()?.find(mailbox).await?;
        let prepared = stringprep::saslprep(identifier).unwrap_or_default();
        let own = self.account.as_ref().is_some_and(|account| {
            Address::parse(&prepared).is_ok_and(|address| account.identity.owns(&address))
        });
        let mode = self.utf8();
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* LISTRIGHTS ");
        write::mailbox_name(mailbox, mode, out);
        out.push(b' ');
        write::string(identifier, out);
        out.extend_from_slice(if own { b" " } else { b" \"\"" });
        out.extend_from_slice(if own { OWNER.as_bytes() } else { b"" });
        out.extend_from_slice(b"\r\n");
        Ok(Reply::ok("LISTRIGHTS done"))
    }

    /// RFC 4314 §3.1, §3.2
    pub(super) async fn change_acl(&mut self, mailbox: &MailboxName) -> Answer {
        self.mail()?.find(mailbox).await?;
        Err(Reply::no("Folders cannot be shared here").with(Code::NoPerm).into())
    }

    fn owner(&self) -> Result<&Address, Failure> {
        match &self.account {
            Some(account) => Ok(&account.identity.secure_address),
            None => Err(Reply::bad("sign in first").into()),
        }
    }

    fn rights_line(&mut self, name: &[u8], mailbox: &MailboxName, between: impl FnOnce(&mut Vec<u8>)) {
        let mode = self.utf8();
        let out = &mut self.wire.out;
        out.extend_from_slice(name);
        write::mailbox_name(mailbox, mode, out);
        out.push(b' ');
        between(out);
        out.extend_from_slice(OWNER.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

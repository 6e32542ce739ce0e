//! CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE (RFC 9051 §6.3.4 to §6.3.8, §6.3.10).

use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::types::{MailboxName, SpecialUse};

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.3.4, RFC 6154 §3
    pub(super) async fn create(
        &mut self,
        mailbox: &MailboxName,
        supplied: Option<&str>,
        uses: &[SpecialUse],
    ) -> Answer {
        let special_use = match uses {
            [] => None,
            [one] => Some(*one),
            _ => return Err(Reply::no("A folder can have one special use only").with(Code::UseAttr).into()),
        };
        let id = self.mail()?.create(mailbox, special_use).await?;
        self.note_own(|watch| watch.own_name(mailbox));
        self.tell_other_spelling(mailbox, supplied).await?;
        Ok(Reply::ok("CREATE done").with(Code::MailboxId(id)))
    }

    /// RFC 9051 §6.3.5
    pub(super) async fn delete(&mut self, mailbox: &MailboxName, supplied: Option<&str>) -> Answer {
        self.mail()?.delete(mailbox).await?;
        self.note_own(|watch| watch.own_name(mailbox));
        self.tell_other_spelling(mailbox, supplied).await?;
        Ok(Reply::ok("DELETE done"))
    }

    /// RFC 9051 §6.3.6
    pub(super) async fn rename(
        &mut self,
        from: &MailboxName,
        to: &MailboxName,
        supplied: Option<&str>,
    ) -> Answer {
        self.mail()?.rename(from, to).await?;
        if let Some(selected) = &mut self.selected
            && (selected.name == *from || selected.name.is_below(from))
            && !from.is_inbox()
            && let Ok(name) = selected.name.moved(from, to)
        {
            selected.name = name;
        }
        self.note_own(|watch| watch.own_rename(from, to));
        // INBOX keeps its name: nobody is to believe that it has another now.
        self.tell_other_spelling(to, supplied.filter(|_| !from.is_inbox())).await?;
        Ok(Reply::ok("RENAME done"))
    }

    /// RFC 9051 §6.3.9.7: what became of a name that the client spells in another way, so that it finds the two
    /// to be one.
    async fn tell_other_spelling(
        &mut self,
        mailbox: &MailboxName,
        supplied: Option<&str>,
    ) -> Result<(), Failure> {
        if self.session.enabled().rev2 && supplied.is_some() {
            self.list_one(mailbox, supplied).await?;
        }
        Ok(())
    }

    /// RFC 9051 §6.3.7: the name need not exist.
    pub(super) async fn subscribe(&mut self, mailbox: &MailboxName) -> Answer {
        self.mail()?.subscribe(mailbox).await?;
        self.note_own(|watch| watch.own_subscribe(mailbox));
        Ok(Reply::ok("SUBSCRIBE done"))
    }

    /// RFC 9051 §6.3.8
    pub(super) async fn unsubscribe(&mut self, mailbox: &MailboxName) -> Answer {
        self.mail()?.unsubscribe(mailbox).await?;
        self.note_own(|watch| watch.own_unsubscribe(mailbox));
        Ok(Reply::ok("UNSUBSCRIBE done"))
    }

    /// RFC 9051 §6.3.10: one personal namespace, no others.
    pub(super) fn namespace(&mut self) -> Reply {
        self.wire.out.extend_from_slice(b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
        Reply::ok("NAMESPACE done")
    }
}

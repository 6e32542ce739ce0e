//! SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2).

use std::io::Write as _;

use crate::imap::command::Select;
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply};
use crate::imap::selected::{Selected, first_unseen, flags_response};
use crate::imap::session::Access;
use crate::imap::view::View;
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::types::SystemFlag;

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.3.2. Whatever comes of it, the mailbox selected before is no longer.
    pub(super) async fn select(&mut self, select: Select, access: Access) -> Answer {
        if self.selected.take().is_some() {
            self.session.unselected();
            Reply::ok("the former mailbox is closed").with(Code::Closed).write("*", &mut self.wire.out);
        }
        if select.condstore {
            self.session.enable_condstore();
        }
        let mail = self.mail()?;
        let info = mail.find_selectable(&select.mailbox).await?;
        let live = mail.open(info.id).await?;
        let changes = live.changes();
        let (mut view, keywords, uidvalidity, unseen) =
            live.read(|now| (View::open(now), now.keywords.clone(), now.uidvalidity, first_unseen(now)));
        let rev2 = self.session.enabled().rev2;
        if !rev2 {
            let first = match access {
                Access::ReadWrite => mail.claim_recent(info.id, view.next_uid()).await?,
                Access::ReadOnly => mail.unclaimed_recent(info.id).await?.0,
            };
            view.claim_recent(first, view.next_uid() - 1);
        }
        self.imap.lists.share(info.id, &mut view);

        let mode = self.utf8();
        let out = &mut self.wire.out;
        flags_response(&keywords, out);
        // Writing to a Vec cannot fail.
        let _ = write!(out, "* {} EXISTS\r\n", view.exists());
        if !rev2 {
            let _ = write!(out, "* {} RECENT\r\n", view.recent());
            if let Some(unseen) = unseen {
                let _ = write!(out, "* OK [UNSEEN {unseen}] first unread message\r\n");
            }
        }
        out.extend_from_slice(b"* OK [PERMANENTFLAGS ");
        match access {
            Access::ReadOnly => out.extend_from_slice(b"()"),
            Access::ReadWrite => {
                let system = SystemFlag::ALL.iter().map(|f| f.as_str());
                let named = keywords.iter().map(|(_, k)| k.as_str());
                write::words(system.chain(named).chain(["\\*"]), out);
            }
        }
        out.extend_from_slice(b"] flags that stay\r\n");
        let _ = write!(out, "* OK [UIDVALIDITY {uidvalidity}] UIDs are valid\r\n");
        let _ = write!(out, "* OK [UIDNEXT {}] the next UID\r\n", view.next_uid());
        let _ = write!(out, "* OK [HIGHESTMODSEQ {}] the last change\r\n", view.modseq());
        if rev2 {
            out.extend_from_slice(b"* LIST () \"/\" ");
            write::mailbox_name(&info.name, mode, out);
            out.extend_from_slice(b"\r\n");
        }
        self.selected = Some(Box::new(Selected {
            id: info.id,
            name: info.name,
            live,
            view,
            saved: Vec::new(),
            changes,
            keywords_told: keywords.len(),
        }));
        self.session.selected(access);
        Ok(match access {
            Access::ReadWrite => Reply::ok("SELECT done").with(Code::ReadWrite),
            Access::ReadOnly => Reply::ok("EXAMINE done").with(Code::ReadOnly),
        })
    }

    /// RFC 9051 §6.4.1: what is `\Deleted` goes without a word, not after EXAMINE.
    pub(super) async fn close(&mut self) -> Answer {
        if self.session.may_write() {
            let id = self.selected()?.id;
            match self.mail()?.expunge(id, None).await {
                Ok(_) | Err(crate::service::mailbox::MailError::NoMailbox) => {}
                Err(error) => return Err(Failure::Mail(error)),
            }
        }
        Ok(self.unselect())
    }

    /// RFC 9051 §6.4.2
    pub(super) fn unselect(&mut self) -> Reply {
        self.selected = None;
        self.session.unselected();
        Reply::ok("the mailbox is closed")
    }
}

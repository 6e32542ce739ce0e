//! SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2).

use std::io::Write as _;

use crate::imap::command::{QResync, Select, SequenceSet};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply};
use crate::imap::selected::{Selected, Telling, flags_fetch, flags_response, permanent_flags};
use crate::imap::session::Access;
use crate::imap::vanished::{Vanished, agreed, gone_earlier, vanished_response};
use crate::imap::view::{FlagsSeen, View};
use crate::imap::wire::Bytes;
use crate::service::mailbox::Row;
use crate::types::{ModSeq, UidValidity, uid_ranges};

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.3.2. Whatever comes of it, the mailbox selected before is no longer.
    pub(super) async fn select(&mut self, select: Select, access: Access) -> Answer {
        if select.qresync.is_some() && !self.session.enabled().qresync {
            return Err(Reply::bad("QRESYNC is not enabled").into());
        }
        if self.selected.is_some() {
            self.leave();
            Reply::ok("the former mailbox is closed").with(Code::Closed).write("*", &mut self.wire.out);
        }
        if select.condstore || select.qresync.is_some() {
            self.session.enable_condstore();
        }
        let mail = self.mail()?;
        let live = mail.open_named(&select.mailbox).await?;
        let id = live.id();
        let changes = live.changes();
        let (mut view, keywords, uidvalidity, unseen) = live.open(|now, all| {
            (View::open(now, all.uids), now.keywords.clone(), now.uidvalidity, all.first_unseen)
        });
        let rev2 = self.session.enabled().rev2;
        // RFC 9586: UNSEEN would be a sequence number.
        let uid_only = self.session.enabled().uid_only;
        if !rev2 {
            let first = match access {
                Access::ReadWrite => mail.claim_recent(id, view.next_uid()).await?,
                Access::ReadOnly => mail.unclaimed_recent(id).await?.0,
            };
            view.claim_recent(first, view.next_uid() - 1);
        }
        self.imap.lists.share(id, &mut view);

        let out = &mut self.wire.out;
        flags_response(&keywords, out);
        // Writing to a Vec cannot fail.
        let _ = write!(out, "* {} EXISTS\r\n", view.exists());
        if !rev2 {
            let _ = write!(out, "* {} RECENT\r\n", view.recent());
            if let Some(unseen) = unseen.filter(|_| !uid_only) {
                // RFC 3501 §7.1: its number.
                let unseen = unseen + 1;
                let _ = write!(out, "* OK [UNSEEN {unseen}] first unread message\r\n");
            }
        }
        match access {
            Access::ReadOnly => out.extend_from_slice(b"* OK [PERMANENTFLAGS ()] flags that stay\r\n"),
            Access::ReadWrite => permanent_flags(&keywords, out),
        }
        let _ = write!(out, "* OK [UIDVALIDITY {uidvalidity}] UIDs are valid\r\n");
        let _ = write!(out, "* OK [UIDNEXT {}] the next UID\r\n", view.next_uid());
        let _ = write!(out, "* OK [HIGHESTMODSEQ {}] the last change\r\n", view.modseq());
        Reply::ok("the mailbox itself").with(Code::MailboxId(id)).write("*", out);
        if rev2 {
            self.list_one(&select.mailbox, select.supplied.as_deref()).await?;
        }
        self.selected = Some(Box::new(Selected {
            id,
            name: select.mailbox,
            live,
            access,
            view,
            saved: Vec::new(),
            contexts: Vec::new(),
            changes,
            keywords_told: keywords.len(),
            own_new: Vec::new(),
        }));
        self.session.selected(access);
        if let Some(remembered) = select.qresync {
            self.resynchronise(&remembered, uidvalidity).await?;
        }
        Ok(match access {
            Access::ReadWrite => Reply::ok("SELECT done").with(Code::ReadWrite),
            Access::ReadOnly => Reply::ok("EXAMINE done").with(Code::ReadOnly),
        })
    }

    /// RFC 7162 §3.2.5: what is gone and what changed since the client last looked. Of another
    /// UIDVALIDITY it remembers nothing that is of use.
    async fn resynchronise(&mut self, remembered: &QResync, uidvalidity: UidValidity) -> Result<(), Failure> {
        if remembered.uidvalidity != uidvalidity.get() {
            return Ok(());
        }
        let since = remembered.modseq;
        let last = u32::MAX;
        let mut asked = match &remembered.known_uids {
            Some(known) => known.resolve(last),
            None => vec![(1, last)],
        };
        self.tell_gone(&asked, since, remembered.matches.as_ref()).await?;
        let telling = Telling::to(self.session.enabled());
        let Some(selected) = &mut self.selected else { return Ok(()) };
        asked.reverse();
        let changed: Vec<FlagsSeen> = selected.live.read(|now| {
            let within = |row: &&Row| {
                while asked.last().is_some_and(|range| range.1 < row.uid) {
                    asked.pop();
                }
                asked.last().is_some_and(|range| range.0 <= row.uid)
            };
            // What changed after the view was made is told with the tagged reply.
            let known = now.changed_since(since).filter(|r| r.modseq <= selected.view.modseq());
            let told = known.filter(within).filter_map(|row| {
                let seq = selected.view.seq(row.uid)?;
                Some(FlagsSeen { seq, uid: row.uid, flags: row.flags, modseq: row.modseq })
            });
            told.collect()
        });
        let keywords = selected.tell_keywords(&mut self.wire.out);
        for told in changed {
            flags_fetch(&selected.view, &told, &keywords, telling, &mut self.wire.out);
            self.wire.relieve().await?;
        }
        Ok(())
    }

    /// `VANISHED (EARLIER)`: what of `asked` was expunged after `since` (RFC 7162 §3.2.10.1), and the
    /// client does not count. `sample`: numbers and UIDs that the client remembers (§3.2.5.2), for when the
    /// log does not reach back that far.
    pub(super) async fn tell_gone(
        &mut self,
        asked: &[(u32, u32)],
        since: ModSeq,
        sample: Option<&(SequenceSet, SequenceSet)>,
    ) -> Result<(), Failure> {
        let id = self.selected()?.id;
        let lately = self.selected()?.live.read(|now| {
            let mut uids: Vec<u32> = now.expunged_since(since)?.map(|row| row.uid).collect();
            uids.sort_unstable();
            Some(uid_ranges(uids))
        });
        let gone = match lately {
            Some(gone) => Some(gone),
            None => self.mail()?.expunged_since(id, since).await?,
        };
        let selected = self.selected()?;
        let uids = selected.view.uids();
        let mut told = gone_earlier(gone.as_deref(), asked, uids, selected.view.next_uid());
        if let (None, Some((numbers, known))) = (gone, sample) {
            let upto = agreed(&numbers.resolve(u32::MAX), &known.resolve(u32::MAX), uids);
            told.retain(|range| range.1 > upto);
            if let Some(first) = told.first_mut() {
                first.0 = first.0.max(upto + 1);
            }
        }
        vanished_response(Vanished::Earlier, &told, &mut self.wire.out);
        Ok(())
    }

    /// RFC 9051 §6.4.1: what is `\Deleted` goes without a word, not after EXAMINE.
    pub(super) async fn close(&mut self) -> Answer {
        if self.session.may_write() {
            let id = self.selected()?.id;
            let gone = match self.mail()?.expunge(id, None).await {
                Ok(gone) => gone.len(),
                Err(crate::service::mailbox::MailError::NoMailbox) => 0,
                Err(error) => return Err(Failure::Mail(error)),
            };
            let reply = self.unselect();
            self.note_own(|watch| watch.own_expunged(id, gone));
            return Ok(reply);
        }
        Ok(self.unselect())
    }

    /// RFC 9051 §6.4.2
    pub(super) fn unselect(&mut self) -> Reply {
        self.leave();
        Reply::ok("the mailbox is closed")
    }
}

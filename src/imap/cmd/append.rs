//! APPEND (RFC 9051 §6.3.12, RFC 7889) with MULTIAPPEND (RFC 3502) and CATENATE (RFC 4469), and REPLACE
//! (RFC 8508): messages stream into storage and are never held; all are stored, or none.

use crate::imap::cmd::transfer::to_target;
use crate::imap::codec::{RefusalCode, RefusalStatus};
use crate::imap::command::{Append, AppendMessage, AppendStep, By, Literal, LiteralForm, Replaced};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply, Status};
use crate::imap::wire::{Bytes, Incoming};
use crate::service::append::{AppendError, Appending, Received};
use crate::service::mailbox::{MailError, MailboxInfo};
use crate::types::{MailboxId, SeqNum, UidValidity};

/// Messages in one command.
const MESSAGES: usize = 500;
/// Bytes that messages may hold while they wait for those behind them.
const HELD: usize = 4 * 1024 * 1024;

/// What has come so far.
#[derive(Default)]
struct Gathered {
    /// Complete.
    received: Vec<Received>,
    /// The one that is coming.
    current: Option<(AppendMessage, Appending)>,
    /// Bytes of all.
    size: u64,
}

impl<S: Bytes> Client<S> {
    pub(in crate::imap) async fn append(&mut self, append: Append) -> Answer {
        let Append { mailbox, replaces, steps, .. } = append;
        let gathered = match self.begin_append(&mailbox, replaces).await {
            Ok((info, replaced)) => match self.gather(&info, replaced, steps).await {
                Ok(received) => Ok((info, replaced, received)),
                Err(failure) => Err(failure),
            },
            Err(failure) => Err(failure),
        };
        let (info, replaced, received) = match gathered {
            Ok(all) => all,
            Err(failure) => {
                // What the client still sends of it is thrown away.
                self.wire.decoder().refuse_append();
                return Err(failure);
            }
        };
        let stored = self.mail()?.store_received(received, replaced).await.map_err(to_target)?;
        let new: Vec<u32> = stored.iter().filter(|one| !one.existing).map(|one| one.uid).collect();
        self.note_put(info.id, &new);
        let concerned = [Some(info.id), replaced.map(|(id, _)| id)];
        if self.selected.as_ref().is_some_and(|s| concerned.contains(&Some(s.id))) {
            self.refresh().await?;
        }
        let uidvalidity: UidValidity = stored.first().map_or(info.uidvalidity, |one| one.uidvalidity);
        let code = Code::AppendUid(uidvalidity, stored.iter().map(|one| one.uid).collect());
        if replaced.is_some() {
            // RFC 8508 §4.3: before the EXPUNGE.
            Reply::ok("the new message is there").with(code).write("*", &mut self.wire.out);
            let reply = Reply::ok("REPLACE done");
            if !self.session.enabled().qresync {
                return Ok(reply);
            }
            // RFC 8508 §4.5
            let now = self.selected()?.live.known();
            return Ok(reply.with(Code::HighestModSeq(now)));
        }
        let text = if stored.iter().any(|one| one.existing) {
            "this is the copy that was saved when you sent it"
        } else {
            "APPEND done"
        };
        Ok(Reply::ok(text).with(code))
    }

    /// Everything that can be refused before a message comes.
    async fn begin_append(
        &mut self,
        mailbox: &crate::types::MailboxName,
        replaces: Option<Replaced>,
    ) -> Result<(MailboxInfo, Option<(MailboxId, u32)>), Failure> {
        self.session.permit_append()?;
        let replaced = match replaces {
            None => None,
            Some(replaced) => {
                self.session.permit_replace(replaced.by)?;
                Some(self.replaced(replaced)?)
            }
        };
        let info = self.mail()?.find_selectable(mailbox).await.map_err(to_target)?;
        Ok((info, replaced))
    }

    /// The message that REPLACE means.
    fn replaced(&mut self, replaced: Replaced) -> Result<(MailboxId, u32), Failure> {
        let selected = self.selected()?;
        let uid = match (replaced.by, replaced.message) {
            (_, None) => selected.view.last_uid(),
            (By::Uid, Some(uid)) => selected.view.seq(uid).map(|_: SeqNum| uid),
            (By::Sequence, Some(number)) => {
                selected.view.uids().get((number as usize).wrapping_sub(1)).copied()
            }
        };
        match (uid, replaced.by) {
            (Some(uid), _) => Ok((selected.id, uid)),
            (None, By::Sequence) => Err(Reply::bad("there is no message with that number").into()),
            (None, By::Uid) => {
                Err(Reply::no("There is no message with that UID").with(Code::NonExistent).into())
            }
        }
    }

    /// Takes the messages in, to the end of the command.
    async fn gather(
        &mut self,
        info: &MailboxInfo,
        replaced: Option<(MailboxId, u32)>,
        mut steps: Vec<AppendStep>,
    ) -> Result<Vec<Received>, Failure> {
        let mut all = Gathered::default();
        loop {
            let mut literal = None;
            for step in steps {
                match step {
                    AppendStep::Message(message) => {
                        if all.received.len() >= MESSAGES
                            || all.received.iter().map(Received::held).sum::<usize>() > HELD
                        {
                            let text = "Too many messages at once, please send fewer";
                            return Err(Reply::no(text).with(Code::Limit).into());
                        }
                        let own = self.account.as_ref().and_then(|a| a.identity.attachment_limit);
                        let limit = own.unwrap_or(self.settings.attachment_limit);
                        // Those before it wait where they cost no memory.
                        let appending =
                            self.mail()?.append(info.id, info.special_use, self.imap.mime, limit)?;
                        all.current = Some((message, appending));
                    }
                    AppendStep::Url(url) => {
                        let Some((_, appending)) = &mut all.current else { return Err(not_in_append()) };
                        all.size += self.catenate(&url, appending).await?;
                    }
                    AppendStep::Literal(head) => literal = Some(head),
                    AppendStep::MessageEnd => self.message_ends(&mut all).await?,
                    AppendStep::End => return Ok(all.received),
                }
            }
            let Some(head) = literal else { return Err(not_in_append()) };
            let Some((_, appending)) = &mut all.current else { return Err(not_in_append()) };
            self.permit_literal(head, appending.size(), all.size, replaced).await?;
            all.size += head.size;
            self.wire.decoder().accept_append();
            steps = self.take_literal(appending).await?;
        }
    }

    /// Stores nothing yet.
    async fn message_ends(&mut self, all: &mut Gathered) -> Result<(), Failure> {
        let Some((message, appending)) = all.current.take() else { return Err(not_in_append()) };
        // RFC 3502: how a client cancels; also of a message whose parts are all empty.
        if appending.size() == 0 {
            return Err(Reply::no("The message is empty, nothing was stored").into());
        }
        // The first of a command is most often the only one.
        let mut received = if all.received.is_empty() && appending.size() <= KEPT {
            appending.receive().await.map_err(refused)?
        } else {
            appending.put_aside().await.map_err(refused)?
        };
        received.flags = message.flags.system;
        received.keywords = message.flags.keywords;
        received.internal_date = message.internal_date;
        all.received.push(received);
        Ok(())
    }

    /// Whether these bytes may come: `before` are the message's so far, `in_all` those of the command. Those of
    /// the message that goes in return do not count (RFC 8508 §3.4).
    async fn permit_literal(
        &mut self,
        head: Literal,
        before: u64,
        in_all: u64,
        replaced: Option<(MailboxId, u32)>,
    ) -> Result<(), Failure> {
        if head.form == LiteralForm::Utf8 && !self.session.enabled().utf8 {
            return Err(Reply::bad("UTF8=ACCEPT is not enabled").into());
        }
        if head.size == 0 && before == 0 {
            return Err(Reply::no("The message is empty, nothing was stored").into());
        }
        self.permit_size(before.saturating_add(head.size))?;
        // The store decides; asking before spares a client from sending what cannot be kept.
        if self.account.as_ref().is_some_and(|a| a.identity.storage_cap.is_some()) {
            let mail = self.mail()?;
            let usage = mail.usage().await?;
            let goes = match replaced {
                Some((mailbox, uid)) => mail.message_at(mailbox, uid).await?.map_or(0, |(_, size)| size),
                None => 0,
            };
            let more = in_all.saturating_add(head.size);
            if usage.cap.is_some_and(|cap| usage.size.saturating_sub(goes).saturating_add(more) > cap) {
                return Err(MailError::OverQuota.into());
            }
        }
        Ok(())
    }

    /// RFC 4469 §4.2, RFC 7889
    pub(super) fn permit_size(&self, size: u64) -> Result<(), Failure> {
        if size <= self.session.append_limit() {
            return Ok(());
        }
        Err(Reply::no("The message is larger than this server takes").with(Code::TooBig).into())
    }

    /// The bytes of one literal, and what follows it.
    async fn take_literal(&mut self, appending: &mut Appending) -> Result<Vec<AppendStep>, Failure> {
        loop {
            match self.wire.next(self.settings.command_timeout).await? {
                Incoming::AppendData(bytes) => appending.push(&bytes).await?,
                Incoming::AppendSteps(steps) => return Ok(steps),
                Incoming::Refused(refusal) => {
                    return Err(Failure::Refused(Reply {
                        status: match refusal.status {
                            RefusalStatus::No => Status::No,
                            RefusalStatus::Bad => Status::Bad,
                        },
                        code: (refusal.code == Some(RefusalCode::TooBig)).then_some(Code::TooBig),
                        text: refusal.text.into(),
                    }));
                }
                Incoming::Close(why) => {
                    self.part(why);
                    return Err(Reply::bad(why).into());
                }
                _ => return Err(not_in_append()),
            }
        }
    }
}

/// Up to this many bytes of a command's first message stay in memory.
const KEPT: u64 = 256 * 1024;

fn not_in_append() -> Failure {
    Reply::bad("not in an APPEND").into()
}

/// R18 in the words of IMAP (RFC 7889); everything else as for any message that is put somewhere.
fn refused(error: AppendError) -> Failure {
    match error {
        AppendError::Refused(refusal) => Reply::no(refusal.ascii_text()).with(Code::TooBig).into(),
        AppendError::Mail(error) => to_target(error),
    }
}

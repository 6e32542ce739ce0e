//! APPEND (RFC 9051 §6.3.12, RFC 7889): the message streams into storage and is never held.

use crate::imap::cmd::transfer::to_target;
use crate::imap::codec::RefusalStatus;
use crate::imap::command::{Append, LiteralForm};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply, Status};
use crate::imap::wire::{Bytes, Incoming};
use crate::service::append::{AppendError, Appending};
use crate::service::mailbox::MailError;
use crate::types::MailboxId;

impl<S: Bytes> Client<S> {
    pub(in crate::imap) async fn append(&mut self, append: Append) -> Answer {
        let (mut appending, mailbox) = match self.begin_append(&append).await {
            Ok(begun) => begun,
            Err(failure) => {
                self.wire.decoder().refuse_append();
                return Err(failure);
            }
        };
        self.wire.decoder().accept_append();
        loop {
            match self.wire.next(self.settings.command_timeout).await? {
                Incoming::AppendData(bytes) => {
                    if let Err(error) = appending.push(&bytes).await {
                        self.wire.decoder().refuse_append();
                        return Err(error.into());
                    }
                }
                Incoming::AppendEnd => break,
                Incoming::Refused(refusal) => {
                    return Err(Failure::Refused(Reply {
                        status: match refusal.status {
                            RefusalStatus::No => Status::No,
                            RefusalStatus::Bad => Status::Bad,
                        },
                        code: None,
                        text: refusal.text.into(),
                    }));
                }
                Incoming::Close(why) => {
                    self.part(why);
                    return Err(Reply::bad(why).into());
                }
                _ => return Err(Reply::bad("not in an APPEND").into()),
            }
        }
        let message = append.message;
        let appended = appending
            .finish(message.flags.system, &message.flags.keywords, message.internal_date)
            .await
            .map_err(refused)?;
        if self.selected.as_ref().is_some_and(|s| s.id == mailbox) {
            self.refresh().await?;
        }
        let text = if appended.existing {
            "this is the copy that was saved when you sent it"
        } else {
            "APPEND done"
        };
        Ok(Reply::ok(text).with(Code::AppendUid(appended.uidvalidity, appended.uid)))
    }

    /// Everything that can be refused before the message comes.
    async fn begin_append(&mut self, append: &Append) -> Result<(Appending, MailboxId), Failure> {
        self.session.permit_append()?;
        if append.message.literal.form == LiteralForm::Utf8 && !self.session.enabled().utf8 {
            return Err(Reply::bad("UTF8=ACCEPT is not enabled").into());
        }
        let mail = self.mail()?;
        let info = mail.find_selectable(&append.mailbox).await.map_err(to_target)?;
        // The store decides; asking before spares a client from sending what cannot be kept.
        if self.account.as_ref().is_some_and(|a| a.identity.storage_cap.is_some()) {
            let usage = mail.usage().await?;
            if usage.cap.is_some_and(|cap| usage.size.saturating_add(append.message.literal.size) > cap) {
                return Err(MailError::OverQuota.into());
            }
        }
        let own = self.account.as_ref().and_then(|a| a.identity.attachment_limit);
        let limit = own.unwrap_or(self.settings.attachment_limit);
        let appending = mail.append(info.id, info.special_use, self.imap.mime, limit)?;
        Ok((appending, info.id))
    }
}

/// R18 in the words of IMAP (RFC 7889); everything else as for any message that is put somewhere.
fn refused(error: AppendError) -> Failure {
    match error {
        AppendError::Refused(refusal) => Reply::no(refusal.ascii_text()).with(Code::TooBig).into(),
        AppendError::Mail(error) => to_target(error),
    }
}

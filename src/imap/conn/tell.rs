//! What is said unasked: the changes of the selected mailbox, and that a long command is still under way.
//!
//! Invariant: EXPUNGE and VANISHED go out only where RFC 9051 §7.5.1 allows.

use super::{Client, Failure};
use crate::imap::cmd::notify::Scope;
use crate::imap::command::By;
use crate::imap::context::tell_expunged;
use crate::imap::reply::{Code, Reply};
use crate::imap::selected::{Telling, flags_fetch};
use crate::imap::vanished::{Vanished, vanished_response};
use crate::imap::view::{Changes, Expunges};
use crate::imap::wire::Bytes;
use crate::service::mailbox::MailError;
use crate::types::uid_ranges;

impl<S: Bytes> Client<S> {
    /// Brings the client up to date with its mailbox.
    pub async fn tell_changes(&mut self, expunges: Expunges, scope: Scope, by: By) -> Result<(), Failure> {
        let wanted = self.wanted(scope);
        let (Some(selected), Some(account)) = (&mut self.selected, &self.account) else { return Ok(()) };
        if !wanted.any {
            return Ok(());
        }
        let (changes, keywords) = selected.catch_up(expunges, &mut self.wire.out);
        if changes.is_empty() && changes.new_uids.is_none() {
            // Own changes of flags are not echoed, but may change what a kept search finds.
            return self.tell_contexts().await;
        }
        let enabled = self.session.enabled();
        let mut claimed = Ok(());
        if let (Some((from, to)), false) = (changes.new_uids, enabled.rev2) {
            let first = if self.session.may_write() {
                account.mail.claim_recent(selected.id, to).await
            } else {
                account.mail.unclaimed_recent(selected.id).await.map(|(first, _)| first)
            };
            match first {
                Ok(first) => selected.view.claim_recent(first.max(from), to - 1),
                Err(error) => claimed = Err(error),
            }
        }
        self.imap.lists.share(selected.id, &mut selected.view);
        tell_expunged(&mut selected.contexts, &changes, &mut self.wire.out);
        let new = selected.take_new(changes.new_uids);
        let Changes { expunged, vanished, exists, flags, .. } = changes;
        let fewer_recent = vanished.iter().any(|uid| selected.view.is_recent(*uid));
        let by_uid = enabled.qresync || enabled.uid_only;
        if by_uid {
            vanished_response(Vanished::Now, &uid_ranges(vanished), &mut self.wire.out);
        }
        let out = &mut self.wire.out;
        let mut line = |text: String| out.extend_from_slice(text.as_bytes());
        for seq in expunged.into_iter().filter(|_| !by_uid) {
            line(format!("* {seq} EXPUNGE\r\n"));
        }
        if let Some(exists) = exists {
            line(format!("* {exists} EXISTS\r\n"));
        }
        // RFC 3501 §7.3.2: with each new size, be it smaller.
        if !enabled.rev2 && (exists.is_some() || fewer_recent) {
            line(format!("* {} RECENT\r\n", selected.view.recent()));
        }
        let mut telling = Telling::to(enabled).by(by);
        telling.uid |= wanted.uid && !enabled.uid_only;
        for f in flags.into_iter().filter(|_| wanted.flags) {
            flags_fetch(&selected.view, &f, &keywords, telling, &mut self.wire.out);
            self.wire.relieve().await?;
        }
        if !wanted.new_items.is_empty() {
            self.fetch_new(&new, wanted.new_items).await?;
        }
        self.tell_contexts().await?;
        claimed.map_err(Failure::Mail)
    }

    /// RFC 7162 §6: while VANISHED is held back the client must not resume from a mod-sequence it has
    /// seen in a FETCH, so it is told the one it may resume from.
    pub fn tell_resumable(&mut self, expunges: Expunges) {
        if !self.session.enabled().qresync || expunges == Expunges::Told {
            return;
        }
        if let Some(selected) = self.selected.as_ref().filter(|s| s.view.owes_expunges()) {
            let upto = selected.view.told();
            Reply::ok("messages that are gone are told later")
                .with(Code::HighestModSeq(upto))
                .write("*", &mut self.wire.out);
        }
    }

    /// Asks the database what changed in the selected mailbox, so that the next telling tells it.
    pub async fn refresh(&mut self) -> Result<(), Failure> {
        if let Some(selected) = &self.selected {
            match selected.live.refresh().await {
                // It was deleted; to this client it becomes empty.
                Ok(()) | Err(MailError::NoMailbox) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Does something that may take long, and meanwhile tells the client now and then that it is being done
    /// (RFC 9585), so that neither it nor a firewall gives the connection up.
    pub async fn with_progress<T>(
        &mut self,
        tag: &str,
        work: impl Future<Output = Result<T, MailError>>,
    ) -> Result<Result<T, MailError>, Failure> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(self.settings.progress) => {
                    // How far it is nobody knows beforehand. A tag needs no quoting, but one with a bracket would
                    // end the code for clients that look for its end.
                    let whose = if tag.contains(']') { String::new() } else { format!(" (\"{tag}\" NIL NIL)") };
                    let line = format!("* OK [INPROGRESS{whose}] Still working\r\n");
                    self.wire.out.extend_from_slice(line.as_bytes());
                    self.wire.flush().await?;
                }
            }
        }
    }
}

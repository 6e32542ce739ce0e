//! STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).

use crate::imap::command::{By, Store};
use crate::imap::conn::{Answer, Client};
use crate::imap::reply::{Code, Reply};
use crate::imap::selected::{Telling, flags_fetch};
use crate::imap::view::FlagsSeen;
use crate::imap::wire::Bytes;
use crate::types::{FlagChange, SeqNum};

impl<S: Bytes> Client<S> {
    pub(super) async fn store(&mut self, store: Store) -> Answer {
        if store.unchanged_since.is_some() {
            self.use_condstore();
        }
        let selected = self.selected()?;
        let id = selected.id;
        let uids = selected.uids_at(&selected.positions(&store.set, store.by)?);
        if uids.is_empty() {
            return Ok(Reply::ok("no such messages"));
        }
        let mail = self.mail()?;
        let keywords = match store.change {
            // What the mailbox does not know cannot be set.
            FlagChange::Remove => mail.known_keywords(id, &store.flags.keywords).await?,
            FlagChange::Add | FlagChange::Replace => mail.make_keywords(id, &store.flags.keywords).await?,
        };
        let flags = store.flags.system.union(keywords);
        let stored = mail.store_flags(id, &uids, store.change, flags, store.unchanged_since).await?;
        self.refresh().await?;

        let telling = Telling::to(self.session.enabled()).by(store.by);
        let Some(selected) = &mut self.selected else {
            return Err(Reply::bad("no mailbox is selected").into());
        };
        for &(uid, _, modseq) in &stored.changed {
            selected.view.answered(uid, modseq);
        }
        let keywords = selected.tell_keywords(&mut self.wire.out);
        let mut told = stored.changed;
        if !store.silent {
            told.extend(stored.same);
            told.sort_unstable_by_key(|&(uid, ..)| uid);
        }
        for (uid, flags, modseq) in told {
            let Some(seq) = selected.view.seq(uid) else { continue };
            let out = &mut self.wire.out;
            if !store.silent {
                let told = FlagsSeen { seq, uid, flags, modseq };
                flags_fetch(&selected.view, &told, &keywords, telling, out);
            } else if telling.condstore {
                // RFC 7162 §3.1.3: the new mod-sequence is told even so.
                let mut fetch = telling.begin(seq, uid, out);
                if telling.uid {
                    fetch.number("UID", uid.into());
                }
                fetch.mod_seq(modseq);
                fetch.finish();
            }
            self.wire.relieve().await?;
        }
        if stored.modified.is_empty() {
            return Ok(Reply::ok("STORE done"));
        }
        let mut modified: Vec<u32> = match store.by {
            By::Uid => stored.modified,
            By::Sequence => {
                stored.modified.iter().filter_map(|uid| selected.view.seq(*uid)).map(SeqNum::get).collect()
            }
        };
        modified.sort_unstable();
        Ok(Reply::ok("some messages had changed and were left").with(Code::Modified(modified)))
    }
}

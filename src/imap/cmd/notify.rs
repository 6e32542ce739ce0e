//! NOTIFY (RFC 5465): what is told of which mailbox, with a command, in IDLE, and when no command is in
//! progress.
//!
//! Until the first NOTIFY a client hears of the selected mailbox alone, and only while a command is
//! processed. From then on it hears what it asked for, always and nothing else, in IDLE too (§4): what it
//! did not ask for about the selected mailbox stays as it was shown, until it asks. What is the answer to a
//! command of its own is told in any case.

use std::collections::BTreeSet;

use tokio::sync::watch::Receiver;

use crate::imap::command::{
    By, Fetch, FetchItem, FetchModifiers, MessageSet, Notify, NotifySet, SelectedEvents, SequenceSet,
    WhenExpunged,
};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::notify::{self, Holdings, ModSeqs, Needs, News, Watch};
use crate::imap::reply::{Code, Reply};
use crate::imap::view::Expunges;
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::types::{AnnotationName, MailboxName, ModSeq, uid_ranges};

/// What a client asked to be told.
pub(in crate::imap) struct Notified {
    /// Of the selected mailbox, whichever that is; `None`: nothing.
    selected: Option<SelectedEvents>,
    watch: Watch,
    ticks: Receiver<u64>,
    /// This session changed something itself, or what changed could not be read.
    stale: bool,
}

/// How much of what changed in the selected mailbox is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Scope {
    /// What NOTIFY asked for; all where there was no NOTIFY.
    AsNotified,
    /// All: the client did something that is answered by it.
    All,
}

/// What of the changes in the selected mailbox is told.
pub(in crate::imap) struct Wanted {
    /// Anything at all.
    pub any: bool,
    /// FETCH of flags that others changed.
    pub flags: bool,
    /// What is fetched of each new message.
    pub new_items: Vec<FetchItem>,
    /// Every FETCH of flags names the UID (§5.1).
    pub uid: bool,
}

/// Wakes when there may be something to tell.
#[derive(Default)]
pub(in crate::imap) struct Wakes {
    selected: Option<Receiver<ModSeq>>,
    account: Option<Receiver<u64>>,
}

impl Wakes {
    /// Pends until then. May be dropped.
    ///
    /// # Errors
    /// The store is closing.
    pub(in crate::imap) async fn changed(&mut self) -> Result<(), tokio::sync::watch::error::RecvError> {
        let Self { selected, account } = self;
        tokio::select! {
            changed = changed(selected) => changed,
            changed = changed(account) => changed,
        }
    }
}

async fn changed<T>(receiver: &mut Option<Receiver<T>>) -> Result<(), tokio::sync::watch::error::RecvError> {
    match receiver {
        Some(receiver) => receiver.changed().await,
        None => std::future::pending().await,
    }
}

impl<S: Bytes> Client<S> {
    /// §3.1
    pub(super) async fn notify(&mut self, notify: Notify) -> Answer {
        let Notify::Set(set) = notify else {
            let ticks = self.mail()?.watch();
            self.notified = Some(Box::new(Notified::nothing(ticks)));
            return Ok(Reply::ok("nothing is notified"));
        };
        let NotifySet { status, selected, groups } = set;
        if notify::names_in(&groups) > notify::NAMES {
            return Err(overflow().into());
        }
        let ticks = self.mail()?.watch();
        let now = self.holdings(Needs::of(&groups)).await?;
        if now.mailboxes.len() > self.settings.notify_mailboxes {
            return Err(overflow().into());
        }
        if selected.as_ref().is_some_and(|events| events.new_items.contains(&FetchItem::ModSeq)) {
            self.use_condstore();
        }
        // It implies a NOOP.
        self.refresh().await?;
        self.tell_changes(Expunges::Told, Scope::All, By::Sequence).await?;
        let watch = Watch::new(groups, &now);
        if status {
            let id = self.selected.as_ref().map(|selected| selected.id);
            self.tell_news(watch.standing(&now, id), &now).await?;
        }
        self.notified = Some(Box::new(Notified { selected, watch, ticks, stale: false }));
        Ok(Reply::ok("NOTIFY done"))
    }

    /// What the account holds, as far as it must be known.
    async fn holdings(&self, needs: Needs) -> Result<Holdings, Failure> {
        let mail = self.mail()?;
        let mut now = Holdings::default();
        if needs.mailboxes {
            now.mailboxes = mail.list().await?;
        }
        if needs.subscriptions {
            now.subscribed = BTreeSet::from_iter(mail.subscriptions().await?);
        }
        if needs.annotations {
            now.annotations = mail.annotations_of_mailboxes().await?;
            now.own_annotations = mail.annotations(None).await?;
        }
        Ok(now)
    }

    /// What of the changes in the selected mailbox is told.
    pub(in crate::imap) fn wanted(&self, scope: Scope) -> Wanted {
        match (&self.notified, scope) {
            (None, _) => Wanted { any: true, flags: true, new_items: Vec::new(), uid: false },
            (Some(notified), _) if notified.selected.is_some() => {
                let (new_items, flags) = notified.selected.as_ref().map_or((Vec::new(), true), |events| {
                    (events.new_items.clone(), events.flag_change || scope == Scope::All)
                });
                Wanted { any: true, flags, new_items, uid: true }
            }
            (Some(_), Scope::All) => Wanted { any: true, flags: true, new_items: Vec::new(), uid: true },
            (Some(_), Scope::AsNotified) => {
                Wanted { any: false, flags: false, new_items: Vec::new(), uid: true }
            }
        }
    }

    /// What wakes a client that waits for what it is told unasked, in IDLE or by NOTIFY: take it before
    /// telling, so that nothing falls between.
    pub(in crate::imap) fn wakes(&mut self) -> Wakes {
        let listens = self.wanted(Scope::AsNotified).any;
        let selected = self.selected.as_mut().filter(|_| listens).map(|selected| {
            selected.changes.mark_unchanged();
            selected.changes.clone()
        });
        let account = self.notified.as_ref().filter(|notified| !notified.watch.is_idle()).map(|notified| {
            let mut ticks = notified.ticks.clone();
            ticks.mark_unchanged();
            ticks
        });
        Wakes { selected, account }
    }

    /// Tells what NOTIFY asked for while no command is in progress.
    pub(in crate::imap) async fn tell_between_commands(&mut self) -> Result<(), Failure> {
        let expunges = match self.notified.as_ref().and_then(|notified| notified.selected.as_ref()) {
            Some(events) if events.expunges == WhenExpunged::AtOnce => Expunges::Told,
            _ => Expunges::Withheld,
        };
        let before = self.wire.out.len();
        self.tell_changes(expunges, Scope::AsNotified, By::Sequence).await?;
        if self.wire.out.len() != before {
            self.tell_resumable(expunges);
        }
        self.tell_others().await
    }

    /// What IDLE tells: after NOTIFY what that asked for (§4).
    pub(in crate::imap) async fn tell_in_idle(&mut self) -> Result<(), Failure> {
        self.tell_changes(Expunges::Told, Scope::AsNotified, By::Sequence).await?;
        self.tell_others().await
    }

    /// Tells what happened to other mailboxes, if anything may have.
    pub(in crate::imap) async fn tell_others(&mut self) -> Result<(), Failure> {
        let Some(notified) = &mut self.notified else { return Ok(()) };
        let ticked = notified.ticks.has_changed().unwrap_or(false);
        if notified.watch.is_idle() || !(ticked || notified.stale) {
            return Ok(());
        }
        notified.ticks.mark_unchanged();
        // Until it is told.
        notified.stale = true;
        let needs = notified.watch.needs();
        let now = self.holdings(needs).await?;
        let selected = self.selected.as_ref().map(|selected| selected.id);
        let modseqs = if self.session.enabled().condstore { ModSeqs::Told } else { ModSeqs::Unknown };
        let Some(notified) = &mut self.notified else { return Ok(()) };
        notified.stale = false;
        if now.mailboxes.len() > self.settings.notify_mailboxes {
            // §5.8
            let ticks = notified.ticks.clone();
            **notified = Notified::nothing(ticks);
            let text = "There are too many folders, nothing is notified any more";
            Reply::ok(text).with(Code::NotificationOverflow).write("*", &mut self.wire.out);
            return Ok(());
        }
        let news = notified.watch.compare(&now, selected, modseqs);
        self.tell_news(news, &now).await
    }

    async fn tell_news(&mut self, news: Vec<News>, now: &Holdings) -> Result<(), Failure> {
        for one in news {
            match one {
                News::Name(name, old) => self.name_response(&name, old.as_ref(), now),
                News::Status(info, items) => self.status_response(&info, &items).await?,
                News::Annotations(mailbox, entries) => self.changed_entries(mailbox.as_ref(), &entries),
            }
            self.wire.relieve().await?;
        }
        Ok(())
    }

    /// `* LIST () "/" "New" ("OLDNAME" ("Old"))`
    fn name_response(&mut self, name: &MailboxName, old: Option<&MailboxName>, now: &Holdings) {
        let mode = self.utf8();
        let out = &mut self.wire.out;
        write::list_begin(notify::attributes(name, now).into_iter(), name, mode, out);
        if let Some(old) = old {
            write::old_name(old.as_str(), mode, out);
        }
        out.extend_from_slice(b"\r\n");
    }

    /// `* METADATA "INBOX" /private/comment` (RFC 5464 §4.4.2)
    fn changed_entries(&mut self, mailbox: Option<&MailboxName>, entries: &[AnnotationName]) {
        let mode = self.utf8();
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* METADATA ");
        match mailbox {
            Some(name) => write::mailbox_name(name, mode, out),
            None => out.extend_from_slice(b"\"\""),
        }
        for entry in entries {
            out.push(b' ');
            write::astring(entry.as_str(), out);
        }
        out.extend_from_slice(b"\r\n");
    }

    /// FETCH of messages that are new, for who asked to be told more of them than that they are there.
    pub(in crate::imap) async fn fetch_new(
        &mut self,
        uids: &[u32],
        items: Vec<FetchItem>,
    ) -> Result<(), Failure> {
        if uids.is_empty() || items.is_empty() {
            return Ok(());
        }
        let set = MessageSet::Numbers(SequenceSet::from_ranges(uid_ranges(uids.iter().copied())));
        let fetch = Fetch { by: By::Uid, set, items, modifiers: FetchModifiers::default() };
        match Box::pin(self.fetch(fetch)).await {
            // What cannot be decoded cannot be told.
            Ok(_) | Err(Failure::Refused(_)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// What this session did itself is not told to it (§5).
    pub(super) fn note_own(&mut self, note: impl FnOnce(&mut Watch)) {
        if let Some(notified) = &mut self.notified {
            note(&mut notified.watch);
            notified.stale = true;
        }
    }

    /// Leaves the selected mailbox; from now on it is one of the others.
    pub(super) fn leave(&mut self) {
        if let Some(selected) = self.selected.take() {
            self.note_own(|watch| watch.left(selected.id, &selected.view));
        }
        self.session.unselected();
    }
}

impl Notified {
    /// As after NOTIFY NONE.
    fn nothing(ticks: Receiver<u64>) -> Self {
        Self { selected: None, watch: Watch::default(), ticks, stale: false }
    }
}

fn overflow() -> Reply {
    Reply::no("This is more than the server notifies of").with(Code::NotificationOverflow)
}

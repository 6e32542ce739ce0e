//! What NOTIFY (RFC 5465) tells of the mailboxes that are not selected, and of names, subscriptions and
//! annotations. Pure: compares what the account holds with what the client was told.
//!
//! Invariants
//! * What was told is remembered for every mailbox, watched or not, so a change is told once.
//! * What this session did itself is taken over without a word (§5), as far as it is known for sure; what
//!   others did at the same time is told even so.
//! * Of the selected mailbox nothing is told here; when it is left, the client knows what its view showed.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use super::command::{EventGroup, Events, MailboxFilter, NotifyEvent, StatusItem};
use super::view::View;
use crate::service::mailbox::{Annotation, MailboxInfo};
use crate::types::{AnnotationName, MailboxId, MailboxName, ModSeq, UidValidity};

/// Names in all filters together; more is refused with NOTIFICATIONOVERFLOW.
pub const NAMES: usize = 100;

/// What an account holds, as far as a [`Watch`] looks at it.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// All mailboxes.
    pub mailboxes: Vec<MailboxInfo>,
    /// If [`Needs::subscriptions`].
    pub subscribed: BTreeSet<MailboxName>,
    /// If [`Needs::annotations`].
    pub annotations: HashMap<MailboxId, Vec<Annotation>>,
    /// If [`Needs::annotations`]: those of the account.
    pub own_annotations: Vec<Annotation>,
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// LIST, with the name it had before.
    Name(MailboxName, Option<MailboxName>),
    /// STATUS
    Status(Box<MailboxInfo>, Vec<StatusItem>),
    /// METADATA without values; `None`: of the account.
    Annotations(Option<MailboxName>, Vec<AnnotationName>),
}

/// What the client knows of a mailbox.
#[derive(Clone, Debug)]
struct Known {
    name: MailboxName,
    has_children: bool,
    uidvalidity: UidValidity,
    messages: u32,
    uidnext: u32,
    /// `None`: not known; the next number is taken over.
    unseen: Option<u32>,
    highestmodseq: ModSeq,
}

type Hashes = BTreeMap<AnnotationName, u64>;

/// See the module text.
#[derive(Debug, Default)]
pub struct Watch {
    groups: Vec<EventGroup>,
    known: BTreeMap<MailboxId, Known>,
    subscribed: BTreeSet<MailboxName>,
    annotations: HashMap<MailboxId, Hashes>,
    own_annotations: Hashes,
    /// Names that this session made or removed and that were not compared since.
    own_names: BTreeSet<MailboxName>,
}

impl Watch {
    /// From what the account holds now on.
    pub fn new(groups: Vec<EventGroup>, now: &Holdings) -> Self {
        let mut watch = Self { groups, ..Self::default() };
        watch.remember(now);
        watch
    }

    /// Whether anything can come of it.
    pub fn is_idle(&self) -> bool {
        self.all_events().is_empty()
    }

    /// What must be known to say what is to be told.
    pub fn needs(&self) -> Needs {
        Needs::of(&self.groups)
    }

    fn all_events(&self) -> Events {
        self.groups.iter().fold(Events::default(), |all, group| all.or(group.events))
    }

    /// How the watched mailboxes stand (§3.1, NOTIFY SET STATUS), but for the selected one.
    pub fn standing(&self, now: &Holdings, selected: Option<MailboxId>) -> Vec<News> {
        let told = now.mailboxes.iter().filter(|info| info.selectable && Some(info.id) != selected);
        told.filter_map(|info| {
            let events = self.events(&info.name, &now.subscribed);
            let items = if events.has(NotifyEvent::FlagChange) {
                &WITH_FLAGS[..]
            } else if events.has(NotifyEvent::MessageNew) {
                &WITH_FLAGS[..3]
            } else {
                return None;
            };
            Some(News::Status(Box::new(info.clone()), items.to_vec()))
        })
        .collect()
    }

    /// What happened since the last call. `modseqs`: the client turned CONDSTORE on.
    pub fn compare(&mut self, now: &Holdings, selected: Option<MailboxId>, modseqs: ModSeqs) -> Vec<News> {
        let mut news = self.names(now);
        for info in now.mailboxes.iter().filter(|info| info.selectable && Some(info.id) != selected) {
            let events = self.events(&info.name, &now.subscribed);
            let items = self.changed(info, events, modseqs);
            if !items.is_empty() {
                news.push(News::Status(Box::new(info.clone()), items));
            }
        }
        self.changed_annotations(now, &mut news);
        self.remember(now);
        news
    }

    /// All events that are told of a mailbox of this name.
    fn events(&self, name: &MailboxName, subscribed: &BTreeSet<MailboxName>) -> Events {
        let mut all = Events::default();
        for group in self.groups.iter().filter(|group| covers(&group.mailboxes, name, subscribed)) {
            // "NONE" means that the client does not wish to receive any events for these (§8).
            if group.events.is_empty() {
                return Events::default();
            }
            all = all.or(group.events);
        }
        all
    }

    fn wants(&self, event: NotifyEvent, name: &MailboxName, subscribed: &BTreeSet<MailboxName>) -> bool {
        self.events(name, subscribed).has(event)
    }

    /// `MailboxName` and `SubscriptionChange` (§5.4, §5.5).
    fn names(&self, now: &Holdings) -> Vec<News> {
        let parents = parents(now);
        let ids: BTreeSet<MailboxId> = now.mailboxes.iter().map(|info| info.id).collect();
        let gone = self.known.iter().filter(|(id, _)| !ids.contains(id)).map(|(_, known)| &known.name);
        let new = now.mailboxes.iter().filter(|info| !self.known.contains_key(&info.id));
        // Deleted and made anew at once is one name.
        let mut affected: BTreeSet<&MailboxName> = gone.chain(new.map(|info| &info.name)).collect();
        affected.retain(|name| !self.own_names.contains(name));
        let renamed: Vec<(&MailboxName, &MailboxName)> = (now.mailboxes.iter())
            .filter_map(|info| Some((&self.known.get(&info.id)?.name, &info.name)))
            .filter(|(old, new)| old != new)
            .collect();
        // A name above one that came or went, when that changed what LIST says of it.
        if !affected.is_empty() {
            let above: BTreeSet<MailboxName> = affected.iter().filter_map(|name| name.parent()).collect();
            let differs = |info: &&MailboxInfo| {
                let before = self.known.get(&info.id).map(|known| known.has_children);
                above.contains(&info.name) && before.is_some_and(|b| b != parents.contains(&info.name))
            };
            affected.extend(now.mailboxes.iter().filter(differs).map(|info| &info.name));
        }
        let mut news = Vec::new();
        let mut told = BTreeSet::new();
        for (old, new) in &renamed {
            // What is below a renamed name goes along, and is not told of (§5.4).
            let along = |(from, to): &(&MailboxName, &MailboxName)| {
                old.is_below(from) && old.moved(from, to).is_ok_and(|moved| moved == **new)
            };
            let wanted = [old, new]
                .into_iter()
                .any(|name| self.wants(NotifyEvent::MailboxName, name, &now.subscribed));
            if wanted && !renamed.iter().any(along) {
                told.insert((*new).clone());
                news.push(News::Name((*new).clone(), Some((*old).clone())));
            }
        }
        for name in affected {
            if self.wants(NotifyEvent::MailboxName, name, &now.subscribed) && told.insert(name.clone()) {
                news.push(News::Name(name.clone(), None));
            }
        }
        for name in self.subscribed.symmetric_difference(&now.subscribed) {
            // `subscribed` covers it before or after.
            let wanted = self.wants(NotifyEvent::SubscriptionChange, name, &now.subscribed)
                || self.wants(NotifyEvent::SubscriptionChange, name, &self.subscribed);
            if wanted && told.insert(name.clone()) {
                news.push(News::Name(name.clone(), None));
            }
        }
        news
    }

    /// What STATUS says of a change of messages (§5.1 to §5.3).
    fn changed(&self, info: &MailboxInfo, events: Events, modseqs: ModSeqs) -> Vec<StatusItem> {
        let mut items = Vec::new();
        let (new, flags) = (events.has(NotifyEvent::MessageNew), events.has(NotifyEvent::FlagChange));
        let Some(known) = self.known.get(&info.id) else {
            // LIST told of an empty one; of another mailbox under a name that was there nothing holds.
            let replaced = self.known.values().any(|known| known.name == info.name);
            if (new || flags) && (replaced || info.uidnext > 1) {
                items.extend([StatusItem::UidNext, StatusItem::Messages, StatusItem::UidValidity]);
                items.extend((modseqs == ModSeqs::Told).then_some(StatusItem::HighestModSeq));
            }
            return items;
        };
        let unseen = known.unseen.is_some_and(|unseen| unseen != info.unseen);
        if new && (known.uidnext != info.uidnext || known.messages != info.messages) {
            items.extend([StatusItem::UidNext, StatusItem::Messages]);
            items.extend((modseqs == ModSeqs::Told).then_some(StatusItem::HighestModSeq));
            items.extend((flags && unseen).then_some(StatusItem::Unseen));
        } else if flags && known.highestmodseq != info.highestmodseq {
            if modseqs == ModSeqs::Told {
                items.extend([StatusItem::UidValidity, StatusItem::HighestModSeq]);
            }
            items.extend(unseen.then_some(StatusItem::Unseen));
        }
        if known.uidvalidity != info.uidvalidity
            && (new || flags)
            && !items.contains(&StatusItem::UidValidity)
        {
            items.push(StatusItem::UidValidity);
        }
        items
    }

    /// `MailboxMetadataChange` and `ServerMetadataChange` (§5.6, §5.7).
    fn changed_annotations(&self, now: &Holdings, news: &mut Vec<News>) {
        if !self.needs().annotations {
            return;
        }
        if self.all_events().has(NotifyEvent::ServerMetadataChange) {
            let changed = differing(&self.own_annotations, &hashes(&now.own_annotations));
            if !changed.is_empty() {
                news.push(News::Annotations(None, changed));
            }
        }
        let none = Hashes::new();
        for info in &now.mailboxes {
            if !self.wants(NotifyEvent::MailboxMetadataChange, &info.name, &now.subscribed) {
                continue;
            }
            let before = self.annotations.get(&info.id).unwrap_or(&none);
            let after = now.annotations.get(&info.id).map(|all| hashes(all)).unwrap_or_default();
            let changed = differing(before, &after);
            if !changed.is_empty() {
                news.push(News::Annotations(Some(info.name.clone()), changed));
            }
        }
    }

    fn remember(&mut self, now: &Holdings) {
        let parents = parents(now);
        self.own_names.clear();
        self.known = (now.mailboxes.iter())
            .map(|info| {
                let known = Known {
                    name: info.name.clone(),
                    has_children: parents.contains(&info.name),
                    uidvalidity: info.uidvalidity,
                    messages: info.messages,
                    uidnext: info.uidnext,
                    unseen: Some(info.unseen),
                    highestmodseq: info.highestmodseq,
                };
                (info.id, known)
            })
            .collect();
        self.subscribed.clone_from(&now.subscribed);
        if self.needs().annotations {
            self.annotations = now.annotations.iter().map(|(id, all)| (*id, hashes(all))).collect();
            self.own_annotations = hashes(&now.own_annotations);
        }
    }

    /// This session made or removed the name; what is above it was made with it.
    pub fn own_name(&mut self, name: &MailboxName) {
        self.own_names.extend(std::iter::successors(Some(name.clone()), MailboxName::parent));
    }

    /// This session renamed a mailbox.
    pub fn own_rename(&mut self, from: &MailboxName, to: &MailboxName) {
        if from.is_inbox() {
            return self.own_name(to);
        }
        self.own_names.extend(std::iter::successors(to.parent(), MailboxName::parent));
        for known in self.known.values_mut() {
            if (known.name == *from || known.name.is_below(from))
                && let Ok(moved) = known.name.moved(from, to)
            {
                known.name = moved;
            }
        }
    }

    /// This session subscribed.
    pub fn own_subscribe(&mut self, name: &MailboxName) {
        if self.needs().subscriptions {
            self.subscribed.insert(name.clone());
        }
    }

    /// This session unsubscribed.
    pub fn own_unsubscribe(&mut self, name: &MailboxName) {
        self.subscribed.remove(name);
    }

    /// This session set annotations; `None`: of the account. `changed`: the mailbox has another mod-sequence now.
    pub fn own_annotate(
        &mut self,
        mailbox: Option<MailboxId>,
        changes: &[(AnnotationName, Option<Vec<u8>>)],
        changed: bool,
    ) {
        if let Some(known) = mailbox.and_then(|id| self.known.get_mut(&id)) {
            known.highestmodseq.0 += u64::from(changed);
        }
        let all = match mailbox {
            None => &mut self.own_annotations,
            Some(id) => self.annotations.entry(id).or_default(),
        };
        for (name, value) in changes {
            match value {
                Some(value) => all.insert(name.clone(), hash(value)),
                None => all.remove(name),
            };
        }
    }

    /// This session put messages with these UIDs, which ascend, into a mailbox.
    pub fn own_messages(&mut self, mailbox: MailboxId, uids: &[u32]) {
        let (Some(known), Some(&first), Some(&last)) =
            (self.known.get_mut(&mailbox), uids.first(), uids.last())
        else {
            return;
        };
        known.messages += uids.len() as u32;
        // Others' between them are told.
        if known.uidnext == first && (last - first) as usize + 1 == uids.len() {
            known.uidnext = last + 1;
        }
    }

    /// This session removed so many messages from a mailbox that it left.
    pub fn own_expunged(&mut self, mailbox: MailboxId, count: usize) {
        if let Some(known) = self.known.get_mut(&mailbox) {
            known.messages = known.messages.saturating_sub(count as u32);
        }
    }

    /// The session leaves the mailbox that it had selected: this is what its client knows of it.
    pub fn left(&mut self, mailbox: MailboxId, view: &View) {
        if let Some(known) = self.known.get_mut(&mailbox) {
            known.messages = view.exists();
            known.uidnext = view.next_uid();
            known.highestmodseq = view.told();
            known.unseen = None;
        }
    }
}

/// Whether mod-sequences are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModSeqs {
    /// The client turned CONDSTORE on.
    Told,
    /// It knows nothing of them.
    Unknown,
}

const WITH_FLAGS: [StatusItem; 5] = [
    StatusItem::Messages,
    StatusItem::UidNext,
    StatusItem::UidValidity,
    StatusItem::HighestModSeq,
    StatusItem::Unseen,
];

/// What of an account must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// [`Holdings::mailboxes`]
    pub mailboxes: bool,
    /// [`Holdings::subscribed`]
    pub subscriptions: bool,
    /// [`Holdings::annotations`] and [`Holdings::own_annotations`]
    pub annotations: bool,
}

impl Needs {
    /// For these groups.
    pub fn of(groups: &[EventGroup]) -> Self {
        let all = groups.iter().fold(Events::default(), |all, group| all.or(group.events));
        let filtered = groups.iter().any(|group| group.mailboxes == MailboxFilter::Subscribed);
        Self {
            mailboxes: !all.is_empty(),
            subscriptions: filtered || all.has(NotifyEvent::SubscriptionChange),
            annotations: all.has(NotifyEvent::MailboxMetadataChange)
                || all.has(NotifyEvent::ServerMetadataChange),
        }
    }
}

/// How many names the filters of these groups say.
pub fn names_in(groups: &[EventGroup]) -> usize {
    let names = |group: &EventGroup| match &group.mailboxes {
        MailboxFilter::Subtree(names)
        | MailboxFilter::SubtreeOne(names)
        | MailboxFilter::Mailboxes(names) => names.len(),
        _ => 0,
    };
    groups.iter().map(names).sum()
}

/// Whether a filter means a mailbox of this name (§6).
pub fn covers(filter: &MailboxFilter, name: &MailboxName, subscribed: &BTreeSet<MailboxName>) -> bool {
    match filter {
        MailboxFilter::Selected => false,
        MailboxFilter::Inboxes => name.is_inbox(),
        MailboxFilter::Personal => true,
        MailboxFilter::Subscribed => subscribed.contains(name),
        MailboxFilter::Subtree(roots) => roots.iter().any(|root| name == root || name.is_below(root)),
        MailboxFilter::SubtreeOne(roots) => {
            roots.iter().any(|root| name == root || name.parent().as_ref() == Some(root))
        }
        MailboxFilter::Mailboxes(names) => names.contains(name),
    }
}

/// The attributes of a name as LIST would say them; what holds no messages does not exist (RFC 5258 §3).
pub fn attributes(name: &MailboxName, now: &Holdings) -> Vec<&'static str> {
    let info = now.mailboxes.iter().find(|info| info.name == *name);
    let has_children = now.mailboxes.iter().any(|info| info.name.is_below(name));
    let mut all = Vec::new();
    if !info.is_some_and(|info| info.selectable) {
        all.push("\\NonExistent");
    }
    if info.is_some() || has_children {
        all.push(if has_children { "\\HasChildren" } else { "\\HasNoChildren" });
    }
    if now.subscribed.contains(name) {
        all.push("\\Subscribed");
    }
    all.extend(info.and_then(|info| info.special_use).map(crate::types::SpecialUse::as_str));
    all
}

fn parents(now: &Holdings) -> BTreeSet<MailboxName> {
    let above = |info: &MailboxInfo| std::iter::successors(info.name.parent(), MailboxName::parent);
    now.mailboxes.iter().flat_map(above).collect()
}

fn hash(value: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn hashes(all: &[Annotation]) -> Hashes {
    all.iter().map(|(name, value)| (name.clone(), hash(value))).collect()
}

/// Names that are in one alone, or with another value.
fn differing(before: &Hashes, after: &Hashes) -> Vec<AnnotationName> {
    let names: BTreeSet<&AnnotationName> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests;

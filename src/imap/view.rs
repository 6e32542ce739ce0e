//! One client's idea of the selected mailbox: which UID has which sequence number, and what the
//! client has not been told yet.
//!
//! Invariants
//! * The numbering changes only by what [`View::catch_up`] returns, and the
//!   caller sends all of it, in order, before anything else.
//! * UIDs ascend strictly; every UID below `next_uid` is either in `uids` or was told as expunged.
//! * A message that others expunged stays in `uids` (and readable, by [`View::gone`]) until the client
//!   has been told (RFC 2180 §4.1, RFC 9051 §7.5.1).
//! * The list of UIDs is shared: with ten sessions in one mailbox there is one list.
//!
//! Pure: compares itself with the [`MailboxState`] all sessions share, never waits.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::service::mailbox::{MailboxState, Row};
use crate::types::{Flags, MailboxId, ModSeq, SeqNum};

/// Whether sequence numbers may change now (RFC 9051 §7.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expunges {
    /// A command is in progress that names no sequence numbers of messages, or UIDs only.
    Told,
    /// No command is in progress, or a FETCH, STORE or SEARCH.
    Withheld,
}

/// What the client is to be told, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// `EXPUNGE`: sequence numbers from the highest down, so that none shifts another.
    pub expunged: Vec<SeqNum>,
    /// `VANISHED`: the UIDs of the same messages, ascending (RFC 7162 §3.2.10.2).
    pub vanished: Vec<u32>,
    /// `EXISTS`, when the number grew.
    pub exists: Option<u32>,
    /// The UIDs that came new, as a half-open range; `\Recent` is claimed for them.
    pub new_uids: Option<(u32, u32)>,
    /// `FETCH (FLAGS)` for messages the client knew before.
    pub flags: Vec<FlagsSeen>,
}

impl Changes {
    /// Nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.expunged.is_empty() && self.exists.is_none() && self.flags.is_empty()
    }
}

/// One message's flags, as an untagged FETCH tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagsSeen {
    /// Its number in this view.
    pub seq: SeqNum,
    /// Its UID.
    pub uid: u32,
    /// All its flags.
    pub flags: Flags,
    /// When they last changed.
    pub modseq: ModSeq,
}

/// What a flag change of this session's own made of a message.
#[derive(Clone, Copy, Debug)]
struct Own {
    flags: Flags,
    modseq: ModSeq,
    /// The client was answered (or asked to be silent about) all of it.
    told: bool,
}

/// See the module text.
#[derive(Debug)]
pub struct View {
    uids: Arc<Vec<u32>>,
    next_uid: u32,
    modseq: ModSeq,
    /// Up to which change the client has been told everything, expunges too.
    told: ModSeq,
    /// Gone from the mailbox, still in `uids`; ascending UIDs. `None`: gone too long ago to be read.
    gone: Vec<(u32, Option<Row>)>,
    /// This session's own flag changes that `modseq` does not reach, the last of each message, by UID.
    own: HashMap<u32, Own>,
    /// All that changed at this mod-sequence is in `own`, and told.
    own_whole: Option<ModSeq>,
    /// UIDs that are `\Recent` in this session (RFC 3501 §2.3.2), as inclusive ranges.
    recent: Vec<(u32, u32)>,
}

impl View {
    /// The view right after SELECT or EXAMINE.
    pub fn open(now: &MailboxState) -> Self {
        Self {
            uids: Arc::new(now.rows.iter().map(|r| r.uid).collect()),
            next_uid: now.uidnext,
            modseq: now.highestmodseq,
            told: now.highestmodseq,
            gone: Vec::new(),
            own: HashMap::new(),
            own_whole: None,
            recent: Vec::new(),
        }
    }

    /// How many messages the client believes in: the number of the last EXISTS, less EXPUNGEs.
    pub fn exists(&self) -> u32 {
        u32::try_from(self.uids.len()).unwrap_or(u32::MAX)
    }

    /// All UIDs, the one with sequence number 1 first.
    pub fn uids(&self) -> &[u32] {
        &self.uids
    }

    /// The number that this UID has.
    pub fn seq(&self, uid: u32) -> Option<SeqNum> {
        let index = self.uids.binary_search(&uid).ok()?;
        SeqNum::new(u32::try_from(index).ok()?.checked_add(1)?)
    }

    /// The largest UID, what `*` means in a UID command; none in an empty mailbox.
    pub fn last_uid(&self) -> Option<u32> {
        self.uids.last().copied()
    }

    /// The UID that the next message gets, as far as the client knows.
    pub fn next_uid(&self) -> u32 {
        self.next_uid
    }

    /// Up to which change the client has been told all flags.
    pub fn modseq(&self) -> ModSeq {
        self.modseq
    }

    /// Up to which change the client has been told everything, expunges too: what it may resume from
    /// (RFC 7162 §6).
    pub fn told(&self) -> ModSeq {
        self.told
    }

    /// Whether a change happened that this view was not compared with.
    pub fn is_behind(&self, now: &MailboxState) -> bool {
        self.modseq != now.highestmodseq
            || self.next_uid != now.uidnext
            || !self.gone.is_empty()
            || (now.gone && !self.uids.is_empty())
    }

    /// A message that others expunged and the client has not been told about, as this session last saw or
    /// made it.
    pub fn gone(&self, uid: u32) -> Option<&Row> {
        let index = self.gone.binary_search_by_key(&uid, |g| g.0).ok()?;
        self.gone[index].1.as_ref()
    }

    /// Whether EXPUNGEs are being withheld (`EXPUNGEISSUED`, RFC 5530 §3).
    pub fn owes_expunges(&self) -> bool {
        !self.gone.is_empty()
    }

    /// The row of a message of this view: alive, or gone and not told yet. Never older than what this session
    /// was answered. `None`: gone too long ago.
    pub fn row(&self, now: &MailboxState, uid: u32) -> Option<Row> {
        let row = now
            .row(uid)
            .or_else(|| self.gone(uid))
            .or_else(|| self.uids().binary_search(&uid).ok().and_then(|_| lately(now, uid)))?;
        Some(self.with_own(*row))
    }

    /// The row, or what this session made of it where that is newer: a message may go before anybody here
    /// looked at what became of it.
    fn with_own(&self, row: Row) -> Row {
        match self.own.get(&row.uid) {
            Some(own) if own.modseq > row.modseq => Row { flags: own.flags, modseq: own.modseq, ..row },
            _ => row,
        }
    }

    /// Whether the client was told of the message as it is in this row, or later.
    fn was_told(&self, row: &Row) -> bool {
        row.modseq <= self.modseq || self.own.get(&row.uid).is_some_and(|o| o.told && row.modseq <= o.modseq)
    }

    /// The flags that the client was last told of, where all changes so far were told.
    pub fn known_flags(&self, now: &MailboxState, uids: &[u32]) -> HashMap<u32, Flags> {
        let rows = uids.iter().filter_map(|uid| now.row(*uid));
        let rows = rows.map(|row| self.with_own(*row)).filter(|row| self.was_told(row));
        rows.map(|row| (row.uid, row.flags)).collect()
    }

    /// Notes what a flag change of this session's own made of a message; `told`: no further report of it is
    /// needed.
    pub fn answered(&mut self, uid: u32, flags: Flags, modseq: ModSeq, told: bool) {
        if modseq > self.modseq {
            let told = told || self.own.get(&uid).is_some_and(|own| own.told && own.modseq >= modseq);
            self.own.insert(uid, Own { flags, modseq, told });
        }
    }

    /// Notes that everything that changed at this mod-sequence was [`answered`](Self::answered), as told: when
    /// nothing else changed, nobody looks through the whole mailbox for what did.
    pub fn answered_whole(&mut self, modseq: ModSeq) {
        self.own_whole = Some(modseq);
    }

    /// Makes these UIDs `\Recent` in this session.
    pub fn claim_recent(&mut self, from: u32, to: u32) {
        if from <= to {
            match self.recent.last_mut() {
                Some((_, hi)) if hi.checked_add(1) == Some(from) => *hi = to,
                _ => self.recent.push((from, to)),
            }
        }
    }

    /// Whether the message is `\Recent` in this session.
    pub fn is_recent(&self, uid: u32) -> bool {
        self.recent.iter().any(|&(lo, hi)| (lo..=hi).contains(&uid))
    }

    /// How many messages are `\Recent`: the number of the RECENT response.
    pub fn recent(&self) -> u32 {
        let below = |n: u32| self.uids.partition_point(|&uid| uid < n);
        let count = |&(lo, hi): &(u32, u32)| below(hi.saturating_add(1)) - below(lo);
        u32::try_from(self.recent.iter().map(count).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// Compares with the mailbox as it is and takes the differences over.
    ///
    /// With [`Expunges::Withheld`] the messages that are gone stay counted, and are told by the next
    /// call that may.
    pub fn catch_up(&mut self, now: &MailboxState, expunges: Expunges) -> Changes {
        let mut changes = Changes::default();
        if !self.is_behind(now) {
            return changes;
        }
        self.find_gone(now);
        if expunges == Expunges::Told && !self.gone.is_empty() {
            (changes.expunged, changes.vanished) = self.drop_gone();
        }
        let known = self.next_uid;
        if now.uidnext > known {
            let first = now.rows.partition_point(|r| r.uid < known);
            if first < now.rows.len() {
                Arc::make_mut(&mut self.uids).extend(now.rows[first..].iter().map(|r| r.uid));
                changes.exists = Some(self.exists());
            }
            changes.new_uids = Some((known, now.uidnext));
            self.next_uid = now.uidnext;
        }
        if now.highestmodseq > self.modseq {
            // Each mod-sequence is one change.
            let only_own =
                now.highestmodseq.0 == self.modseq.0 + 1 && self.own_whole == Some(now.highestmodseq);
            if !only_own {
                changes.flags = self.changed_flags(now, known);
            }
            self.own_whole = None;
            self.modseq = now.highestmodseq;
            let told = self.modseq;
            self.own.retain(|_, own| own.modseq > told);
            self.own.shrink_to(64);
        }
        if self.gone.is_empty() {
            self.told = self.modseq;
        }
        changes
    }

    /// Flag changes since the last call, of messages below `known`, that this session did not make.
    fn changed_flags(&self, now: &MailboxState, known: u32) -> Vec<FlagsSeen> {
        now.changed_since(self.modseq)
            .take_while(|row| row.uid < known)
            .filter(|row| !self.was_told(row))
            .filter_map(|row| {
                let seq = self.seq(row.uid)?;
                Some(FlagsSeen { seq, uid: row.uid, flags: row.flags, modseq: row.modseq })
            })
            .collect()
    }

    /// Moves what the mailbox no longer holds into `gone`.
    fn find_gone(&mut self, now: &MailboxState) {
        // A deleted mailbox ends as an empty one.
        let alive = if now.gone { 0 } else { now.rows.partition_point(|r| r.uid < self.next_uid) };
        if alive + self.gone.len() == self.uids.len() {
            return;
        }
        let mut rows = now.rows[..alive].iter().map(|r| r.uid).peekable();
        let mut gone = Vec::new();
        for &uid in self.uids.iter() {
            while rows.next_if(|&r| r < uid).is_some() {}
            if rows.next_if_eq(&uid).is_some() {
                continue;
            }
            let row = self.gone(uid).or_else(|| lately(now, uid));
            gone.push((uid, row.map(|row| self.with_own(*row))));
        }
        self.gone = gone;
    }

    /// Takes `gone` out of the numbering; the numbers it had, from the highest down, and the UIDs.
    fn drop_gone(&mut self) -> (Vec<SeqNum>, Vec<u32>) {
        let gone = std::mem::take(&mut self.gone);
        let mut numbers: Vec<SeqNum> = gone.iter().filter_map(|g| self.seq(g.0)).collect();
        numbers.reverse();
        let vanished: Vec<u32> = gone.iter().map(|g| g.0).collect();
        let mut gone = vanished.iter().peekable();
        Arc::make_mut(&mut self.uids).retain(|uid| gone.next_if_eq(&uid).is_none());
        (numbers, vanished)
    }
}

/// The row of a message that was expunged not long ago.
fn lately(now: &MailboxState, uid: u32) -> Option<&Row> {
    now.expunged.iter().rev().find(|(_, row)| row.uid == uid).map(|(_, row)| row)
}

/// The lists of UIDs that views share, by mailbox: one list however many sessions are in it.
#[derive(Debug, Default)]
pub struct SharedLists(parking_lot::Mutex<HashMap<MailboxId, Weak<Vec<u32>>>>);

impl SharedLists {
    /// Lets the view use the list that another has, if it is the same; else offers its own.
    pub fn share(&self, mailbox: MailboxId, view: &mut View) {
        let mut lists = self.0.lock();
        match lists.get(&mailbox).and_then(Weak::upgrade) {
            Some(list) if Arc::ptr_eq(&list, &view.uids) => {}
            Some(list) if list == view.uids => view.uids = list,
            _ => {
                if lists.len() >= 64 && lists.len() == lists.capacity() {
                    lists.retain(|_, list| list.strong_count() > 0);
                }
                Arc::make_mut(&mut view.uids).shrink_to_fit();
                lists.insert(mailbox, Arc::downgrade(&view.uids));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::mailbox::RecentChanges;
    use crate::types::{BodyId, UidValidity};
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn empty() -> MailboxState {
        MailboxState {
            uidvalidity: UidValidity::new(1).unwrap(),
            uidnext: 1,
            highestmodseq: ModSeq(1),
            rows: Vec::new(),
            expunged: VecDeque::new(),
            expunged_from: ModSeq(0),
            recent: RecentChanges::after(ModSeq(1)),
            keywords: Vec::new(),
            gone: false,
        }
    }

    fn arrive(state: &mut MailboxState) {
        state.highestmodseq.0 += 1;
        state.rows.push(Row {
            uid: state.uidnext,
            flags: Flags::NONE,
            modseq: state.highestmodseq,
            size: 1,
            internal_date: 0,
            body: BodyId(uuid::Uuid::from_u128(state.uidnext.into())),
        });
        state.recent.note(state.highestmodseq, [state.uidnext].into_iter());
        state.uidnext += 1;
    }

    fn flag(state: &mut MailboxState, at: usize, flags: u64) {
        state.highestmodseq.0 += 1;
        state.rows[at].flags = Flags(flags);
        state.rows[at].modseq = state.highestmodseq;
        state.recent.note(state.highestmodseq, [state.rows[at].uid].into_iter());
    }

    fn expunge(state: &mut MailboxState, at: usize) {
        state.highestmodseq.0 += 1;
        let row = state.rows.remove(at);
        state.expunged.push_back((state.highestmodseq, row));
    }

    fn mailbox(n: u32) -> MailboxState {
        let mut state = empty();
        (0..n).for_each(|_| arrive(&mut state));
        state
    }

    fn seqs(n: &[u32]) -> Vec<SeqNum> {
        n.iter().map(|&n| SeqNum::new(n).unwrap()).collect()
    }

    #[test]
    fn expunges_wait_and_stay_readable() {
        let mut state = mailbox(3);
        let mut view = View::open(&state);
        expunge(&mut state, 1);
        assert_eq!(view.row(&state, 2).unwrap().uid, 2);
        arrive(&mut state);
        let changes = view.catch_up(&state, Expunges::Withheld);
        assert_eq!((changes.expunged, changes.exists), (vec![], Some(4)));
        assert_eq!(view.uids(), [1, 2, 3, 4]);
        assert!(view.owes_expunges());
        assert_eq!(view.row(&state, 2).unwrap().body.0.as_u128(), 2);
        let changes = view.catch_up(&state, Expunges::Told);
        assert_eq!((changes.expunged, changes.exists), (seqs(&[2]), None));
        assert_eq!(view.uids(), [1, 3, 4]);
        assert!(view.row(&state, 2).is_none());
    }

    #[test]
    fn own_changes_are_not_echoed() {
        let mut state = mailbox(2);
        let mut view = View::open(&state);
        flag(&mut state, 0, 1);
        view.answered(1, Flags(1), state.highestmodseq, true);
        assert!(view.catch_up(&state, Expunges::Told).is_empty());
        flag(&mut state, 0, 1);
        view.answered(1, Flags(1), state.highestmodseq, true);
        flag(&mut state, 0, 3);
        let changes = view.catch_up(&state, Expunges::Told);
        assert_eq!(changes.flags.len(), 1, "another session changed it after this one");
    }

    #[test]
    fn an_answer_may_come_before_the_state_knows() {
        let mut state = mailbox(2);
        let mut view = View::open(&state);
        let ahead = ModSeq(state.highestmodseq.0 + 2);
        view.answered(1, Flags(1), ahead, true);
        flag(&mut state, 1, 1);
        assert_eq!(view.catch_up(&state, Expunges::Told).flags.len(), 1);
        flag(&mut state, 0, 1);
        assert_eq!(state.highestmodseq, ahead);
        assert!(view.catch_up(&state, Expunges::Told).is_empty());
    }

    #[test]
    fn what_was_answered_stands_until_the_expunge_is_told() {
        let mut state = mailbox(2);
        let mut view = View::open(&state);
        // Stored to through here, expunged elsewhere, both before this gateway looked.
        let stored = ModSeq(state.highestmodseq.0 + 1);
        view.answered(1, Flags(4), stored, true);
        state.highestmodseq = stored;
        expunge(&mut state, 0);
        let shown = |view: &View, state: &MailboxState| view.row(state, 1).map(|row| (row.flags, row.modseq));
        assert_eq!(shown(&view, &state), Some((Flags(4), stored)));
        assert!(view.catch_up(&state, Expunges::Withheld).is_empty());
        assert_eq!(shown(&view, &state), Some((Flags(4), stored)), "also when all else was told");
        assert_eq!(view.gone(1).map(|row| row.flags), Some(Flags(4)));
        // It can no longer be changed, and what is not there is not reported again.
        arrive(&mut state);
        view.catch_up(&state, Expunges::Withheld);
        assert_eq!(shown(&view, &state), Some((Flags(4), stored)));
        assert_eq!(view.catch_up(&state, Expunges::Told).expunged, seqs(&[1]));
        assert_eq!(shown(&view, &state), None);
    }

    #[test]
    fn what_was_not_told_is_reported_though_it_is_this_sessions_own() {
        let mut state = mailbox(1);
        let mut view = View::open(&state);
        view.answered(1, Flags(1), ModSeq(state.highestmodseq.0 + 1), true);
        view.answered(1, Flags(3), ModSeq(state.highestmodseq.0 + 2), false);
        flag(&mut state, 0, 1);
        flag(&mut state, 0, 3);
        assert_eq!(view.catch_up(&state, Expunges::Withheld).flags.len(), 1);
    }

    #[test]
    fn an_own_change_hides_no_others() {
        let mut state = mailbox(2);
        let mut view = View::open(&state);
        flag(&mut state, 0, 1);
        view.answered(1, Flags(1), state.highestmodseq, true);
        view.answered_whole(state.highestmodseq);
        assert!(view.catch_up(&state, Expunges::Withheld).is_empty());
        flag(&mut state, 0, 3);
        view.answered(1, Flags(3), state.highestmodseq, true);
        view.answered_whole(state.highestmodseq);
        flag(&mut state, 1, 1);
        let changes = view.catch_up(&state, Expunges::Withheld);
        assert_eq!(changes.flags.iter().map(|f| f.uid).collect::<Vec<_>>(), [2], "changed by another, later");
        flag(&mut state, 1, 3);
        flag(&mut state, 0, 1);
        view.answered(1, Flags(1), state.highestmodseq, true);
        view.answered_whole(state.highestmodseq);
        let changes = view.catch_up(&state, Expunges::Withheld);
        assert_eq!(
            changes.flags.iter().map(|f| f.uid).collect::<Vec<_>>(),
            [2],
            "changed by another, before"
        );
        flag(&mut state, 1, 1);
        assert_eq!(view.catch_up(&state, Expunges::Withheld).flags.len(), 1, "nothing of this session's");
    }

    #[test]
    fn a_deleted_mailbox_becomes_empty() {
        let mut state = mailbox(2);
        let mut view = View::open(&state);
        state.gone = true;
        assert!(view.is_behind(&state));
        assert_eq!(view.catch_up(&state, Expunges::Told).expunged, seqs(&[2, 1]));
        assert!(!view.is_behind(&state));
    }

    #[test]
    fn recent_counts_what_is_there() {
        let mut state = mailbox(5);
        let mut view = View::open(&state);
        view.claim_recent(4, 5);
        view.claim_recent(6, 6);
        assert_eq!(view.recent(), 2);
        expunge(&mut state, 4);
        view.catch_up(&state, Expunges::Told);
        assert_eq!(view.recent(), 1);
        assert!(view.is_recent(4) && !view.is_recent(3));
    }

    #[test]
    fn equal_lists_are_one() {
        let state = mailbox(4);
        let lists = SharedLists::default();
        let mut views = [View::open(&state), View::open(&state)];
        for view in &mut views {
            lists.share(MailboxId(1), view);
        }
        assert!(Arc::ptr_eq(&views[0].uids, &views[1].uids));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Arrive,
        Flag(usize, u64),
        OwnFlag(usize, u64),
        Expunge(usize),
        Forget,
        Look(bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Arrive),
            2 => (any::<usize>(), 0..8u64).prop_map(|(at, f)| Step::Flag(at, f)),
            1 => (any::<usize>(), 0..8u64).prop_map(|(at, f)| Step::OwnFlag(at, f)),
            2 => any::<usize>().prop_map(Step::Expunge),
            1 => Just(Step::Forget),
            3 => any::<bool>().prop_map(Step::Look),
        ]
    }

    /// A client that believes what it is told: UIDs by position, and the flags it knows.
    struct Client {
        messages: Vec<(u32, u64)>,
        reported: u32,
    }

    impl Client {
        fn told(&mut self, changes: &Changes, state: &MailboxState, before: u32) {
            for seq in &changes.expunged {
                self.messages.remove(seq.get() as usize - 1);
            }
            if let Some(exists) = changes.exists {
                assert!(exists as usize > self.messages.len(), "EXISTS only grows");
                // It fetches what is new.
                let new = state.rows.iter().filter(|r| r.uid >= before).map(|r| (r.uid, r.flags.0));
                self.messages.extend(new);
                assert_eq!(self.messages.len(), exists as usize);
            }
            for f in &changes.flags {
                let message = &mut self.messages[f.seq.get() as usize - 1];
                assert_eq!(message.0, f.uid);
                message.1 = f.flags.0;
                self.reported += 1;
            }
        }
    }

    proptest! {
        #[test]
        fn a_client_that_believes_the_view_knows_the_mailbox(steps in prop::collection::vec(step(), 0..80)) {
            let mut state = mailbox(3);
            let mut view = View::open(&state);
            let messages = state.rows.iter().map(|r| (r.uid, r.flags.0)).collect();
            let mut client = Client { messages, reported: 0 };
            for step in steps.into_iter().chain([Step::Look(true)]) {
                match step {
                    Step::Arrive => arrive(&mut state),
                    Step::Flag(at, flags) if !state.rows.is_empty() => {
                        let at = at % state.rows.len();
                        flag(&mut state, at, flags);
                    }
                    Step::OwnFlag(at, flags) if !state.rows.is_empty() => {
                        let at = at % state.rows.len();
                        let uid = state.rows[at].uid;
                        if view.seq(uid).is_some() {
                            flag(&mut state, at, flags);
                            view.answered(uid, Flags(flags), state.highestmodseq, true);
                            client.messages[view.seq(uid).unwrap().get() as usize - 1].1 = flags;
                        }
                    }
                    Step::Expunge(at) if !state.rows.is_empty() => {
                        let at = at % state.rows.len();
                        expunge(&mut state, at);
                    }
                    Step::Forget => {
                        state.expunged.clear();
                        state.expunged_from = state.highestmodseq;
                        state.recent = RecentChanges::after(state.highestmodseq);
                    }
                    Step::Look(may) => {
                        let before = view.next_uid;
                        let expunges = if may { Expunges::Told } else { Expunges::Withheld };
                        let changes = view.catch_up(&state, expunges);
                        prop_assert!(may || changes.expunged.is_empty());
                        client.told(&changes, &state, before);
                        let uids: Vec<u32> = client.messages.iter().map(|m| m.0).collect();
                        prop_assert_eq!(view.uids(), &uids[..]);
                        prop_assert!(!view.is_behind(&state) || view.owes_expunges());
                        for (i, uid) in uids.iter().enumerate() {
                            prop_assert_eq!(view.seq(*uid).unwrap().get() as usize, i + 1);
                        }
                        if may {
                            let truth: Vec<(u32, u64)> = state.rows.iter().map(|r| (r.uid, r.flags.0)).collect();
                            prop_assert_eq!(&client.messages, &truth);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

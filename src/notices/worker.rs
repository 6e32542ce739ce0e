//! The worker: takes what is due, sends it, says how it ended. Every gateway runs one, with a lane for mail and
//! one for the phone; the outbox's leases keep them apart.
//!
//! Invariants: nothing is sent that is too late, unwanted (R23) or taken back; nothing is taken that this
//! gateway has no carrier for; a try ends, one way or the other, well before its lease does; at an orderly
//! end what is on its way is finished and nothing more is taken.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::{CarryError, Letter, OutboxDir, Place, Provider, Smarthost, write};
use crate::clock::Clock;
use crate::store::{Connected, DueNotice, NoticeEnd, Store, Wanted};
use crate::types::{Channel, NoticeKind};

/// Behind the wake-up.
const POLL: Duration = Duration::from_secs(2);
/// How often the outbox is tidied.
const TIDY: Duration = Duration::from_mins(5);
/// Tries before a notice is dead.
const TRIES: u32 = 20;
/// Pauses between tries: the first, doubled each time, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// The same for what lives an hour or less: somebody is waiting for it.
const FIRST_PAUSE_URGENT: Duration = Duration::from_secs(3);
const LONGEST_PAUSE_URGENT: Duration = Duration::from_mins(2);

/// How notices travel from this gateway.
#[derive(Clone, Default)]
pub struct Carriers {
    /// Mail.
    pub smarthost: Option<Smarthost>,
    /// Texts and calls.
    pub provider: Option<Provider>,
    /// Everything, instead of the two.
    pub outbox: Option<OutboxDir>,
}

impl Carriers {
    /// The channels that are served.
    pub fn channels(&self) -> Vec<Channel> {
        let served = |channel: &Channel| match channel {
            _ if self.outbox.is_some() => true,
            Channel::Email => self.smarthost.is_some(),
            Channel::Text | Channel::Voice => self.provider.is_some(),
        };
        Channel::ALL.into_iter().filter(served).collect()
    }

    async fn send(&self, channel: Channel, letter: &Letter) -> Result<(), CarryError> {
        match (&self.outbox, channel, &self.smarthost, &self.provider) {
            (Some(outbox), ..) => outbox.send(letter).await,
            (None, Channel::Email, Some(smarthost), _) => smarthost.send(letter).await,
            (None, Channel::Text | Channel::Voice, _, Some(provider)) => provider.send(letter).await,
            _ => Err(CarryError::Later("this gateway does not serve the channel".to_owned())),
        }
    }
}

/// How the worker behaves.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// What notices name.
    pub place: Place,
    /// Longest try; the lease is twice as long.
    pub attempt: Duration,
    /// Most mails, and most texts and calls, on their way at the same time.
    pub at_once: usize,
    /// Ended notices are kept so long for Support to see.
    pub keep: Duration,
}

/// A running worker.
pub struct Worker {
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts it.
    pub fn start(store: Store, carriers: Carriers, settings: WorkerSettings, clock: Clock) -> Self {
        let (stop, stopped) = watch::channel(());
        let job = Arc::new(Job { store, carriers, settings, clock });
        let served = job.carriers.channels();
        let mut tasks = vec![tokio::spawn(tidy(job.clone(), stopped.clone()))];
        // Apart, so that a code by phone does not wait for a smarthost that hangs.
        for lane in [&[Channel::Email][..], &[Channel::Text, Channel::Voice]] {
            let lane: Vec<_> = lane.iter().copied().filter(|c| served.contains(c)).collect();
            if !lane.is_empty() {
                tasks.push(tokio::spawn(run(job.clone(), lane, stopped.clone())));
            }
        }
        Self { stop, tasks }
    }

    /// Takes nothing more and finishes what is on its way; what is still under way after `patience` is left to
    /// its lease.
    pub async fn finish(self, patience: Duration) {
        drop(self.stop);
        let end = tokio::time::Instant::now() + patience;
        for mut task in self.tasks {
            match tokio::time::timeout_at(end, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the worker of notices ended badly"),
                Err(_) => {
                    tracing::warn!("notices that were not sent in time are sent when their leases end");
                    task.abort();
                }
            }
        }
    }
}

struct Job {
    store: Store,
    carriers: Carriers,
    settings: WorkerSettings,
    clock: Clock,
}

/// Ends what is too late, also where nobody serves its channel, and removes what ended long ago.
async fn tidy(job: Arc<Job>, mut stop: watch::Receiver<()>) {
    let mut tick = tokio::time::interval(TIDY);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = job.store.tidy_outbox(job.settings.keep).await {
            tracing::warn!(%error, "the outbox is not tidied yet");
        }
    }
}

async fn run(job: Arc<Job>, channels: Vec<Channel>, mut stop: watch::Receiver<()>) {
    let mut events = job.store.outbox_events();
    let most = job.settings.at_once.max(1);
    let mut on_their_way = JoinSet::new();
    let mut failing = false;
    loop {
        let free = most - on_their_way.len();
        let mut more = false;
        if free * 2 >= most {
            events.mark_unchanged();
            match job.store.take_notices(&channels, free, job.settings.attempt * 2).await {
                Ok(taken) => {
                    failing = false;
                    more = taken.len() == free;
                    for notice in taken {
                        on_their_way.spawn(Arc::clone(&job).carry(notice));
                    }
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, "notices cannot be taken from the outbox");
                    }
                    failing = true;
                }
            }
        }
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = on_their_way.join_next(), if !on_their_way.is_empty() => {
                // Gather a few more, so that they are taken together.
                while on_their_way.try_join_next().is_some() {}
            }
            _ = events.changed(), if !more => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    while on_their_way.join_next().await.is_some() {}
}

impl Job {
    async fn carry(self: Arc<Self>, notice: DueNotice) {
        let end = self.attempt(&notice).await;
        let word = match &end {
            NoticeEnd::Sent => "sent",
            NoticeEnd::Again { .. } => "again",
            NoticeEnd::Dead(_) => "dead",
            NoticeEnd::Expired => "expired",
            NoticeEnd::Skipped => "skipped",
        };
        let (kind, channel) = (kind_word(&notice), notice.channel.as_str());
        match &end {
            NoticeEnd::Again { because, .. } | NoticeEnd::Dead(because) => {
                tracing::warn!(event = "notice", notice = %notice.id, kind, channel, outcome = word, because);
            }
            _ => tracing::info!(event = "notice", notice = %notice.id, kind, channel, outcome = word),
        }
        metrics::counter!("postern_notices_total", "channel" => channel, "outcome" => word).increment(1);
        // Sent and not said so is what makes a second copy: it is tried harder than anything else.
        for pause in [50, 200, 1000] {
            match self.store.notice_ended(&notice, &end).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, notice = %notice.id, outcome = word, "how a notice ended is not written");
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            }
        }
    }

    async fn attempt(&self, notice: &DueNotice) -> NoticeEnd {
        let now = self.clock.now();
        if let Some(end) = unsent(notice, now) {
            return end;
        }
        let (Some(content), Some(to)) = (&notice.content, &notice.to) else {
            return NoticeEnd::Dead("the account has no address for this channel".to_owned());
        };
        let Some(written) = write(content, notice.channel, &notice.name, &self.settings.place) else {
            return NoticeEnd::Dead("this kind of notice does not travel this way".to_owned());
        };
        let letter = Letter {
            id: notice.id,
            kind: content.kind().as_str(),
            to: to.clone(),
            name: notice.name.clone(),
            created_at: notice.created_at,
            at: now,
            written,
        };
        let sent =
            tokio::time::timeout(self.settings.attempt, self.carriers.send(notice.channel, &letter)).await;
        let because = match sent {
            Ok(Ok(())) => return NoticeEnd::Sent,
            Ok(Err(CarryError::Never(because))) => return NoticeEnd::Dead(because),
            Ok(Err(CarryError::Later(because))) => because,
            Err(_) => "it took too long".to_owned(),
        };
        if notice.tries >= TRIES {
            return NoticeEnd::Dead(because);
        }
        let urgent = content.kind().lifetime() <= Duration::from_hours(1);
        let at = self.clock.now() + pause(notice.tries, urgent_or_not(urgent), jitter());
        NoticeEnd::Again { at, because }
    }
}

fn kind_word(notice: &DueNotice) -> &'static str {
    notice.content.as_ref().map_or("unreadable", |c| c.kind().as_str())
}

/// Why a notice is not to be sent at all.
fn unsent(notice: &DueNotice, now: SystemTime) -> Option<NoticeEnd> {
    if now >= notice.expires_at {
        return Some(NoticeEnd::Expired);
    }
    let Some(content) = &notice.content else {
        return Some(NoticeEnd::Dead("it cannot be read".to_owned()));
    };
    // Whatever it is that fails with it, it never says so.
    if notice.tries > TRIES {
        return Some(NoticeEnd::Dead("it was tried too often".to_owned()));
    }
    if !notice.wishes.receives {
        return Some(NoticeEnd::Skipped);
    }
    // R23 is about messages alone: codes, links and warnings are always sent.
    let unwanted = notice.wishes.channel == Wanted::No || notice.wishes.connected == Connected::Enough;
    (content.kind() == NoticeKind::SecureMessage && unwanted).then_some(NoticeEnd::Skipped)
}

/// First and longest pause.
fn urgent_or_not(urgent: bool) -> (Duration, Duration) {
    if urgent { (FIRST_PAUSE_URGENT, LONGEST_PAUSE_URGENT) } else { (FIRST_PAUSE, LONGEST_PAUSE) }
}

/// The pause after so many tries, between three quarters and five quarters of the doubled one, so that what
/// failed together does not come back together. `jitter`: 0 to 255.
fn pause(tries: u32, (first, longest): (Duration, Duration), jitter: u8) -> Duration {
    let doubled = first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(longest);
    doubled * 3 / 4 + doubled * u32::from(jitter) / 2 / 255
}

fn jitter() -> u8 {
    let mut byte = [128];
    // Without random numbers there is no jitter, and nothing else is lost.
    let _ = rand::fill(&mut byte);
    byte[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Wishes;
    use crate::types::{AccountId, NoticeContent, NoticeId, Secret};

    fn notice(content: NoticeContent, channel: Wanted, connected: Connected) -> DueNotice {
        DueNotice {
            id: NoticeId(uuid::Uuid::nil()),
            account: AccountId(1),
            channel: Channel::Email,
            content: Some(content),
            to: Some("anna@praxis.test".into()),
            name: "Anna Weber".into(),
            tries: 1,
            created_at: SystemTime::UNIX_EPOCH,
            expires_at: SystemTime::UNIX_EPOCH + Duration::from_mins(10),
            wishes: Wishes { channel, connected, receives: true },
        }
    }

    /// R23: the preference is about secure messages; and it counts when the notice is sent.
    #[test]
    fn r23_what_is_not_wanted_is_not_sent() {
        let now = SystemTime::UNIX_EPOCH;
        let message = || NoticeContent::SecureMessage;
        let code = || NoticeContent::ResetLink { link: Secret::new("x") };
        assert_eq!(unsent(&notice(message(), Wanted::Yes, Connected::No), now), None);
        assert_eq!(unsent(&notice(message(), Wanted::No, Connected::No), now), Some(NoticeEnd::Skipped));
        assert_eq!(unsent(&notice(message(), Wanted::Yes, Connected::Enough), now), Some(NoticeEnd::Skipped));
        assert_eq!(unsent(&notice(code(), Wanted::No, Connected::Enough), now), None);
    }

    #[test]
    fn nothing_goes_out_late() {
        let one = notice(NoticeContent::SecureMessage, Wanted::Yes, Connected::No);
        assert_eq!(unsent(&one, one.expires_at - Duration::from_secs(1)), None);
        assert_eq!(unsent(&one, one.expires_at), Some(NoticeEnd::Expired));
    }

    #[test]
    fn pauses_grow_and_spread() {
        let calm = urgent_or_not(false);
        assert_eq!(pause(1, calm, 0), FIRST_PAUSE * 3 / 4);
        assert_eq!(pause(1, calm, 255), FIRST_PAUSE * 5 / 4);
        assert_eq!(pause(3, calm, 0), FIRST_PAUSE * 3);
        assert_eq!(pause(u32::MAX, calm, 255), LONGEST_PAUSE * 5 / 4);
        // A code that lives ten minutes is tried often enough in that time.
        let urgent: Duration = (1..6).map(|n| pause(n, urgent_or_not(true), 255)).sum();
        assert!(urgent < Duration::from_mins(3), "{urgent:?}");
    }
}

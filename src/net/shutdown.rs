//! The drain signal: finish what was begun, begin nothing new, then go.

use tokio::sync::watch;

/// How far the process is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Serving.
    Running,
    /// Listeners are closed; a connection says goodbye between two commands.
    Draining,
    /// The patience is used up: connections end where they are. What was not acknowledged is the
    /// client's to send again (R17).
    Closing,
}

/// The end that a connection, a listener or a worker watches; cheap to clone.
#[derive(Clone)]
pub struct Shutdown(watch::Receiver<Phase>);

/// The end that the process holds.
pub struct ShutdownTrigger(watch::Sender<Phase>);

impl ShutdownTrigger {
    /// A running process. [`subscribe`](Self::subscribe) gives out the other ends.
    pub fn new() -> Self {
        Self(watch::Sender::new(Phase::Running))
    }

    /// One more end to watch.
    pub fn subscribe(&self) -> Shutdown {
        Shutdown(self.0.subscribe())
    }

    /// Starts the drain.
    pub fn drain(&self) {
        self.0.send_if_modified(|phase| {
            let change = *phase < Phase::Draining;
            *phase = (*phase).max(Phase::Draining);
            change
        });
    }

    /// Ends the patience.
    pub fn close(&self) {
        self.0.send_replace(Phase::Closing);
    }
}

impl Default for ShutdownTrigger {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A process that never ends: for a tool that has no listener.
    pub fn never() -> Self {
        // A receiver whose sender is gone keeps the last value; `reached` waits for ever then.
        Self(watch::Sender::new(Phase::Running).subscribe())
    }

    /// Where the process is.
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Whether new work has to be declined.
    pub fn is_draining(&self) -> bool {
        self.phase() >= Phase::Draining
    }

    /// Waits for the drain to begin. Cancel-safe.
    pub async fn draining(&mut self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits for the end of patience. Cancel-safe.
    pub async fn closing(&mut self) {
        self.reached(Phase::Closing).await;
    }

    async fn reached(&mut self, phase: Phase) {
        if self.0.wait_for(|now| *now >= phase).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn phases_only_advance() {
        let trigger = ShutdownTrigger::new();
        let mut end = trigger.subscribe();
        assert!(!end.is_draining());
        trigger.drain();
        end.draining().await;
        trigger.close();
        end.closing().await;
        trigger.drain();
        assert_eq!(end.phase(), Phase::Closing);
        trigger.subscribe().closing().await;
    }
}

//! IDLE (RFC 9051 §6.3.13).

use tokio::time::{Instant, sleep_until};

use super::{Client, DRAINING, Failure, LOCKED, Woken, ended};
use crate::imap::command::CommandBody;
use crate::imap::reply::Reply;
use crate::imap::wire::{Bytes, Incoming};
use crate::net::Shutdown;
use crate::service::authenticate::SessionWatch;

impl<S: Bytes> Client<S> {
    /// IDLE (RFC 9051 §6.3.13): changes go out as they happen.
    pub(super) async fn idle(
        &mut self,
        tag: &str,
        watch: &mut Option<SessionWatch>,
        shutdown: &mut Shutdown,
    ) -> Woken {
        self.peer.trace.command("IDLE", self.wire.take_used());
        if let Err(reply) = self.session.permit(&CommandBody::Idle) {
            self.answer(tag, &reply);
            return Woken::Input;
        }
        self.wire.decoder().expect_done();
        self.wire.out.extend_from_slice(b"+ idling\r\n");
        let mut keepalive = Instant::now() + self.settings.idle_keepalive;
        loop {
            // First what happened before IDLE and since the last look, then the wait.
            let mut wakes = self.wakes();
            if let Err(failure) = Box::pin(self.tell_in_idle()).await {
                match failure {
                    Failure::Broken(_) => return Woken::Gone,
                    other => drop(self.reply_to("IDLE", other)),
                }
            }
            match self.wire.take() {
                None => {}
                Some(Incoming::Done) => {
                    self.answer(tag, &Reply::ok("IDLE done"));
                    return Woken::Input;
                }
                Some(Incoming::Close(why)) => return Woken::Bye(why),
                Some(_) => {
                    self.answer(tag, &Reply::bad("IDLE is ended by DONE"));
                    return Woken::Input;
                }
            }
            if self.wire.flush().await.is_err() {
                return Woken::Gone;
            }
            tokio::select! {
                biased;
                () = ended(watch) => return Woken::Bye(LOCKED),
                () = shutdown.draining() => return Woken::Bye(DRAINING),
                read = self.wire.fill() => {
                    if !matches!(read, Ok(true)) {
                        return Woken::Gone;
                    }
                }
                changed = wakes.changed() => {
                    if changed.is_err() {
                        return Woken::Bye(DRAINING);
                    }
                }
                () = sleep_until(keepalive) => {
                    Reply::ok("Still here").write("*", &mut self.wire.out);
                    keepalive = Instant::now() + self.settings.idle_keepalive;
                }
            }
        }
    }
}

//! Opening attachments whose first kilobyte did not settle the verdict: the bridge between the rules,
//! which read and seek, and the store, which is asynchronous.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;

use super::{Addressed, SubmitError};
use crate::policy::Refusal;
use crate::policy::attachment::{self, Budget, Decoded, ReadAt, Unread};
use crate::store::Ingested;

/// The message's bytes, for a thread that may block.
struct Stored<'a> {
    ingested: &'a Ingested,
    runtime: &'a Handle,
    cancelled: &'a AtomicBool,
}

impl ReadAt for Stored<'_> {
    fn read_at(&mut self, range: Range<u64>) -> io::Result<bytes::Bytes> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::other("nobody waits for the verdict any more"));
        }
        self.runtime.block_on(self.ingested.read(range)).map_err(io::Error::other)
    }
}

/// Tells the thread that nobody waits when the submission is dropped.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The message back, and the verdict on what was opened; the outer error is a failure to read.
type Opened = (Ingested, io::Result<Result<(), Refusal>>);

impl Addressed {
    /// R19: opens the attachments that are left, one after the other, on a thread that may block.
    pub(super) async fn open(&self, ingested: Ingested, unread: Vec<Unread>) -> Result<Opened, SubmitError> {
        let openers = Arc::clone(&self.submission.inner.openers);
        let permit = openers.acquire_owned().await.map_err(SubmitError::ours)?;
        let settings = Arc::clone(&self.submission.settings);
        let cancelled = Arc::new(AtomicBool::new(false));
        let _cancel = CancelOnDrop(Arc::clone(&cancelled));
        let opened = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let runtime = Handle::current();
            let policy = &settings.policy;
            // Each byte may be unpacked twice: once to be counted, once to be looked into.
            let mut budget = Budget(policy.containers.unpacked.saturating_mul(2));
            let mut verdict = Ok(Ok(()));
            for one in &unread {
                let message = &ingested.scan.summary;
                let Some(part) = message.parts.get(one.part) else { continue };
                let stored = Stored { ingested: &ingested, runtime: &runtime, cancelled: &cancelled };
                let mut content = Decoded::new(part, stored);
                let (types, caps) = (&policy.attachments, &policy.containers);
                verdict = attachment::check_unread(one, message, &mut content, types, caps, &mut budget);
                if !matches!(verdict, Ok(Ok(()))) {
                    break;
                }
            }
            (ingested, verdict)
        });
        opened.await.map_err(SubmitError::ours)
    }
}

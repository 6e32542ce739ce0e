//! Hashing portal passwords: argon2id, on two threads of its own, each with its memory.
//!
//! Invariants: no password is hashed on an async thread; at most two are hashed at a time, and at most
//! [`QUEUE`] wait; the memory (19 MiB each) is taken at the first use and kept, since threads that come
//! and go leave it behind as many times as there were threads. Stored as a PHC string, so that the cost can
//! be raised.

use std::sync::{Arc, OnceLock, mpsc};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{constant_time, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::types::Secret;

/// Threads that hash.
const THREADS: usize = 2;
/// How many may wait for them.
const QUEUE: usize = 64;
/// Memory in KiB, passes, lanes: OWASP's first choice for argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// The most that a stored hash may ask for; more is no hash of ours.
const COST_MAX: (u32, u32, u32) = (64 * 1024, 10, 4);
const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;

/// Why a password was not hashed or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many people are signing in at the moment")]
    Busy,
    /// The stored hash is none of ours.
    #[error("the stored password hash cannot be read")]
    Form,
    /// The system's random numbers, memory or a thread failed.
    #[error("hashing failed")]
    Failed,
}

enum Job {
    Hash(Secret, oneshot::Sender<Result<String, HashError>>),
    Verify(Secret, String, oneshot::Sender<Result<bool, HashError>>),
}

/// The two threads, started at the first use. Cheap to clone; they end with the last clone.
#[derive(Clone, Default)]
pub struct PortalPasswords(Arc<OnceLock<mpsc::SyncSender<Job>>>);

impl PortalPasswords {
    /// The PHC string to store.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: Secret) -> Result<String, HashError> {
        let (answer, hashed) = oneshot::channel();
        self.queue(Job::Hash(password, answer))?;
        hashed.await.map_err(|_| HashError::Failed)?
    }

    /// Whether the password is the one that was hashed.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn verify(&self, password: Secret, stored: String) -> Result<bool, HashError> {
        let (answer, verified) = oneshot::channel();
        self.queue(Job::Verify(password, stored, answer))?;
        verified.await.map_err(|_| HashError::Failed)?
    }

    fn queue(&self, job: Job) -> Result<(), HashError> {
        let jobs = self.0.get_or_init(start);
        jobs.try_send(job).map_err(|e| match e {
            mpsc::TrySendError::Full(_) => HashError::Busy,
            mpsc::TrySendError::Disconnected(_) => HashError::Failed,
        })
    }
}

fn start() -> mpsc::SyncSender<Job> {
    let (sender, jobs) = mpsc::sync_channel(QUEUE);
    let jobs = Arc::new(Mutex::new(jobs));
    for n in 0..THREADS {
        let jobs = jobs.clone();
        let started = std::thread::Builder::new().name(format!("argon2-{n}")).spawn(move || work(&jobs));
        if let Err(e) = started {
            tracing::error!(error = %e, "a thread for password hashing cannot be started");
        }
    }
    sender
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        // Whoever holds the lock waits for the next job; the other computes or waits for the lock.
        let Ok(job) = jobs.lock().recv() else { return };
        // Who asked may have gone meanwhile: then nobody needs the answer.
        let _gone = match job {
            Job::Hash(password, answer) => answer.send(hash(&password, &mut memory)).is_err(),
            Job::Verify(password, stored, answer) => {
                answer.send(verify(&password, &stored, &mut memory)).is_err()
            }
        };
    }
}

fn hash(password: &Secret, memory: &mut Vec<Block>) -> Result<String, HashError> {
    let mut salt = [0; SALT_LEN];
    rand::fill(&mut salt).map_err(|_| HashError::Failed)?;
    let hash: [u8; HASH_LEN] = compute(password, &salt, COST, memory)?;
    let (m, t, p) = COST;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${hash}"))
}

fn verify(password: &Secret, stored: &str, memory: &mut Vec<Block>) -> Result<bool, HashError> {
    let (cost, salt, expected) = parse(stored).ok_or(HashError::Form)?;
    let computed = compute(password, &salt, cost, memory)?;
    Ok(constant_time::verify_slices_are_equal(&computed, &expected).is_ok())
}

fn compute(
    password: &Secret,
    salt: &[u8],
    (m, t, p): (u32, u32, u32),
    memory: &mut Vec<Block>,
) -> Result<[u8; HASH_LEN], HashError> {
    let params = Params::new(m, t, p, Some(HASH_LEN)).map_err(|_| HashError::Form)?;
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.try_reserve_exact(blocks - memory.len()).map_err(|_| HashError::Failed)?;
        memory.resize(blocks, Block::default());
    }
    let mut out = [0; HASH_LEN];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.expose(), salt, &mut out, &mut memory[..blocks])
        .map_err(|_| HashError::Failed)?;
    Ok(out)
}

type Stored = ((u32, u32, u32), Vec<u8>, Vec<u8>);

/// `$argon2id$v=19$m=…,t=…,p=…$salt$hash`
fn parse(stored: &str) -> Option<Stored> {
    let mut fields = stored.strip_prefix("$argon2id$v=19$")?.split('$');
    let (cost, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
    let mut costs = cost.split(',');
    let mut number = |name: &str, max: u32| -> Option<u32> {
        costs.next()?.strip_prefix(name)?.parse().ok().filter(|n| *n <= max)
    };
    let cost = (number("m=", COST_MAX.0)?, number("t=", COST_MAX.1)?, number("p=", COST_MAX.2)?);
    if fields.next().is_some() || costs.next().is_some() {
        return None;
    }
    let salt = STANDARD_NO_PAD.decode(salt).ok()?;
    let hash = STANDARD_NO_PAD.decode(hash).ok().filter(|h| h.len() == HASH_LEN)?;
    Some((cost, salt, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(s: &str) -> Secret {
        Secret::new(s)
    }

    #[tokio::test]
    async fn hashed_and_verified() {
        let passwords = PortalPasswords::default();
        let stored = passwords.hash(secret("Sommer im Garten 7")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify(secret("Sommer im Garten 7"), stored.clone()).await.unwrap());
        assert!(!passwords.verify(secret("Sommer im Garten 8"), stored.clone()).await.unwrap());
        assert_ne!(passwords.hash(secret("Sommer im Garten 7")).await.unwrap(), stored);
    }

    /// The string is the standard one: the argon2 crate's own verifier takes it.
    #[tokio::test]
    async fn others_can_read_it() {
        use argon2::password_hash::{PasswordVerifier, phc::PasswordHash};
        let stored = PortalPasswords::default().hash(secret("geheim")).await.unwrap();
        let parsed = PasswordHash::new(&stored).unwrap();
        assert!(Argon2::default().verify_password(b"geheim", &parsed).is_ok());
    }

    #[tokio::test]
    async fn no_hash_of_ours() {
        let passwords = PortalPasswords::default();
        for bad in [
            "",
            "geheim",
            "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
            "$argon2id$v=19$m=4000000,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        ] {
            assert_eq!(passwords.verify(secret("x"), bad.into()).await, Err(HashError::Form), "{bad}");
        }
    }
}

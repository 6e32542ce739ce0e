//! Sealing: AES-256-GCM over everything that can hold a patient's name.
//!
//! Three kinds of key. A [`DataKey`] is random, belongs to one message and seals its chunks and facts. A
//! [`SealKey`] belongs to a practice (or to an account without one), wraps data keys and seals short texts.
//! The master key ([`super::MasterKey`]) wraps seal keys. `docs/adr/0002-keys-and-nonces.md` says why.
//!
//! Invariants: a chunk number is sealed at most once with one data key, since its nonce is that number;
//! whatever may be sealed again (facts, texts, wrapped keys) carries a random nonce. Every sealed value
//! names, as associated data, what it is and which row it belongs to, so that rows cannot be exchanged.

use aws_lc_rs::aead::{AES_256_GCM, NONCE_LEN, Nonce};
use aws_lc_rs::{hkdf, rand};
use zeroize::Zeroizing;

pub(super) use super::aead::KEY_LEN;
use super::aead::{Aead, TAG_LEN};

use crate::types::{AccountId, BodyId, MailboxId, SealKeyId};

/// The way of sealing that this program writes; stored with each message.
pub const SEAL_VERSION: i16 = 1;

/// How much longer a sealed chunk is than its plaintext.
pub const CHUNK_OVERHEAD: usize = TAG_LEN;

/// Bytes of a facts nonce that are random, and stored before the ciphertext.
const FACTS_NONCE_LEN: usize = 8;

/// What stands in the first four bytes of a nonce of a data key.
const NONCE_CHUNK: [u8; 4] = *b"chnk";
const NONCE_FACTS: [u8; 4] = *b"fact";
const NONCE_INDEX: [u8; 4] = *b"indx";
const NONCE_SNAPSHOT: [u8; 4] = *b"snap";

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Changed, cut, of another row, or sealed with another key.
    #[error("sealed data does not open: {0} was changed or belongs elsewhere")]
    Open(&'static str),
    /// The system's random numbers or the cipher failed.
    #[error("sealing failed")]
    Seal,
    /// Written by a newer program.
    #[error("data sealed in a way this version does not know")]
    Version,
}

/// What a wrapped data key is bound to: a message cut short or re-chunked no longer has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyShape {
    /// The message.
    pub id: BodyId,
    /// Bytes of plaintext in all its chunks.
    pub size: u64,
    /// Bytes of plaintext in each chunk but the last.
    pub chunk_size: u32,
}

/// The random key of one message.
pub struct DataKey {
    bytes: Zeroizing<[u8; KEY_LEN]>,
    aead: Aead,
}

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// [`SealError::Seal`] when the system has no random numbers.
    pub fn random() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        rand::fill(bytes.as_mut()).map_err(|_| SealError::Seal)?;
        Self::of(bytes)
    }

    fn of(bytes: Zeroizing<[u8; KEY_LEN]>) -> Result<Self, SealError> {
        let aead = aead_key(&bytes)?;
        Ok(Self { bytes, aead })
    }

    /// Its bytes alone, to be kept in memory: a key that is ready to use takes much more room.
    pub(super) fn packed(&self) -> Zeroizing<[u8; KEY_LEN]> {
        self.bytes.clone()
    }

    /// Ready to use again.
    pub(super) fn unpacked(bytes: &Zeroizing<[u8; KEY_LEN]>) -> Result<Self, SealError> {
        Self::of(bytes.clone())
    }

    /// Seals chunk `idx` of the message: [`CHUNK_OVERHEAD`] bytes longer than the plaintext. Once only
    /// for one `idx`.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub fn seal_chunk(&self, body: BodyId, idx: u32, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::with_capacity(plain.len() + TAG_LEN);
        out.extend_from_slice(plain);
        self.aead
            .seal_append(chunk_nonce(idx), &chunk_aad(body, idx), &mut out)
            .map_err(|_| SealError::Seal)?;
        Ok(out)
    }

    /// Opens what [`DataKey::seal_chunk`] made, in place.
    ///
    /// # Errors
    /// [`SealError::Open`] unless it is chunk `idx` of this message, unchanged.
    pub fn open_chunk(&self, body: BodyId, idx: u32, mut sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let len = self
            .aead
            .open(chunk_nonce(idx), &chunk_aad(body, idx), &mut sealed, 0..)
            .map_err(|_| SealError::Open("a message"))?;
        sealed.truncate(len);
        Ok(sealed)
    }

    /// Seals the message's facts; may be done again, the nonce is random.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub fn seal_facts(&self, body: BodyId, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut salt = [0; FACTS_NONCE_LEN];
        rand::fill(&mut salt).map_err(|_| SealError::Seal)?;
        let mut out = Vec::with_capacity(FACTS_NONCE_LEN + plain.len() + TAG_LEN);
        out.extend_from_slice(&salt);
        out.extend_from_slice(plain);
        let tag = self
            .aead
            .seal(facts_nonce(salt), &facts_aad(body), &mut out[FACTS_NONCE_LEN..])
            .map_err(|_| SealError::Seal)?;
        out.extend_from_slice(&tag);
        Ok(out)
    }

    /// Opens what [`DataKey::seal_facts`] made.
    ///
    /// # Errors
    /// [`SealError::Open`] unless they are this message's, unchanged.
    pub fn open_facts(&self, body: BodyId, mut sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
        const WHAT: SealError = SealError::Open("a message's facts");
        let salt: [u8; FACTS_NONCE_LEN] = *sealed.first_chunk().ok_or(WHAT)?;
        let len = self
            .aead
            .open(facts_nonce(salt), &facts_aad(body), &mut sealed, FACTS_NONCE_LEN..)
            .map_err(|_| WHAT)?;
        sealed.truncate(len);
        Ok(sealed)
    }
}

/// What the data key of a search index's segment is bound to: one with blocks missing, or of another
/// mailbox, has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexShape {
    pub(super) id: uuid::Uuid,
    pub(super) account: AccountId,
    pub(super) mailbox: MailboxId,
    pub(super) uids: (u32, u32),
    pub(super) docs: u32,
    /// Blocks of each part.
    pub(super) blocks: [u32; INDEX_PARTS],
}

/// Parts of a segment of the search index.
pub(super) const INDEX_PARTS: usize = 5;

impl DataKey {
    /// Seals a block of a search index's segment; once only for one part and number.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub(super) fn seal_block(
        &self,
        segment: uuid::Uuid,
        part: u16,
        idx: u32,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::with_capacity(plain.len() + TAG_LEN);
        out.extend_from_slice(plain);
        self.aead
            .seal_append(block_nonce(part, idx), &block_aad(segment, part, idx), &mut out)
            .map_err(|_| SealError::Seal)?;
        Ok(out)
    }

    /// Opens what [`DataKey::seal_block`] made, in place.
    ///
    /// # Errors
    /// [`SealError::Open`] unless it is this block of this segment, unchanged.
    pub(super) fn open_block(
        &self,
        segment: uuid::Uuid,
        part: u16,
        idx: u32,
        mut sealed: Vec<u8>,
    ) -> Result<Vec<u8>, SealError> {
        let len = self
            .aead
            .open(block_nonce(part, idx), &block_aad(segment, part, idx), &mut sealed, 0..)
            .map_err(|_| SealError::Open("a search index"))?;
        sealed.truncate(len);
        Ok(sealed)
    }
}

/// What the data key of a mailbox's snapshot is bound to: one of another mailbox or moment has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SnapshotShape {
    pub(super) id: uuid::Uuid,
    pub(super) account: AccountId,
    pub(super) mailbox: MailboxId,
    pub(super) uidvalidity: u32,
    pub(super) modseq: u64,
    pub(super) uidnext: u32,
    pub(super) rows: u64,
}

impl DataKey {
    /// Seals a mailbox's snapshot; once only with one key.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub(super) fn seal_snapshot(&self, id: uuid::Uuid, mut plain: Vec<u8>) -> Result<Vec<u8>, SealError> {
        self.aead
            .seal_append(snapshot_nonce(), &snapshot_aad(id), &mut plain)
            .map_err(|_| SealError::Seal)?;
        Ok(plain)
    }

    /// Opens what [`DataKey::seal_snapshot`] made, in place.
    ///
    /// # Errors
    /// [`SealError::Open`] unless it is this snapshot, unchanged.
    pub(super) fn open_snapshot(&self, id: uuid::Uuid, mut sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let len = self
            .aead
            .open(snapshot_nonce(), &snapshot_aad(id), &mut sealed, 0..)
            .map_err(|_| SealError::Open("a mailbox's snapshot"))?;
        sealed.truncate(len);
        Ok(sealed)
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// What a sealed short text is; a mailbox name does not open as a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TextDomain {
    /// `mailbox.name`
    MailboxName = 1,
    /// `mailbox_keyword.name`
    Keyword = 2,
    /// `subscription.name`
    Subscription = 3,
    /// `notice.payload`
    Notice = 4,
    /// `account.phone`, `account_phone.phone`, `invitation.phone`, `phone_code.phone`
    Phone = 5,
    /// `account.signature`
    Signature = 6,
    /// `totp.secret`, `totp.pending`
    Totp = 7,
    /// `annotation.sealed`
    Annotation = 60,
    /// `support_access.reason`
    AccessReason = 80,
}

/// What short texts are called in errors.
const NAME: &str = "a name";

/// The key of a practice, or of an account without one: wraps data keys, seals short texts.
pub struct SealKey {
    /// `seal_key.id`
    pub id: SealKeyId,
    wrap: Aead,
    text: Aead,
}

impl SealKey {
    /// From the random bytes that the master key unwrapped.
    pub(super) fn of(id: SealKeyId, bytes: &[u8; KEY_LEN]) -> Result<Self, SealError> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern seal key").extract(bytes);
        Ok(Self { id, wrap: derive_aead(&prk, b"wrap v1")?, text: derive_aead(&prk, b"text v1")? })
    }

    /// Seals a data key, for `message_key.wrapped`.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub fn wrap(&self, key: &DataKey, body: BodyShape) -> Result<Vec<u8>, SealError> {
        seal_random(&self.wrap, &self.wrap_aad(body), key.bytes.as_ref())
    }

    /// Opens a data key.
    ///
    /// # Errors
    /// [`SealError::Open`] unless it was wrapped by this key for this message, size and chunk size.
    pub fn unwrap(&self, wrapped: &[u8], body: BodyShape) -> Result<DataKey, SealError> {
        DataKey::of(open_key(&self.wrap, &self.wrap_aad(body), wrapped, "a message's key")?)
    }

    /// Seals the data key of a search index's segment, for `search_segment.wrapped`.
    pub(super) fn wrap_index(&self, key: &DataKey, shape: IndexShape) -> Result<Vec<u8>, SealError> {
        seal_random(&self.wrap, &self.index_aad(shape), key.bytes.as_ref())
    }

    /// Opens it.
    pub(super) fn unwrap_index(&self, wrapped: &[u8], shape: IndexShape) -> Result<DataKey, SealError> {
        DataKey::of(open_key(&self.wrap, &self.index_aad(shape), wrapped, "a search index's key")?)
    }

    /// Seals the data key of a mailbox's snapshot, for `mailbox_snapshot.wrapped`.
    pub(super) fn wrap_snapshot(&self, key: &DataKey, shape: SnapshotShape) -> Result<Vec<u8>, SealError> {
        seal_random(&self.wrap, &self.snapshot_key_aad(shape), key.bytes.as_ref())
    }

    /// Opens it.
    pub(super) fn unwrap_snapshot(&self, wrapped: &[u8], shape: SnapshotShape) -> Result<DataKey, SealError> {
        let aad = self.snapshot_key_aad(shape);
        DataKey::of(open_key(&self.wrap, &aad, wrapped, "the key of a mailbox's snapshot")?)
    }

    fn snapshot_key_aad(&self, shape: SnapshotShape) -> [u8; 80] {
        let mut aad = [0; 80];
        aad[..15].copy_from_slice(b"snapshot key v1");
        aad[16..24].copy_from_slice(&self.id.0.to_be_bytes());
        aad[24..40].copy_from_slice(shape.id.as_bytes());
        aad[40..48].copy_from_slice(&shape.account.0.to_be_bytes());
        aad[48..56].copy_from_slice(&shape.mailbox.0.to_be_bytes());
        aad[56..60].copy_from_slice(&shape.uidvalidity.to_be_bytes());
        aad[60..64].copy_from_slice(&shape.uidnext.to_be_bytes());
        aad[64..72].copy_from_slice(&shape.modseq.to_be_bytes());
        aad[72..].copy_from_slice(&shape.rows.to_be_bytes());
        aad
    }

    fn index_aad(&self, shape: IndexShape) -> [u8; 84] {
        let mut aad = [0; 84];
        aad[..12].copy_from_slice(b"index key v1");
        aad[12..20].copy_from_slice(&self.id.0.to_be_bytes());
        aad[20..36].copy_from_slice(shape.id.as_bytes());
        aad[36..44].copy_from_slice(&shape.account.0.to_be_bytes());
        aad[44..52].copy_from_slice(&shape.mailbox.0.to_be_bytes());
        let (from, to) = shape.uids;
        for (at, n) in [from, to, shape.docs].into_iter().chain(shape.blocks).enumerate() {
            aad[52 + at * 4..56 + at * 4].copy_from_slice(&n.to_be_bytes());
        }
        aad
    }

    /// Seals a short text of an account: mailbox name, keyword. A random nonce makes equal texts differ.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub fn seal_text(
        &self,
        domain: TextDomain,
        account: AccountId,
        text: &str,
    ) -> Result<Vec<u8>, SealError> {
        self.seal_bytes(domain, account, text.as_bytes())
    }

    /// As [`SealKey::seal_text`], for any bytes.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub fn seal_bytes(
        &self,
        domain: TextDomain,
        account: AccountId,
        bytes: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut out = vec![1];
        out.extend(seal_random(&self.text, &text_aad(domain, account), bytes)?);
        Ok(out)
    }

    /// Opens what [`SealKey::seal_text`] made.
    ///
    /// # Errors
    /// [`SealError::Open`] unless it is such a text of this account, unchanged.
    pub fn open_text(
        &self,
        domain: TextDomain,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<String, SealError> {
        String::from_utf8(self.open_bytes(domain, account, sealed)?).map_err(|_| SealError::Open(NAME))
    }

    /// Opens what [`SealKey::seal_bytes`] made.
    ///
    /// # Errors
    /// As [`SealKey::open_text`].
    pub fn open_bytes(
        &self,
        domain: TextDomain,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let (version, sealed) = sealed.split_first().ok_or(SealError::Open(NAME))?;
        if *version != 1 {
            return Err(SealError::Version);
        }
        open_random(&self.text, &text_aad(domain, account), sealed, NAME)
    }

    fn wrap_aad(&self, body: BodyShape) -> [u8; 48] {
        let mut aad = [0; 48];
        aad[..12].copy_from_slice(b"data key  v1");
        aad[12..20].copy_from_slice(&self.id.0.to_be_bytes());
        aad[20..36].copy_from_slice(body.id.0.as_bytes());
        aad[36..44].copy_from_slice(&body.size.to_be_bytes());
        aad[44..].copy_from_slice(&body.chunk_size.to_be_bytes());
        aad
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKey({}, …)", self.id)
    }
}

fn text_aad(domain: TextDomain, account: AccountId) -> [u8; 16] {
    let mut aad = *b"text v1 ........";
    aad[7] = domain as u8;
    aad[8..].copy_from_slice(&account.0.to_be_bytes());
    aad
}

fn chunk_nonce(idx: u32) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..4].copy_from_slice(&NONCE_CHUNK);
    nonce[8..].copy_from_slice(&idx.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

fn facts_nonce(salt: [u8; FACTS_NONCE_LEN]) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..4].copy_from_slice(&NONCE_FACTS);
    nonce[4..].copy_from_slice(&salt);
    Nonce::assume_unique_for_key(nonce)
}

fn block_nonce(part: u16, idx: u32) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..4].copy_from_slice(&NONCE_INDEX);
    nonce[4..6].copy_from_slice(&part.to_be_bytes());
    nonce[8..].copy_from_slice(&idx.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

fn snapshot_nonce() -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..4].copy_from_slice(&NONCE_SNAPSHOT);
    Nonce::assume_unique_for_key(nonce)
}

fn snapshot_aad(id: uuid::Uuid) -> [u8; 28] {
    let mut aad = [0; 28];
    aad[..12].copy_from_slice(b"snapshot  v1");
    aad[12..].copy_from_slice(id.as_bytes());
    aad
}

fn block_aad(segment: uuid::Uuid, part: u16, idx: u32) -> [u8; 32] {
    let mut aad = [0; 32];
    aad[..10].copy_from_slice(b"block   v1");
    aad[10..26].copy_from_slice(segment.as_bytes());
    aad[26..28].copy_from_slice(&part.to_be_bytes());
    aad[28..].copy_from_slice(&idx.to_be_bytes());
    aad
}

fn chunk_aad(body: BodyId, idx: u32) -> [u8; 30] {
    let mut aad = [0; 30];
    aad[..10].copy_from_slice(b"chunk   v1");
    aad[10..26].copy_from_slice(body.0.as_bytes());
    aad[26..].copy_from_slice(&idx.to_be_bytes());
    aad
}

fn facts_aad(body: BodyId) -> [u8; 26] {
    let mut aad = [0; 26];
    aad[..10].copy_from_slice(b"facts   v1");
    aad[10..].copy_from_slice(body.0.as_bytes());
    aad
}

fn aead_key(bytes: &[u8; KEY_LEN]) -> Result<Aead, SealError> {
    Aead::new(bytes).map_err(|_| SealError::Seal)
}

/// An AES-256-GCM key for the purpose that `info` names.
pub(super) fn derive_aead(prk: &hkdf::Prk, info: &[u8]) -> Result<Aead, SealError> {
    let info = [info];
    let okm = prk.expand(&info, &AES_256_GCM).map_err(|_| SealError::Seal)?;
    Ok(Aead::derived(okm))
}

/// nonce ‖ ciphertext ‖ tag, the nonce random: at most 2³² times with one key (NIST SP 800-38D §8.3).
pub(super) fn seal_random(key: &Aead, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| SealError::Seal)?;
    let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + TAG_LEN);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = key
        .seal(Nonce::assume_unique_for_key(nonce), aad, &mut out[NONCE_LEN..])
        .map_err(|_| SealError::Seal)?;
    out.extend_from_slice(&tag);
    Ok(out)
}

/// Opens what [`seal_random`] made; `what` names it in the error.
pub(super) fn open_random(
    key: &Aead,
    aad: &[u8],
    sealed: &[u8],
    what: &'static str,
) -> Result<Vec<u8>, SealError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Open(what))?;
    let mut plain = rest.to_vec();
    let len = key
        .open(Nonce::assume_unique_for_key(*nonce), aad, &mut plain, 0..)
        .map_err(|_| SealError::Open(what))?;
    plain.truncate(len);
    Ok(plain)
}

/// As [`open_random`], for a key: exactly [`KEY_LEN`] bytes, wiped when dropped.
pub(super) fn open_key(
    key: &Aead,
    aad: &[u8],
    sealed: &[u8],
    what: &'static str,
) -> Result<Zeroizing<[u8; KEY_LEN]>, SealError> {
    let plain = Zeroizing::new(open_random(key, aad, sealed, what)?);
    let bytes: &[u8; KEY_LEN] = plain.as_slice().try_into().map_err(|_| SealError::Open(what))?;
    Ok(Zeroizing::new(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(n: u128) -> BodyId {
        BodyId(uuid::Uuid::from_u128(n))
    }

    fn seal_key(id: i64) -> SealKey {
        SealKey::of(SealKeyId(id), &[7; KEY_LEN]).unwrap()
    }

    const SHAPE: BodyShape =
        BodyShape { id: BodyId(uuid::Uuid::from_u128(1)), size: 300_000, chunk_size: 131_072 };

    proptest! {
        #[test]
        fn round_trips(plain in prop::collection::vec(any::<u8>(), 0..2000), idx: u32, n: u128) {
            let key = DataKey::random().unwrap();
            let sealed = key.seal_chunk(body(n), idx, &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + CHUNK_OVERHEAD);
            prop_assert_eq!(&key.open_chunk(body(n), idx, sealed).unwrap(), &plain);
            let sealed = key.seal_facts(body(n), &plain).unwrap();
            prop_assert_eq!(&key.open_facts(body(n), sealed).unwrap(), &plain);
        }

        /// A changed bit, wherever, and a cut, however long, are noticed.
        #[test]
        fn tampering_is_noticed(plain in prop::collection::vec(any::<u8>(), 0..200), bit: usize, cut: usize) {
            let key = DataKey::random().unwrap();
            let chunk = key.seal_chunk(body(1), 0, &plain).unwrap();
            let facts = key.seal_facts(body(1), &plain).unwrap();
            let text = seal_key(1).seal_text(TextDomain::Keyword, AccountId(1), "Röntgen").unwrap();
            let wrapped = seal_key(1).wrap(&key, SHAPE).unwrap();
            for (which, sealed) in [&chunk, &facts, &text, &wrapped].into_iter().enumerate() {
                let mut flipped = sealed.clone();
                let at = bit % (flipped.len() * 8);
                flipped[at / 8] ^= 1 << (at % 8);
                let short = sealed[..cut % sealed.len()].to_vec();
                for bad in [flipped, short] {
                    let opens = match which {
                        0 => key.open_chunk(body(1), 0, bad).is_ok(),
                        1 => key.open_facts(body(1), bad).is_ok(),
                        2 => seal_key(1).open_text(TextDomain::Keyword, AccountId(1), &bad).is_ok(),
                        _ => seal_key(1).unwrap(&bad, SHAPE).is_ok(),
                    };
                    prop_assert!(!opens, "{}", which);
                }
            }
        }
    }

    /// What is sealed opens only where it was put.
    #[test]
    fn rows_cannot_be_exchanged() {
        let key = DataKey::random().unwrap();
        let chunk = key.seal_chunk(body(1), 0, b"Befund").unwrap();
        assert!(key.open_chunk(body(1), 1, chunk.clone()).is_err(), "another place");
        assert!(key.open_chunk(body(2), 0, chunk.clone()).is_err(), "another message");
        assert!(DataKey::random().unwrap().open_chunk(body(1), 0, chunk).is_err(), "another key");
        let facts = key.seal_facts(body(1), b"Befund").unwrap();
        assert!(key.open_facts(body(2), facts).is_err());

        let text = seal_key(1).seal_text(TextDomain::MailboxName, AccountId(1), "Frau Müller").unwrap();
        assert!(seal_key(1).open_text(TextDomain::Subscription, AccountId(1), &text).is_err());
        assert!(seal_key(1).open_text(TextDomain::MailboxName, AccountId(2), &text).is_err());
    }

    /// A wrapped key belongs to a seal key, a message, and the message's length in chunks of one size.
    #[test]
    fn data_keys_are_bound() {
        let key = DataKey::random().unwrap();
        let chunk = key.seal_chunk(SHAPE.id, 0, b"Befund").unwrap();
        let wrapped = seal_key(1).wrap(&key, SHAPE).unwrap();
        let opened = seal_key(1).unwrap(&wrapped, SHAPE).unwrap();
        assert_eq!(opened.open_chunk(SHAPE.id, 0, chunk).unwrap(), b"Befund");
        assert!(seal_key(2).unwrap(&wrapped, SHAPE).is_err());
        for other in [
            BodyShape { id: body(2), ..SHAPE },
            BodyShape { size: SHAPE.size - 1, ..SHAPE },
            BodyShape { chunk_size: 65_536, ..SHAPE },
        ] {
            assert!(seal_key(1).unwrap(&wrapped, other).is_err(), "{other:?}");
        }
    }

    /// Equal texts, and facts sealed again, do not look equal: nonces are random.
    #[test]
    fn equal_plaintexts_differ() {
        let key = DataKey::random().unwrap();
        assert_ne!(key.seal_facts(body(1), b"x").unwrap(), key.seal_facts(body(1), b"x").unwrap());
        let seal = || seal_key(1).seal_text(TextDomain::Keyword, AccountId(1), "x").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn newer_texts_are_not_guessed_at() {
        let mut text = seal_key(1).seal_text(TextDomain::Keyword, AccountId(1), "x").unwrap();
        text[0] = 2;
        assert_eq!(seal_key(1).open_text(TextDomain::Keyword, AccountId(1), &text), Err(SealError::Version));
    }

    #[test]
    fn no_key_is_shown() {
        assert_eq!(format!("{:?} {:?}", DataKey::random().unwrap(), seal_key(3)), "DataKey(…) SealKey(3, …)");
    }
}

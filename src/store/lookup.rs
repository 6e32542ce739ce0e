//! Keyed hashes: what must be looked up and may not be read.
//!
//! Invariants: one key for each purpose, the account first in what is hashed; the keys stay the same when the
//! master key is rotated, since what they made stands in the database.

use std::collections::BTreeMap;

use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use super::StoreError;
use super::keys::KeyError;
use super::seal::{self, KEY_LEN, SealError};
use super::ties::TieKey;
use crate::types::{AccountId, AnnotationName, Keyword, MailboxId, MailboxName, Secret};

/// The keys of keyed hashes. They outlive the master key that they were first derived from: what was
/// looked up by them stands in the database. So a rotation carries them over, sealed with the new key.
pub(super) struct HashKeys {
    prk: hkdf::Prk,
    /// By purpose: those of a former master key.
    carried: BTreeMap<Vec<u8>, Zeroizing<[u8; KEY_LEN]>>,
}

impl HashKeys {
    /// The key of a purpose, carried over or derived now.
    pub(super) fn key(&mut self, purpose: &[u8]) -> Result<hmac::Key, KeyError> {
        if !self.carried.contains_key(purpose) {
            let mut bytes = Zeroizing::new([0; KEY_LEN]);
            self.prk
                .expand(&[purpose], hkdf::HKDF_SHA256.hmac_algorithm())
                .and_then(|okm| okm.fill(bytes.as_mut()))
                .map_err(|_| KeyError::Random)?;
            self.carried.insert(purpose.to_vec(), bytes);
        }
        Ok(hmac::Key::new(hmac::HMAC_SHA256, self.carried[purpose].as_ref()))
    }

    /// All that were ever asked for, sealed with a master key.
    pub(super) fn sealed_with(&self, prk: &hkdf::Prk, version: i32) -> Result<Vec<u8>, SealError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(64 * self.carried.len()));
        for (purpose, key) in &self.carried {
            plain.push(u8::try_from(purpose.len()).map_err(|_| SealError::Seal)?);
            plain.extend_from_slice(purpose);
            plain.extend_from_slice(key.as_ref());
        }
        let key = seal::derive_aead(prk, b"carried keys v1")?;
        seal::seal_random(&key, &carried_aad(version), &plain)
    }

    pub(super) fn open(prk: hkdf::Prk, version: i32, sealed: Option<&[u8]>) -> Result<Self, StoreError> {
        let mut carried = BTreeMap::new();
        if let Some(sealed) = sealed {
            let key = seal::derive_aead(&prk, b"carried keys v1")?;
            let aad = carried_aad(version);
            let plain = Zeroizing::new(seal::open_random(&key, &aad, sealed, "the keys of lookups")?);
            let mut rest = &plain[..];
            while let Some((len, more)) = rest.split_first() {
                let broken = StoreError::Corrupt("master_key_check.carried");
                let (purpose, more) = more.split_at_checked(usize::from(*len)).ok_or(broken)?;
                let broken = StoreError::Corrupt("master_key_check.carried");
                let (key, more) = more.split_first_chunk::<KEY_LEN>().ok_or(broken)?;
                carried.insert(purpose.to_vec(), Zeroizing::new(*key));
                rest = more;
            }
        }
        Ok(Self { prk, carried })
    }
}

fn carried_aad(version: i32) -> [u8; 20] {
    let mut aad = *b"carried keys v1 ....";
    aad[16..].copy_from_slice(&version.to_be_bytes());
    aad
}

/// Keyed hashes: HMAC-SHA-256, one derived key for each purpose, the account first in what is hashed,
/// so that equal values of two accounts, or of two columns, cannot be told to be equal.
pub struct Lookup {
    msgid: hmac::Key,
    mailbox_name: hmac::Key,
    keyword: hmac::Key,
    secret: hmac::Key,
    fingerprint: hmac::Key,
    token: hmac::Key,
    code: hmac::Key,
    annotation: hmac::Key,
    entry: hmac::Key,
    imported: hmac::Key,
}

impl Lookup {
    pub(super) fn of(root: &mut HashKeys) -> Result<Self, KeyError> {
        let mut key = |info: &[u8]| root.key(&[b"lookup v1 ".as_slice(), info].concat());
        Ok(Self {
            msgid: key(b"message-id")?,
            mailbox_name: key(b"mailbox name")?,
            keyword: key(b"keyword")?,
            secret: key(b"secret")?,
            fingerprint: key(b"fingerprint")?,
            token: key(b"token")?,
            code: key(b"code")?,
            annotation: key(b"annotation")?,
            entry: key(b"mailbox entry")?,
            imported: key(b"imported")?,
        })
    }

    /// A Message-ID, as it stands between the angle brackets.
    pub fn msgid(&self, account: AccountId, msgid: &str) -> [u8; 32] {
        keyed(&self.msgid, account, msgid.as_bytes())
    }

    /// A mailbox's or a subscription's name.
    pub fn mailbox_name(&self, account: AccountId, name: &MailboxName) -> [u8; 32] {
        keyed(&self.mailbox_name, account, name.as_str().as_bytes())
    }

    /// A keyword, without regard to case.
    pub fn keyword(&self, account: AccountId, keyword: &Keyword) -> [u8; 32] {
        keyed(&self.keyword, account, keyword.folded().as_bytes())
    }

    /// A secret given at sign-in, right or wrong (R4, R29).
    pub fn secret(&self, account: AccountId, secret: &Secret) -> [u8; 32] {
        keyed(&self.secret, account, secret.expose())
    }

    /// A link's or a web sign-in's 256 random bits; `purpose` keeps the kinds apart.
    pub fn token(&self, purpose: &'static str, token: &Secret) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.token);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(token.expose());
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// A code sent by phone for a purpose, or a recovery code.
    pub fn code(&self, account: AccountId, purpose: &'static str, code: &[u8]) -> [u8; 32] {
        let data = zeroize::Zeroizing::new([purpose.as_bytes(), &[0], code].concat());
        keyed(&self.code, account, &data)
    }

    /// An annotation's name (RFC 5464).
    pub fn annotation(&self, account: AccountId, name: &AnnotationName) -> [u8; 32] {
        keyed(&self.annotation, account, name.as_str().as_bytes())
    }

    /// The key that ties an account's mailbox entries to their messages.
    pub(super) fn ties(&self, account: AccountId) -> TieKey {
        TieKey::of(keyed(&self.entry, account, b""))
    }

    /// A message that is imported into a mailbox: the SHA-256 of its bytes, its INTERNALDATE, and which of
    /// several that agree in both it is, from 0 on.
    pub fn imported(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        digest: &[u8; 32],
        internal_date: i64,
        nth: u32,
    ) -> [u8; 32] {
        let mut data = Vec::with_capacity(52);
        data.extend_from_slice(&mailbox.0.to_be_bytes());
        data.extend_from_slice(digest);
        data.extend_from_slice(&internal_date.to_be_bytes());
        data.extend_from_slice(&nth.to_be_bytes());
        keyed(&self.imported, account, &data)
    }

    /// The content of a submission (R17, R28).
    pub fn fingerprint(&self, account: AccountId, content: &[u8]) -> [u8; 32] {
        keyed(&self.fingerprint, account, content)
    }
}

fn keyed(key: &hmac::Key, account: AccountId, data: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(&account.0.to_be_bytes());
    context.update(data);
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

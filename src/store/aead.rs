//! The one cipher of everything that is sealed: AES-256-GCM, 16 bytes of tag behind the ciphertext.
//!
//! Built with the feature `bench-unsealed` it leaves the bytes as they are and the tags zero, so that the
//! cost of the cipher can be measured (docs/figures.md). Such a program runs nothing but `postern demo`
//! (`cli::main`); it does not open a database that was begun with a cipher, nor the other way round, since the master
//! key's proof does not open.

use std::ops::RangeFrom;

use aws_lc_rs::aead::Nonce;
#[cfg(not(feature = "bench-unsealed"))]
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf;

/// Bytes of a tag.
pub(super) const TAG_LEN: usize = 16;
pub(super) const KEY_LEN: usize = 32;

/// A key. Whoever seals says why the nonce does not come twice under it.
#[cfg(not(feature = "bench-unsealed"))]
pub(super) struct Aead(LessSafeKey);

#[cfg(not(feature = "bench-unsealed"))]
impl Aead {
    pub(super) fn new(bytes: &[u8; KEY_LEN]) -> Result<Self, Unspecified> {
        UnboundKey::new(&AES_256_GCM, bytes).map(|key| Self(LessSafeKey::new(key)))
    }

    pub(super) fn derived(okm: hkdf::Okm<'_, &'static aws_lc_rs::aead::Algorithm>) -> Self {
        Self(LessSafeKey::new(UnboundKey::from(okm)))
    }

    /// Seals, and puts the tag behind.
    pub(super) fn seal_append(
        &self,
        nonce: Nonce,
        aad: &[u8],
        bytes: &mut Vec<u8>,
    ) -> Result<(), Unspecified> {
        self.0.seal_in_place_append_tag(nonce, Aad::from(aad), bytes)
    }

    /// Seals; the tag.
    pub(super) fn seal(
        &self,
        nonce: Nonce,
        aad: &[u8],
        bytes: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Unspecified> {
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), bytes)?;
        let mut out = [0; TAG_LEN];
        out.copy_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what lies from `from` on, its tag last, and moves it to the front; its length.
    pub(super) fn open(
        &self,
        nonce: Nonce,
        aad: &[u8],
        bytes: &mut [u8],
        from: RangeFrom<usize>,
    ) -> Result<usize, Unspecified> {
        Ok(self.0.open_within(nonce, Aad::from(aad), bytes, from)?.len())
    }
}

/// In the place of a key: nothing is sealed.
#[cfg(feature = "bench-unsealed")]
pub(super) struct Aead;

#[cfg(feature = "bench-unsealed")]
impl Aead {
    pub(super) fn new(_: &[u8; KEY_LEN]) -> Result<Self, Unspecified> {
        Ok(Self)
    }

    pub(super) fn derived(_: hkdf::Okm<'_, &'static aws_lc_rs::aead::Algorithm>) -> Self {
        Self
    }

    pub(super) fn seal_append(&self, _: Nonce, _: &[u8], bytes: &mut Vec<u8>) -> Result<(), Unspecified> {
        bytes.extend_from_slice(&[0; TAG_LEN]);
        Ok(())
    }

    pub(super) fn seal(&self, _: Nonce, _: &[u8], _: &mut [u8]) -> Result<[u8; TAG_LEN], Unspecified> {
        Ok([0; TAG_LEN])
    }

    pub(super) fn open(
        &self,
        _: Nonce,
        _: &[u8],
        bytes: &mut [u8],
        from: RangeFrom<usize>,
    ) -> Result<usize, Unspecified> {
        let len = bytes.len().checked_sub(from.start + TAG_LEN).ok_or(Unspecified)?;
        bytes.copy_within(from.start..from.start + len, 0);
        Ok(len)
    }
}

//! How the server's key signs.

/// A signature scheme of a certificate's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningScheme {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
    /// RSA, PKCS #1 v1.5, with SHA-256.
    RsaSha256,
}

//! The certificate's key at work outside of handshakes: profiles that devices show as coming from here.
//!
//! What is signed must begin otherwise than what TLS signs: TLS 1.3 begins with 64 blanks, TLS 1.2 with
//! the client's random number. The attributes that CMS signs begin with a SET's tag and their own length.

use std::fmt;

use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::sign::Signer;

use super::ServerTls;
use crate::types::SigningScheme;

/// Signs with the certificate in use when it was made.
pub struct ServerSigner {
    scheme: SigningScheme,
    chain: Vec<Vec<u8>>,
    signer: Box<dyn Signer>,
}

impl ServerTls {
    /// `None`: the key signs in none of the ways that devices verify.
    pub fn signer(&self) -> Option<ServerSigner> {
        let pair = self.certificate_in_use();
        let schemes = [
            (SignatureScheme::ECDSA_NISTP256_SHA256, SigningScheme::EcdsaP256Sha256),
            (SignatureScheme::ECDSA_NISTP384_SHA384, SigningScheme::EcdsaP384Sha384),
            (SignatureScheme::RSA_PKCS1_SHA256, SigningScheme::RsaSha256),
        ];
        schemes.into_iter().find_map(|(offered, scheme)| {
            let signer = pair.key.choose_scheme(&[offered])?;
            Some(ServerSigner { scheme, chain: pair.cert.iter().map(|c| c.to_vec()).collect(), signer })
        })
    }
}

impl ServerSigner {
    /// How it signs.
    pub fn scheme(&self) -> SigningScheme {
        self.scheme
    }

    /// DER, the own certificate first.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// Hashes and signs; `None`: the key failed.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.signer.sign(message).ok()
    }
}

impl fmt::Debug for ServerSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerSigner({:?})", self.scheme)
    }
}

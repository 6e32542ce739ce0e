//! Signed data of the Cryptographic Message Syntax (RFC 5652), with the content inside.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use cms::cert::x509::Certificate;
use cms::cert::x509::attr::Attribute;
use cms::cert::x509::der::asn1::{GeneralizedTime, ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use cms::cert::x509::der::oid::db::{rfc5911, rfc5912};
use cms::cert::x509::der::{self, Any, Decode as _, Encode as _};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};

use crate::types::SigningScheme;

/// Who signs.
pub struct Signer<'a> {
    /// How the key signs.
    pub scheme: SigningScheme,
    /// DER, the signer's own certificate first.
    pub chain: &'a [Vec<u8>],
    /// The key at work; `None`: it failed.
    pub sign: &'a dyn Fn(&[u8]) -> Option<Vec<u8>>,
}

/// Why nothing was signed; our fault, whatever it is.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The certificate, or the time, cannot be written in this form.
    #[error("the signed form cannot be written: {0}")]
    Form(#[from] der::Error),
    /// There is no certificate.
    #[error("there is no certificate to sign with")]
    NoCertificate,
    /// The key failed.
    #[error("the key did not sign")]
    Key,
}

/// Wraps and signs `content`; DER. `now` is told as the time of signing.
///
/// # Errors
/// As [`SignError`] says.
pub fn signed(content: &[u8], signer: &Signer<'_>, now: SystemTime) -> Result<Vec<u8>, SignError> {
    let chain: Vec<Certificate> =
        signer.chain.iter().map(|one| Certificate::from_der(one)).collect::<Result<_, _>>()?;
    let own = chain.first().ok_or(SignError::NoCertificate)?;
    let (hash, digest_oid, signature_oid) = match signer.scheme {
        SigningScheme::EcdsaP256Sha256 => (&digest::SHA256, rfc5912::ID_SHA_256, rfc5912::ECDSA_WITH_SHA_256),
        SigningScheme::EcdsaP384Sha384 => (&digest::SHA384, rfc5912::ID_SHA_384, rfc5912::ECDSA_WITH_SHA_384),
        SigningScheme::RsaSha256 => {
            (&digest::SHA256, rfc5912::ID_SHA_256, rfc5912::SHA_256_WITH_RSA_ENCRYPTION)
        }
    };
    let digest_alg = AlgorithmIdentifierOwned { oid: digest_oid, parameters: None };
    let signature_algorithm = AlgorithmIdentifierOwned {
        oid: signature_oid,
        // RFC 4055 §5 demands NULL for RSA, RFC 5754 §3.3 absence for ECDSA.
        parameters: (signer.scheme == SigningScheme::RsaSha256).then(Any::null),
    };
    let content_digest = digest::digest(hash, content);
    let attributes = SetOfVec::try_from(vec![
        attribute(rfc5911::ID_CONTENT_TYPE, Any::encode_from(&rfc5911::ID_DATA)?)?,
        attribute(
            rfc5911::ID_MESSAGE_DIGEST,
            Any::encode_from(&OctetString::new(content_digest.as_ref().to_vec())?)?,
        )?,
        attribute(rfc5911::ID_SIGNING_TIME, signing_time(now)?)?,
    ])?;
    // RFC 5652 §5.4: what is signed is the attributes as a SET OF, not with their context tag.
    let signature = (signer.sign)(&attributes.to_der()?).ok_or(SignError::Key)?;
    let sid = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: own.tbs_certificate.issuer.clone(),
        serial_number: own.tbs_certificate.serial_number.clone(),
    });
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid,
        digest_alg: digest_alg.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let certificates: Vec<CertificateChoices> =
        chain.into_iter().map(CertificateChoices::Certificate).collect();
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_alg])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: rfc5911::ID_DATA,
            econtent: Some(Any::encode_from(&OctetString::new(content)?)?),
        },
        certificates: Some(CertificateSet::try_from(certificates)?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![info])?,
    };
    let whole = ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content: Any::encode_from(&data)? };
    Ok(whole.to_der()?)
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

/// RFC 5652 §11.3: until 2049 as `UTCTime`, in whole seconds.
fn signing_time(now: SystemTime) -> der::Result<Any> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = Duration::from_secs(since.as_secs());
    match UtcTime::from_unix_duration(seconds) {
        Ok(time) => Any::encode_from(&time),
        Err(_) => Any::encode_from(&GeneralizedTime::from_unix_duration(seconds)?),
    }
}

//! What the operator decides about the rules.

use super::attachment::{AttachmentTypes, ContainerLimits};

/// Settings of the rules; `cli::serve` fills it from the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// R18: most bytes of all attachments of one message together, decoded. A practice may have its own.
    pub attachment_limit: u64,
    /// R18: bytes on the wire that a message may have beside its attachments (header, text, inline images).
    pub text_room: u64,
    /// R15: base address of the portal, without a slash at the end: `https://portal.example`.
    pub portal_url: String,
    /// R30: the portal's own mail domain, in which secure addresses lie.
    pub secure_domain: String,
    /// R19: what may be attached.
    pub attachments: AttachmentTypes,
    /// R19: how much may be packed into one archive.
    pub containers: ContainerLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attachment_limit: 100 * super::size::MB,
            text_room: 4 * super::size::MB,
            portal_url: "https://portal.invalid".to_owned(),
            secure_domain: "secure.invalid".to_owned(),
            attachments: AttachmentTypes::default(),
            containers: ContainerLimits::default(),
        }
    }
}

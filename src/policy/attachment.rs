//! R19: which files may be attached. Name **and** content must agree.

mod accepted;
mod archive;
mod content;
mod decoded;
mod fault;
mod inflated;
mod kinds;
mod name;
mod office;
mod ole;
mod parts;
#[cfg(test)]
mod tests;

pub use accepted::{AttachmentTypes, AttachmentTypesError, CustomType};
pub use archive::ContainerLimits;
pub use content::ReadSeek;
pub use decoded::{Decoded, ReadAt};
pub use inflated::Budget;
pub use parts::{Place, Unread, attached_bytes, check_parts, check_readable, check_unread, place};

//! R19: which files may be attached. Name **and** content must agree.

mod archive;
mod content;
mod fault;
mod inflated;
mod kinds;
mod name;
mod office;
mod ole;
#[cfg(test)]
mod tests;

pub use archive::ContainerLimits;
pub use content::{Known, ReadSeek, Rules, Seen, TextFacts, by_content, by_head};
pub use fault::{CheckError, Fault};
pub use inflated::Budget;
pub use kinds::{AttachmentTypes, AttachmentTypesError, CustomType, Kind, Never};

//! IMAP (RFC 9051, RFC 3501): the door through which mail is read.

pub mod codec;
pub mod command;
mod reply;
mod settings;
pub mod utf7;

pub use settings::Settings;

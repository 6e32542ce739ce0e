//! What can be set about the IMAP door.

use std::time::Duration;

use crate::policy::size::announced_size;

/// Sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// R18: most bytes of all attachments of a stored message together, decoded. A practice may have its own.
    pub attachment_limit: u64,
    /// R18: bytes on the wire that a message may have beside its attachments.
    pub text_room: u64,
    /// Offer COMPRESS=DEFLATE (RFC 4978).
    pub compress: bool,
    /// How many connections may be compressed at once.
    pub compress_connections: usize,
    /// Sign-in must be done within this.
    pub sign_in_timeout: Duration,
    /// R5: the session ends after this long without a command, outside IDLE (RFC 9051 §5.4: not under
    /// 30 minutes).
    pub autologout: Duration,
    /// How often a client in IDLE hears `* OK Still here`, so that no firewall forgets the connection.
    pub idle_keepalive: Duration,
    /// How often a client hears that a long command is being worked on (RFC 9585).
    pub progress: Duration,
    /// Of accounts with more mailboxes than this nobody is notified (RFC 5465 §5.8).
    pub notify_mailboxes: usize,
    /// A client that takes nothing of what it asked for is cut off after this.
    pub write_timeout: Duration,
    /// A client that began a command must finish it within this, counted from its last byte.
    pub command_timeout: Duration,
    /// So many bad commands in a row end the connection.
    pub bad_commands: u32,
    /// So many refused sign-ins end the connection.
    pub sign_in_attempts: u32,
}

impl Settings {
    /// R18: what a practice's limit (`None`: the gateway's) comes to on the wire, APPENDLIMIT.
    pub fn append_limit(&self, practice: Option<u64>) -> u64 {
        announced_size(practice.unwrap_or(self.attachment_limit), self.text_room)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attachment_limit: 100 << 20,
            text_room: 4 << 20,
            compress: false,
            compress_connections: 200,
            sign_in_timeout: Duration::from_mins(1),
            autologout: Duration::from_mins(30),
            idle_keepalive: Duration::from_mins(2),
            progress: Duration::from_secs(10),
            notify_mailboxes: 1_000,
            write_timeout: Duration::from_mins(2),
            command_timeout: Duration::from_mins(2),
            bad_commands: 20,
            sign_in_attempts: 5,
        }
    }
}

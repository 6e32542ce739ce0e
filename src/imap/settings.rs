//! What can be set about the IMAP door.

use std::time::Duration;

/// Sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Largest message a client may store: what R18's limit comes to on the wire.
    pub append_limit: u64,
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
    /// A client that takes nothing of what it asked for is cut off after this.
    pub write_timeout: Duration,
    /// A client that began a command must finish it within this, counted from its last byte.
    pub command_timeout: Duration,
    /// So many bad commands in a row end the connection.
    pub bad_commands: u32,
    /// So many refused sign-ins end the connection.
    pub sign_in_attempts: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            append_limit: 150 << 20,
            compress: false,
            compress_connections: 200,
            sign_in_timeout: Duration::from_mins(1),
            autologout: Duration::from_mins(30),
            idle_keepalive: Duration::from_mins(2),
            progress: Duration::from_secs(10),
            write_timeout: Duration::from_mins(2),
            command_timeout: Duration::from_mins(2),
            bad_commands: 20,
            sign_in_attempts: 5,
        }
    }
}

//! The oracle: imap-codec reads the same commands.

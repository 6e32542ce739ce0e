//! R18: how large a message may be. Attachments are counted decoded; the wire size follows from that.

use super::Refusal;

/// One megabyte as the rule counts it.
pub const MB: u64 = 1_048_576;

/// The wire size that `SIZE` and `APPENDLIMIT` announce for a limit on decoded attachments.
///
/// Base64 with CRLF after each 64 characters (the shortest lines in use) takes 11 bytes for 8.
pub fn announced_size(attachment_limit: u64, text_room: u64) -> u64 {
    attachment_limit.saturating_add(attachment_limit.div_ceil(8).saturating_mul(3)).saturating_add(text_room)
}

/// R18 at MAIL: a `SIZE=` that cannot fit (RFC 1870 §6.1 (3)).
pub fn check_announced(size: u64, attachment_limit: u64, text_room: u64) -> Result<(), Refusal> {
    if size <= announced_size(attachment_limit, text_room) {
        Ok(())
    } else {
        Err(too_large(attachment_limit))
    }
}

/// R18 at the end of the data: decoded bytes of all attachments together.
pub fn check_attachments(decoded: u64, attachment_limit: u64) -> Result<(), Refusal> {
    if decoded <= attachment_limit { Ok(()) } else { Err(too_large(attachment_limit)) }
}

/// The refusal both give, and the one for data that went past the wire limit.
pub fn too_large(attachment_limit: u64) -> Refusal {
    Refusal::new(
        "R18",
        552,
        "5.3.4",
        format!(
            "All attachments of a message together may have at most {}; please send fewer or smaller files",
            megabytes(attachment_limit)
        ),
    )
}

/// `100 MB`, `1.5 MB`, `300 KB`: never more than the limit.
fn megabytes(bytes: u64) -> String {
    if bytes >= MB {
        match bytes % MB * 10 / MB {
            0 => format!("{} MB", bytes / MB),
            tenth => format!("{}.{tenth} MB", bytes / MB),
        }
    } else if bytes >= 1024 {
        format!("{} KB", bytes / 1024)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r18_one_byte_more_is_refused() {
        assert!(check_attachments(100 * MB, 100 * MB).is_ok());
        let refusal = check_attachments(100 * MB + 1, 100 * MB).unwrap_err();
        assert_eq!((refusal.code, refusal.enhanced), (552, "5.3.4"));
        assert!(refusal.text.contains("at most 100 MB"));
    }

    #[test]
    fn r18_announced_size_holds_a_full_message_in_base64() {
        let limit = 100 * MB;
        for line in [64, 72, 76] {
            let encoded = limit.div_ceil(3) * 4;
            let wire = encoded + encoded.div_ceil(line) * 2;
            assert!(check_announced(wire + 4 * MB, limit, 4 * MB + 4).is_ok(), "{line}");
        }
        let most = announced_size(limit, 0);
        assert!(check_announced(most, limit, 0).is_ok());
        assert!(check_announced(most + 1, limit, 0).is_err());
        assert_eq!(announced_size(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn sizes_in_words() {
        assert_eq!(megabytes(300 * MB), "300 MB");
        assert_eq!(megabytes(MB + MB / 2), "1.5 MB");
        assert_eq!(megabytes(2048), "2 KB");
        assert_eq!(megabytes(12), "12 bytes");
    }
}

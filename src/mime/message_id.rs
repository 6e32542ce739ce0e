//! Message-IDs (RFC 5322 §3.6.4), without their angle brackets.

use super::field::unfold;
use memchr::memchr;

/// More ids of one field are not looked at.
pub(super) const MAX_IDS: usize = 500;

/// The ids of a `Message-ID`, `In-Reply-To` or `References` value, at most 500: what stands in angle
/// brackets, blanks dropped. Without any bracket, each word is taken for an id.
pub fn message_ids(value: &[u8]) -> Vec<String> {
    let value = unfold(value);
    let mut ids = Vec::new();
    let mut rest = &value[..];
    while let Some(open) = memchr(b'<', rest) {
        let Some(close) = memchr(b'>', &rest[open..]) else { break };
        // "<<a@b>" names a@b
        let inner = rest[open + 1..open + close].split(|&b| b == b'<').next_back().unwrap_or_default();
        let id: Vec<u8> = inner.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        if !id.is_empty() && ids.len() < MAX_IDS {
            ids.push(super::TextDecoder::decode(None, &id));
        }
        rest = &rest[open + close + 1..];
    }
    if memchr(b'<', &value).is_none() {
        let words = value.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).take(MAX_IDS);
        ids.extend(words.map(|w| super::TextDecoder::decode(None, w)));
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::message_ids;

    #[test]
    fn ids_with_and_without_brackets() {
        assert_eq!(message_ids(b" <a@b>\r\n\t<c@ d> (x)<e>"), ["a@b", "c@d", "e"]);
        assert_eq!(message_ids(b" a@b "), ["a@b"]);
        assert_eq!(message_ids(b"Your message <a@b> of Monday"), ["a@b"]);
        assert_eq!(message_ids(b"<<a@b>> <open"), ["a@b"]);
        assert!(message_ids(b" <> ").is_empty());
    }
}

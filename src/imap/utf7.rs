//! Modified UTF-7, the wire form of mailbox names in IMAP4rev1 (RFC 3501 §5.1.3).
//!
//! Every name has exactly one such form; [`decode`] refuses all others, so that two different
//! byte strings never mean one mailbox.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// The bytes are no name in modified UTF-7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not modified UTF-7")]
pub struct IllFormed;

/// Appends the wire form of `name`.
pub fn encode(name: &str, out: &mut Vec<u8>) {
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.extend_from_slice(b"&-"),
            ' '..='~' => out.push(c as u8),
            _ => {
                out.push(b'&');
                let (mut bits, mut count) = (0u32, 0u32);
                let mut next = Some(c);
                while let Some(c) = next {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        bits = bits << 16 | u32::from(*unit);
                        count += 16;
                        while count >= 6 {
                            count -= 6;
                            out.push(ALPHABET[(bits >> count) as usize & 63]);
                        }
                        bits &= (1 << count) - 1;
                    }
                    next = chars.next_if(|c| !matches!(c, ' '..='~'));
                }
                if count > 0 {
                    out.push(ALPHABET[(bits << (6 - count)) as usize & 63]);
                }
                out.push(b'-');
            }
        }
    }
}

/// The name behind the wire form.
///
/// # Errors
/// [`IllFormed`] for 8-bit and control bytes, `&` without its `-`, broken or overlong base64,
/// stray bits, unpaired surrogates, printable ASCII in base64, and `&x-&y-` where `&xy-` was due.
pub fn decode(wire: &[u8]) -> Result<String, IllFormed> {
    let mut out = String::with_capacity(wire.len());
    let mut i = 0;
    // Two base64 runs side by side ought to be one.
    let mut after_run = false;
    while let Some(&b) = wire.get(i) {
        i += 1;
        match b {
            b'&' => {
                let end = i + memchr::memchr(b'-', &wire[i..]).ok_or(IllFormed)?;
                if end == i {
                    out.push('&');
                    after_run = false;
                } else {
                    if after_run {
                        return Err(IllFormed);
                    }
                    decode_run(&wire[i..end], &mut out)?;
                    after_run = true;
                }
                i = end + 1;
            }
            b' '..=b'~' => {
                out.push(char::from(b));
                after_run = false;
            }
            _ => return Err(IllFormed),
        }
    }
    Ok(out)
}

fn decode_run(run: &[u8], out: &mut String) -> Result<(), IllFormed> {
    let (mut bits, mut count) = (0u32, 0u32);
    let mut high: Option<u32> = None;
    for &b in run {
        bits = bits << 6 | u32::from(sextet(b).ok_or(IllFormed)?);
        count += 6;
        if count < 16 {
            continue;
        }
        count -= 16;
        let unit = bits >> count & 0xFFFF;
        bits &= (1 << count) - 1;
        let code = match (high.take(), unit) {
            (None, 0xD800..=0xDBFF) => {
                high = Some(unit);
                continue;
            }
            (None, _) => unit,
            (Some(h), 0xDC00..=0xDFFF) => 0x1_0000 + ((h - 0xD800) << 10) + (unit - 0xDC00),
            (Some(_), _) => return Err(IllFormed),
        };
        match char::from_u32(code) {
            Some(c) if !matches!(c, ' '..='~') => out.push(c),
            _ => return Err(IllFormed),
        }
    }
    // What is left are filling bits: fewer than a sextet, all zero.
    if count >= 6 || bits != 0 || high.is_some() { Err(IllFormed) } else { Ok(()) }
}

fn sextet(b: u8) -> Option<u8> {
    match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b',' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(name: &str) -> String {
        let mut out = Vec::new();
        encode(name, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn examples() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("Überweisungen", "&ANw-berweisungen"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Tom & Jerry", "Tom &- Jerry"),
            ("&ü&", "&-&APw-&-"),
            ("😀", "&2D3eAA-"),
            ("a\tb", "a&AAk-b"),
        ] {
            assert_eq!(encoded(name), wire);
            assert_eq!(decode(wire.as_bytes()).as_deref(), Ok(name));
        }
    }

    #[test]
    fn ill_formed() {
        let bad: [&[u8]; 14] = [
            b"&",
            b"&A",
            b"&A-",
            b"&AN-",
            b"&ANw",
            b"&ANwA-",
            b"&ANx-",
            b"&AGE-",
            b"&2D0-",
            b"&3gA-",
            b"&2D0AQQ-",
            "ü".as_bytes(),
            b"&U,BTFw-&ZeVnLIqe-",
            b"a\0",
        ];
        for wire in bad {
            assert_eq!(decode(wire), Err(IllFormed), "{}", wire.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn round_trip(name in any::<String>()) {
            let wire = encoded(&name);
            prop_assert!(wire.bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert_eq!(decode(wire.as_bytes()), Ok(name));
        }

        #[test]
        fn one_form_only(wire in "[&A-Da-c0-3,+ -]{0,12}") {
            if let Ok(name) = decode(wire.as_bytes()) {
                prop_assert_eq!(encoded(&name), wire);
            }
        }
    }
}

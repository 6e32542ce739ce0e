//! Quoted-printable (RFC 2045 §6.7), written so that no line can be a delimiter.

/// Most characters of a line, the `=` of a soft break included.
const LINE: usize = 76;

/// Encodes text whose line ends are CRLF; a CR or LF alone is encoded like any other byte.
pub(super) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let mut column = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if text[at..].starts_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
            column = 0;
            at += 2;
            continue;
        }
        let last = text.len() == at + 1 || text[at + 1..].starts_with(b"\r\n");
        let literal = match byte {
            b' ' | b'\t' => !last,
            // No delimiter, no `From ` that a reader of mbox would quote, no dot to be stuffed.
            b'-' | b'F' | b'.' => column != 0,
            b'=' => false,
            byte => byte.is_ascii_graphic(),
        };
        let width = if literal { 1 } else { 3 };
        // The last character of a line needs no room for a soft break behind it.
        if column + width > LINE - usize::from(!last) {
            out.extend_from_slice(b"=\r\n");
            column = 0;
            continue;
        }
        if literal {
            out.push(byte);
        } else {
            let digit = |nibble: u8| b"0123456789ABCDEF"[usize::from(nibble)];
            out.extend_from_slice(&[b'=', digit(byte >> 4), digit(byte & 15)]);
        }
        column += width;
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::{TransferDecoder, TransferEncoding};
    use proptest::prelude::*;

    fn encoded(text: &[u8]) -> String {
        let mut out = Vec::new();
        encode(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_that_need_care() {
        assert_eq!(encoded(b"-- \r\nAnna=\r\n\r\nx \t"), "=2D-=20\r\nAnna=3D\r\n\r\nx =09");
        assert_eq!(encoded("ü\r".as_bytes()), "=C3=BC=0D");
        assert_eq!(encoded(&[b'x'; 76]), "x".repeat(76));
        assert_eq!(encoded(&[b'x'; 77]), format!("{}=\r\nxx", "x".repeat(75)));
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(text in proptest::collection::vec(
            prop_oneof![Just(b'-'), Just(b' '), Just(b'='), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..400)) {
            let out = encoded(&text);
            for line in out.split("\r\n") {
                prop_assert!(line.len() <= LINE && !line.starts_with('-') && !line.ends_with(' '), "{line:?}");
            }
            let mut decoded = Vec::new();
            let mut decoder = TransferDecoder::new(TransferEncoding::QuotedPrintable);
            decoder.push(out.as_bytes(), &mut decoded);
            decoder.finish(&mut decoded);
            prop_assert_eq!(decoded, text);
        }
    }
}

//! The header of a submission, rewritten on its way in (RFC 6409 §8, RFC 5321 §4.4).
//!
//! Added at the top: `Return-Path`, `Received` (without anything about the client), and `Message-ID`
//! and `Date` where they are missing. Taken out: `Bcc`, and a `Return-Path` that a client wrote.
//! Everything else stays byte for byte and in order. Pure: bytes in, bytes out.

use std::time::SystemTime;

use crate::mime::{AddressField, Field, addresses, fields, message_ids};
use crate::policy::{Refusal, form};

/// What the server knows and writes into the header.
#[derive(Clone, Debug)]
pub struct Stamp<'a> {
    /// The gateway's own name.
    pub hostname: &'a str,
    /// R30: the portal's mail domain, for a Message-ID of ours.
    pub domain: &'a str,
    /// This submission, unlike any other.
    pub id: uuid::Uuid,
    /// Now.
    pub now: SystemTime,
    /// The sender's secure address; empty for a read receipt.
    pub return_path: &'a str,
    /// The recipient as the envelope names it.
    pub recipient: &'a str,
    /// The client asked for SMTPUTF8 (RFC 6531 §4.3).
    pub smtputf8: bool,
}

/// Collects the header block until its empty line.
#[derive(Debug)]
pub struct HeaderBuffer {
    bytes: Vec<u8>,
    limit: usize,
}

/// What [`HeaderBuffer::push`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Collected {
    /// No end yet.
    More,
    /// The block is complete with its empty line; the rest of the input, from this offset on, is body.
    Complete(usize),
    /// Past the limit.
    TooLong,
}

impl HeaderBuffer {
    /// An empty one that takes at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// Takes input as far as the header reaches.
    pub fn push(&mut self, input: &[u8]) -> Collected {
        let before = self.bytes.len();
        let room = (self.limit + 1).saturating_sub(before);
        self.bytes.extend_from_slice(&input[..input.len().min(room)]);
        let end = if self.bytes.starts_with(b"\r\n") {
            Some(2)
        } else {
            let from = before.saturating_sub(3);
            memchr::memmem::find(&self.bytes[from..], b"\r\n\r\n").map(|at| from + at + 4)
        };
        match end {
            Some(end) if end <= self.limit => {
                self.bytes.truncate(end);
                Collected::Complete(end - before)
            }
            None if self.bytes.len() <= self.limit => Collected::More,
            _ => Collected::TooLong,
        }
    }

    /// The block, empty line included; a message that ended inside its header gets one.
    pub fn finish(mut self) -> Vec<u8> {
        if self.bytes != b"\r\n" && !self.bytes.ends_with(b"\r\n\r\n") {
            if !self.bytes.is_empty() && !self.bytes.ends_with(b"\r\n") {
                self.bytes.extend_from_slice(b"\r\n");
            }
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.bytes
    }
}

/// A rewritten header.
#[derive(Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// To be stored, empty line included.
    pub bytes: Vec<u8>,
    /// Whom the removed `Bcc` fields named (R13 counts them).
    pub bcc: AddressField,
}

/// Rewrites a header block that ends with its empty line.
///
/// # Errors
/// A header with a line that is no field, or with two Message-IDs: programs would read it differently.
pub fn rewrite(block: &[u8], stamp: &Stamp<'_>) -> Result<Rewritten, Refusal> {
    let mut bcc = AddressField::default();
    let (mut ids, mut has_date, mut length) = (0, false, 2);
    let drops = |field: &Field<'_>| {
        field.is("Bcc")
            || field.is("Return-Path")
            || (field.is("Message-ID") && message_ids(field.value).is_empty())
            || (field.is("Date") && field.value.trim_ascii().is_empty())
    };
    for field in fields(block) {
        length += field.raw.len();
        if field.is("Bcc") {
            let mailboxes = addresses(field.value);
            bcc.fields += 1;
            bcc.total += mailboxes.len();
            bcc.mailboxes.extend(mailboxes);
        } else if !drops(&field) {
            ids += usize::from(field.is("Message-ID"));
            has_date |= field.is("Date");
        }
    }
    if length != block.len() {
        return Err(form::malformed_header());
    }
    form::check_one_message_id(ids)?;
    let date = date(stamp.now);
    let (with, id) = (if stamp.smtputf8 { "UTF8SMTPSA" } else { "ESMTPSA" }, stamp.id.simple());
    let mut out = format!(
        "Return-Path: <{}>\r\nReceived: by {} (postern) with {with} id {id}\r\n\tfor <{}>; {date}\r\n",
        stamp.return_path, stamp.hostname, stamp.recipient
    )
    .into_bytes();
    out.reserve(block.len() + 160);
    if ids == 0 {
        out.extend_from_slice(format!("Message-ID: <{id}@{}>\r\n", stamp.domain).as_bytes());
    }
    if !has_date {
        out.extend_from_slice(format!("Date: {date}\r\n").as_bytes());
    }
    for field in fields(block).filter(|f| !drops(f)) {
        out.extend_from_slice(field.raw);
    }
    out.extend_from_slice(b"\r\n");
    Ok(Rewritten { bytes: out, bcc })
}

/// RFC 5322 §3.3, in UTC.
fn date(now: SystemTime) -> String {
    let now = jiff::Timestamp::try_from(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %-d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stamp() -> Stamp<'static> {
        Stamp {
            hostname: "mail.portal.example",
            domain: "secure.example",
            id: uuid::Uuid::from_u128(0x1234),
            now: SystemTime::UNIX_EPOCH + Duration::from_hours(495_296),
            return_path: "anna@secure.example",
            recipient: "bob@secure.example",
            smtputf8: false,
        }
    }

    fn rewritten(block: &str) -> (String, AddressField) {
        let out = rewrite(block.as_bytes(), &stamp()).unwrap();
        (String::from_utf8(out.bytes).unwrap(), out.bcc)
    }

    const TRACE: &str = "Return-Path: <anna@secure.example>\r\n\
        Received: by mail.portal.example (postern) with ESMTPSA id 00000000000000000000000000001234\r\n\
        \tfor <bob@secure.example>; Fri, 3 Jul 2026 08:00:00 +0000\r\n";

    #[test]
    fn trace_comes_first_and_the_rest_stays() {
        let block =
            "From: a@b\r\nsubject:\r\n folded\r\nX-Strange:\t \r\nDATE: x\r\nMessage-Id: <1@b>\r\n\r\n";
        let (out, bcc) = rewritten(block);
        assert_eq!(out, format!("{TRACE}{block}"));
        assert_eq!(bcc, AddressField::default());
    }

    #[test]
    fn what_is_missing_is_added() {
        let id = "Message-ID: <00000000000000000000000000001234@secure.example>\r\n";
        let date = "Date: Fri, 3 Jul 2026 08:00:00 +0000\r\n";
        assert_eq!(rewritten("From: a@b\r\n\r\n").0, format!("{TRACE}{id}{date}From: a@b\r\n\r\n"));
        assert_eq!(rewritten("\r\n").0, format!("{TRACE}{id}{date}\r\n"));
        // Fields with nothing in them count as missing.
        assert_eq!(rewritten("Message-ID: <>\r\nDate: \r\n\r\n").0, format!("{TRACE}{id}{date}\r\n"));
    }

    #[test]
    fn bcc_goes_and_is_counted() {
        let (out, bcc) = rewritten(
            "Date: x\r\nBCC: Eve\r\n <eve@b>,\r\n mallory@b\r\nMessage-ID: <1@b>\r\nbcc :\r\nReturn-Path: <x@y>\r\n\r\n",
        );
        assert_eq!(out, format!("{TRACE}Date: x\r\nMessage-ID: <1@b>\r\n\r\n"));
        assert_eq!((bcc.fields, bcc.total), (2, 2));
        assert_eq!(bcc.mailboxes[0].address, "eve@b");
    }

    #[test]
    fn a_header_that_programs_read_differently_is_refused() {
        for block in [
            "From: a@b\r\nhello\r\n\r\n",
            " Bcc: x\r\n\r\n",
            "Message-ID: <1@b>\r\nMessage-ID: <2@b>\r\n\r\n",
        ] {
            assert!(rewrite(block.as_bytes(), &stamp()).is_err(), "{block:?}");
        }
    }

    #[test]
    fn the_empty_line_is_found_wherever_the_input_is_split() {
        let message = b"From: a@b\r\nTo: c@d\r\n\r\nbody\r\n\r\nmore";
        for split in 0..message.len() {
            let mut buffer = HeaderBuffer::new(1000);
            let mut body_at = match buffer.push(&message[..split]) {
                Collected::Complete(n) => Some(n),
                other => {
                    assert_eq!(other, Collected::More);
                    None
                }
            };
            if body_at.is_none() {
                let Collected::Complete(n) = buffer.push(&message[split..]) else { panic!("{split}") };
                body_at = Some(split + n);
            }
            assert_eq!(body_at, Some(22), "{split}");
            assert_eq!(buffer.finish(), &message[..22]);
        }
    }

    #[test]
    fn limits_and_odd_ends() {
        let mut buffer = HeaderBuffer::new(10);
        assert_eq!(buffer.push(b"a: b\r\n\r\n"), Collected::Complete(8));
        let mut buffer = HeaderBuffer::new(7);
        assert_eq!(buffer.push(b"a: b\r\n\r\n"), Collected::TooLong);
        assert_eq!(HeaderBuffer::new(10).push(&[b'x'; 1000]), Collected::TooLong);
        let mut buffer = HeaderBuffer::new(10);
        assert_eq!(buffer.push(b"\r\nbody"), Collected::Complete(2));
        assert_eq!(buffer.finish(), b"\r\n");
        for (cut, whole) in [("", "\r\n"), ("a: b", "a: b\r\n\r\n"), ("a: b\r\n", "a: b\r\n\r\n")] {
            let mut buffer = HeaderBuffer::new(10);
            assert_eq!(buffer.push(cut.as_bytes()), Collected::More);
            assert_eq!(buffer.finish(), whole.as_bytes());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_it_panic(block in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let mut buffer = HeaderBuffer::new(200);
            let _ = buffer.push(&block);
            let _ = rewrite(&buffer.finish(), &stamp());
        }
    }
}

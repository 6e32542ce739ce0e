//! ENVELOPE (RFC 9051 §7.5.2, RFC 3501 §7.4.2) in wire form.
//!
//! Values stand as the sender wrote them, unfolded, encoded words and all. A field that is there is
//! never NIL, except an address field without any address or with blanks only.

use super::address::{AddressItem, AddressList};
use super::field::{fields, unfold};
use super::wire::{nstring, string};

/// What ENVELOPE and the rules need of a header block.
#[derive(Debug, Default)]
pub(super) struct EnvelopeFields {
    date: Option<Vec<u8>>,
    subject: Option<Vec<u8>>,
    pub from: Addresses,
    pub sender: Addresses,
    pub reply_to: Addresses,
    pub to: Addresses,
    pub cc: Addresses,
    pub bcc: Addresses,
    in_reply_to: Option<Vec<u8>>,
    message_id: Option<Vec<u8>>,
}

/// All occurrences of one field together, as RFC 5322 §4.5.3 asks for.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    pub fields: usize,
    pub list: AddressList,
}

impl Addresses {
    pub fn add(&mut self, value: &[u8]) {
        self.fields += 1;
        self.list.append(value);
    }
}

impl EnvelopeFields {
    pub fn parse(block: &[u8]) -> Self {
        let mut own = Self::default();
        for field in fields(block) {
            let first = |slot: &mut Option<Vec<u8>>| {
                slot.get_or_insert_with(|| unfold(field.value));
            };
            // The length tells most fields apart before any text is compared.
            match field.name.len() {
                2 if field.is("to") => own.to.add(field.value),
                2 if field.is("cc") => own.cc.add(field.value),
                3 if field.is("bcc") => own.bcc.add(field.value),
                4 if field.is("from") => own.from.add(field.value),
                4 if field.is("date") => first(&mut own.date),
                6 if field.is("sender") => own.sender.add(field.value),
                7 if field.is("subject") => first(&mut own.subject),
                8 if field.is("reply-to") => own.reply_to.add(field.value),
                10 if field.is("message-id") => first(&mut own.message_id),
                11 if field.is("in-reply-to") => first(&mut own.in_reply_to),
                _ => {}
            }
        }
        own
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        // RFC 9051 §7.5.2: without Sender or Reply-To (or with empty ones) the server puts From.
        let or_from = |own: &'_ Addresses| own.list.items.is_empty();
        let sender = if or_from(&self.sender) { &self.from } else { &self.sender };
        let reply_to = if or_from(&self.reply_to) { &self.from } else { &self.reply_to };
        out.push(b'(');
        nstring(out, self.date.as_deref());
        out.push(b' ');
        nstring(out, self.subject.as_deref());
        for people in [&self.from, sender, reply_to, &self.to, &self.cc, &self.bcc] {
            out.push(b' ');
            write_addresses(out, &people.list);
        }
        out.push(b' ');
        nstring(out, self.in_reply_to.as_deref());
        out.push(b' ');
        nstring(out, self.message_id.as_deref());
        out.push(b')');
    }

    pub fn has_date(&self) -> bool {
        self.date.is_some()
    }

    pub fn subject(&self) -> Option<&[u8]> {
        self.subject.as_deref()
    }

    pub fn message_id(&self) -> Option<&[u8]> {
        self.message_id.as_deref()
    }
}

fn write_addresses(out: &mut Vec<u8>, list: &AddressList) {
    if list.items.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    out.push(b'(');
    for item in &list.items {
        match item {
            AddressItem::Address { name, route, local, domain } => {
                out.push(b'(');
                nstring(out, name.as_deref());
                out.push(b' ');
                nstring(out, route.as_deref());
                out.push(b' ');
                string(out, local);
                out.push(b' ');
                // NIL here would mean the start of a group.
                string(out, domain);
                out.push(b')');
            }
            AddressItem::GroupStart(name) => {
                out.extend_from_slice(b"(NIL NIL ");
                string(out, name);
                out.extend_from_slice(b" NIL)");
            }
            AddressItem::GroupEnd => out.extend_from_slice(b"(NIL NIL NIL NIL)"),
        }
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(block: &str) -> String {
        let mut out = Vec::new();
        EnvelopeFields::parse(block.as_bytes()).write(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// RFC 3501 §8
    #[test]
    fn the_example_of_the_rfc() {
        let block = "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n\
            From: Terry Gray <gray@cac.washington.edu>\r\n\
            Subject: IMAP4rev1 WG mtg summary and minutes\r\n\
            To: imap@cac.washington.edu\r\n\
            cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n\
            Message-Id: <B27397-0100000@cac.washington.edu>\r\n\
            MIME-Version: 1.0\r\n\
            Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n";
        let terry = "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))";
        assert_eq!(
            envelope(block),
            format!(
                "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" \
                 {terry} {terry} {terry} ((NIL NIL \"imap\" \"cac.washington.edu\")) \
                 ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) \
                 NIL NIL \"<B27397-0100000@cac.washington.edu>\")"
            )
        );
    }

    /// RFC 9051 §7.5.2: absent is NIL, empty is "".
    #[test]
    fn absent_empty_and_malformed() {
        assert_eq!(envelope(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
        assert_eq!(
            envelope("Subject:\r\nDate: \r\nTo: \r\nIn-Reply-To:\r\n"),
            "(\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" NIL)"
        );
        assert_eq!(
            envelope("From: not an address\r\nSender: \r\nTo: undisclosed-recipients:;\r\n"),
            "(NIL NIL ((NIL NIL \"not an address\" \"\")) ((NIL NIL \"not an address\" \"\")) \
             ((NIL NIL \"not an address\" \"\")) \
             ((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL)"
        );
    }

    #[test]
    fn raw_umlauts_become_literals_and_encoded_words_stay() {
        assert_eq!(
            envelope("Subject: Röntgen\r\n Bild\r\nTo: =?utf-8?Q?M=C3=BCller?= <m@b>\r\n"),
            "(NIL {13}\r\nRöntgen Bild NIL NIL NIL ((\"=?utf-8?Q?M=C3=BCller?=\" NIL \"m\" \"b\")) NIL NIL NIL NIL)"
        );
    }
}

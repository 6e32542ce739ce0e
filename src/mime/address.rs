//! Address lists (RFC 5322 §3.4, obsolete forms of §4.4 too), read without loss.
//!
//! One parser serves ENVELOPE, which shows what the sender wrote, and the rules, which compare: the
//! two cannot disagree. It never gives up: words that are no address come out as an address without
//! a domain, two addresses without a comma between them as two.

use super::decode_header;
use super::field::unfold;

/// Addresses of one field that are kept; the rest is only counted.
pub const MAX_ADDRESSES: usize = 4096;

/// One person of an address list, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// What stands before the angle bracket, or in a comment behind the address.
    pub display_name: Option<String>,
    /// `local@domain` as written, without comments, blanks and quotes; without `@` when malformed.
    pub address: String,
}

/// The addresses of a field value, groups dissolved; at most [`MAX_ADDRESSES`].
pub fn addresses(value: &[u8]) -> Vec<Mailbox> {
    let list = AddressList::parse(value);
    list.items.iter().filter_map(AddressItem::mailbox).collect()
}

/// The first element of an address list, as ENVELOPE shows it (RFC 9051 §7.5.2); of a group the name stands
/// for the local part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstAddress {
    /// Its display name, decoded; `None` where there is none.
    pub name: Option<String>,
    /// What stands before the `@`.
    pub local: String,
    /// What stands behind it; `None` for a group, empty when malformed.
    pub domain: Option<String>,
}

/// The first address of a field, all its occurrences taken together; `None` where there is none.
pub fn first_address(block: &[u8], name: &str) -> Option<FirstAddress> {
    let mut list = AddressList::default();
    for field in super::fields(block).filter(|field| field.is(name)) {
        list.append(field.value);
        if !list.items.is_empty() {
            break;
        }
    }
    let text = |bytes: &[u8]| super::TextDecoder::decode(None, bytes);
    match list.items.first()? {
        AddressItem::Address { name, local, domain, .. } => Some(FirstAddress {
            name: name.as_deref().map(decode_header),
            local: text(local),
            domain: Some(text(domain)),
        }),
        AddressItem::GroupStart(name) => Some(FirstAddress { name: None, local: text(name), domain: None }),
        AddressItem::GroupEnd => None,
    }
}

/// One element of a list, raw: encoded words not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AddressItem {
    Address { name: Option<Vec<u8>>, route: Option<Vec<u8>>, local: Vec<u8>, domain: Vec<u8> },
    GroupStart(Vec<u8>),
    GroupEnd,
}

impl AddressItem {
    fn mailbox(&self) -> Option<Mailbox> {
        let Self::Address { name, local, domain, .. } = self else { return None };
        let mut address = super::TextDecoder::decode(None, local);
        if !domain.is_empty() {
            address.push('@');
            address.push_str(&super::TextDecoder::decode(None, domain));
        }
        Some(Mailbox { display_name: name.as_deref().map(decode_header), address })
    }
}

/// A parsed list, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AddressList {
    pub items: Vec<AddressItem>,
    /// Addresses seen, kept or not.
    pub total: usize,
}

impl AddressList {
    pub fn parse(value: &[u8]) -> Self {
        let mut list = Self::default();
        list.append(value);
        list
    }

    /// Adds the addresses of another occurrence of the field.
    pub fn append(&mut self, value: &[u8]) {
        let before = (self.items.len(), self.total);
        Parser::new(value, self).run();
        if before == (self.items.len(), self.total) {
            let local = unfold(value);
            if !local.is_empty() {
                self.push(AddressItem::Address { name: None, route: None, local, domain: Vec::new() });
            }
        }
    }

    fn push(&mut self, item: AddressItem) {
        self.total += 1;
        if self.items.len() < MAX_ADDRESSES {
            self.items.push(item);
        }
    }

    pub fn mailboxes(&self) -> Vec<Mailbox> {
        self.items.iter().filter_map(AddressItem::mailbox).collect()
    }
}

/// Reads one value. An element's words gather in `text` (as a display name would show them) and in
/// `spec` (as an address would hold them) until `<`, a comma or the end says which they are.
struct Parser<'a> {
    input: &'a [u8],
    list: &'a mut AddressList,
    /// A group's start is in the list and its end is not.
    in_group: bool,
    group_kept: bool,
    text: Vec<u8>,
    /// The words since the last blank that does not belong to an address.
    spec: Vec<u8>,
    /// Where `spec` begins in `text`.
    spec_start: usize,
    /// The last `@` of `spec` outside quotes.
    at: Option<usize>,
    blank: bool,
    /// The last word ended with an unquoted dot or `@`.
    glue: bool,
    comment: Option<Vec<u8>>,
    /// An address that stood in angle brackets.
    angle: Option<AddressItem>,
}

impl<'a> Parser<'a> {
    fn new(input: &'a [u8], list: &'a mut AddressList) -> Self {
        Self {
            input,
            list,
            in_group: false,
            group_kept: false,
            text: Vec::new(),
            spec: Vec::new(),
            spec_start: 0,
            at: None,
            blank: false,
            glue: false,
            comment: None,
            angle: None,
        }
    }

    fn run(mut self) {
        while let Some((&first, rest)) = self.input.split_first() {
            match first {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    self.input = rest;
                    self.blank = true;
                }
                b'(' => {
                    self.comment = Some(take_comment(&mut self.input));
                    self.blank = true;
                }
                b'"' => {
                    let word = take_quoted(&mut self.input);
                    self.word(&word, true);
                }
                b'<' => {
                    self.input = rest;
                    self.angle();
                }
                b',' => {
                    self.input = rest;
                    self.element();
                }
                b';' => {
                    self.input = rest;
                    self.element();
                    self.end_group();
                }
                b':' if !self.in_group && self.at.is_none() && self.angle.is_none() => {
                    self.input = rest;
                    let name = std::mem::take(&mut self.text);
                    self.clear();
                    self.in_group = true;
                    if self.list.items.len() < MAX_ADDRESSES {
                        self.list.items.push(AddressItem::GroupStart(name));
                        self.group_kept = true;
                    }
                }
                b'@' => {
                    self.input = rest;
                    self.glue = true;
                    self.word(b"@", false);
                }
                b'[' if self.at.is_some_and(|at| at + 1 == self.spec.len()) => {
                    let end = memchr::memchr(b']', self.input).map_or(self.input.len(), |i| i + 1);
                    let (literal, rest) = self.input.split_at(end);
                    self.input = rest;
                    self.word(literal, true);
                }
                _ => {
                    let special = |b: &u8| {
                        matches!(
                            b,
                            b' ' | b'\t' | b'\r' | b'\n' | b'(' | b'"' | b'<' | b',' | b';' | b':' | b'@'
                        )
                    };
                    let end = rest.iter().position(special).map_or(self.input.len(), |i| i + 1);
                    let (word, rest) = self.input.split_at(end);
                    self.input = rest;
                    self.word(word, false);
                }
            }
        }
        self.element();
        self.end_group();
    }

    fn word(&mut self, word: &[u8], quoted: bool) {
        if self.angle.is_some() {
            self.element();
        }
        let joins = self.glue || (!quoted && word.starts_with(b"."));
        if self.blank && !joins && !self.spec.is_empty() {
            if self.at.is_some() {
                self.element();
            } else {
                self.spec.clear();
                self.spec_start = self.text.len();
            }
        }
        if self.blank && !self.text.is_empty() {
            self.text.push(b' ');
        }
        self.blank = false;
        self.glue = !quoted && matches!(word.last(), Some(b'.' | b'@'));
        if !quoted && word == b"@" {
            self.at = Some(self.spec.len());
        }
        self.text.extend_from_slice(word);
        self.spec.extend_from_slice(word);
    }

    /// What follows a `<`: a route (RFC 5322 §4.4), the address, `>`.
    fn angle(&mut self) {
        if self.angle.is_some() {
            self.element();
        }
        let mut route = None;
        let (mut spec, mut at) = (Vec::new(), None);
        while let Some((&first, rest)) = self.input.split_first() {
            match first {
                b'>' => {
                    self.input = rest;
                    break;
                }
                b',' | b';' | b'<' if spec.first() != Some(&b'@') => break,
                b' ' | b'\t' | b'\r' | b'\n' => self.input = rest,
                b'(' => {
                    take_comment(&mut self.input);
                }
                b'"' => spec.extend(take_quoted(&mut self.input)),
                b':' if route.is_none() && spec.first() == Some(&b'@') => {
                    self.input = rest;
                    route = Some(std::mem::take(&mut spec));
                    at = None;
                }
                _ => {
                    self.input = rest;
                    if first == b'@' {
                        at = Some(spec.len());
                    }
                    spec.push(first);
                }
            }
        }
        let domain = at.map_or_else(Vec::new, |at| spec[at + 1..].to_vec());
        spec.truncate(at.unwrap_or(spec.len()));
        let name = (!self.text.is_empty()).then(|| std::mem::take(&mut self.text));
        let comment = self.comment.take();
        self.clear();
        self.comment = comment;
        self.angle = Some(AddressItem::Address { name, route, local: spec, domain });
    }

    /// Ends an element of the list.
    fn element(&mut self) {
        let comment = self.comment.take();
        if let Some(mut item) = self.angle.take() {
            if let AddressItem::Address { name, .. } = &mut item
                && name.is_none()
            {
                *name = comment;
            }
            self.list.push(item);
        } else if let Some(at) = self.at {
            let lead = self.text[..self.spec_start].to_vec();
            let name = if lead.is_empty() { comment } else { Some(lead) };
            let (local, domain) = (self.spec[..at].to_vec(), self.spec[at + 1..].to_vec());
            self.list.push(AddressItem::Address { name, route: None, local, domain });
        } else if !self.text.is_empty() || comment.is_some() {
            let local = std::mem::take(&mut self.text);
            self.list.push(AddressItem::Address { name: comment, route: None, local, domain: Vec::new() });
        }
        self.clear();
    }

    fn end_group(&mut self) {
        self.in_group = false;
        if std::mem::take(&mut self.group_kept) {
            self.list.items.push(AddressItem::GroupEnd);
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.spec.clear();
        self.spec_start = 0;
        self.at = None;
        self.blank = false;
        self.glue = false;
        self.comment = None;
    }
}

/// A comment at the start of `input`, without its brackets; comments nest.
pub(super) fn take_comment(input: &mut &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut depth = 0usize;
    let mut bytes = input.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next().map(|(_, &b)| b)),
            b'(' => {
                depth += 1;
                if depth > 1 {
                    out.push(byte);
                }
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    *input = &input[at + 1..];
                    return unfold(&out);
                }
                out.push(byte);
            }
            _ => out.push(byte),
        }
    }
    *input = b"";
    unfold(&out)
}

/// A quoted string at the start of `input`, without its quotes and escapes.
pub(super) fn take_quoted(input: &mut &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = input.iter().enumerate().skip(1);
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next().map(|(_, &b)| b)),
            b'"' => {
                *input = &input[at + 1..];
                return out;
            }
            // RFC 5322 §3.2.4: line ends inside are only folding.
            b'\r' | b'\n' => {}
            _ => out.push(byte),
        }
    }
    *input = b"";
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(value: &str) -> Vec<(String, String)> {
        addresses(value.as_bytes())
            .into_iter()
            .map(|m| (m.display_name.unwrap_or_default(), m.address))
            .collect()
    }

    #[test]
    fn forms_of_one_address() {
        for (value, name, address) in [
            ("anna@praxis.example", "", "anna@praxis.example"),
            ("Anna Weiss <anna@praxis.example>", "Anna Weiss", "anna@praxis.example"),
            ("\"Weiss, Anna\" <anna@praxis.example>", "Weiss, Anna", "anna@praxis.example"),
            ("=?utf-8?Q?Anna_Wei=C3=9F?= <anna@praxis.example>", "Anna Weiß", "anna@praxis.example"),
            ("anna@praxis.example (Anna (Dr.) Weiss)", "Anna (Dr.) Weiss", "anna@praxis.example"),
            ("<anna@praxis.example> (Anna)", "Anna", "anna@praxis.example"),
            ("Dr. A. M. Weiss <anna@praxis.example>", "Dr. A. M. Weiss", "anna@praxis.example"),
            ("<@relay.example,@b:anna@praxis.example>", "", "anna@praxis.example"),
            ("anna . weiss @ praxis (x) . example", "x", "anna.weiss@praxis.example"),
            ("\"anna weiss\"@praxis.example", "", "anna weiss@praxis.example"),
            ("anna@[192.0.2.1]", "", "anna@[192.0.2.1]"),
            ("anna@b <anna@praxis.example>", "anna@b", "anna@praxis.example"),
            ("Anna\r\n Weiss\r\n <anna@\r\n praxis.example>", "Anna Weiss", "anna@praxis.example"),
            ("Anna anna@praxis.example", "Anna", "anna@praxis.example"),
            ("Anna <anna@praxis.example", "Anna", "anna@praxis.example"),
            ("Anna Weiss", "", "Anna Weiss"),
            ("<>", "", ""),
            (",", "", ","),
        ] {
            assert_eq!(seen(value), [(name.to_owned(), address.to_owned())], "{value}");
        }
    }

    /// Two addresses never pass for one, whatever stands between them (R12).
    #[test]
    fn two_addresses_are_two() {
        for value in [
            "a@b, c@d",
            "a@b c@d",
            "<a@b> <c@d>",
            "<a@b> c@d",
            "a@b,\"x\" <c@d>",
            "g: a@b, c@d;",
            "a@b;c@d",
            "<a@b, c@d",
        ] {
            let list: Vec<_> = seen(value).into_iter().map(|(_, address)| address).collect();
            assert_eq!(list, ["a@b", "c@d"], "{value}");
        }
    }

    #[test]
    fn groups() {
        let list = AddressList::parse(b"Undisclosed recipients:;, Team: a@b;");
        assert_eq!(list.total, 1);
        assert_eq!(
            list.items.iter().map(|i| matches!(i, AddressItem::Address { .. })).collect::<Vec<_>>(),
            [false, false, false, true, false]
        );
        assert_eq!(list.items[0], AddressItem::GroupStart(b"Undisclosed recipients".to_vec()));
    }

    #[test]
    fn a_million_addresses_are_counted_not_kept() {
        let list = AddressList::parse("a,".repeat(100_000).as_bytes());
        assert_eq!((list.items.len(), list.total), (MAX_ADDRESSES, 100_000));
    }
}

//! Parameters of `Content-Type` and `Content-Disposition` (RFC 2045 §5.1, RFC 2231).
//!
//! Continued parameters (`name*0`, `name*1*`) are put together; an extended one keeps its
//! `charset'language'percent-encoded` form under the name `name*`, as IMAP clients know it from
//! other servers. A value without quotes reaches to the semicolon: file names with blanks are
//! common.

use super::address::{take_comment, take_quoted};
use super::transfer::hex;
use super::{TextDecoder, decode_header};
use memchr::memchr2;

/// More parameters of one field are not looked at.
const MAX_PARAMETERS: usize = 128;

/// Parameters whose value is one word, so that what follows a blank is a comment.
const ONE_WORD: [&str; 8] =
    ["boundary", "charset", "format", "delsp", "micalg", "protocol", "report-type", "smime-type"];

/// One parameter, raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    /// Lower case; with a trailing `*` when the value is in extended form.
    pub name: String,
    pub value: Vec<u8>,
}

/// The parameters of one field in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    pub list: Vec<Parameter>,
    /// Programs will read these differently.
    pub ambiguous: bool,
    /// There were more than are kept.
    pub overflow: bool,
}

struct Segment {
    base: String,
    index: Option<u32>,
    extended: bool,
    value: Vec<u8>,
}

impl Parameters {
    /// Reads an unfolded value behind its first word.
    pub fn parse(mut input: &[u8]) -> Self {
        let mut out = Self::default();
        let mut segments: Vec<Segment> = Vec::new();
        let mut count = 0;
        while let Some(name) = take_name(&mut input) {
            let (value, odd) = take_value(&mut input, &name);
            count += 1;
            if count > MAX_PARAMETERS {
                out.overflow = true;
                break;
            }
            out.ambiguous |= odd;
            if name.contains('*') {
                segments.push(Segment::new(&name, value));
            } else {
                out.add(Parameter { name, value });
            }
        }
        while let Some(base) = segments.first().map(|s| s.base.clone()) {
            let (mut own, others) = segments.into_iter().partition(|s| s.base == base);
            segments = others;
            out.join(base, &mut own);
        }
        out
    }

    /// The raw value of a plain parameter, else the decoded one of an extended parameter.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(plain) = self.list.iter().find(|p| p.name == name) {
            return Some(plain.value.clone());
        }
        let extended = self.list.iter().find(|p| p.name.strip_suffix('*') == Some(name))?;
        Some(split_extended(&extended.value).1)
    }

    /// Every form of a parameter that a reader may be shown.
    pub fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.list.iter().filter(move |p| p.name.trim_end_matches('*') == name).map(|p| {
            if p.name.ends_with('*') {
                let (charset, bytes) = split_extended(&p.value);
                let text = TextDecoder::decode(std::str::from_utf8(charset).ok(), &bytes);
                text.replace(char::is_control, " ")
            } else {
                decode_header(&p.value)
            }
        })
    }

    fn add(&mut self, parameter: Parameter) {
        self.ambiguous |= self.list.iter().any(|p| p.name == parameter.name);
        self.list.push(parameter);
    }

    /// Puts the segments of one parameter together.
    fn join(&mut self, base: String, segments: &mut [Segment]) {
        segments.sort_by_key(|s| s.index);
        let extended = segments.iter().any(|s| s.extended);
        let mut value = Vec::new();
        let mut next = 0;
        for segment in segments.iter() {
            match segment.index {
                None if segments.len() == 1 => {}
                Some(index) if index == next => next += 1,
                _ => {
                    // A gap, a repetition, or a whole value beside a continued one.
                    self.ambiguous = true;
                }
            }
            if extended && !segment.extended {
                if value.is_empty() {
                    value.extend_from_slice(b"''");
                }
                percent_encode(&segment.value, &mut value);
            } else {
                value.extend_from_slice(&segment.value);
            }
        }
        self.add(Parameter { name: if extended { base + "*" } else { base }, value });
    }
}

impl Segment {
    /// `name*`, `name*3`, `name*3*`
    fn new(name: &str, value: Vec<u8>) -> Self {
        let (base, rest) = name.split_once('*').unwrap_or((name, ""));
        let digits = rest.strip_suffix('*').unwrap_or(rest);
        Self {
            base: base.to_owned(),
            index: digits.parse().ok(),
            extended: rest.is_empty() || rest.ends_with('*'),
            value,
        }
    }
}

/// The name before the next `=`, in lower case; steps over what is no parameter.
fn take_name(input: &mut &[u8]) -> Option<String> {
    loop {
        *input = input.trim_ascii_start();
        match input.first()? {
            b';' => *input = &input[1..],
            b'(' => {
                take_comment(input);
            }
            _ => {
                let end = memchr2(b'=', b';', input)?;
                let name = input[..end].trim_ascii();
                let found = input[end] == b'=' && !name.is_empty();
                *input = &input[end + usize::from(input[end] == b'=')..];
                if found {
                    return Some(String::from_utf8_lossy(name).to_ascii_lowercase());
                }
                if input.first().is_some_and(|&b| b != b';') {
                    take_value(input, "");
                }
            }
        }
    }
}

/// The value up to the next semicolon, and whether its form is one that programs read differently.
fn take_value(input: &mut &[u8], name: &str) -> (Vec<u8>, bool) {
    *input = input.trim_ascii_start();
    while input.first() == Some(&b'(') {
        take_comment(input);
        *input = input.trim_ascii_start();
    }
    if input.first() == Some(&b'"') {
        let closed = input.len();
        let value = take_quoted(input);
        let mut odd = input.is_empty() && closed < value.len() + 2;
        loop {
            *input = input.trim_ascii_start();
            match input.first() {
                None | Some(b';') => return (value, odd),
                Some(b'(') => {
                    take_comment(input);
                }
                Some(_) => {
                    odd = true;
                    let end = memchr2(b';', b'(', &input[1..]).map_or(input.len(), |at| at + 1);
                    *input = &input[end..];
                }
            }
        }
    }
    let end = memchr::memchr(b';', input).unwrap_or(input.len());
    let (raw, rest) = input.split_at(end);
    *input = rest;
    let raw = raw.trim_ascii();
    let blank = raw.iter().position(|b| matches!(b, b' ' | b'\t'));
    let comment = blank.is_some_and(|at| raw[at..].trim_ascii_start().starts_with(b"("));
    let value = if ONE_WORD.contains(&name) { &raw[..blank.unwrap_or(raw.len())] } else { raw };
    let odd = raw.contains(&b'"') || (blank.is_some() && !(comment && value.len() < raw.len()));
    (value.to_vec(), odd)
}

/// Charset and bytes of an extended value; without the two quotes the charset is unknown.
fn split_extended(value: &[u8]) -> (&[u8], Vec<u8>) {
    let mut fields = value.splitn(3, |&b| b == b'\'');
    match (fields.next(), fields.next(), fields.next()) {
        (Some(charset), Some(_), Some(text)) => (charset, percent_decode(text)),
        _ => (b"", percent_decode(value)),
    }
}

fn percent_decode(mut text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    while let Some((&first, rest)) = text.split_first() {
        let escape = rest.get(..2).and_then(|pair| hex(pair[0], pair[1]));
        let byte = escape.filter(|_| first == b'%');
        out.push(byte.unwrap_or(first));
        text = if byte.is_some() { &rest[2..] } else { rest };
    }
    out
}

fn percent_encode(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            let digit = |nibble: u8| b"0123456789ABCDEF"[usize::from(nibble)];
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(input: &str) -> Vec<(String, String)> {
        let parameters = Parameters::parse(input.as_bytes());
        let text = |p: Parameter| (p.name, String::from_utf8(p.value).unwrap());
        parameters.list.into_iter().map(text).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn plain_quoted_and_careless() {
        assert_eq!(
            pairs(
                "; charset=us-ascii (Plain text); Name=\"a \\\"b\\\".pdf\" ;;x; filename=my report (1).pdf; y=\"\""
            ),
            [
                pair("charset", "us-ascii"),
                pair("name", "a \"b\".pdf"),
                pair("filename", "my report (1).pdf"),
                pair("y", "")
            ]
        );
        assert_eq!(pairs("; boundary=\"never closed"), [pair("boundary", "never closed")]);
        assert_eq!(pairs(" charset = utf-8"), [pair("charset", "utf-8")]);
        assert!(pairs("; =x; ;").is_empty());
    }

    /// RFC 2231 §3, §4, §4.1
    #[test]
    fn continued_and_extended() {
        assert_eq!(
            pairs(
                "; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\""
            ),
            [pair("title*", "us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it%21")]
        );
        assert_eq!(pairs("; name*1=b; name*0=\"a \""), [pair("name", "a b")]);
        let names = |input: &str| Parameters::parse(input.as_bytes()).texts("filename").collect::<Vec<_>>();
        assert_eq!(
            names("; filename=\"R.pdf\"; filename*=UTF-8''R%C3%B6ntgen.pdf"),
            ["R.pdf", "Röntgen.pdf"]
        );
        assert_eq!(names("; filename*0*=iso-8859-1'de'R%F6n; filename*1=tgen.pdf"), ["Röntgen.pdf"]);
        assert_eq!(names("; filename*0=a; filename*1*=%20b"), ["a b"]);
        assert_eq!(names("; filename=\"=?utf-8?Q?R=C3=B6.pdf?=\""), ["Rö.pdf"]);
    }

    #[test]
    fn what_programs_read_differently_is_said() {
        let ambiguous = |input: &str| Parameters::parse(input.as_bytes()).ambiguous;
        assert!(ambiguous("; name=a.pdf; name=b.exe"));
        assert!(ambiguous("; name=a.pdf .exe"));
        assert!(ambiguous("; name=\"a.pdf\".exe"));
        assert!(ambiguous("; name*0=a; name*2=b"));
        assert!(ambiguous("; name*0=a; name*0=b"));
        assert!(!ambiguous("; name=\"a.pdf\" (the report); name*=''a.pdf; charset=utf-8"));
    }
}

//! Whether a text already holds the signature: its words, in order, outside quoted text, at the end or
//! right before quoted text.
//!
//! A stream of words is matched against the signature's words (Knuth, Morris, Pratt), so that neither
//! wrapping nor mark-up matters and nothing of the text is kept but one word.

use unicode_normalization::UnicodeNormalization as _;

use super::Form;
use super::text::Signature;

/// Words that may stand between the signature and the quoted text: "On 3 March Dr. Bob wrote:".
const ATTRIBUTION: usize = 40;
/// Bytes of a word that count; no signature has longer ones that differ later.
const WORD: usize = 256;

/// Looks for a signature in one text.
pub(super) struct Presence {
    words: Vec<String>,
    /// Knuth, Morris, Pratt: how much of the match is left when the next word does not fit.
    fallback: Vec<usize>,
    matched: usize,
    /// Words since the last whole match.
    since: Option<usize>,
    found: bool,
    word: String,
    /// All that follows was written before.
    history: bool,
    reader: Reader,
}

enum Reader {
    Plain { line: LineKind, start: String },
    Html(HtmlReader),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    /// Its beginning is not complete.
    Unknown,
    Own,
    Quoted,
}

impl Presence {
    pub fn new(signature: &Signature, form: Form) -> Self {
        let words: Vec<String> = signature.lines().flat_map(str::split_whitespace).map(normal).collect();
        let mut fallback = vec![0; words.len() + 1];
        for end in 1..words.len() {
            let mut keep = fallback[end];
            while keep > 0 && words[end] != words[keep] {
                keep = fallback[keep];
            }
            fallback[end + 1] = if words[end] == words[keep] { keep + 1 } else { 0 };
        }
        let reader = match form {
            Form::Plain => Reader::Plain { line: LineKind::Unknown, start: String::new() },
            Form::Html => Reader::Html(HtmlReader::default()),
        };
        Self {
            words,
            fallback,
            matched: 0,
            since: None,
            found: false,
            word: String::new(),
            history: false,
            reader,
        }
    }

    /// Takes more of the decoded text.
    pub fn push(&mut self, text: &str) {
        for c in text.chars() {
            if self.found || self.history {
                return;
            }
            self.character(c);
        }
    }

    /// Ends the text: whether the signature is there.
    pub fn finish(mut self) -> bool {
        if !self.history {
            if let Reader::Plain { start, line } = &mut self.reader
                && *line == LineKind::Unknown
            {
                let start = std::mem::take(start);
                self.plain_line(&start);
            }
            self.end_word();
        }
        self.found || self.since == Some(0)
    }

    fn character(&mut self, c: char) {
        match &mut self.reader {
            Reader::Plain { line, start } => match line {
                LineKind::Quoted | LineKind::Own if c == '\n' => {
                    *line = LineKind::Unknown;
                    start.clear();
                    self.end_word();
                }
                LineKind::Quoted => {}
                LineKind::Own => self.own(c),
                // An Outlook line is known by its end, so a whole line is looked at, if it is a short one.
                LineKind::Unknown if c == '\n' => {
                    let whole = std::mem::take(start);
                    self.plain_line(&whole);
                    self.end_word();
                }
                LineKind::Unknown => {
                    start.push(c);
                    if start.starts_with('>') {
                        *line = LineKind::Quoted;
                        self.quote_begins();
                    } else if start.len() >= WORD || !matches!(start.as_bytes()[0], b'-' | b'_') {
                        *line = LineKind::Own;
                        let begun = std::mem::take(start);
                        begun.chars().for_each(|c| self.own(c));
                    }
                }
            },
            Reader::Html(html) => match html.push(c) {
                Read::Nothing => {}
                Read::Text(first, second) => {
                    if html.quoted == 0 {
                        self.own(first);
                        if let Some(second) = second {
                            self.own(second);
                        }
                    }
                }
                Read::Break => self.end_word(),
                Read::Quote => {
                    self.end_word();
                    self.quote_begins();
                }
            },
        }
    }

    /// A whole line that begins with hyphens or underlines.
    fn plain_line(&mut self, line: &str) {
        let line = line.trim_end();
        let named =
            line.starts_with("-----") && line.ends_with("-----") && line.contains(char::is_alphabetic);
        let drawn = line.len() >= 20 && line.bytes().all(|b| b == b'_');
        if named || drawn {
            self.end_word();
            self.quote_begins();
            self.history = true;
        } else {
            line.chars().for_each(|c| self.own(c));
        }
    }

    fn own(&mut self, c: char) {
        if c.is_whitespace() {
            self.end_word();
        } else if self.word.len() < WORD {
            self.word.push(c);
        }
    }

    fn quote_begins(&mut self) {
        self.found |= self.since.is_some_and(|words| words <= ATTRIBUTION);
        self.since = None;
        self.matched = 0;
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = normal(&self.word);
        self.word.clear();
        if let Some(since) = &mut self.since {
            *since += 1;
        }
        if self.matched == self.words.len() {
            self.matched = self.fallback[self.matched];
        }
        while self.matched > 0 && self.words[self.matched] != word {
            self.matched = self.fallback[self.matched];
        }
        if self.words.get(self.matched).is_some_and(|expected| *expected == word) {
            self.matched += 1;
        }
        if self.matched == self.words.len() {
            self.since = Some(0);
        }
    }
}

fn normal(word: &str) -> String {
    let mut end = word.len().min(WORD);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    word[..end].nfc().collect()
}

/// What a character of HTML turned out to be.
enum Read {
    Nothing,
    /// A character, and the one that ended its reference.
    Text(char, Option<char>),
    /// Words end here.
    Break,
    /// A quotation begins.
    Quote,
}

/// HTML as a stream of words: tags, comments, scripts and styles apart. It need not be exact: what it
/// misreads costs a signature that is written twice.
#[derive(Default)]
struct HtmlReader {
    state: HtmlState,
    /// Of the tag or character reference being read, its beginning.
    begun: String,
    /// Open quotations.
    quoted: u32,
    /// The element whose content is no text.
    raw: Option<&'static str>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum HtmlState {
    #[default]
    Text,
    Tag,
    /// In a tag, within quotation marks.
    Value(char),
    Comment,
    Reference,
}

/// Elements within a line.
const INLINE: [&str; 24] = [
    "a", "abbr", "b", "bdo", "big", "cite", "code", "em", "font", "i", "img", "ins", "kbd", "label", "mark",
    "o:p", "s", "small", "span", "strong", "sub", "sup", "tt", "u",
];

const RAW: [&str; 3] = ["script", "style", "title"];

/// Of a tag, so much is kept.
const BEGUN: usize = 32;

impl HtmlReader {
    fn push(&mut self, c: char) -> Read {
        match self.state {
            HtmlState::Text if c == '<' => {
                self.begun.clear();
                self.state = HtmlState::Tag;
                Read::Nothing
            }
            HtmlState::Text if self.raw.is_some() => Read::Nothing,
            HtmlState::Text if c == '&' => {
                self.begun.clear();
                self.state = HtmlState::Reference;
                Read::Nothing
            }
            HtmlState::Text => Read::Text(c, None),
            HtmlState::Tag => self.in_tag(c),
            HtmlState::Value(mark) => {
                if c == mark {
                    self.state = HtmlState::Tag;
                }
                Read::Nothing
            }
            HtmlState::Comment => {
                match c {
                    '>' if self.begun == "--" => self.state = HtmlState::Text,
                    '-' if self.begun.len() < 2 => self.begun.push('-'),
                    '-' => {}
                    _ => self.begun.clear(),
                }
                Read::Nothing
            }
            HtmlState::Reference => {
                if (c.is_ascii_alphanumeric() || c == '#') && self.begun.len() < BEGUN {
                    self.begun.push(c);
                    return Read::Nothing;
                }
                // A lone `&` stands for itself.
                let meant = if self.begun.is_empty() { '&' } else { referenced(&self.begun) };
                self.begun.clear();
                self.state = if c == '<' { HtmlState::Tag } else { HtmlState::Text };
                Read::Text(meant, (c != ';' && c != '<').then_some(c))
            }
        }
    }

    fn in_tag(&mut self, c: char) -> Read {
        match c {
            '>' => self.tag(),
            '"' | '\'' if self.raw.is_none() => {
                self.state = HtmlState::Value(c);
                Read::Nothing
            }
            _ => {
                if self.begun.len() < BEGUN {
                    self.begun.push(c);
                    if self.begun == "!--" {
                        self.begun.clear();
                        self.state = HtmlState::Comment;
                    }
                }
                Read::Nothing
            }
        }
    }

    fn tag(&mut self) -> Read {
        self.state = HtmlState::Text;
        let tag = self.begun.to_ascii_lowercase();
        let closes = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let end = name.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(name.len());
        let name = &name[..end];
        if let Some(raw) = self.raw {
            if closes && name == raw {
                self.raw = None;
            }
            return Read::Nothing;
        }
        if name == "blockquote" {
            if closes {
                self.quoted = self.quoted.saturating_sub(1);
                return Read::Break;
            }
            self.quoted += 1;
            return Read::Quote;
        }
        self.raw = RAW.into_iter().find(|raw| !closes && *raw == name);
        if INLINE.contains(&name) { Read::Nothing } else { Read::Break }
    }
}

/// What a character reference stands for; unknown ones for U+FFFD, which is in no signature.
fn referenced(name: &str) -> char {
    const NAMED: [(&str, char); 46] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("auml", 'ä'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("Auml", 'Ä'),
        ("Ouml", 'Ö'),
        ("Uuml", 'Ü'),
        ("szlig", 'ß'),
        ("aacute", 'á'),
        ("eacute", 'é'),
        ("iacute", 'í'),
        ("oacute", 'ó'),
        ("uacute", 'ú'),
        ("Aacute", 'Á'),
        ("Eacute", 'É'),
        ("agrave", 'à'),
        ("egrave", 'è'),
        ("acirc", 'â'),
        ("ecirc", 'ê'),
        ("icirc", 'î'),
        ("ocirc", 'ô'),
        ("ccedil", 'ç'),
        ("ntilde", 'ñ'),
        ("aring", 'å'),
        ("Aring", 'Å'),
        ("oslash", 'ø'),
        ("Oslash", 'Ø'),
        ("aelig", 'æ'),
        ("euro", '€'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("hellip", '…'),
        ("bull", '•'),
        ("middot", '·'),
        ("copy", '©'),
        ("reg", '®'),
        ("trade", '™'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("ldquo", '“'),
        ("rdquo", '”'),
    ];
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    let named = || NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
    number.and_then(char::from_u32).or_else(named).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(form: Form, text: &str) -> bool {
        let signature = Signature::new("Dr. Anna Arnold\nPraxis Röntgen & Söhne").unwrap();
        let found = |step: usize| {
            let mut presence = Presence::new(&signature, form);
            let chars: Vec<char> = text.chars().collect();
            chars.chunks(step).for_each(|piece| presence.push(&piece.iter().collect::<String>()));
            presence.finish()
        };
        let whole = found(usize::MAX);
        assert!((1..6).all(|step| found(step) == whole), "{text}");
        whole
    }

    const OWN: &str = "Dr. Anna Arnold\r\nPraxis Röntgen & Söhne";

    #[test]
    fn at_the_end_of_the_text() {
        for yes in [
            format!("Hallo\r\n\r\n-- \r\n{OWN}\r\n\r\n"),
            OWN.to_owned(),
            format!("Hallo {OWN}"),
            "Hallo\r\nDr. Anna \r\nArnold   Praxis\u{a0}Röntgen\r\n& Söhne\r\n".to_owned(),
            format!("> Frage\r\nAntwort\r\n{OWN}"),
            // In two halves with a beginning before it.
            format!("Dr. Anna {OWN}"),
            // Decomposed, as an Apple device types it.
            "Dr. Anna Arnold\nPraxis Ro\u{308}ntgen & So\u{308}hne".to_owned(),
        ] {
            assert!(present(Form::Plain, &yes), "{yes}");
        }
        for no in [
            "Hallo".to_owned(),
            format!("{OWN}\r\nund noch etwas"),
            format!("Hallo\r\n> {}", OWN.replace('\n', "\n> ")),
            "Dr. Anna Arnold Praxis".to_owned(),
        ] {
            assert!(!present(Form::Plain, &no), "{no}");
        }
    }

    #[test]
    fn before_quoted_text() {
        assert!(present(
            Form::Plain,
            &format!("Ja\n-- \n{OWN}\n\nAm 3. März schrieb Bob:\n> Frage\n> -- \n> Bob\n")
        ));
        assert!(present(Form::Plain, &format!("Ja\n{OWN}\n-----Ursprüngliche Nachricht-----\nVon: Bob\n")));
        // What was written before does not count.
        let before = format!("Ja\n-----Original Message-----\nFrom: Anna\n{OWN}\n");
        assert!(!present(Form::Plain, &before));
        let before = format!("Ja\n________________________________\nFrom: Anna\n{OWN}\n");
        assert!(!present(Form::Plain, &before));
        assert!(!present(Form::Plain, &format!("{OWN} {}\n> Frage\n", "Wort ".repeat(60))));
        // A line that a person draws is no quotation.
        assert!(present(Form::Plain, &format!("Ja\n-----\n{OWN}\n")));
    }

    #[test]
    fn in_html() {
        for yes in [
            "<html><body><p>Ja</p><div>Dr. <b>Anna</b> Arn<i>old</i><br>Praxis R&ouml;ntgen &amp; S&#246;hne</div></body></html>",
            "Dr.&nbsp;Anna Arnold<br/>Praxis R&#xF6;ntgen &amp; S\u{f6}hne<style>p { x: 'y' }</style><!-- more --> ",
            "<p title='a > b'>Dr. Anna Arnold<br>Praxis Röntgen & Söhne</p>Am 3. schrieb Bob:<blockquote type=\"cite\">Frage</blockquote><p>x",
        ] {
            assert!(present(Form::Html, yes), "{yes}");
        }
        for no in [
            "<p>Ja</p><blockquote>Dr. Anna Arnold<br>Praxis Röntgen &amp; Söhne</blockquote>",
            "<p>Dr. Anna Arnold<br>Praxis Röntgen &amp; Söhne</p><p>mehr</p>",
            "<!-- Dr. Anna Arnold Praxis Röntgen & Söhne -->",
        ] {
            assert!(!present(Form::Html, no), "{no}");
        }
    }
}

//! The grammar of commands: one line, without its CRLF, to one [`Command`].
//!
//! Strict where leniency has been a hole (control characters, quoting, unknown parameters, `BDAT`),
//! lenient where RFC 5321 asks for it (§4.1.1: letter case, trailing white space; §4.1.1.3: source
//! routes are read and dropped). The line comes from [`super::session`], which has seen to CRLF and length.

use super::reply::Reply;
use crate::types::Secret;

/// A command that is well-formed.
#[derive(Clone, Debug)]
pub enum Command {
    /// The client's name is looked at and forgotten: Thunderbird says its own address there, which
    /// has no business in `Received:`.
    Ehlo,
    /// RFC 5321 §4.1.1.1.
    Helo,
    /// RFC 5321 §4.1.1.2.
    Mail(Mail),
    /// RFC 5321 §4.1.1.3: the forward-path, without brackets and route.
    Rcpt(String),
    /// RFC 5321 §4.1.1.4.
    Data,
    /// RFC 3030 §2.
    Bdat {
        /// Octets that follow the line.
        size: u64,
        /// Whether they end the message.
        last: bool,
    },
    /// RFC 5321 §4.1.1.5.
    Rset,
    /// RFC 5321 §4.1.1.6.
    Vrfy,
    /// RFC 5321 §4.1.1.8.
    Help,
    /// RFC 5321 §4.1.1.9.
    Noop,
    /// RFC 5321 §4.1.1.10.
    Quit,
    /// RFC 3207 §4.
    StartTls,
    /// RFC 4954 §4.
    Auth {
        /// The mechanism's name, upper-case.
        mechanism: String,
        /// The initial response as sent (base64, or `=`), if there was one.
        initial: Option<Secret>,
    },
    /// A command of some RFC that is not offered here.
    NotOffered,
}

/// `MAIL FROM:` with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// The reverse-path without brackets and route; empty for `<>`.
    pub path: String,
    /// `SIZE=` (RFC 1870 §6), saturating.
    pub size: Option<u64>,
    /// `BODY=8BITMIME` (RFC 6152 §3); what is stored is the same either way.
    pub eight_bit: bool,
    /// `SMTPUTF8` (RFC 6531 §3.4).
    pub smtputf8: bool,
    /// `REQUIRETLS` (RFC 8689 §2): holds for all that happens here, since nothing is relayed.
    pub require_tls: bool,
}

/// The verbs, for traces and for what may be said when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `EHLO`
    Ehlo,
    /// `HELO`
    Helo,
    /// `MAIL`
    Mail,
    /// `RCPT`
    Rcpt,
    /// `DATA`
    Data,
    /// `BDAT`
    Bdat,
    /// `RSET`
    Rset,
    /// `VRFY`
    Vrfy,
    /// `HELP`
    Help,
    /// `NOOP`
    Noop,
    /// `QUIT`
    Quit,
    /// `STARTTLS`
    StartTls,
    /// `AUTH`
    Auth,
    /// Known to some RFC, not offered here.
    NotOffered,
    /// Known to nobody.
    Unknown,
}

impl Verb {
    /// The verb of a line, whatever follows it.
    pub fn of(line: &[u8]) -> Self {
        let word = line.split(|b| *b == b' ').next().unwrap_or_default();
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let offered = [
            Self::Ehlo,
            Self::Helo,
            Self::Mail,
            Self::Rcpt,
            Self::Data,
            Self::Bdat,
            Self::Rset,
            Self::Vrfy,
            Self::Help,
            Self::Noop,
            Self::Quit,
            Self::StartTls,
            Self::Auth,
        ];
        if let Some(verb) = offered.into_iter().find(|v| is(v.name())) {
            return verb;
        }
        // RFC 5321 §3.5, §F; RFC 1985, 2645, 4468.
        let others = ["EXPN", "TURN", "SEND", "SOML", "SAML", "ETRN", "ATRN", "BURL"];
        if others.into_iter().any(is) { Self::NotOffered } else { Self::Unknown }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ehlo => "EHLO",
            Self::Helo => "HELO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Bdat => "BDAT",
            Self::Rset => "RSET",
            Self::Vrfy => "VRFY",
            Self::Help => "HELP",
            Self::Noop => "NOOP",
            Self::Quit => "QUIT",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::NotOffered => "(not offered)",
            Self::Unknown => "(unknown)",
        }
    }
}

impl Command {
    /// Reads one line.
    ///
    /// # Errors
    /// The reply that says what is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Self, Reply> {
        let line = std::str::from_utf8(line).map_err(|_| unreadable())?;
        if line.chars().any(char::is_control) {
            return Err(unreadable());
        }
        let verb = Verb::of(line.as_bytes());
        let arguments = line.split_once(' ').map_or("", |(_, rest)| rest).trim_matches(' ');
        match verb {
            Verb::Ehlo => name(arguments).map(|()| Self::Ehlo),
            Verb::Helo => name(arguments).map(|()| Self::Helo),
            Verb::Mail => mail(arguments).map(Self::Mail),
            Verb::Rcpt => rcpt(arguments).map(Self::Rcpt),
            Verb::Bdat => bdat(arguments),
            Verb::Auth => auth(arguments),
            Verb::Data => bare(arguments, Self::Data),
            Verb::Rset => bare(arguments, Self::Rset),
            Verb::Quit => bare(arguments, Self::Quit),
            Verb::StartTls => bare(arguments, Self::StartTls),
            Verb::Vrfy if arguments.is_empty() => Err(arguments_missing()),
            Verb::Vrfy => Ok(Self::Vrfy),
            Verb::Help => Ok(Self::Help),
            Verb::Noop => Ok(Self::Noop),
            Verb::NotOffered => Ok(Self::NotOffered),
            Verb::Unknown => Err(Reply::new(500, "5.5.2", "This command is not known here")),
        }
    }
}

fn unreadable() -> Reply {
    Reply::new(500, "5.5.2", "The command holds characters that no command may hold")
}

fn arguments_missing() -> Reply {
    Reply::new(501, "5.5.4", "The command lacks its argument")
}

fn wrong_parameter() -> Reply {
    Reply::new(501, "5.5.4", "A parameter of the command is not well-formed")
}

fn bare(arguments: &str, command: Command) -> Result<Command, Reply> {
    if arguments.is_empty() {
        Ok(command)
    } else {
        Err(Reply::new(501, "5.5.4", "The command takes no argument"))
    }
}

/// The client's name is shown to nobody and decides nothing, so only its form is looked at
/// (RFC 5321 §4.1.4: never refused for what it says).
fn name(arguments: &str) -> Result<(), Reply> {
    match arguments {
        "" => Err(arguments_missing()),
        name if name.len() > 255 || name.contains(' ') => {
            Err(Reply::new(501, "5.5.4", "The name after EHLO or HELO is not well-formed"))
        }
        _ => Ok(()),
    }
}

/// `MAIL FROM:<reverse-path> [SP mail-parameters]`
fn mail(arguments: &str) -> Result<Mail, Reply> {
    let after = strip_keyword(arguments, "FROM:")
        .ok_or_else(|| Reply::new(501, "5.5.4", "The command has the form MAIL FROM:<address>"))?;
    let wrong = || Reply::new(501, "5.1.7", "The sender's address is not well-formed");
    let (path, parameters) = if let Some(rest) = after.strip_prefix("<>") {
        (String::new(), rest)
    } else {
        let (mailbox, rest) = path(after).ok_or_else(wrong)?;
        (mailbox, rest)
    };
    let mut mail = Mail { path, ..Mail::default() };
    let mut seen = Vec::new();
    for parameter in split_parameters(parameters, wrong)? {
        let (keyword, value) = parameter?;
        if seen.contains(&keyword) {
            return Err(Reply::new(501, "5.5.4", "A parameter of the command is given twice"));
        }
        match (keyword.as_str(), value) {
            ("SIZE", Some(v)) if v.len() <= 20 && v.bytes().all(|b| b.is_ascii_digit()) => {
                mail.size = Some(v.parse().unwrap_or(u64::MAX));
            }
            ("BODY", Some(v)) if v.eq_ignore_ascii_case("7BIT") => {}
            ("BODY", Some(v)) if v.eq_ignore_ascii_case("8BITMIME") => mail.eight_bit = true,
            // RFC 3030 §3 is not offered: what is stored has lines.
            ("BODY", Some(v)) if v.eq_ignore_ascii_case("BINARYMIME") => return Err(unknown_parameter()),
            ("SMTPUTF8", None) => mail.smtputf8 = true,
            ("REQUIRETLS", None) => mail.require_tls = true,
            // RFC 4954 §5: must be understood; who it names is of no consequence here (R12 decides).
            ("AUTH", Some(_)) => {}
            ("SIZE" | "BODY" | "SMTPUTF8" | "REQUIRETLS" | "AUTH", _) => return Err(wrong_parameter()),
            _ => return Err(unknown_parameter()),
        }
        seen.push(keyword);
    }
    if !mail.path.is_ascii() && !mail.smtputf8 {
        return Err(needs_smtputf8());
    }
    Ok(mail)
}

/// The address is not ASCII and the client did not say SMTPUTF8 (RFC 6531 §3.5).
pub fn needs_smtputf8() -> Reply {
    Reply::new(553, "5.6.7", "The mail program has to say SMTPUTF8 to use an address with such letters")
}

fn unknown_parameter() -> Reply {
    Reply::new(555, "5.5.4", "A parameter of the command is not known here")
}

/// `RCPT TO:<forward-path> [SP rcpt-parameters]`; no parameter is known (DSN is not offered).
fn rcpt(arguments: &str) -> Result<String, Reply> {
    let after = strip_keyword(arguments, "TO:")
        .ok_or_else(|| Reply::new(501, "5.5.4", "The command has the form RCPT TO:<address>"))?;
    let wrong = || Reply::new(501, "5.1.3", "The recipient's address is not well-formed");
    // RFC 5321 §4.5.1: postmaster needs no domain.
    let (mailbox, parameters) = match after.split_at_checked("<postmaster>".len()) {
        Some((path, rest)) if path.eq_ignore_ascii_case("<postmaster>") => ("postmaster".to_owned(), rest),
        _ => path(after).ok_or_else(wrong)?,
    };
    match split_parameters(parameters, wrong)?.next() {
        None => Ok(mailbox),
        Some(Ok(_)) => Err(unknown_parameter()),
        Some(Err(reply)) => Err(reply),
    }
}

/// `BDAT SP chunk-size [SP "LAST"]`
fn bdat(arguments: &str) -> Result<Command, Reply> {
    let (size, last) = match arguments.split_once(' ') {
        None => (arguments, false),
        Some((size, word)) if word.trim().eq_ignore_ascii_case("LAST") => (size, true),
        Some(_) => return Err(wrong_parameter()),
    };
    if size.is_empty() || size.len() > 20 || !size.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong_parameter());
    }
    Ok(Command::Bdat { size: size.parse().unwrap_or(u64::MAX), last })
}

/// `AUTH SP mechanism [SP initial-response]`
fn auth(arguments: &str) -> Result<Command, Reply> {
    let (mechanism, initial) = match arguments.split_once(' ') {
        None => (arguments, None),
        Some((mechanism, initial)) => (mechanism, Some(initial.trim_start())),
    };
    if mechanism.is_empty() {
        return Err(arguments_missing());
    }
    if initial.is_some_and(|i| i.contains(' ')) {
        return Err(wrong_parameter());
    }
    Ok(Command::Auth { mechanism: mechanism.to_ascii_uppercase(), initial: initial.map(Secret::new) })
}

/// `FROM:` or `TO:`, in any case. A space after the colon is no part of the grammar, but was
/// always sent by somebody.
fn strip_keyword<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then(|| rest.trim_start_matches(' '))
}

/// `*(SP esmtp-param)`; the iterator yields keywords in upper case.
fn split_parameters(
    text: &str,
    wrong_path: impl Fn() -> Reply,
) -> Result<impl Iterator<Item = Result<(String, Option<&str>), Reply>>, Reply> {
    if !text.is_empty() && !text.starts_with(' ') {
        return Err(wrong_path());
    }
    Ok(text.split(' ').filter(|p| !p.is_empty()).map(|parameter| {
        let (keyword, value) = match parameter.split_once('=') {
            None => (parameter, None),
            Some((keyword, value)) => (keyword, Some(value)),
        };
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let keyword_fine = keyword.bytes().all(inner) && keyword.starts_with(|c: char| c != '-');
        let value_fine = value.is_none_or(|v| !v.is_empty() && !v.contains('='));
        if keyword_fine && value_fine {
            Ok((keyword.to_ascii_uppercase(), value))
        } else {
            Err(wrong_parameter())
        }
    }))
}

/// `"<" [ A-d-l ":" ] Mailbox ">"`: the mailbox in its simplest spelling, and what follows the path.
fn path(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('<')?;
    if rest.starts_with('@') {
        // A-d-l = At-domain *( "," At-domain ); RFC 5321 §4.1.1.3: to be accepted and ignored.
        loop {
            let end = rest.find([',', ':'])?;
            domain(rest[..end].strip_prefix('@')?).then_some(())?;
            let (stop, after) = (rest.as_bytes()[end], &rest[end + 1..]);
            rest = after;
            if stop == b':' {
                break;
            }
        }
    }
    let (local, after) = if rest.starts_with('"') { quoted_local(rest)? } else { dotted_local(rest)? };
    let rest = after.strip_prefix('@')?;
    let end = rest.find('>')?;
    let (name, after) = (&rest[..end], &rest[end + 1..]);
    let fits = (1..=64).contains(&local.len()) && name.len() <= 255;
    (fits && domain(name)).then(|| {
        let local = if is_dot_string(&local) { local } else { quote(&local) };
        (format!("{local}@{name}"), after)
    })
}

/// `Dot-string`, up to the `@`.
fn dotted_local(text: &str) -> Option<(String, &str)> {
    let end = text.find('@')?;
    is_dot_string(&text[..end]).then(|| (text[..end].to_owned(), &text[end..]))
}

/// `Quoted-string`: its content without the quoting, and what follows.
fn quoted_local(text: &str) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1);
    loop {
        match characters.next()?.1 {
            '"' => break,
            '\\' => content.push(characters.next().filter(|(_, c)| c.is_ascii())?.1),
            c => content.push(c),
        }
    }
    let after = characters.next().map_or("", |(at, _)| &text[at..]);
    Some((content, after))
}

fn is_dot_string(local: &str) -> bool {
    let atext = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext))
}

fn quote(local: &str) -> String {
    format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `Domain / address-literal`
fn domain(name: &str) -> bool {
    if let Some(literal) = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        return !literal.is_empty()
            && literal.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'[' | b'\\' | b']'));
    }
    let inner = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-';
    let label = |l: &str| !l.is_empty() && l.chars().all(inner) && !l.starts_with('-') && !l.ends_with('-');
    name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Command {
        Command::parse(line.as_bytes()).unwrap_or_else(|r| panic!("{line}: {r:?}"))
    }

    fn code(line: &str) -> (u16, &'static str) {
        let reply = Command::parse(line.as_bytes()).expect_err(line);
        (reply.code, reply.enhanced.unwrap())
    }

    fn from(line: &str) -> Mail {
        match parse(line) {
            Command::Mail(mail) => mail,
            other => panic!("{other:?}"),
        }
    }

    fn to(line: &str) -> String {
        match parse(line) {
            Command::Rcpt(path) => path,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn letter_case_and_trailing_space() {
        assert!(matches!(parse("ehlo [127.0.0.1]"), Command::Ehlo));
        assert!(matches!(parse("qUiT  "), Command::Quit));
        assert!(matches!(parse("NOOP whatever it is"), Command::Noop));
        assert_eq!(from("mail from:<A@b>  size=7 body=8bitmime ").size, Some(7));
    }

    #[test]
    fn paths() {
        for (line, path) in [
            ("MAIL FROM:<>", ""),
            ("MAIL FROM:<Anna@Praxis.example>", "Anna@Praxis.example"),
            ("MAIL FROM: <anna@praxis.example>", "anna@praxis.example"),
            ("MAIL FROM:<@a.example,@b.example:anna@c.example>", "anna@c.example"),
            ("MAIL FROM:<\"anna\"@c.example>", "anna@c.example"),
            ("MAIL FROM:<\"an\\na\"@c.example>", "anna@c.example"),
            ("MAIL FROM:<\"a b\\\"@>\"@c.example>", "\"a b\\\"@>\"@c.example"),
            ("MAIL FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
            ("MAIL FROM:<müller@weiß.example> SMTPUTF8", "müller@weiß.example"),
        ] {
            assert_eq!(from(line).path, path, "{line}");
        }
        assert_eq!(to("RCPT TO:<PostMaster>"), "postmaster");
        assert_eq!(to("RCPT TO:<bernd@ü.example>"), "bernd@ü.example");
    }

    #[test]
    fn paths_that_are_none() {
        let long = format!("MAIL FROM:<{}@b>", "x".repeat(65));
        for line in [
            "MAIL FROM:a@b",
            "MAIL FROM:<a@b",
            "MAIL FROM:<a>",
            "MAIL FROM:<@b>",
            "MAIL FROM:<a@>",
            "MAIL FROM:<a@b>SIZE=3",
            "MAIL FROM:<a@b..c>",
            "MAIL FROM:<.a@b>",
            "MAIL FROM:<a b@c>",
            "MAIL FROM:<a@b c>",
            "MAIL FROM:<a@-b>",
            "MAIL FROM:<\"a@b>",
            "MAIL FROM:<\"\"@b>",
            "MAIL FROM:<@a:>",
            "MAIL FROM:<a@b@c>",
            "MAIL FROM:<a@b.>",
            &long,
        ] {
            assert_eq!(code(line), (501, "5.1.7"), "{line}");
        }
        assert_eq!(code("RCPT TO:<>"), (501, "5.1.3"));
        assert_eq!(code("RCPT FROM:<a@b>"), (501, "5.5.4"));
        assert_eq!(code("MAIL"), (501, "5.5.4"));
    }

    #[test]
    fn parameters() {
        let mail = from("MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME SMTPUTF8 REQUIRETLS AUTH=<>");
        assert_eq!(
            mail,
            Mail { path: "a@b".into(), size: Some(12), eight_bit: true, smtputf8: true, require_tls: true }
        );
        assert_eq!(from("MAIL FROM:<a@b> SIZE=99999999999999999999").size, Some(u64::MAX));
        for line in [
            "SIZE=",
            "SIZE",
            "SIZE=1x",
            "SIZE=-1",
            "BODY=9BIT",
            "SMTPUTF8=1",
            "SIZE=1 SIZE=2",
            "=1",
            "A=B=C",
            "-X",
        ] {
            assert_eq!(code(&format!("MAIL FROM:<a@b> {line}")), (501, "5.5.4"), "{line}");
        }
        for line in ["RET=FULL", "ENVID=x", "FUTURE", "BODY=BINARYMIME", "HOLDFOR=1"] {
            assert_eq!(code(&format!("MAIL FROM:<a@b> {line}")), (555, "5.5.4"), "{line}");
        }
        assert_eq!(code("RCPT TO:<a@b> NOTIFY=NEVER"), (555, "5.5.4"));
        assert_eq!(code("MAIL FROM:<ü@b>"), (553, "5.6.7"));
    }

    #[test]
    fn chunks() {
        assert!(matches!(parse("BDAT 5"), Command::Bdat { size: 5, last: false }));
        assert!(matches!(parse("bdat 0 last"), Command::Bdat { size: 0, last: true }));
        for line in ["BDAT", "BDAT x", "BDAT -1", "BDAT 5 FIRST", "BDAT 5 LAST LAST", "BDAT 1e3"] {
            assert_eq!(code(line), (501, "5.5.4"), "{line}");
        }
    }

    #[test]
    fn what_is_no_command() {
        assert_eq!(code(""), (500, "5.5.2"));
        assert_eq!(code("HTTP/1.1"), (500, "5.5.2"));
        assert_eq!(code("NOOP\0"), (500, "5.5.2"));
        assert_eq!(code("MAIL FROM:<a\tb@c>"), (500, "5.5.2"));
        assert_eq!(Command::parse(b"EHLO \xff").unwrap_err().code, 500);
        assert_eq!(code("EHLO"), (501, "5.5.4"));
        assert_eq!(code("EHLO a b"), (501, "5.5.4"));
        assert_eq!(code("DATA now"), (501, "5.5.4"));
        assert_eq!(code("VRFY"), (501, "5.5.4"));
        assert_eq!(code("AUTH"), (501, "5.5.4"));
        assert_eq!(code("AUTH PLAIN a b"), (501, "5.5.4"));
        assert!(matches!(parse("ETRN x"), Command::NotOffered));
    }

    #[test]
    fn an_initial_response_is_secret() {
        let command = parse("auth plain AGEAYg==");
        assert!(!format!("{command:?}").contains("AGEAYg"));
        assert!(matches!(command, Command::Auth { mechanism, initial: Some(i) }
            if mechanism == "PLAIN" && i.expose() == b"AGEAYg=="));
    }
}

//! Reads the server's FETCH responses, trusting nothing: what is not well-formed fails.

/// A value in a response.
#[derive(Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Nil,
    Atom(&'a [u8]),
    Text(std::borrow::Cow<'a, [u8]>),
    List(Vec<Value<'a>>),
}

impl<'a> Value<'a> {
    /// Its members; of anything else than a list none.
    pub fn list(&self) -> &[Value<'a>] {
        match self {
            Self::List(members) => members,
            _ => &[],
        }
    }

    /// Bytes of a string, an atom or NIL (`None`).
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Atom(bytes) => Some(bytes),
            Self::Text(bytes) => Some(bytes),
            Self::Nil | Self::List(_) => None,
        }
    }

    /// As a number.
    pub fn number(&self) -> Option<u64> {
        std::str::from_utf8(self.bytes()?).ok()?.parse().ok()
    }
}

/// A name and its value.
pub type Item<'a> = (&'a [u8], Value<'a>);

struct Reader<'a> {
    rest: &'a [u8],
    quotes: Quotes,
    nul: Nul,
}

/// What may stand in quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// RFC 3501 §9.
    Ascii,
    /// RFC 6855 §3, when enabled.
    Utf8,
}

impl<'a> Reader<'a> {
    fn take(&mut self, byte: u8) -> Result<(), String> {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                Ok(())
            }
            _ => Err(format!("no {:?} where one belongs", byte as char)),
        }
    }

    /// What a FETCH names: `BODY[HEADER.FIELDS (Subject)]<5>` is one name.
    fn name(&mut self) -> Result<&'a [u8], String> {
        let mut inside = false;
        let end = self.rest.iter().position(|byte| {
            inside = (inside || *byte == b'[') && *byte != b']';
            !inside && matches!(byte, b' ' | b')')
        });
        let (name, rest) = self.rest.split_at(end.ok_or("a name without end")?);
        self.rest = rest;
        Ok(name)
    }

    fn value(&mut self) -> Result<Value<'a>, String> {
        match self.rest.first() {
            Some(b'(') => {
                self.take(b'(')?;
                let mut members = Vec::new();
                while self.rest.first() != Some(&b')') {
                    // Bodies of parts stand side by side without a space.
                    let side_by_side =
                        self.rest.first() == Some(&b'(') && matches!(members.last(), Some(Value::List(_)));
                    if !members.is_empty() && !side_by_side {
                        self.take(b' ')?;
                    }
                    members.push(self.value()?);
                }
                self.take(b')')?;
                Ok(Value::List(members))
            }
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal(self.nul),
            Some(b'~') => {
                self.take(b'~')?;
                self.literal(Nul::Allowed)
            }
            Some(_) => {
                let end = self
                    .rest
                    .iter()
                    .position(|byte| matches!(byte, b' ' | b')' | b'('))
                    .ok_or("an atom without end")?;
                let (atom, rest) = self.rest.split_at(end);
                self.rest = rest;
                if atom.is_empty()
                    || atom
                        .iter()
                        .any(|byte| !(0x21..0x7f).contains(byte) || matches!(byte, b'"' | b'{' | b'%' | b'*'))
                {
                    return Err(format!("{:?} is no atom", atom.escape_ascii().to_string()));
                }
                Ok(if atom == b"NIL" { Value::Nil } else { Value::Atom(atom) })
            }
            None => Err("the end where a value belongs".into()),
        }
    }

    fn quoted(&mut self) -> Result<Value<'a>, String> {
        self.take(b'"')?;
        let mut text = Vec::new();
        loop {
            match self.rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    std::str::from_utf8(&text).map_err(|_| "quotes that hold no UTF-8")?;
                    return Ok(Value::Text(text.into()));
                }
                [b'\\', byte @ (b'"' | b'\\'), rest @ ..] => {
                    text.push(*byte);
                    self.rest = rest;
                }
                [b'\r' | b'\n' | 0 | b'\\', ..] | [] => {
                    return Err("a byte that may not stand in quotes".into());
                }
                [0x80..=0xff, ..] if self.quotes == Quotes::Ascii => return Err("8 bits in quotes".into()),
                [byte, rest @ ..] => {
                    text.push(*byte);
                    self.rest = rest;
                }
            }
        }
    }

    fn literal(&mut self, nul: Nul) -> Result<Value<'a>, String> {
        self.take(b'{')?;
        let end = self.rest.iter().position(|byte| *byte == b'}').ok_or("a literal's head without end")?;
        let size: usize =
            std::str::from_utf8(&self.rest[..end]).ok().and_then(|n| n.parse().ok()).ok_or("no size")?;
        let rest = self.rest[end..].strip_prefix(b"}\r\n").ok_or("no line end behind a literal's head")?;
        if rest.len() < size {
            return Err("a literal cut off".into());
        }
        let (text, rest) = rest.split_at(size);
        self.rest = rest;
        if nul == Nul::Refused && text.contains(&0) {
            return Err("NUL in a literal".into());
        }
        Ok(Value::Text(text.into()))
    }
}

/// Whether a literal may hold NUL: RFC 9051 §4.3 leaves it to literal8. What a message is appended with by literal8
/// comes back in `BODY[]` as it was, which is worth more than the rule; nothing else may hold one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nul {
    Allowed,
    Refused,
}

/// The items of `* n FETCH (…)`, by name.
///
/// # Errors
/// What is not well-formed about it.
pub fn fetched(response: &[u8], quotes: Quotes) -> Result<Vec<Item<'_>>, String> {
    let start = memchr::memmem::find(response, b" FETCH (").ok_or("no FETCH")?;
    let mut reader = Reader { rest: &response[start + 8..], quotes, nul: Nul::Refused };
    let mut items = Vec::new();
    loop {
        let name = reader.name()?;
        let bytes = [&b"BODY["[..], b"RFC822", b"BINARY["].iter().any(|start| name.starts_with(start));
        reader.nul = if bytes { Nul::Allowed } else { Nul::Refused };
        reader.take(b' ')?;
        items.push((name, reader.value().map_err(|e| format!("{}: {e}", name.escape_ascii()))?));
        if reader.take(b')').is_ok() {
            break;
        }
        reader.take(b' ')?;
    }
    if reader.rest.is_empty() { Ok(items) } else { Err("something behind the end".into()) }
}

/// What RFC 9051 §7.5.2 says of the shape of an ENVELOPE.
///
/// # Errors
/// What is wrong about it.
pub fn envelope(value: &Value<'_>) -> Result<(), String> {
    let fields = value.list();
    if fields.len() != 10 {
        return Err(format!("an envelope of {}", fields.len()));
    }
    for (at, field) in fields.iter().enumerate() {
        let good = match at {
            2..=7 => {
                *field == Value::Nil
                    || !field.list().is_empty()
                        && field.list().iter().all(|address| {
                            address.list().len() == 4
                                && address.list().iter().all(|part| !matches!(part, Value::List(_)))
                        })
            }
            _ => matches!(field, Value::Nil | Value::Text(_)),
        };
        if !good {
            return Err(format!("field {at} of the envelope is {field:?}"));
        }
    }
    Ok(())
}

/// The same of BODYSTRUCTURE (`extended`) and BODY.
///
/// # Errors
/// What is wrong about it.
pub fn structure(value: &Value<'_>, extended: Extended) -> Result<(), String> {
    let members = value.list();
    let string = |v: &Value<'_>| matches!(v, Value::Text(_));
    let nstring = |v: &Value<'_>| matches!(v, Value::Text(_) | Value::Nil);
    let parameters = |v: &Value<'_>| {
        *v == Value::Nil
            || !v.list().is_empty() && v.list().len().is_multiple_of(2) && v.list().iter().all(string)
    };
    let parts = members.iter().take_while(|m| matches!(m, Value::List(_))).count();
    if parts > 0 {
        for part in &members[..parts] {
            structure(part, extended)?;
        }
        let good = members.get(parts).is_some_and(string)
            && (extended == Extended::Yes || members.len() == parts + 1)
            && members.get(parts + 1).is_none_or(parameters);
        return if good { Ok(()) } else { Err(format!("a multipart of {parts} parts is {members:?}")) };
    }
    let basic = members.len() >= 7
        && string(&members[0])
        && string(&members[1])
        && parameters(&members[2])
        && nstring(&members[3])
        && nstring(&members[4])
        && string(&members[5])
        && members[6].number().is_some();
    if !basic {
        return Err(format!("a part is {members:?}"));
    }
    let kind = |v: &Value<'_>, of: &[u8]| v.bytes().is_some_and(|b| b.eq_ignore_ascii_case(of));
    let mut used = 7;
    if kind(&members[0], b"text") {
        members.get(7).and_then(Value::number).ok_or("a text without lines")?;
        used = 8;
    } else if kind(&members[0], b"message") && (kind(&members[1], b"rfc822") || kind(&members[1], b"global"))
    {
        if members.len() < 10 {
            return Err(format!("a message is {members:?}"));
        }
        envelope(&members[7])?;
        structure(&members[8], extended)?;
        members[9].number().ok_or("a message without lines")?;
        used = 10;
    }
    if extended == Extended::No && members.len() != used {
        return Err(format!("BODY has extension data: {members:?}"));
    }
    Ok(())
}

/// Whether extension data may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extended {
    Yes,
    No,
}

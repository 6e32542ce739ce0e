//! What a client asks: the bodies of PROPFIND and REPORT.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::Filter;
use super::filter::{Comparison, MatchType, PropertyFilter, Test};
use crate::devices::vcard::Version;

/// Longest body that is read, in bytes: a multiget that names some thousand cards.
pub const BODY_MAX: usize = 512 * 1024;
/// Most properties or cards that one request may name.
const NAMES_MAX: usize = 5000;

/// A property, element or report: namespace and local name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Empty for none.
    pub namespace: String,
    /// Without prefix.
    pub local: String,
}

impl Name {
    /// In the namespace `DAV:`.
    pub fn dav(local: &str) -> Self {
        Self { namespace: "DAV:".to_owned(), local: local.to_owned() }
    }

    /// In CardDAV's own.
    pub fn card(local: &str) -> Self {
        Self { namespace: CARD.to_owned(), local: local.to_owned() }
    }
}

/// CardDAV's namespace (RFC 6352 §4).
pub(super) const CARD: &str = "urn:ietf:params:xml:ns:carddav";

/// Which properties are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Properties {
    /// `allprop`, and no body at all.
    All,
    /// `propname`: which there are.
    Names,
    /// These; with `address-data` in the version asked for.
    These(Vec<Name>, Version),
}

/// At most so many cards; `None`: as many as there are.
pub type Limit = Option<usize>;

/// `addressbook-query`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What a card must fulfil.
    pub filter: Filter,
    /// At most so many.
    pub limit: Limit,
}

/// A REPORT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// RFC 6352 §8.6
    Query(Query, Properties),
    /// RFC 6352 §8.7: the paths, as written.
    Multiget(Vec<String>, Properties),
    /// RFC 6578 §3.2: the token, empty at first.
    Sync(String, Limit, Properties),
    /// Some other one.
    Unknown,
}

/// The body is not what it should be: 400.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

struct Xml<'a>(NsReader<&'a [u8]>);

enum Token {
    Start(Name, Vec<(String, String)>),
    End,
    Text(String),
    Eof,
}

impl<'a> Xml<'a> {
    fn new(body: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(body).map_err(|_| Malformed)?;
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self(reader))
    }

    fn next(&mut self) -> Result<Token, Malformed> {
        loop {
            let (namespace, event) = self.0.read_resolved_event().map_err(|_| Malformed)?;
            return Ok(match event {
                Event::Start(start) => {
                    let namespace = match namespace {
                        ResolveResult::Bound(namespace) => namespace.0.to_owned(),
                        ResolveResult::Unbound => String::new(),
                        ResolveResult::Unknown(_) => return Err(Malformed),
                    };
                    let local = start.local_name().as_ref().to_owned();
                    // Names come back in the answer.
                    let fit = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
                    if local.is_empty() || !local.chars().all(fit) {
                        return Err(Malformed);
                    }
                    Token::Start(Name { namespace, local }, attributes(&start)?)
                }
                Event::End(_) => Token::End,
                Event::Text(text) => Token::Text(text.to_string()),
                Event::CData(text) => Token::Text(text.to_string()),
                Event::GeneralRef(reference) => Token::Text(referenced(&reference)?),
                // Nothing that could define entities.
                Event::DocType(_) => return Err(Malformed),
                Event::Eof => Token::Eof,
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => continue,
            });
        }
    }

    /// The name of the document's element.
    fn root(&mut self) -> Result<Name, Malformed> {
        loop {
            match self.next()? {
                Token::Start(name, _) => return Ok(name),
                Token::Text(text) if text.trim().is_empty() => {}
                _ => return Err(Malformed),
            }
        }
    }

    /// Each child of the element whose start was read; `each` reads the child to its end.
    fn children(
        &mut self,
        mut each: impl FnMut(&mut Self, Name, Vec<(String, String)>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        loop {
            match self.next()? {
                Token::Start(name, attributes) => each(self, name, attributes)?,
                Token::Text(_) => {}
                Token::End => return Ok(()),
                Token::Eof => return Err(Malformed),
            }
        }
    }

    fn skip(&mut self) -> Result<(), Malformed> {
        let mut depth = 1u32;
        while depth > 0 {
            match self.next()? {
                Token::Start(..) => depth += 1,
                Token::End => depth -= 1,
                Token::Text(_) => {}
                Token::Eof => return Err(Malformed),
            }
        }
        Ok(())
    }

    /// The text of an element, to its end.
    fn text(&mut self) -> Result<String, Malformed> {
        let mut out = String::new();
        loop {
            match self.next()? {
                Token::Text(text) => out.push_str(&text),
                Token::End => return Ok(out.trim().to_owned()),
                Token::Start(..) => self.skip()?,
                Token::Eof => return Err(Malformed),
            }
        }
    }

    /// The children of `prop`.
    fn prop(&mut self) -> Result<Properties, Malformed> {
        let (mut names, mut version) = (Vec::new(), Version::Three);
        self.children(|xml, name, attributes| {
            if name == Name::card("address-data") {
                let asked = attributes.iter().find(|(key, _)| key == "version");
                version = asked.and_then(|(_, v)| Version::parse(v)).unwrap_or(version);
            }
            if names.len() >= NAMES_MAX {
                return Err(Malformed);
            }
            names.push(name);
            xml.skip()
        })?;
        Ok(Properties::These(names, version))
    }

    fn limit(&mut self) -> Result<Limit, Malformed> {
        let mut limit = None;
        self.children(|xml, name, _| {
            if name.local == "nresults" {
                limit = Some(xml.text()?.parse().map_err(|_| Malformed)?);
                return Ok(());
            }
            xml.skip()
        })?;
        Ok(limit)
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Malformed> {
    let mut out = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Malformed)?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|_| Malformed)?;
        out.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(out)
}

/// A character reference or one of XML's own five.
fn referenced(name: &str) -> Result<String, Malformed> {
    quick_xml::escape::unescape(&format!("&{name};")).map(std::borrow::Cow::into_owned).map_err(|_| Malformed)
}

/// Reads a PROPFIND's body.
///
/// # Errors
/// [`Malformed`].
pub fn propfind_body(body: &[u8]) -> Result<Properties, Malformed> {
    if body.trim_ascii().is_empty() {
        return Ok(Properties::All);
    }
    let mut xml = Xml::new(body)?;
    if xml.root()? != Name::dav("propfind") {
        return Err(Malformed);
    }
    let mut wanted = None;
    xml.children(|xml, name, _| {
        if name == Name::dav("prop") {
            wanted = Some(xml.prop()?);
            return Ok(());
        }
        match name.local.as_str() {
            "allprop" => wanted = Some(Properties::All),
            "propname" => wanted = Some(Properties::Names),
            _ => {}
        }
        xml.skip()
    })?;
    wanted.ok_or(Malformed)
}

/// Reads a REPORT's body.
///
/// # Errors
/// [`Malformed`].
pub fn report_body(body: &[u8]) -> Result<Report, Malformed> {
    let mut xml = Xml::new(body)?;
    let root = xml.root()?;
    let sync = root == Name::dav("sync-collection");
    let query = root == Name::card("addressbook-query");
    if !sync && !query && root != Name::card("addressbook-multiget") {
        return Ok(Report::Unknown);
    }
    let mut wanted = Properties::These(Vec::new(), Version::Three);
    let (mut token, mut limit, mut paths) = (String::new(), None, Vec::new());
    let mut filter = Filter::default();
    xml.children(|xml, name, attributes| {
        match name.local.as_str() {
            "prop" => wanted = xml.prop()?,
            "sync-token" => token = xml.text()?,
            "limit" => limit = xml.limit()?,
            "href" if paths.len() < NAMES_MAX => paths.push(xml.text()?),
            "href" => return Err(Malformed),
            "filter" => filter = xml.filter(&attributes)?,
            "allprop" => {
                wanted = Properties::All;
                xml.skip()?;
            }
            _ => xml.skip()?,
        }
        Ok(())
    })?;
    Ok(if sync {
        Report::Sync(token, limit, wanted)
    } else if query {
        Report::Query(Query { filter, limit }, wanted)
    } else {
        Report::Multiget(paths, wanted)
    })
}

impl Xml<'_> {
    /// RFC 6352 §10.5
    fn filter(&mut self, attributes: &[(String, String)]) -> Result<Filter, Malformed> {
        let mut filter = Filter { test: test(attributes)?, properties: Vec::new() };
        self.children(|xml, name, attributes| {
            if name != Name::card("prop-filter") || filter.properties.len() >= 100 {
                return xml.skip();
            }
            let property = attributes.iter().find(|(key, _)| key == "name").ok_or(Malformed)?.1.clone();
            let mut one = PropertyFilter {
                property: property.to_ascii_uppercase(),
                test: test(&attributes)?,
                absent: false,
                comparisons: Vec::new(),
                parameters: false,
            };
            xml.children(|xml, name, attributes| {
                match name.local.as_str() {
                    "is-not-defined" => one.absent = true,
                    "param-filter" => one.parameters = true,
                    "text-match" => {
                        let value =
                            |key: &str| attributes.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
                        one.comparisons.push(Comparison {
                            collation: value("collation").unwrap_or("i;unicode-casemap").to_owned(),
                            how: MatchType::parse(value("match-type").unwrap_or("contains"))
                                .ok_or(Malformed)?,
                            negated: value("negate-condition") == Some("yes"),
                            text: xml.text()?,
                        });
                        return Ok(());
                    }
                    _ => {}
                }
                xml.skip()
            })?;
            filter.properties.push(one);
            Ok(())
        })?;
        Ok(filter)
    }
}

fn test(attributes: &[(String, String)]) -> Result<Test, Malformed> {
    match attributes.iter().find(|(key, _)| key == "test").map(|(_, v)| v.as_str()) {
        None | Some("anyof") => Ok(Test::Any),
        Some("allof") => Ok(Test::All),
        Some(_) => Err(Malformed),
    }
}

//! SEARCH and its keys.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::fetch::item_of;
use super::spaced;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::codec::{RefusalCode, Utf8Mode};
use crate::imap::command::{
    AddressField, By, DateOrder, FetchItem, MailboxFilter, MultiSearch, PartialRange, Search, SearchKey,
    SearchReturn, Sort, SortBy, SortCriterion, SortOrder, Thread, ThreadBy,
};
use crate::types::{BodyId, Keyword, MailboxName, ModSeq, SystemFlag};

/// ```abnf
/// search         = "SEARCH" [search-return-opts] SP search-program
/// search-program = [search-charset SP] search-key *(SP search-key)
/// search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
/// ```
pub(super) fn search(c: &mut Cursor<'_>, by: By) -> Parsed<Search> {
    let Returned { returns, update_items } = returned(c)?;
    let key = program(c).map_err(|stop| unless_saved(stop, returns))?;
    Ok(Search { by, returns, update_items, key })
}

/// `[search-charset SP] search-key *(SP search-key)`
fn program(c: &mut Cursor<'_>) -> Parsed<SearchKey> {
    let mut charset = encoding_rs::UTF_8;
    if c.eat_word(b"CHARSET") {
        c.space()?;
        let name = c.astring()?;
        c.space()?;
        charset = charset_named(&name)?;
        // RFC 6855 §3
        if c.utf8 == Utf8Mode::Accept {
            return Err(Stop::Bad("After ENABLE UTF8=ACCEPT a search takes no CHARSET"));
        }
    }
    keys(c, charset)
}

/// A NO to a search that was to be saved says so (RFC 5182 §2.1).
fn unless_saved(stop: Stop, returns: Option<SearchReturn>) -> Stop {
    match stop {
        Stop::No(code, why) if returns.is_some_and(|r| r.save) => Stop::NotSaved(code, why),
        other => other,
    }
}

/// RFC 7377 §4
/// ```abnf
/// esearch        = "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program
/// esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"
/// source-mbox    = filter-mailboxes *(SP filter-mailboxes)
/// ```
pub(super) fn multi_search(c: &mut Cursor<'_>) -> Parsed<MultiSearch> {
    let mut sources = Vec::new();
    if c.eat_ahead_word(b"IN") {
        c.space()?;
        c.list(|c| {
            sources.push(mailbox_filter(c)?);
            Ok(())
        })?;
        if sources.is_empty() {
            return Err(Stop::Bad("ESEARCH IN names no mailbox"));
        }
    } else {
        sources.push(MailboxFilter::Selected);
    }
    let Search { returns, update_items, key, .. } = search(c, By::Uid)?;
    let returns = returns.unwrap_or_else(SearchReturn::all);
    if returns.save && sources != [MailboxFilter::Selected] {
        return Err(Stop::Bad("SAVE is for the selected mailbox alone"));
    }
    Ok(MultiSearch { sources, returns, update_items, key })
}

/// RFC 5465 §8, RFC 7377 §4
/// ```abnf
/// filter-mailboxes-other = "inboxes" / "personal" / "subscribed" /
///                  ("subtree" / "subtree-one" / "mailboxes") SP one-or-more-mailbox
/// filter-mailboxes-selected = "selected"
/// ```
pub(super) fn mailbox_filter(c: &mut Cursor<'_>) -> Parsed<MailboxFilter> {
    Ok(match c.word().to_ascii_lowercase().as_slice() {
        b"selected" => MailboxFilter::Selected,
        b"inboxes" => MailboxFilter::Inboxes,
        b"personal" => MailboxFilter::Personal,
        b"subscribed" => MailboxFilter::Subscribed,
        b"subtree" => MailboxFilter::Subtree(mailboxes(c)?),
        b"subtree-one" => MailboxFilter::SubtreeOne(mailboxes(c)?),
        b"mailboxes" => MailboxFilter::Mailboxes(mailboxes(c)?),
        _ => return Err(Stop::Bad("Unknown way to name mailboxes")),
    })
}

/// `one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"`
fn mailboxes(c: &mut Cursor<'_>) -> Parsed<Vec<MailboxName>> {
    c.space()?;
    let mut names = Vec::new();
    if c.peek() == Some(b'(') {
        c.list(|c| {
            names.push(c.mailbox()?);
            Ok(())
        })?;
    } else {
        names.push(c.mailbox()?);
    }
    if names.is_empty() { Err(Stop::Bad("A mailbox was expected")) } else { Ok(names) }
}

/// RFC 5267 §5: `"CANCELUPDATE" 1*(SP quoted)`
pub(super) fn cancel_update(c: &mut Cursor<'_>) -> Parsed<Vec<String>> {
    let mut tags = Vec::new();
    c.space()?;
    loop {
        tags.push(c.text()?);
        if tags.len() > 256 {
            return Err(Stop::Bad("The list is too long"));
        }
        if !c.space_and_more() {
            return Ok(tags);
        }
    }
}

/// RFC 5256 §5, RFC 5267 §5
/// ```abnf
/// sort           = "SORT" [search-return-opts] SP sort-criteria SP search-criteria
/// sort-criteria  = "(" sort-criterion *(SP sort-criterion) ")"
/// sort-criterion = ["REVERSE" SP] sort-key
/// ```
pub(super) fn sort(c: &mut Cursor<'_>, by: By) -> Parsed<Sort> {
    let Returned { returns, update_items } = returned(c)?;
    let mut criteria = Vec::new();
    c.list(|c| {
        let mut order = SortOrder::Ascending;
        if c.eat_word(b"REVERSE") {
            order = SortOrder::Descending;
            c.space()?;
        }
        let word = c.word();
        let by = SortBy::ALL.into_iter().find(|by| by.as_str().as_bytes().eq_ignore_ascii_case(word));
        let criterion = SortCriterion { by: by.ok_or(Stop::Bad("Unknown sort criterion"))?, order };
        // The same again decides nothing.
        if !criteria.iter().any(|c: &SortCriterion| c.by == criterion.by) {
            criteria.push(criterion);
        }
        Ok(())
    })?;
    if criteria.is_empty() {
        return Err(Stop::Bad("SORT without a criterion"));
    }
    let key = criteria_keys(c).map_err(|stop| unless_saved(stop, returns))?;
    Ok(Sort { by, returns, update_items, criteria, key })
}

/// RFC 5256 §5: `thread = "THREAD" SP thread-alg SP search-criteria`
pub(super) fn thread(c: &mut Cursor<'_>, by: By) -> Parsed<Thread> {
    c.space()?;
    let word = c.atom()?;
    let algorithm = [ThreadBy::OrderedSubject, ThreadBy::References]
        .into_iter()
        .find(|a| a.as_str().eq_ignore_ascii_case(word))
        .ok_or(Stop::Bad("Unknown threading algorithm"))?;
    Ok(Thread { by, algorithm, key: criteria_keys(c)? })
}

/// `search-criteria = charset 1*(SP search-key)`, the space before it too.
fn criteria_keys(c: &mut Cursor<'_>) -> Parsed<SearchKey> {
    c.space()?;
    let name = c.astring()?;
    // Without a key behind it, it may not have been meant as a charset.
    c.space()?;
    keys(c, charset_named(&name)?)
}

/// What stands behind RETURN.
#[derive(Default)]
struct Returned {
    returns: Option<SearchReturn>,
    /// RFC 5465 §7
    update_items: Vec<FetchItem>,
}

/// `SP ["RETURN" SP "(" … ")" SP]`
fn returned(c: &mut Cursor<'_>) -> Parsed<Returned> {
    c.space()?;
    if !c.eat_word(b"RETURN") {
        return Ok(Returned::default());
    }
    c.space()?;
    let mut update_items = Vec::new();
    let returns = return_options(c, &mut update_items)?;
    c.space()?;
    Ok(Returned { returns: Some(returns), update_items })
}

/// `search-key *(SP search-key)`
fn keys(c: &mut Cursor<'_>, charset: &'static Encoding) -> Parsed<SearchKey> {
    let mut keys = Keys { charset, left: c.limits.list, depth: c.limits.depth };
    let mut all = Vec::new();
    loop {
        all.push(keys.key(c)?);
        if !c.space_and_more() {
            return Ok(together(all));
        }
    }
}

/// RFC 9394 §4
/// ```abnf
/// partial-range-first = nz-number ":" nz-number
/// partial-range-last  = MINUS nz-number ":" MINUS nz-number
/// ```
pub(super) fn partial_range(c: &mut Cursor<'_>) -> Parsed<PartialRange> {
    const MIXED: Stop = Stop::Bad("A partial range counts from one end");
    let last = c.eat(b'-');
    let from = c.nz_number()?;
    c.expect(b':', "A partial range has two ends")?;
    if c.eat(b'-') != last {
        return Err(MIXED);
    }
    let to = c.nz_number()?;
    Ok(if last { PartialRange::FromLast(from, to) } else { PartialRange::FromFirst(from, to) })
}

/// `search-return-opt = "MIN" / "MAX" / "ALL" / "COUNT" / "SAVE" / modifier-partial`; none is ALL.
/// RFC 5465 §8: `modifier-update = "UPDATE" ["(" fetch-att *(SP fetch-att) ")"]`, with a space too.
fn return_options(c: &mut Cursor<'_>, update_items: &mut Vec<FetchItem>) -> Parsed<SearchReturn> {
    let mut options = SearchReturn::default();
    c.list(|c| {
        match c.word().to_ascii_uppercase().as_slice() {
            b"MIN" => options.min = true,
            b"MAX" => options.max = true,
            b"ALL" => options.all = true,
            b"COUNT" => options.count = true,
            b"SAVE" => options.save = true,
            b"UPDATE" => {
                options.update = true;
                if c.eat_ahead(b" (") || c.eat_ahead(b"(") {
                    c.list_rest(|c| item_of(c, update_items))?;
                }
            }
            b"CONTEXT" => options.context = true,
            b"PARTIAL" if options.partial.is_some() => return Err(Stop::Bad("PARTIAL is said once")),
            b"PARTIAL" => options.partial = Some(spaced(c, partial_range)?),
            _ => return Err(Stop::Bad("Unknown SEARCH return option")),
        }
        Ok(())
    })?;
    // CONTEXT is a hint alone (RFC 5267 §4.2): with nothing beside it nothing is asked for in particular.
    if options == (SearchReturn { context: options.context, ..SearchReturn::default() }) {
        options.all = true;
    }
    if options.all && options.partial.is_some() {
        return Err(Stop::Bad("PARTIAL and ALL exclude each other"));
    }
    Ok(options)
}

/// RFC 9051 §6.4.4: US-ASCII and UTF-8 always; here whatever the WHATWG encodings cover.
fn charset_named(name: &[u8]) -> Parsed<&'static Encoding> {
    if name.eq_ignore_ascii_case(b"US-ASCII") || name.eq_ignore_ascii_case(b"ASCII") {
        return Ok(encoding_rs::UTF_8);
    }
    Encoding::for_label_no_replacement(name)
        .ok_or(Stop::No(RefusalCode::BadCharset, "The server cannot search in this character set"))
}

fn together(mut keys: Vec<SearchKey>) -> SearchKey {
    match keys.pop() {
        Some(only) if keys.is_empty() => only,
        last => {
            keys.extend(last);
            SearchKey::And(keys)
        }
    }
}

/// Reads keys and counts them.
struct Keys {
    charset: &'static Encoding,
    left: usize,
    depth: usize,
}

impl Keys {
    /// ```abnf
    /// search-key     = "ALL" / "ANSWERED" / "BCC" SP astring / "BEFORE" SP date / ... /
    ///                  sequence-set / "(" search-key *(SP search-key) ")"
    /// ```
    fn key(&mut self, c: &mut Cursor<'_>) -> Parsed<SearchKey> {
        self.left = self.left.checked_sub(1).ok_or(Stop::Bad("The search has too many keys"))?;
        match c.peek() {
            Some(b'(') => return self.deeper(|keys| keys.group(c)),
            Some(b'0'..=b'9' | b'*' | b'$') => return c.message_set().map(SearchKey::Sequence),
            _ => {}
        }
        let word = c.word().to_ascii_uppercase();
        if let Some(flag) = flag_key(&word) {
            return Ok(flag);
        }
        Ok(match word.as_slice() {
            b"NOT" => {
                c.space()?;
                self.deeper(|keys| keys.key(c))?.negated()
            }
            b"OR" => self.deeper(|keys| {
                c.space()?;
                let one = keys.key(c)?;
                c.space()?;
                Ok(SearchKey::Or(Box::new(one), Box::new(keys.key(c)?)))
            })?,
            b"UID" => SearchKey::Uid(spaced(c, Cursor::message_set)?),
            b"KEYWORD" => keyword(c)?,
            b"UNKEYWORD" => keyword(c)?.negated(),
            b"BEFORE" => SearchKey::InternalDate(DateOrder::Before, spaced(c, Cursor::date)?),
            b"ON" => SearchKey::InternalDate(DateOrder::On, spaced(c, Cursor::date)?),
            b"SINCE" => SearchKey::InternalDate(DateOrder::Since, spaced(c, Cursor::date)?),
            b"SENTBEFORE" => SearchKey::SentDate(DateOrder::Before, spaced(c, Cursor::date)?),
            b"SENTON" => SearchKey::SentDate(DateOrder::On, spaced(c, Cursor::date)?),
            b"SENTSINCE" => SearchKey::SentDate(DateOrder::Since, spaced(c, Cursor::date)?),
            b"SAVEDBEFORE" => SearchKey::SaveDate(DateOrder::Before, spaced(c, Cursor::date)?),
            b"SAVEDON" => SearchKey::SaveDate(DateOrder::On, spaced(c, Cursor::date)?),
            b"SAVEDSINCE" => SearchKey::SaveDate(DateOrder::Since, spaced(c, Cursor::date)?),
            b"OLDER" => SearchKey::Older(spaced(c, Cursor::nz_number)?),
            b"YOUNGER" => SearchKey::Younger(spaced(c, Cursor::nz_number)?),
            b"LARGER" => SearchKey::Larger(spaced(c, Cursor::number64)?),
            b"SMALLER" => SearchKey::Smaller(spaced(c, Cursor::number64)?),
            b"FROM" => SearchKey::Address(AddressField::From, self.text(c)?),
            b"TO" => SearchKey::Address(AddressField::To, self.text(c)?),
            b"CC" => SearchKey::Address(AddressField::Cc, self.text(c)?),
            b"BCC" => SearchKey::Address(AddressField::Bcc, self.text(c)?),
            b"SUBJECT" => SearchKey::Subject(self.text(c)?),
            b"BODY" => SearchKey::Body(self.text(c)?),
            b"TEXT" => SearchKey::Text(self.text(c)?),
            b"HEADER" => SearchKey::Header(self.text(c)?, self.text(c)?),
            b"MODSEQ" => mod_sequence(c)?,
            b"EMAILID" => SearchKey::EmailId(BodyId::of_object_id(spaced(c, object_id)?)),
            b"THREADID" => SearchKey::ThreadId(spaced(c, object_id)?.to_owned()),
            _ => return Err(Stop::Bad("Unknown search key")),
        })
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth = self.depth.checked_sub(1).ok_or(Stop::Bad("The search is nested too deep"))?;
        let result = inner(self);
        self.depth += 1;
        result
    }

    fn group(&mut self, c: &mut Cursor<'_>) -> Parsed<SearchKey> {
        let mut all = Vec::new();
        c.list(|c| {
            all.push(self.key(c)?);
            Ok(())
        })?;
        if all.is_empty() { Err(Stop::Bad("Parentheses without a search key")) } else { Ok(together(all)) }
    }

    /// `SP astring`, out of the search's charset.
    fn text(&self, c: &mut Cursor<'_>) -> Parsed<String> {
        c.space()?;
        let bytes = c.astring()?;
        // The byte-order mark is no part of a text in a named charset.
        match self.charset.decode_with_bom_removal(&bytes) {
            (_, true) => Err(Stop::Bad("A search text is not in the character set of the search")),
            (Cow::Borrowed(text), false) => Ok(text.to_owned()),
            (Cow::Owned(text), false) => Ok(text),
        }
    }
}

/// The keys that take nothing.
fn flag_key(word: &[u8]) -> Option<SearchKey> {
    let flag = SearchKey::Flag;
    Some(match word {
        // RFC 8514 §4.3: every mailbox here knows when its messages were saved.
        b"ALL" | b"SAVEDATESUPPORTED" => SearchKey::All,
        b"ANSWERED" => flag(SystemFlag::Answered),
        b"DELETED" => flag(SystemFlag::Deleted),
        b"DRAFT" => flag(SystemFlag::Draft),
        b"FLAGGED" => flag(SystemFlag::Flagged),
        b"SEEN" => flag(SystemFlag::Seen),
        b"UNANSWERED" => flag(SystemFlag::Answered).negated(),
        b"UNDELETED" => flag(SystemFlag::Deleted).negated(),
        b"UNDRAFT" => flag(SystemFlag::Draft).negated(),
        b"UNFLAGGED" => flag(SystemFlag::Flagged).negated(),
        b"UNSEEN" => flag(SystemFlag::Seen).negated(),
        b"RECENT" => SearchKey::Recent,
        b"OLD" => SearchKey::Recent.negated(),
        b"NEW" => SearchKey::And(vec![SearchKey::Recent, flag(SystemFlag::Seen).negated()]),
        _ => return None,
    })
}

/// RFC 8474 §7: `objectid = 1*255(ALPHA / DIGIT / "_" / "-")`
fn object_id<'a>(c: &mut Cursor<'a>) -> Parsed<&'a str> {
    let word = c.atom()?;
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if word.len() <= 255 && word.bytes().all(good) {
        Ok(word)
    } else {
        Err(Stop::Bad("Object ids are made of letters, digits, _ and -"))
    }
}

/// `SP flag-keyword`
fn keyword(c: &mut Cursor<'_>) -> Parsed<SearchKey> {
    let word = spaced(c, Cursor::atom)?;
    Keyword::new(word)
        .map(SearchKey::Keyword)
        .map_err(|_| Stop::No(RefusalCode::Limit, "The keyword is too long"))
}

/// RFC 7162 §7
/// ```abnf
/// search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
/// search-modseq-ext  = SP entry-name SP entry-type-req
/// entry-name         = entry-flag-name     ; DQUOTE "/flags/" attr-flag DQUOTE
/// entry-type-req     = "priv" / "shared" / "all"
/// ```
fn mod_sequence(c: &mut Cursor<'_>) -> Parsed<SearchKey> {
    c.space()?;
    if c.peek() == Some(b'"') {
        c.string()?;
        c.space()?;
        if !(c.eat_word(b"all") || c.eat_word(b"priv") || c.eat_word(b"shared")) {
            return Err(Stop::Bad("After the entry name comes priv, shared or all"));
        }
        c.space()?;
    }
    Ok(SearchKey::ModSeq(ModSeq(c.number64()?)))
}

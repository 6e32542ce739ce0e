//! The long arguments as some client writes them: of SEARCH, FETCH and STORE.

use super::Client;
use crate::imap::command::*;
use crate::types::{BodyId, SystemFlag};

impl Client {
    pub(super) fn search(&mut self, search: &Search) {
        if let Some(returns) = &search.returns {
            self.returns(returns);
        }
        self.raw(" ").word("CHARSET").raw(" UTF-8 ").keys(&search.key);
    }

    pub(super) fn returns(&mut self, r: &SearchReturn) {
        let partial = r.partial.map(|range| format!("PARTIAL {range}"));
        self.raw(" RETURN ").options(&[
            (r.min, "MIN"),
            (r.max, "MAX"),
            (r.all, "ALL"),
            (partial.is_some(), partial.as_deref().unwrap_or_default()),
            (r.count, "COUNT"),
            (r.save, "SAVE"),
            (r.update, "UPDATE"),
            (r.context, "CONTEXT"),
        ]);
    }

    pub(super) fn filter(&mut self, filter: &MailboxFilter) {
        let (word, names) = match filter {
            MailboxFilter::Selected => ("selected", None),
            MailboxFilter::Inboxes => ("inboxes", None),
            MailboxFilter::Personal => ("personal", None),
            MailboxFilter::Subscribed => ("subscribed", None),
            MailboxFilter::Subtree(names) => ("subtree", Some(names)),
            MailboxFilter::SubtreeOne(names) => ("subtree-one", Some(names)),
            MailboxFilter::Mailboxes(names) => ("mailboxes", Some(names)),
        };
        self.word(word);
        match names.map(Vec::as_slice) {
            None => {}
            Some([only]) if self.choose(2) == 0 => {
                self.raw(" ").name(only.as_str());
            }
            Some(names) => {
                self.raw(" ").list(names, |c, name| {
                    c.name(name.as_str());
                });
            }
        }
    }

    pub(super) fn keys(&mut self, key: &SearchKey) {
        match key {
            SearchKey::And(keys) if self.choose(2) == 0 => {
                for (i, key) in keys.iter().enumerate() {
                    if i > 0 {
                        self.raw(" ");
                    }
                    self.key(key);
                }
            }
            key => self.key(key),
        }
    }

    fn key(&mut self, key: &SearchKey) {
        let date = |d: &jiff::civil::Date| d.strftime("%-d-%b-%Y").to_string();
        match key {
            SearchKey::All => self.word("ALL"),
            SearchKey::And(keys) => self.list(keys, Self::key),
            SearchKey::Or(a, b) => {
                self.word("OR").raw(" ").key(a);
                self.raw(" ").key(b);
                self
            }
            SearchKey::Not(inner) => {
                match &**inner {
                    SearchKey::Flag(flag) if self.choose(2) == 0 => {
                        self.word(&format!("UN{}", &flag.as_str()[1..]));
                    }
                    SearchKey::Recent if self.choose(2) == 0 => {
                        self.word("OLD");
                    }
                    SearchKey::Keyword(keyword) if self.choose(2) == 0 => {
                        self.word("UNKEYWORD").raw(" ").raw(keyword.as_str());
                    }
                    inner => self.word("NOT").raw(" ").key(inner),
                }
                self
            }
            SearchKey::Sequence(set) => self.set(set),
            SearchKey::Uid(set) => self.word("UID").raw(" ").set(set),
            SearchKey::Flag(flag) => self.word(&flag.as_str()[1..]),
            SearchKey::Keyword(keyword) => self.word("KEYWORD").raw(" ").raw(keyword.as_str()),
            SearchKey::Recent => self.word("RECENT"),
            SearchKey::InternalDate(order, d) => self
                .word(match order {
                    DateOrder::Before => "BEFORE",
                    DateOrder::On => "ON",
                    DateOrder::Since => "SINCE",
                })
                .raw(" ")
                .raw(&date(d)),
            SearchKey::SaveDate(order, d) => self
                .word(match order {
                    DateOrder::Before => "SAVEDBEFORE",
                    DateOrder::On => "SAVEDON",
                    DateOrder::Since => "SAVEDSINCE",
                })
                .raw(" ")
                .raw(&date(d)),
            SearchKey::SentDate(order, d) => self
                .word(match order {
                    DateOrder::Before => "SENTBEFORE",
                    DateOrder::On => "SENTON",
                    DateOrder::Since => "SENTSINCE",
                })
                .raw(" ")
                .raw(&format!("\"{}\"", date(d))),
            SearchKey::Older(n) => self.word("OLDER").raw(&format!(" {n}")),
            SearchKey::Younger(n) => self.word("YOUNGER").raw(&format!(" {n}")),
            SearchKey::Larger(n) => self.word("LARGER").raw(&format!(" {n}")),
            SearchKey::Smaller(n) => self.word("SMALLER").raw(&format!(" {n}")),
            SearchKey::Address(field, text) => self
                .word(match field {
                    AddressField::From => "FROM",
                    AddressField::To => "TO",
                    AddressField::Cc => "CC",
                    AddressField::Bcc => "BCC",
                })
                .raw(" ")
                .astring(text.as_bytes()),
            SearchKey::Subject(text) => self.word("SUBJECT").raw(" ").astring(text.as_bytes()),
            SearchKey::Header(name, text) => {
                self.word("HEADER").raw(" ").astring(name.as_bytes()).raw(" ").astring(text.as_bytes())
            }
            SearchKey::Body(text) => self.word("BODY").raw(" ").astring(text.as_bytes()),
            SearchKey::Text(text) => self.word("TEXT").raw(" ").astring(text.as_bytes()),
            SearchKey::ModSeq(n) => {
                self.word("MODSEQ").raw(" ");
                if self.choose(2) == 0 {
                    self.raw("\"/flags/\\\\Seen\" all ");
                }
                self.raw(&n.to_string())
            }
            SearchKey::EmailId(id) => {
                let id = id.map_or("x".to_owned(), BodyId::object_id);
                self.word("EMAILID").raw(" ").raw(&id)
            }
            SearchKey::ThreadId(id) => self.word("THREADID").raw(" ").raw(id),
        };
    }

    pub(super) fn fetch(&mut self, fetch: &Fetch) {
        self.raw(" ").set(&fetch.set).raw(" ");
        match &fetch.items[..] {
            [item] if self.choose(2) == 0 => self.item(item),
            items => {
                self.list(items, Self::item);
            }
        }
        if let Some(since) = fetch.modifiers.changed_since {
            self.raw(" (").word("CHANGEDSINCE").raw(&format!(" {since}"));
            if fetch.modifiers.vanished {
                self.raw(" ").word("VANISHED");
            }
            if let Some(range) = fetch.modifiers.partial {
                self.raw(" ").word("PARTIAL").raw(&format!(" {range}"));
            }
            self.raw(")");
        }
    }

    fn item(&mut self, item: &FetchItem) {
        let numbers = |part: &[u32]| part.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        let partial =
            |p: &Option<Partial>| p.map_or(String::new(), |p| format!("<{}.{}>", p.offset, p.length));
        match item {
            FetchItem::Uid => self.word("UID"),
            FetchItem::Flags => self.word("FLAGS"),
            FetchItem::InternalDate => self.word("INTERNALDATE"),
            FetchItem::Rfc822Size => self.word("RFC822.SIZE"),
            FetchItem::Envelope => self.word("ENVELOPE"),
            FetchItem::Body => self.word("BODY"),
            FetchItem::BodyStructure => self.word("BODYSTRUCTURE"),
            FetchItem::ModSeq => self.word("MODSEQ"),
            FetchItem::Preview => self.word("PREVIEW"),
            FetchItem::SaveDate => self.word("SAVEDATE"),
            FetchItem::EmailId => self.word("EMAILID"),
            FetchItem::ThreadId => self.word("THREADID"),
            FetchItem::Rfc822 => self.word("RFC822"),
            FetchItem::Rfc822Header => self.word("RFC822.HEADER"),
            FetchItem::Rfc822Text => self.word("RFC822.TEXT"),
            FetchItem::Section { section, partial: p, peek } => {
                self.word(if *peek { "BODY.PEEK" } else { "BODY" }).raw("[");
                let dot =
                    if section.part.is_empty() || section.text == SectionText::Whole { "" } else { "." };
                self.raw(&numbers(&section.part)).raw(dot);
                match &section.text {
                    SectionText::Whole => self.raw(""),
                    SectionText::Header => self.word("HEADER"),
                    SectionText::Text => self.word("TEXT"),
                    SectionText::Mime => self.word("MIME"),
                    SectionText::HeaderFields(names) => {
                        self.word("HEADER.FIELDS").raw(" ").list(names, |c, n| {
                            c.astring(n.as_bytes());
                        })
                    }
                    SectionText::HeaderFieldsNot(names) => {
                        self.word("HEADER.FIELDS.NOT").raw(" ").list(names, |c, n| {
                            c.astring(n.as_bytes());
                        })
                    }
                };
                self.raw("]").raw(&partial(p))
            }
            FetchItem::Binary { part, partial: p, peek } => self
                .word(if *peek { "BINARY.PEEK" } else { "BINARY" })
                .raw(&format!("[{}]{}", numbers(part), partial(p))),
            FetchItem::BinarySize { part } => self.word("BINARY.SIZE").raw(&format!("[{}]", numbers(part))),
        };
    }

    pub(super) fn store(&mut self, store: &Store) {
        self.raw(" ").set(&store.set).raw(" ");
        if let Some(n) = store.unchanged_since {
            self.raw("(").word("UNCHANGEDSINCE").raw(&format!(" {n}) "));
        }
        self.raw(match store.change {
            FlagChange::Add => "+",
            FlagChange::Remove => "-",
            FlagChange::Replace => "",
        });
        self.word(if store.silent { "FLAGS.SILENT" } else { "FLAGS" }).raw(" ");
        let mut words: Vec<String> = SystemFlag::ALL
            .into_iter()
            .filter(|f| store.flags.system.has(*f))
            .map(|f| f.as_str().to_owned())
            .collect();
        words.extend(store.flags.keywords.iter().map(|k| k.as_str().to_owned()));
        if words.is_empty() || self.choose(2) == 0 {
            self.list(&words, |c, w| {
                c.raw(w);
            });
        } else {
            self.raw(&words.join(" "));
        }
    }
}

//! LIST with its extensions (RFC 9051 §6.3.9; RFC 5258, 5819, 6154, 8440), and LSUB (RFC 3501 §6.3.9).

use std::collections::{BTreeSet, HashMap};

use crate::imap::command::{List, StatusItem};
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::pattern::Pattern;
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::service::mailbox::MailboxInfo;
use crate::types::{MailboxName, SpecialUse};

/// Patterns in one LIST.
const PATTERNS: usize = 64;
/// Names looked at before others get a turn.
const TURN: usize = 256;

/// One line of a LIST response.
struct Line<'a> {
    name: &'a MailboxName,
    info: Option<&'a MailboxInfo>,
    subscribed: bool,
    /// With RECURSIVEMATCH: a name below meets what is selected.
    child_meant: bool,
    /// And is not told itself, so that this one is told for its sake (RFC 5258 §3.5).
    child_untold: bool,
    has_children: bool,
}

impl<S: Bytes> Client<S> {
    /// RFC 9051 §6.3.9
    pub(super) async fn list(&mut self, list: List) -> Answer {
        if !list.extended && list.patterns.iter().any(String::is_empty) {
            self.wire.out.extend_from_slice(b"* LIST (\\Noselect) \"/\" \"\"\r\n");
            return Ok(Reply::ok("LIST done"));
        }
        let patterns = patterns(&list.reference, &list.patterns);
        if list.returns.status.contains(&StatusItem::HighestModSeq) {
            self.use_condstore();
        }
        let infos = self.mail()?.list().await?;
        let asks_subscribed = list.select.subscribed || list.returns.subscribed;
        let subscribed: BTreeSet<MailboxName> = if asks_subscribed {
            self.mail()?.subscriptions().await?.into_iter().collect()
        } else {
            BTreeSet::new()
        };
        let annotations = if list.returns.metadata.is_empty() {
            HashMap::new()
        } else {
            self.mail()?.annotations_of_mailboxes().await?
        };
        let special: BTreeSet<&MailboxName> =
            infos.iter().filter(|i| i.special_use.is_some()).map(|i| &i.name).collect();
        // RFC 5258 §3: all that is selected by must be true.
        let meant = |name: &MailboxName| {
            (!list.select.subscribed || subscribed.contains(name))
                && (!list.select.special_use || special.contains(name))
        };
        let told = |name: &MailboxName| patterns.iter().any(|p| p.matches(name.as_str()));
        let (parents_of_meant, parents_of_untold) = if list.select.recursive_match {
            let all = || infos.iter().map(|i| &i.name).chain(&subscribed).filter(|name| meant(name));
            (parents(all()), parents(all().filter(|name| !told(name))))
        } else {
            (BTreeSet::new(), BTreeSet::new())
        };
        let parents = parents(infos.iter().map(|i| &i.name));

        let mut lines: Vec<Line<'_>> = infos
            .iter()
            .map(|info| Line {
                name: &info.name,
                info: Some(info),
                subscribed: subscribed.contains(&info.name),
                child_meant: parents_of_meant.contains(&info.name),
                child_untold: parents_of_untold.contains(&info.name),
                has_children: parents.contains(&info.name),
            })
            .collect();
        if list.select.subscribed {
            let known: BTreeSet<&MailboxName> = infos.iter().map(|i| &i.name).collect();
            let others = subscribed.iter().chain(&parents_of_untold).filter(|n| !known.contains(n));
            let others: BTreeSet<&MailboxName> = others.collect();
            lines.extend(others.into_iter().map(|name| Line {
                name,
                info: None,
                subscribed: subscribed.contains(name),
                child_meant: parents_of_meant.contains(name),
                child_untold: parents_of_untold.contains(name),
                has_children: parents.contains(name),
            }));
            lines.sort_by_key(|l| (!l.name.is_inbox(), l.name));
        }
        for (i, line) in lines.iter().enumerate() {
            if i % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let meant = meant(line.name);
            if !(meant || line.child_untold) || !told(line.name) {
                continue;
            }
            let mode = self.utf8();
            let out = &mut self.wire.out;
            write::list_begin(attributes(line, asks_subscribed), line.name, mode, out);
            if line.child_meant {
                out.extend_from_slice(b" (\"CHILDINFO\" ");
                let by = [
                    (list.select.subscribed, "\"SUBSCRIBED\""),
                    (list.select.special_use, "\"SPECIAL-USE\""),
                ];
                write::words(by.into_iter().filter(|(asked, _)| *asked).map(|(_, word)| word), out);
                out.push(b')');
            }
            out.extend_from_slice(b"\r\n");
            // RFC 9051 §6.3.9.8, RFC 8440 §4: no more than that of what is told for its children's sake.
            if let Some(info) = line.info.filter(|_| meant) {
                if info.selectable && !list.returns.status.is_empty() {
                    self.status_response(info, &list.returns.status).await?;
                }
                if list.returns.my_rights {
                    self.my_rights_response(&info.name);
                }
                self.list_metadata(info, &list.returns.metadata, annotations.get(&info.id));
            }
            self.wire.relieve().await?;
        }
        Ok(Reply::ok("LIST done"))
    }

    /// RFC 9051 §6.3.2, §6.3.9.7: one line about a mailbox that was just opened, made, renamed or deleted, with what
    /// the client called it, where that is another spelling.
    pub(super) async fn list_one(
        &mut self,
        name: &MailboxName,
        supplied: Option<&str>,
    ) -> Result<(), Failure> {
        let all = self.mail()?.list().await?;
        let has_children = all.iter().any(|other| other.name.is_below(name));
        let line = Line {
            name,
            info: all.iter().find(|info| info.name == *name),
            subscribed: false,
            child_meant: false,
            child_untold: false,
            has_children,
        };
        let mode = self.utf8();
        let out = &mut self.wire.out;
        write::list_begin(attributes(&line, false), name, mode, out);
        if let Some(supplied) = supplied {
            write::old_name(supplied, mode, out);
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// RFC 3501 §6.3.9. With `%` at the end, a name that is not subscribed but has subscribed names below is told as
    /// `\Noselect`.
    pub(super) async fn lsub(&mut self, reference: &str, pattern: &str) -> Answer {
        let pattern = Pattern::new(reference, pattern).map_err(|_| too_complicated())?;
        let subscribed: BTreeSet<MailboxName> = self.mail()?.subscriptions().await?.into_iter().collect();
        let parents = if pattern.ends_at_level() { parents(subscribed.iter()) } else { BTreeSet::default() };
        let mode = self.utf8();
        for (i, name) in subscribed.union(&parents).enumerate() {
            if i % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let is_subscribed = subscribed.contains(name);
            // A parent is told only where the pattern stops at its level.
            let stands_for_children = || {
                let behind = subscribed.range(name..).take_while(|n| n.as_str().starts_with(name.as_str()));
                behind.filter(|n| n.is_below(name)).any(|n| !pattern.matches(n.as_str()))
            };
            if !pattern.matches(name.as_str()) || (!is_subscribed && !stands_for_children()) {
                continue;
            }
            let out = &mut self.wire.out;
            out.extend_from_slice(if is_subscribed {
                b"* LSUB () \"/\" "
            } else {
                b"* LSUB (\\Noselect) \"/\" "
            });
            write::mailbox_name(name, mode, out);
            out.extend_from_slice(b"\r\n");
            self.wire.relieve().await?;
        }
        Ok(Reply::ok("LSUB done"))
    }
}

fn too_complicated() -> Reply {
    Reply::no("the pattern has too many wildcards").with(Code::Limit)
}

/// Those that are taken; others are ignored (RFC 9051 §6.3.9), and so are empty ones, which name nothing.
fn patterns(reference: &str, patterns: &[String]) -> Vec<Pattern> {
    let given = patterns.iter().filter(|pattern| !pattern.is_empty());
    given.filter_map(|pattern| Pattern::new(reference, pattern).ok()).take(PATTERNS).collect()
}

/// All names above the given ones.
fn parents<'a>(names: impl Iterator<Item = &'a MailboxName>) -> BTreeSet<MailboxName> {
    let mut all = BTreeSet::new();
    for name in names {
        let mut above = name.parent();
        while let Some(parent) = above {
            above = parent.parent();
            if !all.insert(parent) {
                break;
            }
        }
    }
    all
}

/// The attributes in parentheses (RFC 9051 §7.3.1).
fn attributes(line: &Line<'_>, asks_subscribed: bool) -> impl Iterator<Item = &'static str> {
    let exists = match line.info {
        None => Some("\\NonExistent"),
        Some(info) if !info.selectable => Some("\\Noselect"),
        Some(_) => None,
    };
    let children = if line.has_children { "\\HasChildren" } else { "\\HasNoChildren" };
    let subscribed = (asks_subscribed && line.subscribed).then_some("\\Subscribed");
    let special_use = line.info.and_then(|i| i.special_use).map(SpecialUse::as_str);
    exists.into_iter().chain([children]).chain(subscribed).chain(special_use)
}

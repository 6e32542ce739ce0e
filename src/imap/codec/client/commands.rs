//! Commands as some client writes them.

use super::Client;
use crate::imap::command::*;
use crate::types::MailboxName;

impl Client {
    pub(super) fn body(&mut self, body: &CommandBody) {
        let name = body.name();
        self.word(name);
        match body {
            CommandBody::Capability
            | CommandBody::Noop
            | CommandBody::Logout
            | CommandBody::StartTls
            | CommandBody::Namespace
            | CommandBody::Idle
            | CommandBody::Check
            | CommandBody::Close
            | CommandBody::Unselect
            | CommandBody::Unauthenticate
            | CommandBody::Expunge { uids: None } => {}
            CommandBody::ListRights { mailbox, identifier } => {
                self.raw(" ").name(mailbox.as_str()).raw(" ").astring(identifier.as_bytes());
            }
            CommandBody::ChangeAcl { name, mailbox } => {
                let rights = if *name == "SETACL" { " +lr" } else { "" };
                self.raw(" ").name(mailbox.as_str()).raw(" anna").raw(rights);
            }
            CommandBody::GetMetadata(get) => {
                let depth = get.depth.map_or("infinity".to_owned(), |depth| depth.to_string());
                let max_size = get.max_size.map_or(String::new(), |size| format!(" MAXSIZE {size}"));
                let options = format!(" (DEPTH {depth}{max_size})");
                let first = self.choose(2) == 0;
                self.raw(if first { &options } else { "" }).raw(" ").annotated(get.mailbox.as_ref());
                self.raw(if first { "" } else { &options }).raw(" ").list(&get.entries, |c, name| {
                    c.astring(name.as_str().as_bytes());
                });
            }
            CommandBody::SetMetadata { mailbox, changes } => {
                self.raw(" ").annotated(mailbox.as_ref()).raw(" ").list(changes, |c, (name, value)| {
                    c.astring(name.as_str().as_bytes()).raw(" ");
                    match value {
                        None => c.raw("NIL"),
                        Some(value) if value.contains(&0) => {
                            c.raw(&format!("~{{{}}}\r\n", value.len())).out.extend_from_slice(value);
                            c
                        }
                        Some(value) => c.string(value),
                    };
                });
            }
            CommandBody::Expunge { uids: Some(set) } => {
                self.raw(" ").set(set);
            }
            CommandBody::Authenticate { mechanism, initial } => {
                self.raw(" ").word(mechanism);
                if let Some(initial) = initial {
                    use base64::Engine;
                    let text = base64::engine::general_purpose::STANDARD.encode(initial.expose());
                    self.raw(" ").raw(if text.is_empty() { "=" } else { &text });
                }
            }
            CommandBody::Login { user, password } => {
                self.raw(" ").astring(user.as_bytes()).raw(" ").astring(password.expose());
            }
            CommandBody::Enable(all) => {
                for one in all {
                    self.raw(" ").word(match one {
                        Enable::Imap4Rev2 => "IMAP4rev2",
                        Enable::Utf8Accept => "UTF8=ACCEPT",
                        Enable::CondStore => "CONDSTORE",
                        Enable::QResync => "QRESYNC",
                        Enable::UidOnly => "UIDONLY",
                        Enable::Other(word) => word,
                    });
                }
            }
            CommandBody::Id(None) => {
                self.raw(" NIL");
            }
            CommandBody::Id(Some(fields)) => {
                self.raw(" ").list(fields, |c, (name, value)| {
                    c.string(name.as_bytes()).raw(" ");
                    match value {
                        None => c.raw("NIL"),
                        Some(value) => c.string(value.as_bytes()),
                    };
                });
            }
            CommandBody::Select(select) | CommandBody::Examine(select) => {
                self.raw(" ").name(select.mailbox.as_str());
                if select.condstore {
                    self.raw(" (").word("CONDSTORE").raw(")");
                }
                if let Some(q) = &select.qresync {
                    self.raw(" (").word("QRESYNC").raw(&format!(" ({} {}", q.uidvalidity, q.modseq));
                    if let Some(known) = &q.known_uids {
                        self.raw(&format!(" {known}"));
                    }
                    if let Some((numbers, uids)) = &q.matches {
                        self.raw(&format!(" ({numbers} {uids})"));
                    }
                    self.raw("))");
                }
            }
            CommandBody::Create { mailbox, uses, .. } => {
                self.raw(" ").name(mailbox.as_str());
                if !uses.is_empty() {
                    self.raw(" (USE ")
                        .list(uses, |c, u| {
                            c.word(u.as_str());
                        })
                        .raw(")");
                }
            }
            CommandBody::MyRights(mailbox)
            | CommandBody::GetAcl(mailbox)
            | CommandBody::Delete { mailbox, .. }
            | CommandBody::Subscribe(mailbox)
            | CommandBody::Unsubscribe(mailbox)
            | CommandBody::GetQuotaRoot(mailbox) => {
                self.raw(" ").name(mailbox.as_str());
            }
            CommandBody::Rename { from, to, .. } => {
                self.raw(" ").name(from.as_str()).raw(" ").name(to.as_str());
            }
            CommandBody::List(list) => self.list_command(list),
            CommandBody::Lsub { reference, pattern } => {
                self.raw(" ").name(reference).raw(" ").pattern(pattern);
            }
            CommandBody::Status { mailbox, items } => {
                self.raw(" ").name(mailbox.as_str()).raw(" ").status(items);
            }
            CommandBody::Search(search) => self.search(search),
            CommandBody::MultiSearch(search) => {
                if search.sources != [MailboxFilter::Selected] || self.choose(2) == 0 {
                    self.raw(" ").word("IN").raw(" ").list(&search.sources, Self::filter);
                }
                self.returns(&search.returns);
                self.raw(" ").word("CHARSET").raw(" UTF-8 ").keys(&search.key);
            }
            CommandBody::Notify(notify) => {
                self.raw(&crate::imap::codec::notify_tests::written(notify));
            }
            CommandBody::CancelUpdate(tags) => {
                for tag in tags {
                    self.raw(" ").string(tag.as_bytes());
                }
            }
            CommandBody::Sort(sort) => {
                if let Some(returns) = &sort.returns {
                    self.returns(returns);
                }
                self.raw(" ").list(&sort.criteria, |c, criterion| {
                    if criterion.order == SortOrder::Descending {
                        c.word("REVERSE").raw(" ");
                    }
                    c.word(criterion.by.as_str());
                });
                self.raw(" UTF-8 ").keys(&sort.key);
            }
            CommandBody::Thread(thread) => {
                self.raw(" ").word(thread.algorithm.as_str()).raw(" UTF-8 ").keys(&thread.key);
            }
            CommandBody::Fetch(fetch) => self.fetch(fetch),
            CommandBody::Store(store) => self.store(store),
            CommandBody::Copy(t) | CommandBody::Move(t) => {
                self.raw(" ").set(&t.set).raw(" ").name(t.mailbox.as_str());
            }
            CommandBody::GetQuota { root } => {
                self.raw(" ").astring(root.as_bytes());
            }
            CommandBody::SetQuota { root, limits } => {
                self.raw(" ").astring(root.as_bytes()).raw(" ").list(limits, |c, (resource, n)| {
                    c.word(resource).raw(&format!(" {n}"));
                });
            }
            CommandBody::Compress(algorithm) => {
                self.raw(" ").word(algorithm);
            }
        }
    }

    fn annotated(&mut self, mailbox: Option<&MailboxName>) -> &mut Self {
        match mailbox {
            Some(name) => self.name(name.as_str()),
            None => self.raw("\"\""),
        }
    }

    fn list_command(&mut self, list: &List) {
        if list.extended {
            let s = &list.select;
            self.raw(" ").options(&[
                (s.subscribed, "SUBSCRIBED"),
                (s.remote, "REMOTE"),
                (s.recursive_match, "RECURSIVEMATCH"),
                (s.special_use, "SPECIAL-USE"),
            ]);
        }
        self.raw(" ").name(&list.reference).raw(" ");
        if let [pattern] = &list.patterns[..] {
            self.pattern(pattern);
        } else {
            self.list(&list.patterns, |c, p| {
                c.pattern(p);
            });
        }
        if list.extended {
            let r = &list.returns;
            let metadata: Vec<String> =
                r.metadata.iter().map(|name| format!("\"{}\"", name.as_str())).collect();
            let metadata = format!("METADATA ({})", metadata.join(" "));
            let start = self.raw(" RETURN ").out.len();
            self.options(&[
                (r.subscribed, "SUBSCRIBED"),
                (r.my_rights, "MYRIGHTS"),
                (r.children, "CHILDREN"),
                (r.special_use, "SPECIAL-USE"),
            ]);
            if !r.metadata.is_empty() {
                self.out.pop();
                let first = self.out.len() == start + 1;
                self.raw(if first { "" } else { " " }).raw(&metadata).raw(")");
            }
            if !r.status.is_empty() {
                self.out.pop();
                let first = self.out.len() == start + 1;
                self.raw(if first { "" } else { " " }).word("STATUS").raw(" ").status(&r.status).raw(")");
            }
        }
    }
}

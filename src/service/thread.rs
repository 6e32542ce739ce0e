//! Gathering messages into threads (RFC 5256 THREAD): by subject, or by who answers whom.
//!
//! Pure but for reading headers. Nothing here recurses, so a chain of any length is no danger; a chain
//! longer than [`DEPTH`] is cut, which bounds the time that links cost.

use std::collections::HashMap;

use super::search::fold::fold;
use super::sort::{AT_ONCE, off_the_worker, sent, subject};
use crate::mime::{fields, message_ids};
use crate::service::mailbox::{AccountMail, MailError, Row};
use crate::types::ThreadBy;

/// Longest chain of parents that is followed.
const DEPTH: usize = 1000;
/// Ids that are remembered; references beyond are taken for ids that nobody has.
const IDS: usize = 500_000;

/// Threads, ready to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forest {
    /// All members; roots and children refer to them by place.
    pub members: Vec<Member>,
    /// The heads of the threads, in order.
    pub roots: Vec<usize>,
}

/// One member of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// `None`: the message is not among those searched; only a head can be so.
    pub uid: Option<u32>,
    /// In order.
    pub children: Vec<usize>,
}

impl AccountMail {
    /// The threads of these messages, which ascend by UID.
    pub async fn thread(&self, rows: &[Row], by: ThreadBy) -> Result<Forest, MailError> {
        match by {
            ThreadBy::OrderedSubject => {
                let mut letters = Vec::with_capacity(rows.len());
                self.each_header(rows, |at, header| {
                    letters.push((folded(&subject(header).text), sent(&rows[at], header), rows[at].uid));
                })
                .await?;
                if rows.len() <= AT_ONCE {
                    return Ok(ordered_subject(letters));
                }
                Ok(off_the_worker(move || ordered_subject(letters)).await)
            }
            ThreadBy::References => {
                let mut threader = Threader::default();
                self.each_header(rows, |at, header| {
                    let base = subject(header);
                    threader.add(Letter {
                        uid: rows[at].uid,
                        sent: sent(&rows[at], header),
                        id: first_id(header),
                        references: references(header),
                        subject: folded(&base.text),
                        is_reply: base.is_reply,
                    });
                })
                .await?;
                if rows.len() <= AT_ONCE {
                    return Ok(threader.finish());
                }
                Ok(off_the_worker(move || threader.finish()).await)
            }
        }
    }
}

fn folded(text: &str) -> Box<[u8]> {
    let mut out = Vec::with_capacity(text.len());
    fold(text, &mut out);
    out.into_boxed_slice()
}

/// One spelling for ids that quoting alone tells apart.
fn normal(id: String) -> String {
    if id.contains('"') { id.replace(['"', '\\'], "") } else { id }
}

fn ids<'a>(header: &'a [u8], name: &'a str) -> impl Iterator<Item = String> + 'a {
    // Without brackets or an "@" it is none (RFC 5322 §3.6.4), and counts as if it were not there (RFC 5256 §3).
    let values = fields(header).filter(move |field| field.is(name) && field.value.contains(&b'<'));
    values.flat_map(|field| message_ids(field.value)).filter(|id| id.contains('@')).map(normal)
}

fn first_id(header: &[u8]) -> Option<String> {
    ids(header, "message-id").next()
}

/// The ids of `References:`, else the first of `In-Reply-To:` that is one.
fn references(header: &[u8]) -> Vec<String> {
    let all: Vec<String> = ids(header, "references").collect();
    if all.is_empty() { ids(header, "in-reply-to").take(1).collect() } else { all }
}

/// Messages of one subject together, by date; the first is the head and the others are its children.
fn ordered_subject(mut letters: Vec<(Box<[u8]>, i64, u32)>) -> Forest {
    letters.sort_by(|a, b| (&a.0, a.1, a.2).cmp(&(&b.0, b.1, b.2)));
    let mut forest = Forest::default();
    let mut heads: Vec<(i64, u32, usize)> = Vec::new();
    let mut last: Option<&[u8]> = None;
    for (subject, sent, uid) in &letters {
        let at = forest.members.len();
        forest.members.push(Member { uid: Some(*uid), children: Vec::new() });
        match heads.last() {
            Some(&(_, _, head)) if last == Some(subject) => forest.members[head].children.push(at),
            _ => heads.push((*sent, *uid, at)),
        }
        last = Some(subject);
    }
    heads.sort_unstable();
    forest.roots = heads.into_iter().map(|head| head.2).collect();
    forest
}

/// What REFERENCES looks at in a message.
struct Letter {
    uid: u32,
    /// Unix seconds.
    sent: i64,
    id: Option<String>,
    references: Vec<String>,
    /// Folded base subject.
    subject: Box<[u8]>,
    is_reply: bool,
}

#[derive(Default)]
struct Node {
    /// `None`: a dummy, for an id that no message has (yet).
    letter: Option<Known>,
    parent: Option<usize>,
    children: Vec<usize>,
}

struct Known {
    uid: u32,
    sent: i64,
    subject: Box<[u8]>,
    is_reply: bool,
}

/// REFERENCES, step by step. Letters are added in mailbox order.
#[derive(Default)]
struct Threader {
    nodes: Vec<Node>,
    by_id: HashMap<String, usize>,
}

impl Threader {
    fn node_of(&mut self, id: String) -> usize {
        let nodes = &mut self.nodes;
        *self.by_id.entry(id).or_insert_with(|| {
            nodes.push(Node::default());
            nodes.len() - 1
        })
    }

    /// Step 1.
    fn add(&mut self, letter: Letter) {
        // (A): each reference is the parent of the next.
        let mut before: Option<usize> = None;
        for id in letter.references {
            if self.nodes.len() >= IDS && !self.by_id.contains_key(&id) {
                continue;
            }
            let node = self.node_of(id);
            if let Some(parent) = before
                && self.nodes[node].parent.is_none()
            {
                self.link(parent, node);
            }
            before = Some(node);
        }
        let own = match letter.id {
            // A second message of the same id gets one of its own.
            Some(id) => match self.node_of(id) {
                node if self.nodes[node].letter.is_none() => node,
                _ => self.unnamed(),
            },
            None => self.unnamed(),
        };
        self.nodes[own].letter = Some(Known {
            uid: letter.uid,
            sent: letter.sent,
            subject: letter.subject,
            is_reply: letter.is_reply,
        });
        // (B): the last reference is the parent, whatever others said of this message.
        self.cut(own);
        if let Some(parent) = before {
            self.link(parent, own);
        }
    }

    fn unnamed(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Makes one the parent of another that has none, unless that would close a circle.
    fn link(&mut self, parent: usize, child: usize) {
        let mut above = Some(parent);
        for _ in 0..DEPTH {
            match above {
                None => {
                    self.nodes[child].parent = Some(parent);
                    self.nodes[parent].children.push(child);
                    return;
                }
                Some(node) if node == child => return,
                Some(node) => above = self.nodes[node].parent,
            }
        }
    }

    fn cut(&mut self, child: usize) {
        if let Some(parent) = self.nodes[child].parent.take() {
            self.nodes[parent].children.retain(|c| *c != child);
        }
    }

    fn finish(mut self) -> Forest {
        self.by_id = HashMap::new();
        let mut roots: Vec<usize> =
            (0..self.nodes.len()).filter(|n| self.nodes[*n].parent.is_none()).collect();
        self.prune(&mut roots);
        self.sort_children();
        self.sort(&mut roots);
        let mut roots = self.merge_by_subject(roots);
        self.sort_children();
        self.sort(&mut roots);
        self.written(roots)
    }

    /// Step 3: dummies without children go, others give their children up; under the root only an only
    /// child is.
    fn prune(&mut self, roots: &mut Vec<usize>) {
        // Parents before children; gone through from the end, children come first.
        let mut order = roots.clone();
        let mut at = 0;
        while at < order.len() {
            order.extend_from_slice(&self.nodes[order[at]].children);
            at += 1;
        }
        for &node in order.iter().rev() {
            let children = std::mem::take(&mut self.nodes[node].children);
            self.nodes[node].children = self.without_dummies(children);
        }
        let kept = roots.iter().filter_map(|&root| {
            let node = &self.nodes[root];
            match (&node.letter, &node.children[..]) {
                (None, []) => None,
                (None, [only]) => Some(*only),
                _ => Some(root),
            }
        });
        *roots = kept.collect();
    }

    /// Their own children were seen to already.
    fn without_dummies(&self, children: Vec<usize>) -> Vec<usize> {
        if children.iter().all(|child| self.nodes[*child].letter.is_some()) {
            return children;
        }
        let mut kept = Vec::with_capacity(children.len());
        for child in children {
            match &self.nodes[child].letter {
                Some(_) => kept.push(child),
                None => kept.extend_from_slice(&self.nodes[child].children),
            }
        }
        kept
    }

    /// A dummy stands where its first child does; only a head can be one.
    fn when(&self, node: usize) -> (i64, u32) {
        let of = |node: &Node| node.letter.as_ref().map(|letter| (letter.sent, letter.uid));
        let node = &self.nodes[node];
        let first = || node.children.first().and_then(|child| of(&self.nodes[*child]));
        of(node).or_else(first).unwrap_or_default()
    }

    fn sort(&self, siblings: &mut [usize]) {
        siblings.sort_by_cached_key(|node| self.when(*node));
    }

    /// Steps 4 and 6, below the root.
    fn sort_children(&mut self) {
        for node in 0..self.nodes.len() {
            let mut children = std::mem::take(&mut self.nodes[node].children);
            self.sort(&mut children);
            self.nodes[node].children = children;
        }
    }

    /// The letter that a thread has its subject from.
    fn head(&self, root: usize) -> Option<&Known> {
        let node = &self.nodes[root];
        node.letter.as_ref().or_else(|| self.nodes[*node.children.first()?].letter.as_ref())
    }

    /// Step 5: threads of one subject become one.
    fn merge_by_subject(&mut self, roots: Vec<usize>) -> Vec<usize> {
        let mut table: HashMap<Box<[u8]>, usize> = HashMap::new();
        for &root in &roots {
            let Some(head) = self.head(root).filter(|head| !head.subject.is_empty()) else { continue };
            let is_reply = |node: usize| self.nodes[node].letter.as_ref().is_some_and(|l| l.is_reply);
            let is_dummy = |node: usize| self.nodes[node].letter.is_none();
            match table.get_mut(&head.subject) {
                None => {
                    table.insert(head.subject.clone(), root);
                }
                Some(there) => {
                    let better = is_dummy(root) || (is_reply(*there) && !is_reply(root));
                    if !is_dummy(*there) && better {
                        *there = root;
                    }
                }
            }
        }
        let mut is_root: HashMap<usize, bool> = roots.iter().map(|root| (*root, true)).collect();
        let mut merged = roots.clone();
        for root in roots {
            if !is_root[&root] {
                continue;
            }
            let Some(head) = self.head(root).filter(|head| !head.subject.is_empty()) else { continue };
            let subject = head.subject.clone();
            let there = table[&subject];
            if there == root {
                continue;
            }
            let is_dummy = |node: usize| self.nodes[node].letter.is_none();
            let is_reply = |node: usize| self.nodes[node].letter.as_ref().is_some_and(|l| l.is_reply);
            if is_dummy(root) && is_dummy(there) {
                let children = std::mem::take(&mut self.nodes[root].children);
                self.nodes[there].children.extend(children);
            } else if is_dummy(there) || (is_reply(root) && !is_reply(there)) {
                self.nodes[there].children.push(root);
            } else {
                let both = self.unnamed();
                self.nodes[both].children = vec![there, root];
                table.insert(subject, both);
                is_root.insert(there, false);
                is_root.insert(both, true);
                merged.push(both);
            }
            is_root.insert(root, false);
        }
        merged.retain(|root| is_root[root]);
        merged
    }

    /// Only what is reached, so that pruned dummies are forgotten.
    fn written(self, roots: Vec<usize>) -> Forest {
        let member = |node: &Node| Member {
            uid: node.letter.as_ref().map(|letter| letter.uid),
            children: node.children.clone(),
        };
        Forest { members: self.nodes.iter().map(member).collect(), roots }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `(1 (2)(3))` and so on.
    fn shown(forest: &Forest) -> String {
        fn member(forest: &Forest, at: usize) -> String {
            let Member { uid, children } = &forest.members[at];
            let own = uid.map(|uid| uid.to_string());
            let below: Vec<String> = children.iter().map(|child| member(forest, *child)).collect();
            match (own, &below[..]) {
                (Some(own), []) => own,
                (Some(own), [only]) => format!("{own} {only}"),
                (own, many) => {
                    let many = format!("({})", many.join(")("));
                    own.map_or(many.clone(), |own| format!("{own} {many}"))
                }
            }
        }
        let heads: Vec<String> = forest.roots.iter().map(|root| member(forest, *root)).collect();
        if heads.is_empty() { String::new() } else { format!("({})", heads.join(")(")) }
    }

    fn letter(uid: u32, id: &str, references: &[&str], subject: &str) -> Letter {
        let base = crate::mime::base_subject(subject);
        Letter {
            uid,
            sent: uid.into(),
            id: (!id.is_empty()).then(|| id.to_owned()),
            references: references.iter().map(|r| (*r).to_owned()).collect(),
            subject: folded(&base.text),
            is_reply: base.is_reply,
        }
    }

    fn threads(letters: Vec<Letter>) -> String {
        let mut threader = Threader::default();
        for letter in letters {
            threader.add(letter);
        }
        shown(&threader.finish())
    }

    #[test]
    fn answers_hang_below_what_they_answer() {
        let letters = vec![
            letter(1, "a", &[], "x"),
            letter(2, "b", &["a"], "Re: x"),
            letter(3, "c", &["a", "b"], "Re: x"),
            letter(4, "d", &["a"], "Re: x"),
            letter(5, "e", &[], "other"),
        ];
        assert_eq!(threads(letters), "(1 (2 3)(4))(5)");
    }

    #[test]
    fn answers_may_come_before_what_they_answer() {
        let letters = vec![letter(1, "c", &["a", "b"], "Re: x"), letter(2, "a", &[], "x")];
        assert_eq!(threads(letters), "(2 1)");
    }

    /// Step 3: siblings of a parent that is not there.
    #[test]
    fn siblings_without_their_parent() {
        let letters = vec![letter(3, "b", &["a"], "y"), letter(5, "c", &["a"], "z")];
        assert_eq!(threads(letters), "((3)(5))");
        assert_eq!(threads(vec![letter(3, "b", &["a"], "y")]), "(3)");
        let deep = vec![letter(1, "c", &["a", "b"], "y"), letter(2, "d", &["a", "b"], "z")];
        assert_eq!(threads(deep), "((1)(2))");
    }

    /// Step 5
    #[test]
    fn one_subject_is_one_thread() {
        // An answer without references goes below what is no answer.
        assert_eq!(threads(vec![letter(1, "a", &[], "x"), letter(2, "b", &[], "Re: X")]), "(1 2)");
        assert_eq!(threads(vec![letter(1, "a", &[], "Re: x"), letter(2, "b", &[], "x")]), "(2 1)");
        // Two that are no answers become siblings, and a third joins them.
        assert_eq!(threads(vec![letter(1, "a", &[], "x"), letter(2, "b", &[], "x")]), "((1)(2))");
        let three = vec![letter(1, "a", &[], "x"), letter(2, "b", &[], "x"), letter(3, "c", &[], "x")];
        assert_eq!(threads(three), "((1)(2)(3))");
        let answers =
            vec![letter(1, "a", &[], "re: x"), letter(2, "b", &[], "re: x"), letter(3, "c", &[], "x")];
        assert_eq!(threads(answers), "(3 (1)(2))");
        // No subject gathers nothing.
        assert_eq!(threads(vec![letter(1, "a", &[], ""), letter(2, "b", &[], "Re:")]), "(1)(2)");
    }

    #[test]
    fn circles_doubles_and_missing_ids() {
        let circle = vec![letter(1, "a", &["b"], "x"), letter(2, "b", &["a"], "y")];
        assert_eq!(threads(circle), "(2 1)");
        let own = vec![letter(1, "a", &["a"], "x")];
        assert_eq!(threads(own), "(1)");
        let doubles = vec![letter(1, "a", &[], "x"), letter(2, "a", &[], "y"), letter(3, "b", &["a"], "z")];
        assert_eq!(threads(doubles), "(1 3)(2)");
        assert_eq!(threads(vec![letter(1, "", &[], "x"), letter(2, "", &[], "y")]), "(1)(2)");
    }

    #[test]
    fn by_subject_alone() {
        let of = |list: &[(&str, i64, u32)]| {
            shown(&ordered_subject(list.iter().map(|(s, d, u)| (folded(s), *d, *u)).collect()))
        };
        assert_eq!(of(&[("b", 1, 1), ("a", 5, 2), ("B", 3, 3), ("b", 2, 4)]), "(1 (4)(3))(2)");
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn headers_are_read() {
        let header = b"Message-ID: <\"a\"@x>\r\nReferences: nonsense\r\n <b@x>\r\nIn-Reply-To: <c@x>\r\n\r\n";
        assert_eq!(first_id(header).as_deref(), Some("a@x"));
        assert_eq!(references(header), ["b@x"]);
        assert_eq!(references(b"In-Reply-To: yours of Monday <c@x> <d@x>\r\n\r\n"), ["c@x"]);
        assert!(references(b"In-Reply-To: hello\r\n\r\n").is_empty());
    }

    #[test]
    fn a_long_chain_takes_no_stack_and_little_time() {
        let mut threader = Threader::default();
        for n in 0..50_000u32 {
            let before = format!("{}@x", n.max(1) - 1);
            threader.add(letter(n + 1, &format!("{n}@x"), &[&before], ""));
        }
        let forest = threader.finish();
        assert!(forest.roots.len() <= 51, "{}", forest.roots.len());
    }

    proptest! {
        /// Every message stands in the answer once, however its references run.
        #[test]
        fn none_is_lost_and_none_doubled(
            letters in prop::collection::vec(
                (0u8..8, prop::collection::vec(0u8..10, 0..4), "(Re: |\\[fwd:)?[xy]?"), 0..14),
        ) {
            let count = letters.len() as u32;
            let mut threader = Threader::default();
            for (uid, (id, references, subject)) in (1..).zip(&letters) {
                let references: Vec<String> = references.iter().map(u8::to_string).collect();
                let references: Vec<&str> = references.iter().map(String::as_str).collect();
                threader.add(letter(uid, &id.to_string(), &references, subject));
            }
            let forest = threader.finish();
            let mut seen = Vec::new();
            let mut left = forest.roots.clone();
            while let Some(at) = left.pop() {
                let member = &forest.members[at];
                prop_assert!(member.uid.is_some() || forest.roots.contains(&at));
                prop_assert!(member.uid.is_some() || member.children.len() > 1);
                seen.extend(member.uid);
                left.extend_from_slice(&member.children);
                prop_assert!(seen.len() <= letters.len());
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (1..=count).collect::<Vec<_>>());
        }
    }
}

//! What a search asks of segments, and what one segment answers.

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};

use super::class;
use super::segment::{Doc, Half, LISTS_BLOCK, Malformed, Place, WordsBlock, read_list};
use super::words::{Evidence, GAP, SIGN, is_sign};
use crate::service::search::plan::{Leaf, Plan};

/// The leaves of a plan as questions to words.
pub(in crate::service::search) struct Question {
    patterns: Vec<Pattern>,
    /// One for each leaf; `None`: words do not answer it.
    leaves: Vec<Option<Asked>>,
}

struct Pattern {
    finder: Finder<'static>,
    /// It is a sign: they come first.
    sign: bool,
    /// Halves in which it is looked for.
    header: bool,
}

struct Asked {
    class: u8,
    patterns: Vec<usize>,
    exact: bool,
}

impl Question {
    /// `None`: no leaf can be answered by words.
    pub fn new(plan: &Plan) -> Option<Self> {
        let mut question = Self { patterns: Vec::new(), leaves: Vec::new() };
        for leaf in plan.leaves() {
            let asked = question.asked(leaf);
            question.leaves.push(asked);
        }
        question.leaves.iter().any(Option::is_some).then_some(question)
    }

    fn asked(&mut self, leaf: &Leaf) -> Option<Asked> {
        // A field by its name may be asked for by HEADER, which knows no plain form of addresses.
        let named = |name: &str| match () {
            () if name.eq_ignore_ascii_case("Subject") => (class::SUBJECT, true),
            () if name.eq_ignore_ascii_case("From") => (class::FROM, false),
            () if name.eq_ignore_ascii_case("To") => (class::TO, false),
            () if name.eq_ignore_ascii_case("Cc") => (class::CC, false),
            () if name.eq_ignore_ascii_case("Bcc") => (class::BCC, false),
            () => (class::HEAD, false),
        };
        let (class, sure, needle) = match leaf {
            Leaf::SentDate(..) | Leaf::Thread(_) => return None,
            Leaf::Address(name, needle) => (named(name).0, true, needle),
            Leaf::Header(name, needle) => {
                let (class, sure) = named(name);
                (class, sure, needle)
            }
            Leaf::Body(needle) => (class::BODY, true, needle),
            Leaf::Text(needle) => (class::TEXT, true, needle),
        };
        let evidence = Evidence::of(needle.folded());
        if evidence.patterns.is_empty() {
            return None;
        }
        let header = class & class::HEAD != 0;
        let patterns = evidence.patterns.iter().map(|bytes| self.pattern(bytes, header)).collect();
        Some(Asked { class, patterns, exact: evidence.exact && sure })
    }

    fn pattern(&mut self, bytes: &[u8], header: bool) -> usize {
        let known = self.patterns.iter().position(|p| p.finder.needle() == bytes);
        let at = known.unwrap_or_else(|| {
            let finder = Finder::new(bytes).into_owned();
            let sign = is_sign(bytes);
            self.patterns.push(Pattern { finder, sign, header: false });
            self.patterns.len() - 1
        });
        self.patterns[at].header |= header;
        at
    }

    /// Whether there is something to look for in this half.
    pub fn asks(&self, half: Half) -> bool {
        half == Half::Content || self.patterns.iter().any(|p| p.header)
    }
}

/// What one segment says.
pub(in crate::service::search) struct Answer<'q> {
    question: &'q Question,
    docs: Vec<Doc>,
    /// For each pattern, of each message where it was found.
    seen: Vec<Vec<u8>>,
    /// Lists still to be read: pattern, start, length.
    wanted: [Vec<(usize, u64, u64)>; 2],
}

impl<'q> Answer<'q> {
    pub fn new(question: &'q Question, docs: Vec<Doc>) -> Self {
        let seen = question.patterns.iter().map(|_| vec![0; docs.len()]).collect();
        Self { question, docs, seen, wanted: [Vec::new(), Vec::new()] }
    }

    /// Looks through a block of words.
    pub fn words(&mut self, half: Half, block: &[u8]) -> Result<(), Malformed> {
        let block = WordsBlock::parse(block)?;
        let signs = block.text.get(1) == Some(&SIGN);
        let last = block.text.len().checked_sub(1).and_then(|end| memrchr(GAP, &block.text[..end]));
        let only_signs = last.is_some_and(|gap| block.text.get(gap + 1) == Some(&SIGN));
        let mut places = None;
        for (n, pattern) in self.question.patterns.iter().enumerate() {
            let elsewhere = if pattern.sign { !signs } else { only_signs };
            if elsewhere || (half == Half::Header && !pattern.header) {
                continue;
            }
            // The word that begins at `from`, a gap, is number `word`.
            let (mut from, mut word) = (0, 0);
            while let Some(at) = pattern.finder.find(&block.text[from..]).map(|at| at + from) {
                let within = at + usize::from(block.text[at] == GAP);
                word += memchr_iter(GAP, &block.text[from..within]).count() - 1;
                let places = match &places {
                    Some(places) => places,
                    None => places.insert(block.all_places()?),
                };
                match places.get(word).ok_or(Malformed)? {
                    Place::Here(list) => mark(&mut self.seen[n], list)?,
                    Place::At { start, len } => self.wanted[half as usize].push((n, *start, *len)),
                }
                let Some(end) = memchr(GAP, &block.text[within..]) else { break };
                from = within + end;
                word += 1;
            }
        }
        Ok(())
    }

    /// The blocks of lists that are needed now, ascending.
    pub fn wants(&self, half: Half) -> Vec<u32> {
        let mut blocks: Vec<u32> = self.wanted[half as usize]
            .iter()
            .filter(|(_, _, len)| *len > 0)
            .flat_map(|(_, start, len)| {
                let of = |at: u64| (at / LISTS_BLOCK as u64) as u32;
                of(*start)..=of(start + len - 1)
            })
            .collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks
    }

    /// Takes them.
    pub fn lists(&mut self, half: Half, blocks: &[(u32, Vec<u8>)]) -> Result<(), Malformed> {
        let mut list = Vec::new();
        for (n, mut start, mut len) in std::mem::take(&mut self.wanted[half as usize]) {
            list.clear();
            while len > 0 {
                let number = (start / LISTS_BLOCK as u64) as u32;
                let block = blocks.binary_search_by_key(&number, |b| b.0).map_err(|_| Malformed)?;
                let block = &blocks[block].1;
                let from = start as usize % LISTS_BLOCK;
                let to = block.len().min(from + len as usize);
                let piece = block.get(from..to).filter(|p| !p.is_empty()).ok_or(Malformed)?;
                list.extend_from_slice(piece);
                start += piece.len() as u64;
                len -= piece.len() as u64;
            }
            mark(&mut self.seen[n], &list)?;
        }
        Ok(())
    }

    /// What is known of a message's leaves now; `None`: the segment does not name it.
    pub fn of(&self, uid: u32) -> Option<Vec<Option<bool>>> {
        let number = self.docs.binary_search_by_key(&uid, |doc| doc.uid).ok()?;
        if self.docs[number].open {
            return Some(vec![None; self.question.leaves.len()]);
        }
        let known = self.question.leaves.iter().map(|asked| {
            let asked = asked.as_ref()?;
            let all = asked.patterns.iter().all(|p| self.seen[*p][number] & asked.class != 0);
            if all { asked.exact.then_some(true) } else { Some(false) }
        });
        Some(known.collect())
    }
}

fn mark(seen: &mut [u8], list: &[u8]) -> Result<(), Malformed> {
    let mut missing = false;
    read_list(list, |doc, class| match seen.get_mut(doc as usize) {
        Some(seen) => *seen |= class,
        None => missing = true,
    })?;
    if missing { Err(Malformed) } else { Ok(()) }
}

//! Neighbouring segments become one; messages that are gone are left out.

use std::cmp::Ordering;

use memchr::memchr;

use super::segment::{DOCS, Doc, Half, LISTS_BLOCK, List, Malformed, Place, Places, Segment};
use super::segment::{WordsBlock, Writer, read_docs, read_list};
use super::terms::head;
use super::words::GAP;

/// Words of one half of one segment, in order.
struct Cursor<'s> {
    blocks: std::slice::Iter<'s, Vec<u8>>,
    lists: &'s [Vec<u8>],
    /// Words left of the block, this one included, and their bytes without it.
    left: usize,
    text: &'s [u8],
    places: Places<'s>,
    /// The word; empty: there is none any more.
    word: &'s [u8],
    /// Its first bytes, which mostly decide.
    head: u64,
    half: Half,
    /// Whose segment.
    of: usize,
}

impl<'s> Cursor<'s> {
    fn new(segment: &'s Segment, half: Half, of: usize) -> Result<Self, Malformed> {
        let mut cursor = Self {
            blocks: segment.parts[half.words()].iter(),
            lists: &segment.parts[half.lists()],
            left: 1,
            text: &[],
            places: Places::default(),
            word: &[],
            head: 0,
            half,
            of,
        };
        cursor.step()?;
        Ok(cursor)
    }

    /// To the next word.
    fn step(&mut self) -> Result<(), Malformed> {
        self.left -= 1;
        while self.left == 0 {
            if !self.text.is_empty() {
                return Err(Malformed);
            }
            let Some(block) = self.blocks.next() else {
                (self.word, self.left) = (&[], 1);
                return Ok(());
            };
            let block = WordsBlock::parse(block)?;
            self.text = block.text.get(1..).ok_or(Malformed)?;
            self.places = block.places();
            self.left = block.count;
        }
        let end = memchr(GAP, self.text).filter(|end| *end > 0).ok_or(Malformed)?;
        (self.word, self.text) = (&self.text[..end], &self.text[end + 1..]);
        self.head = head(self.word);
        Ok(())
    }

    /// Appends its list, and goes on.
    fn next(&mut self, list: &mut Vec<u8>) -> Result<(), Malformed> {
        match self.places.take()? {
            Place::Here(short) => list.extend_from_slice(short),
            Place::At { mut start, mut len } => {
                while len > 0 {
                    let block = self.lists.get(start as usize / LISTS_BLOCK).ok_or(Malformed)?;
                    let from = start as usize % LISTS_BLOCK;
                    let to = block.len().min(from.saturating_add(len as usize));
                    let piece = block.get(from..to).filter(|p| !p.is_empty()).ok_or(Malformed)?;
                    list.extend_from_slice(piece);
                    start += piece.len() as u64;
                    len -= piece.len() as u64;
                }
            }
        }
        self.step()
    }
}

/// The numbers that messages of one segment get.
struct Numbers {
    new: Vec<Option<u32>>,
    /// Nobody is left out: by how much all are higher.
    shift: Option<u32>,
}

/// One segment out of some, ascending by UID; messages for which `stays` says no are left out.
pub(in crate::service::search) fn merge(
    segments: &[Segment],
    stays: impl Fn(u32) -> bool,
) -> Result<Segment, Malformed> {
    let mut docs: Vec<Doc> = Vec::new();
    let mut numbers = Vec::new();
    let mut cursors = Vec::new();
    for (of, segment) in segments.iter().enumerate() {
        let theirs = read_docs(segment.parts[DOCS].first().ok_or(Malformed)?)?;
        let before = docs.len();
        let new = theirs.iter().map(|doc| {
            stays(doc.uid).then(|| {
                docs.push(*doc);
                docs.len() as u32 - 1
            })
        });
        let new: Vec<_> = new.collect();
        let shift = (docs.len() - before == theirs.len()).then_some(before as u32);
        numbers.push(Numbers { new, shift });
        for half in [Half::Content, Half::Header] {
            cursors.push(Cursor::new(segment, half, of)?);
        }
    }
    if !docs.is_sorted_by(|a, b| a.uid < b.uid) {
        return Err(Malformed);
    }
    let mut writer = Writer::default();
    let (mut bytes, mut list) = (Vec::new(), List::default());
    while let Some((first, alone)) = least(&cursors) {
        let word = cursors[first].word;
        bytes.clear();
        let Numbers { new, shift } = &numbers[cursors[first].of];
        if let (true, Some(shift)) = (alone, *shift) {
            let half = cursors[first].half;
            cursors[first].next(&mut bytes)?;
            list.clear();
            list.shift(&bytes, shift, new.len() as u32)?;
            writer.add_to(half, word, &list);
            continue;
        }
        list.clear();
        // Cursors stand in the order of their segments, so numbers ascend.
        for cursor in cursors[first..].iter_mut().filter(|cursor| cursor.word == word) {
            let new = &numbers[cursor.of].new;
            bytes.clear();
            cursor.next(&mut bytes)?;
            let mut missing = false;
            read_list(&bytes, |doc, class| match new.get(doc as usize) {
                Some(Some(number)) => list.push(*number, class),
                Some(None) => {}
                None => missing = true,
            })?;
            if missing {
                return Err(Malformed);
            }
        }
        if !list.is_empty() {
            writer.add(word, &list);
        }
    }
    Ok(writer.finish(&docs))
}

/// The first cursor that stands at the least word, and whether no other does; `None`: there are no more words.
fn least(cursors: &[Cursor<'_>]) -> Option<(usize, bool)> {
    let mut found: Option<(usize, bool)> = None;
    for (n, cursor) in cursors.iter().enumerate().filter(|(_, cursor)| !cursor.word.is_empty()) {
        let order = match found {
            Some((first, _)) => {
                let first = &cursors[first];
                cursor.head.cmp(&first.head).then_with(|| cursor.word.cmp(first.word))
            }
            None => Ordering::Less,
        };
        match order {
            Ordering::Less => found = Some((n, true)),
            Ordering::Equal => found = found.map(|(first, _)| (first, false)),
            Ordering::Greater => {}
        }
    }
    found
}

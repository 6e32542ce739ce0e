//! Two neighbouring segments become one; messages that are gone are left out.

use super::segment::{DOCS, Doc, Half, LISTS_BLOCK, List, Malformed, Place, Segment, WordsBlock, Writer};
use super::segment::{read_docs, read_list};
use super::words::GAP;

/// Words of one half of one segment, in order.
struct Cursor<'s> {
    blocks: &'s [Vec<u8>],
    lists: &'s [Vec<u8>],
    /// Words left of the block.
    words: std::iter::Peekable<std::vec::IntoIter<(&'s [u8], Place<'s>)>>,
    /// Whose segment.
    of: usize,
}

impl<'s> Cursor<'s> {
    fn new(segment: &'s Segment, half: Half, of: usize) -> Result<Self, Malformed> {
        let mut cursor = Self {
            blocks: &segment.parts[half.words()],
            lists: &segment.parts[half.lists()],
            words: Vec::new().into_iter().peekable(),
            of,
        };
        cursor.fill()?;
        Ok(cursor)
    }

    fn fill(&mut self) -> Result<(), Malformed> {
        while self.words.peek().is_none() {
            let Some((block, rest)) = self.blocks.split_first() else { return Ok(()) };
            self.blocks = rest;
            let block = WordsBlock::parse(block)?;
            let text = block.text.get(1..).ok_or(Malformed)?;
            let words: Vec<_> = text.split(|b| *b == GAP).zip(block.places()?).collect();
            if words.len() != block.count {
                return Err(Malformed);
            }
            self.words = words.into_iter().peekable();
        }
        Ok(())
    }

    fn word(&mut self) -> Option<&'s [u8]> {
        self.words.peek().map(|(word, _)| *word)
    }

    fn next(&mut self, list: &mut Vec<u8>) -> Result<(), Malformed> {
        list.clear();
        match self.words.next().ok_or(Malformed)?.1 {
            Place::Here(short) => list.extend_from_slice(short),
            Place::At { mut start, mut len } => {
                while len > 0 {
                    let block = self.lists.get(start as usize / LISTS_BLOCK).ok_or(Malformed)?;
                    let from = start as usize % LISTS_BLOCK;
                    let to = block.len().min(from + len as usize);
                    let piece = block.get(from..to).filter(|p| !p.is_empty()).ok_or(Malformed)?;
                    list.extend_from_slice(piece);
                    start += piece.len() as u64;
                    len -= piece.len() as u64;
                }
            }
        }
        self.fill()
    }
}

/// One segment out of some, ascending by UID; messages for which `stays` says no are left out.
pub(in crate::service::search) fn merge(
    segments: &[Segment],
    stays: impl Fn(u32) -> bool,
) -> Result<Segment, Malformed> {
    let mut docs: Vec<Doc> = Vec::new();
    let mut numbers: Vec<Vec<Option<u32>>> = Vec::new();
    let mut cursors = Vec::new();
    for (of, segment) in segments.iter().enumerate() {
        let theirs = read_docs(segment.parts[DOCS].first().ok_or(Malformed)?)?;
        let map = theirs.iter().map(|doc| {
            stays(doc.uid).then(|| {
                docs.push(*doc);
                docs.len() as u32 - 1
            })
        });
        numbers.push(map.collect());
        for half in [Half::Content, Half::Header] {
            cursors.push(Cursor::new(segment, half, of)?);
        }
    }
    if !docs.is_sorted_by(|a, b| a.uid < b.uid) {
        return Err(Malformed);
    }
    let mut writer = Writer::default();
    let mut bytes = Vec::new();
    while let Some(word) = cursors.iter_mut().filter_map(Cursor::word).min() {
        let mut list = List::default();
        // Cursors stand in the order of their segments, so numbers ascend.
        for cursor in cursors.iter_mut().filter_map(|c| (c.word() == Some(word)).then_some(c)) {
            cursor.next(&mut bytes)?;
            let numbers = &numbers[cursor.of];
            let mut missing = false;
            read_list(&bytes, |doc, class| match numbers.get(doc as usize) {
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

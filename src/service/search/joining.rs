//! Which segments of a mailbox are joined when another one comes.
//!
//! Invariants: pure. Whatever is written again lies afterwards in a segment that is [`FACTOR`] times as large as the largest
//! of those that went into it, or in one that is full and is not joined again: so the words of a message are written
//! at most `2 + log(DOCS_FULL / n)` times, to the base of [`FACTOR`], where they first came with `n` others. Segments that
//! are not full stay few, since each is a third larger than all that would be joined with those behind it.

/// How much larger a segment becomes by being joined.
const FACTOR: u64 = 4;
/// A segment of so many messages is full.
pub(super) const DOCS_FULL: u32 = 8 * 1024;
/// Messages of a segment at most.
const DOCS_MAX: u64 = 2 * DOCS_FULL as u64;
/// A segment of so many bytes is full.
const BYTES_FULL: u64 = 12 * 1024 * 1024;
/// Bytes of segments that are joined, at most: they are in memory together.
const BYTES_MAX: u64 = 2 * BYTES_FULL;

/// How large a segment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Messages in it.
    pub docs: u32,
    /// At most so many bytes.
    pub bytes: u64,
}

impl Size {
    fn is_full(self) -> bool {
        self.docs >= DOCS_FULL || self.bytes >= BYTES_FULL
    }
}

/// How many of the last segments become one; 1: the last remains alone. Ascending by UID, the new one last.
pub(super) fn joined(sizes: &[Size]) -> usize {
    let (mut found, mut largest) = (1, 0);
    let (mut docs, mut bytes) = (0, 0);
    for (count, size) in (1..).zip(sizes.iter().rev()) {
        docs += u64::from(size.docs);
        bytes += size.bytes;
        if size.is_full() || docs > DOCS_MAX || bytes > BYTES_MAX {
            break;
        }
        largest = largest.max(u64::from(size.docs));
        if docs >= FACTOR * largest || docs >= u64::from(DOCS_FULL) || bytes >= BYTES_FULL {
            found = count;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages come, so many at a time: how often each was written, how many segments there are in the end, and how
    /// many there were at most that were not full.
    fn grown(at_a_time: impl Fn(u32) -> u32, bytes_each: u64) -> (f64, usize, usize) {
        let (mut sizes, mut written, mut docs, mut most) = (Vec::<Size>::new(), 0u32, 0, 0);
        for n in 0.. {
            let new = at_a_time(n);
            docs += new;
            sizes.push(Size { docs: new, bytes: u64::from(new) * bytes_each });
            let from = sizes.len() - joined(&sizes);
            let one = sizes.drain(from..).fold(Size::default(), |sum, size| Size {
                docs: sum.docs + size.docs,
                bytes: sum.bytes + size.bytes,
            });
            assert!(
                u64::from(one.docs) <= DOCS_MAX && one.bytes <= BYTES_MAX.max(u64::from(new) * bytes_each)
            );
            written += one.docs;
            sizes.push(one);
            most = most.max(sizes.iter().filter(|size| !size.is_full()).count());
            if docs >= 100_000 {
                break;
            }
        }
        (f64::from(written) / f64::from(docs), sizes.len(), most)
    }

    #[test]
    fn little_is_written_again_and_segments_are_few() {
        for (at_a_time, times, segments, open) in
            [(128, 3.3, 17, 9), (375, 3.2, 15, 6), (1024, 2.3, 14, 4), (2048, 1.8, 13, 3)]
        {
            let (written, count, most) = grown(|_| at_a_time, 1200);
            assert!(written < times, "{at_a_time}: {written}");
            assert!(count <= segments && most <= open, "{at_a_time}: {count}, {most}");
        }
        // Now more, now less.
        let (written, count, most) = grown(|n| 128 + n * 7919 % 900, 1200);
        assert!(written < 2.5 && count <= 14 && most <= 9, "{written}, {count}, {most}");
        // Messages with many words, of which two thousand fill a segment.
        let (written, count, most) = grown(|_| 375, 7000);
        assert!(written < 2.5 && count <= 56 && most <= 4, "{written}, {count}, {most}");
    }

    #[test]
    fn what_is_full_stays_as_it_is() {
        let size = |docs| Size { docs, bytes: 0 };
        assert_eq!(joined(&[size(DOCS_FULL), size(100)]), 1);
        assert_eq!(joined(&[size(DOCS_FULL - 1), size(100)]), 2);
        assert_eq!(joined(&[size(100), size(100), size(100)]), 1);
        assert_eq!(joined(&[size(500), size(100), size(100), size(100), size(100)]), 4);
        assert_eq!(joined(&[size(400), size(100), size(100), size(100), size(100)]), 4);
        assert_eq!(joined(&[Size { docs: 900, bytes: BYTES_FULL }, size(900)]), 1);
        assert_eq!(joined(&[size(1)]), 1);
        assert_eq!(joined(&[]), 1);
    }
}

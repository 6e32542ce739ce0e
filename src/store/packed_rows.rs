//! A mailbox's rows as bytes: what a snapshot seals.
//!
//! Each row takes about 25 bytes: UID, mod-sequence and date as differences from the row before, numbers in as many
//! bytes as they need, seven bits in each, the lowest first. Pure; what was changed or cut is refused, never
//! misread beyond what the rows can say.

use uuid::Uuid;

use super::live::Row;
use crate::types::{BodyId, Flags, ModSeq};

/// Bytes of a row, about; only to begin with room of about the right size.
const USUAL: usize = 26;
/// Fewest bytes of a row.
const LEAST: usize = 21;

/// The rows, ascending by UID.
pub(super) fn pack(rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * USUAL);
    let (mut uid, mut modseq, mut date) = (0u32, 0u64, 0i64);
    for row in rows {
        put(&mut out, row.uid.wrapping_sub(uid).into());
        put(&mut out, folded(row.modseq.0.wrapping_sub(modseq).cast_signed()));
        put(&mut out, row.flags.0);
        put(&mut out, row.size);
        put(&mut out, folded(row.internal_date.wrapping_sub(date)));
        out.extend_from_slice(row.body.0.as_bytes());
        (uid, modseq, date) = (row.uid, row.modseq.0, row.internal_date);
    }
    out
}

/// The rows again; `None` unless these are exactly `count` rows, ascending by UID.
pub(super) fn unpack(mut bytes: &[u8], count: usize) -> Option<Vec<Row>> {
    if bytes.len() / LEAST < count {
        return None;
    }
    let mut rows = Vec::with_capacity(count);
    let (mut uid, mut modseq, mut date) = (0u32, 0u64, 0i64);
    let input = &mut bytes;
    for _ in 0..count {
        let after = u32::try_from(take(input)?).ok().filter(|by| *by > 0)?;
        uid = uid.checked_add(after)?;
        modseq = modseq.wrapping_add(unfolded(take(input)?).cast_unsigned());
        let (flags, size) = (take(input)?, take(input)?);
        date = date.wrapping_add(unfolded(take(input)?));
        let (body, rest) = input.split_first_chunk::<16>()?;
        *input = rest;
        rows.push(Row {
            uid,
            flags: Flags(flags),
            modseq: ModSeq(modseq),
            size,
            internal_date: date,
            body: BodyId(Uuid::from_bytes(*body)),
        });
    }
    input.is_empty().then_some(rows)
}

/// Small numbers of either sign as small ones without.
fn folded(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unfolded(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (1u32..1000, any::<(u64, u64, u64, i64, u128)>(), any::<bool>());
        prop::collection::vec(row, 0..50).prop_map(|rows| {
            let mut uid = 0;
            let row = |(after, (flags, modseq, size, internal_date, body), small): (u32, _, bool)| {
                uid += after;
                let of = |number: u64| if small { number % 1000 } else { number };
                Row {
                    uid,
                    flags: Flags(of(flags)),
                    modseq: ModSeq(of(modseq)),
                    size: of(size),
                    internal_date,
                    body: BodyId(Uuid::from_u128(body)),
                }
            };
            rows.into_iter().map(row).collect()
        })
    }

    proptest! {
        #[test]
        fn rows_come_back(rows in rows()) {
            prop_assert_eq!(unpack(&pack(&rows), rows.len()), Some(rows));
        }

        /// Nothing that is not that many rows is taken for rows, and nothing panics.
        #[test]
        fn cut_and_other_bytes_are_refused(rows in rows(), cut in any::<prop::sample::Index>(), noise in any::<Vec<u8>>()) {
            let packed = pack(&rows);
            if !packed.is_empty() {
                prop_assert_eq!(unpack(&packed[..cut.index(packed.len())], rows.len()), None);
                prop_assert_eq!(unpack(&packed, rows.len() - 1), None);
            }
            prop_assert_eq!(unpack(&packed, rows.len() + 1), None);
            prop_assert_eq!(unpack(&noise, usize::MAX), None);
            if let Some(rows) = unpack(&noise, noise.len() / 30) {
                prop_assert!(rows.is_sorted_by_key(|row| row.uid));
            }
        }
    }

    #[test]
    fn a_usual_row_is_small() {
        let rows: Vec<Row> = (1..=1000)
            .map(|n| Row {
                uid: n,
                flags: Flags(1),
                modseq: ModSeq(u64::from(n) * 3 + 1_000_000),
                size: 40_000 + u64::from(n * 7919 % 30_000),
                internal_date: 1_800_000_000 + i64::from(n) * 1234,
                body: BodyId(Uuid::from_u128(u128::from(n) << 64)),
            })
            .collect();
        let packed = pack(&rows);
        assert!(packed.len() < rows.len() * USUAL, "{} bytes", packed.len());
    }
}

//! The index against the texts themselves.

use proptest::prelude::*;

use super::class;
use super::merge::merge;
use super::question::{Answer, Question};
use super::segment::{Builder, DOCS, Half, Segment, read_docs};
use super::words::Words;
use crate::service::search::fold::{Needle, fold};
use crate::service::search::plan::{Plan, Scope};
use crate::types::SearchKey;

/// Letters, marks, signs, controls that meet in every way.
const TEXT: &str = "[aabAä\u{308}ß7 ,.\r\n\u{0}\u{1}台\u{1d54f}-]{0,24}";

fn index(texts: &[(u32, String)]) -> Segment {
    let mut builder = Builder::default();
    let mut words = Words::new();
    for (uid, text) in texts {
        words.clear();
        // Cut anywhere between characters.
        let mut body = words.begin(class::BODY);
        for c in text.chars() {
            body.push(c.encode_utf8(&mut [0; 4]));
        }
        body.finish();
        builder.add(*uid, &words);
    }
    builder.finish()
}

fn ask(segment: &Segment, plan: &Plan) -> Option<Vec<(u32, Option<bool>)>> {
    let question = Question::new(plan)?;
    let docs = read_docs(&segment.parts[DOCS][0]).unwrap();
    let uids: Vec<u32> = docs.iter().map(|d| d.uid).collect();
    let mut answer = Answer::new(&question, docs);
    for half in [Half::Content, Half::Header] {
        for block in &segment.parts[half.words()] {
            answer.words(half, block).unwrap();
        }
        let wanted = answer.wants(half);
        let blocks: Vec<_> =
            wanted.iter().map(|n| (*n, segment.parts[half.lists()][*n as usize].clone())).collect();
        answer.lists(half, &blocks).unwrap();
    }
    Some(uids.into_iter().map(|uid| (uid, answer.of(uid).unwrap()[0])).collect())
}

fn plan(text: &str) -> Plan {
    Plan::new(
        &SearchKey::Body(text.into()),
        Scope { uids: &[], saved: &[], keywords: &[], saved_at: &[], now: 0 },
    )
}

fn holds(text: &str, needle: &str) -> bool {
    let mut folded = Vec::new();
    fold(text, &mut folded);
    Needle::new(needle).within(&folded)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// What the index says is so; and it says something of every run and of every text of up to three
    /// folded characters but the two that are never written down.
    #[test]
    fn never_wrong(texts in prop::collection::vec(TEXT, 1..12), cut in 0usize..12, needle in TEXT) {
        let texts: Vec<(u32, String)> = (1..).step_by(3).zip(texts).collect();
        let cut = cut.min(texts.len());
        let whole = index(&texts);
        let joined = merge(&[index(&texts[..cut]), index(&texts[cut..])], |_| true).unwrap();
        prop_assert_eq!(&whole, &joined);
        let mut folded = Vec::new();
        fold(&needle, &mut folded);
        let folded = String::from_utf8(folded).unwrap();
        let written = !folded.contains(['\u{0}', '\u{1}']);
        let short = written && (1..=3).contains(&folded.chars().count());
        let run = !folded.is_empty()
            && folded.chars().all(|c| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c));
        let Some(told) = ask(&whole, &plan(&needle)) else {
            prop_assert!(!short && !run);
            return Ok(());
        };
        for ((_, text), (_, known)) in texts.iter().zip(told) {
            let truth = holds(text, &needle);
            prop_assert!(known.is_none() || known == Some(truth), "{:?} in {:?}: {:?}", needle, text, known);
            if short || run {
                prop_assert_eq!(known, Some(truth), "{:?} in {:?}", needle, text);
            }
        }
    }

    /// Where a text is cut changes nothing.
    #[test]
    fn however_it_is_cut(text in "([a-zA-Z0-9]{0,9}[ ,.\r\n\u{0}\u{1}ä\u{308}-]{0,3}){0,16}", cuts in prop::collection::vec(0usize..150, 0..4)) {
        let mut words = Words::new();
        let mut body = words.begin(class::BODY);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| text.floor_char_boundary(cut)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        cuts.windows(2).for_each(|cut| body.push(&text[cut[0]..cut[1]]));
        body.finish();
        let mut builder = Builder::default();
        builder.add(1, &words);
        prop_assert_eq!(builder.finish(), index(&[(1, text)]));
    }

    /// Messages that are gone are left out, with every word that only they had.
    #[test]
    fn what_is_gone_leaves_nothing(texts in prop::collection::vec(TEXT, 1..12), gone in any::<[bool; 12]>()) {
        let texts: Vec<(u32, String)> = (1..).zip(texts).collect();
        let stays = |uid: u32| !gone[uid as usize - 1];
        let left: Vec<_> = texts.iter().filter(|(uid, _)| stays(*uid)).cloned().collect();
        let cut = texts.len() / 2;
        let joined = merge(&[index(&texts[..cut]), index(&texts[cut..])], stays).unwrap();
        prop_assert_eq!(joined, index(&left));
    }

    /// Any bytes are refused or read, never a panic.
    #[test]
    fn broken_blocks(block in prop::collection::vec(any::<u8>(), 0..200)) {
        let plan = plan("a");
        let question = Question::new(&plan).unwrap();
        if let Ok(docs) = read_docs(&block) {
            let mut answer = Answer::new(&question, docs);
            let _ = answer.words(Half::Content, &block);
        }
        let mut segment = Segment::default();
        segment.parts[DOCS] = vec![block.clone()];
        segment.parts[1] = vec![block];
        let _ = merge(&[segment], |_| true);
    }
}

/// Many messages: blocks are cut, lists cross from one to the next.
#[test]
fn many_messages() {
    let texts: Vec<(u32, String)> = (1..=30_000u32)
        .map(|uid| {
            (uid, format!("common {} unique{uid} {}", uid % 7, if uid % 2 == 0 { "even" } else { "" }))
        })
        .collect();
    let parts: Vec<Segment> = texts.chunks(7000).map(index).collect();
    let whole = merge(&parts, |_| true).unwrap();
    assert!(whole.parts[Half::Content.words()].len() > 3, "more than one block of words");
    assert!(whole.parts[Half::Content.lists()].len() > 1, "more than one block of lists");
    let count = |needle: &str| {
        let told = ask(&whole, &plan(needle)).unwrap();
        told.iter().filter(|(_, known)| *known == Some(true)).count()
    };
    assert_eq!(count("COMMON"), 30_000);
    assert_eq!(count("even"), 15_000);
    assert_eq!(count("unique12345"), 1);
    assert_eq!(count("que1234"), 11);
    assert_eq!(count("absent"), 0);
    assert_eq!(count("3 u"), 4286);
    let undecided = |needle: &str| {
        ask(&whole, &plan(needle)).unwrap().iter().filter(|(_, known)| known.is_none()).count()
    };
    assert_eq!(undecided("3 unique"), 4286);
    assert_eq!(undecided("3 unique12345"), 0, "it stands behind 4");
    assert_eq!(undecided("4 unique12345"), 1);
}

/// A message with too many words is always open.
#[test]
fn too_many_words() {
    let long = "ä".repeat(100_000);
    let many: String = (0..400_000).flat_map(|n: u32| [n.to_string(), " ".to_owned()]).collect();
    let segment = index(&[(1, long), (2, many), (3, "plain".into())]);
    assert_eq!(ask(&segment, &plan("zzz")), Some(vec![(1, None), (2, None), (3, Some(false))]));
}

//! `* THREAD (2)(3 6 (4 23)(44 7 96))` (RFC 5256 §4). Without recursion: threads may be deep.

use super::codec::encode::number;
use crate::service::thread::Forest;

enum Step {
    /// A thread: parenthesis, member, what follows.
    Open(usize),
    Close,
}

/// Appends the response; `name` says what number the client knows a message by.
pub fn thread_response(forest: &Forest, name: impl Fn(u32) -> Option<u32>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"* THREAD");
    if !forest.roots.is_empty() {
        out.push(b' ');
    }
    let mut steps: Vec<Step> = forest.roots.iter().rev().map(|root| Step::Open(*root)).collect();
    while let Some(step) = steps.pop() {
        let Step::Open(mut at) = step else {
            out.push(b')');
            continue;
        };
        out.push(b'(');
        let mut first = true;
        loop {
            let member = &forest.members[at];
            if let Some(n) = member.uid.and_then(&name) {
                if !std::mem::take(&mut first) {
                    out.push(b' ');
                }
                number(n.into(), out);
            }
            match &member.children[..] {
                [] => {
                    out.push(b')');
                    break;
                }
                [only] => at = *only,
                many => {
                    if !first {
                        out.push(b' ');
                    }
                    steps.push(Step::Close);
                    steps.extend(many.iter().rev().map(|child| Step::Open(*child)));
                    break;
                }
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::thread::Member;

    #[test]
    fn the_example_of_the_rfc() {
        let member = |uid: Option<u32>, children: &[usize]| Member { uid, children: children.to_vec() };
        let members = vec![
            member(Some(2), &[]),
            member(Some(3), &[2]),
            member(Some(6), &[3, 5]),
            member(Some(4), &[4]),
            member(Some(23), &[]),
            member(Some(44), &[6]),
            member(Some(7), &[7]),
            member(Some(96), &[]),
            member(None, &[0, 7]),
        ];
        let written = |roots: Vec<usize>| {
            let mut out = Vec::new();
            thread_response(&Forest { members: members.clone(), roots }, Some, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(vec![0, 1]), "* THREAD (2)(3 6 (4 23)(44 7 96))\r\n");
        assert_eq!(written(vec![8]), "* THREAD ((2)(96))\r\n");
        assert_eq!(written(vec![]), "* THREAD\r\n");
    }
}

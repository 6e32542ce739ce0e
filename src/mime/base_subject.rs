//! The base subject: what is left of a subject without "Re:", "Fwd:", "[list]" and the like
//! (RFC 5256 §2.1). All servers must find the same one, so this is exactly the RFC's algorithm.

/// What the extraction yields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseSubject {
    /// The base subject, one blank between words.
    pub text: String,
    /// Something was removed that marks a reply or a forwarded message.
    pub is_reply: bool,
}

/// Of a decoded subject (step 1's first half: [`super::decode_header`]).
pub fn base_subject(decoded: &str) -> BaseSubject {
    // (1): continuations, tabs and runs of blanks are one blank.
    let mut text = String::with_capacity(decoded.len());
    for c in decoded.chars() {
        match c {
            ' ' | '\t' | '\r' | '\n' if text.ends_with(' ') => {}
            ' ' | '\t' | '\r' | '\n' => text.push(' '),
            c => text.push(c),
        }
    }
    let mut rest = &text[..];
    let mut is_reply = false;
    loop {
        // (2)
        rest = rest.trim_end_matches(' ');
        while let Some(before) = strip_end(rest, "(fwd)") {
            is_reply = true;
            rest = before.trim_end_matches(' ');
        }
        // (3), (4), (5)
        loop {
            rest = rest.trim_start_matches(' ');
            let (last, behind) = blobs(rest);
            if let Some(behind) = reply_or_forward(behind) {
                is_reply = true;
                rest = behind;
            } else {
                // The last blob is the subject where nothing else is.
                rest = if behind.is_empty() { last } else { behind };
                break;
            }
        }
        // (6)
        match strip_start(rest, "[fwd:").and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => {
                is_reply = true;
                rest = inner;
            }
            None => return BaseSubject { text: rest.to_owned(), is_reply },
        }
    }
}

/// `*subj-blob`: from the last of them on, and what follows them all.
fn blobs(text: &str) -> (&str, &str) {
    let (mut last, mut rest) = (text, text);
    while let Some(behind) = blob(rest) {
        last = rest;
        rest = behind;
    }
    (last, rest)
}

/// `subj-blob = "[" *BLOBCHAR "]" *WSP`
fn blob(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(['[', ']'])?;
    Some(inner[end..].strip_prefix(']')?.trim_start_matches(' '))
}

/// `subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"`
fn reply_or_forward(text: &str) -> Option<&str> {
    let behind = ["re", "fwd", "fw"].into_iter().find_map(|word| strip_start(text, word))?;
    let behind = behind.trim_start_matches(' ');
    blob(behind).unwrap_or(behind).strip_prefix(':')
}

fn strip_start<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

fn strip_end<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
    tail.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_the_rfc_says() {
        for (subject, base, is_reply) in [
            ("Befund", "Befund", false),
            ("Re: Befund", "Befund", true),
            ("RE :  Fwd: fw:\tBefund  Meier", "Befund Meier", true),
            ("re[2]: Befund", "Befund", true),
            ("Re [2] : Befund", "Befund", true),
            ("Re [2] x: Befund", "Re [2] x: Befund", false),
            ("[praxis] Re: [praxis] Befund", "Befund", true),
            ("[praxis] Befund", "Befund", false),
            ("[praxis]", "[praxis]", false),
            ("[a] [b]", "[b]", false),
            ("Befund (fwd) (FWD) ", "Befund", true),
            ("[Fwd: Re: Befund]", "Befund", true),
            ("[fwd: [fwd: Befund (fwd)]]", "Befund", true),
            ("[fwd: a] b", "b", false),
            ("Re:", "", true),
            ("Re: [x]", "[x]", true),
            ("reden", "reden", false),
            ("Antw: Befund", "Antw: Befund", false),
            ("[a[b] c", "[a[b] c", false),
            ("", "", false),
            ("  ", "", false),
            ("Zähne", "Zähne", false),
            ("(fwd)", "", true),
        ] {
            let found = base_subject(subject);
            assert_eq!((found.text.as_str(), found.is_reply), (base, is_reply), "{subject:?}");
        }
    }

    #[test]
    fn a_subject_made_to_be_slow_is_not() {
        let start = std::time::Instant::now();
        for pattern in ["[a]", "[fwd:", "re:", "(fwd)", "[a] re", "[fwd: re: [a]"] {
            base_subject(&pattern.repeat(40_000));
        }
        assert!(start.elapsed().as_secs() < 20);
    }

    proptest! {
        /// What is left has nothing left to remove.
        #[test]
        fn again_changes_nothing(subject in "([a ]|re:|fwd |\\[b\\]|\\[fwd:|\\]|\\(fwd\\)|ä|\t){0,9}") {
            let once = base_subject(&subject);
            let twice = base_subject(&once.text);
            prop_assert_eq!(&once.text, &twice.text);
            prop_assert!(!twice.is_reply);
        }
    }
}

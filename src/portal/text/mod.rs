//! Every sentence that a page says. [`en`] is the English; a translation is one more file that fills the
//! same structs, and the compiler says what it left out.
//!
//! Invariants: no sentence stands in a template or in a handler; a `{name}` in a sentence is filled by
//! [`fill`]; what fills it is escaped by the template, like everything else.

mod en;
pub(super) mod help;

pub(super) use en::*;

/// Puts values into a sentence's `{name}` places.
pub(super) fn fill(sentence: &str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
    let mut out = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        // A value is never read again for places of its own.
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        if let Some((_, value)) = values.iter().find(|(n, _)| *n == name) {
            use std::fmt::Write as _;
            let _infallible = write!(out, "{value}");
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn places_are_filled_once() {
        assert_eq!(fill("to {phone}, {n} times", &[("phone", &"{n}"), ("n", &3)]), "to {n}, 3 times");
        assert_eq!(fill("nothing", &[]), "nothing");
    }
}

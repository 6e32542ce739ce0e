//! What every rule takes for granted: a message that was looked at to the end, and that all
//! programs read alike (RFC 5322 §3.6).

use super::Refusal;
use crate::mime::{LimitHit, Summary};

/// The id under which these refusals are recorded; `rules.md` has none for them.
const RULE: &str = "form";

/// Past a limit of the MIME pass nothing was looked at, so nothing can be said about it.
pub fn check_limits(message: &Summary) -> Result<(), Refusal> {
    let what = match message.limit_hit {
        None => return Ok(()),
        Some(LimitHit::Header) => "The header of the message is too long",
        Some(LimitHit::Parts) => "The message has too many parts",
        Some(LimitHit::Depth) => "The parts of the message are nested too deeply",
        Some(LimitHit::Values) => "The message has too many addresses or parameters",
    };
    Err(Refusal::new(
        RULE,
        554,
        "5.6.0",
        format!("{what}; please write it again as a new message with your files attached directly"),
    ))
}

/// One Message-ID, or none yet: R14, R17 and R28 go by it.
pub fn check_one_message_id(fields: usize) -> Result<(), Refusal> {
    if fields <= 1 {
        return Ok(());
    }
    Err(Refusal::new(
        RULE,
        554,
        "5.6.0",
        "The message has more than one Message-ID; please write it again as a new message",
    ))
}

/// A header line that is no field: some programs skip it, some end the header there.
pub fn malformed_header() -> Refusal {
    Refusal::new(
        RULE,
        554,
        "5.6.0",
        "The header of the message has a line that is not a header field; please write it again as a new message",
    )
}

/// The header block went past its limit before the message began; see [`check_limits`].
pub fn header_too_long() -> Refusal {
    let hit = Summary { limit_hit: Some(LimitHit::Header), ..Summary::default() };
    check_limits(&hit).err().unwrap_or_else(|| Refusal::new(RULE, 554, "5.6.0", "The header is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_refused() {
        assert_eq!(check_limits(&Summary::default()), Ok(()));
        for hit in [LimitHit::Header, LimitHit::Parts, LimitHit::Depth, LimitHit::Values] {
            assert!(check_limits(&Summary { limit_hit: Some(hit), ..Summary::default() }).is_err());
        }
        assert!(check_one_message_id(1).is_ok());
        assert!(check_one_message_id(2).is_err());
        assert!(malformed_header().text.contains("header field"));
        assert!(header_too_long().text.contains("header"));
    }
}

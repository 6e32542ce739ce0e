//! R17: no forwarding, no resending. Text that somebody copied by hand is nobody's business.

use super::Refusal;
use crate::mime::{SectionKind, Summary};

/// Media types that hold a whole message or a piece of one (RFC 2046 §5.2, RFC 6532 §3.7).
const MESSAGES: [&str; 4] = ["message/rfc822", "message/global", "message/partial", "message/external-body"];

/// R17: what a mail program writes when it forwards or resends.
pub fn check_not_forwarded(message: &Summary) -> Result<(), Refusal> {
    let attached = message
        .parts
        .iter()
        .any(|p| p.kind == SectionKind::Message || MESSAGES.contains(&p.media_type.as_str()));
    if message.resent || message.forwarded_id || attached {
        return Err(Refusal::new(
            "R17",
            550,
            "5.7.1",
            "Messages cannot be forwarded or sent on here; please write a new message and copy the text into it",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::part;

    #[test]
    fn r17_forwarding_is_refused() {
        assert_eq!(check_not_forwarded(&Summary::default()), Ok(()));
        let refused = |s: Summary| check_not_forwarded(&s).unwrap_err().rule == "R17";
        assert!(refused(Summary { resent: true, ..Summary::default() }));
        assert!(refused(Summary { forwarded_id: true, ..Summary::default() }));
        for media in MESSAGES {
            assert!(refused(Summary { parts: vec![part(media, &[], b"")], ..Summary::default() }), "{media}");
        }
    }

    #[test]
    fn r17_a_subject_proves_nothing() {
        let reply = Summary { subject: "RE: FW: Röntgenbild".to_owned(), ..Summary::default() };
        assert_eq!(check_not_forwarded(&reply), Ok(()));
    }
}

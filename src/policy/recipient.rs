//! R11, R13, R15, R27: to whom a message may go.

use std::fmt::Write as _;

use super::{Refusal, Settings, quoted};
use crate::mime::{AddressField, Summary};
use crate::types::{Address, Tier};

/// R11, R15 at RCPT: whether the address leads to an account.
///
/// A free account is told nothing at this point (R27: it can only reply, and R14 answers the same
/// whether or not the address exists).
pub fn check_recipient(
    address: &Address,
    exists: bool,
    tier: Tier,
    settings: &Settings,
) -> Result<(), Refusal> {
    if exists || tier == Tier::Free {
        return Ok(());
    }
    if address.domain() == settings.secure_domain {
        return Err(Refusal::new(
            "R11",
            550,
            "5.1.1",
            format!(
                "There is no account with the address {}; please check how it is written",
                quoted(address.as_str())
            ),
        ));
    }
    Err(Refusal::new(
        "R15",
        550,
        "5.1.1",
        format!(
            "{} has no account here yet; please invite this person at {} and then send the message again",
            quoted(address.as_str()),
            invitation_page(address, &settings.portal_url)
        ),
    ))
}

/// R15: the portal's invitation page for an address.
pub fn invitation_page(address: &Address, portal_url: &str) -> String {
    let mut page = format!("{}/invite?address=", portal_url.trim_end_matches('/'));
    for byte in address.as_str().bytes() {
        // RFC 3986 §3.4: what may stand in a query as it is, `&`, `+`, `=` and the quote aside.
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            page.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(page, "%{byte:02X}");
        }
    }
    page
}

/// An address that is none (RFC 5321 §4.1.2), at RCPT.
pub fn bad_address(path: &str) -> Refusal {
    Refusal::new(
        "R11",
        553,
        "5.1.3",
        format!("{} is not an email address; please check how it is written", quoted(path)),
    )
}

/// R13: the second RCPT (RFC 9422 `RCPTMAX=1`).
pub fn second_recipient() -> Refusal {
    Refusal::new(
        "R13",
        550,
        "5.5.3",
        "A message can have only one recipient; please send one message to each person",
    )
}

/// R13: `To`, `Cc` and `Bcc` name one person, the one of the envelope.
///
/// `bcc` is what the server took out of the header; `envelope` holds every address that leads to
/// the recipient's account, the one of RCPT included. The same person under both addresses is one
/// recipient.
pub fn check_header_recipients(
    message: &Summary,
    bcc: &AddressField,
    envelope: &[Address],
) -> Result<(), Refusal> {
    let refuse = |text: String| Err(Refusal::new("R13", 550, "5.5.3", text));
    let (mut named, mut others) = (false, 0);
    for field in [&message.to, &message.cc, &message.bcc, bcc] {
        // Those past what is kept are somebody too.
        others += field.total.saturating_sub(field.mailboxes.len());
        for mailbox in &field.mailboxes {
            match Address::parse(&mailbox.address) {
                Ok(address) if envelope.contains(&address) => named = true,
                _ => others += 1,
            }
        }
    }
    match (named, others) {
        (true, 0) => Ok(()),
        (false, 0) => {
            refuse("The message names no recipient; please write the address into the To line".to_owned())
        }
        (false, 1) => refuse(format!(
            "The message names another recipient than {}; please write this address into the To line",
            quoted(envelope.first().map_or("", Address::as_str))
        )),
        _ => Err(second_recipient()),
    }
}

/// R27: VRFY and EXPN tell nobody who has an account (RFC 5321 §3.5.3).
pub fn address_query() -> Refusal {
    Refusal::new("R27", 502, "5.7.1", "This server does not tell which addresses exist")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::field;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn settings() -> Settings {
        Settings {
            portal_url: "https://portal.example/".to_owned(),
            secure_domain: "secure.example".to_owned(),
            ..Settings::default()
        }
    }

    #[test]
    fn r15_names_the_invitation_page() {
        let bob = address("bob+x@praxis.example");
        assert_eq!(check_recipient(&bob, true, Tier::Paid, &settings()), Ok(()));
        let refusal = check_recipient(&bob, false, Tier::Paid, &settings()).unwrap_err();
        assert_eq!((refusal.code, refusal.rule), (550, "R15"));
        assert!(
            refusal.text.contains("https://portal.example/invite?address=bob%2Bx@praxis.example"),
            "{refusal}"
        );
    }

    #[test]
    fn r11_a_secure_address_cannot_be_invited() {
        let refusal =
            check_recipient(&address("bob@secure.example"), false, Tier::Paid, &settings()).unwrap_err();
        assert_eq!(refusal.rule, "R11");
        assert!(refusal.text.contains("bob@secure.example"));
    }

    #[test]
    fn r27_a_free_account_learns_nothing_at_rcpt() {
        for text in ["bob@secure.example", "bob@praxis.example"] {
            for exists in [true, false] {
                assert_eq!(check_recipient(&address(text), exists, Tier::Free, &settings()), Ok(()));
            }
        }
    }

    #[test]
    fn r13_one_person_in_the_header() {
        let envelope = [address("bob@secure.example"), address("bob@praxis.example")];
        let judge = |to: &[&str], cc: &[&str], bcc: &[&str]| {
            let message = Summary { to: field(to), cc: field(cc), ..Summary::default() };
            check_header_recipients(&message, &field(bcc), &envelope)
        };
        let (bob, too, eve) = ("Bob@secure.example", "bob@praxis.example", "eve@secure.example");
        for (to, cc, bcc) in
            [(&[bob][..], &[][..], &[][..]), (&[too], &[], &[]), (&[], &[], &[bob]), (&[bob], &[too], &[bob])]
        {
            assert_eq!(judge(to, cc, bcc), Ok(()), "{to:?} {cc:?} {bcc:?}");
        }
        for (to, cc, bcc) in [
            (&[bob, eve][..], &[][..], &[][..]),
            (&[eve, bob], &[], &[]),
            (&[bob], &[eve], &[]),
            (&[bob], &[], &[eve]),
            (&[eve, eve], &[], &[]),
            (&[bob, "no address"], &[], &[]),
        ] {
            let refusal = judge(to, cc, bcc).unwrap_err();
            assert_eq!((refusal.code, refusal.enhanced), (550, "5.5.3"));
            assert!(refusal.text.contains("only one recipient"), "{refusal}");
        }
        assert!(judge(&[], &[], &[]).unwrap_err().text.contains("names no recipient"));
        assert!(judge(&[eve], &[], &[]).unwrap_err().text.contains("bob@secure.example"));
        let mut many = field(&[bob]);
        many.total = 5000;
        assert!(check_header_recipients(&Summary::default(), &many, &envelope).is_err());
    }
}

//! R12, R30: a message comes from the account's secure address and names no other as its sender.

use super::{Refusal, quoted};
use crate::mime::{AddressField, Summary};
use crate::types::{AccountId, Address};

/// The addresses that lead to the account which sends.
#[derive(Clone, Copy, Debug)]
pub struct OwnAddresses<'a> {
    /// R30: the one that mail comes from.
    pub secure: &'a Address,
    /// The email address of the profile.
    pub email: &'a Address,
}

impl OwnAddresses<'_> {
    fn has(&self, address: &Address) -> bool {
        address == self.secure || address == self.email
    }
}

const RULE: &str = "R12";

/// R12 at MAIL: one of the account's own addresses, or `<>` (empty), which [`check_receipt_form`]
/// and [`check_receipt`] judge once the message is here.
pub fn check_mail_from(path: &str, own: OwnAddresses<'_>) -> Result<(), Refusal> {
    if path.is_empty() || Address::parse(path).is_ok_and(|a| own.has(&a)) {
        return Ok(());
    }
    Err(wrong_address(path, own))
}

/// R12 in the header: exactly one `From:` address, the secure one, and no other address where a
/// program would read who sent it or where answers and receipts go.
pub fn check_header(message: &Summary, own: OwnAddresses<'_>) -> Result<(), Refusal> {
    let [from] = &message.from.mailboxes[..] else {
        let text = match message.from.total {
            0 => format!(
                "The message does not say whom it is from; please set the address {} in your mail program",
                own.secure
            ),
            _ => format!("The message has more than one sender; please send it from {} alone", own.secure),
        };
        return Err(refuse(text));
    };
    if message.from.fields != 1 || message.from.total != 1 {
        return Err(refuse(format!(
            "The message has more than one sender; please send it from {} alone",
            own.secure
        )));
    }
    if Address::parse(&from.address).as_ref() != Ok(own.secure) {
        return Err(wrong_address(&from.address, own));
    }
    let watched = [
        (&message.sender, "sender"),
        (&message.reply_to, "reply"),
        (&message.mail_followup_to, "reply"),
        (&message.disposition_notification_to, "read receipt"),
    ];
    for (field, what) in watched {
        check_names_only(field, what, own)?;
    }
    Ok(())
}

fn check_names_only(field: &AddressField, what: &str, own: OwnAddresses<'_>) -> Result<(), Refusal> {
    let other = field.mailboxes.iter().find(|m| Address::parse(&m.address).as_ref() != Ok(own.secure));
    let Some(other) = other else {
        // More than were kept are more than one.
        return if field.total > field.mailboxes.len() {
            Err(refuse(format!(
                "The message names too many {what} addresses; please use {} alone",
                own.secure
            )))
        } else {
            Ok(())
        };
    };
    Err(refuse(format!(
        "The {what} address of the message is {}; please set it to {} in your mail program, or leave it empty",
        quoted(&other.address),
        own.secure
    )))
}

/// R12 for `MAIL FROM:<>`: the message must be a read receipt (RFC 8098 §3). Answers the Message-ID
/// of the message that was read.
pub fn check_receipt_form(message: &Summary) -> Result<&str, Refusal> {
    let receipt = message.report.as_ref().filter(|r| r.report_type == "disposition-notification");
    receipt.and_then(|r| r.original_message_id.as_deref()).ok_or_else(|| {
        refuse("A message without a sender address can only be a read receipt; please send it with your own address")
    })
}

/// R12: a read receipt goes to the person who wrote the message that was read. `delivered_by` are
/// the accounts that delivered it to this account.
pub fn check_receipt(delivered_by: &[AccountId], recipient: Option<AccountId>) -> Result<(), Refusal> {
    if recipient.is_some_and(|r| delivered_by.contains(&r)) {
        return Ok(());
    }
    Err(refuse("A read receipt can only go to the sender of a message that you received here"))
}

fn wrong_address(found: &str, own: OwnAddresses<'_>) -> Refusal {
    refuse(format!(
        "Your mail program sends as {}, but your address here is {}; please enter that one as your email address in the account settings of the mail program",
        quoted(found),
        own.secure
    ))
}

fn refuse(text: impl AsRef<str>) -> Refusal {
    Refusal::new(RULE, 550, "5.7.1", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::Report;
    use crate::policy::testing::field;

    fn own() -> (Address, Address) {
        (Address::parse("anna@secure.example").unwrap(), Address::parse("anna@praxis.example").unwrap())
    }

    #[test]
    fn r12_r30_envelope_sender() {
        let (secure, email) = own();
        let own = OwnAddresses { secure: &secure, email: &email };
        for fine in ["anna@secure.example", "Anna@Praxis.Example", ""] {
            assert_eq!(check_mail_from(fine, own), Ok(()));
        }
        for bad in ["bob@secure.example", "anna", "anna@secure.example>", "\"anna\"@secure.example"] {
            let refusal = check_mail_from(bad, own).unwrap_err();
            assert!(refusal.text.contains("anna@secure.example"), "{refusal}");
            assert_eq!((refusal.code, refusal.rule), (550, "R12"));
        }
    }

    #[test]
    fn r12_from_is_the_secure_address_alone() {
        let (secure, email) = own();
        let own = OwnAddresses { secure: &secure, email: &email };
        let from = |list: &[&str]| Summary { from: field(list), ..Summary::default() };
        assert_eq!(check_header(&from(&["Anna@secure.example"]), own), Ok(()));
        for bad in
            [&[][..], &["anna@praxis.example"], &["x@y.example"], &["anna"], &["anna@secure.example"; 2]]
        {
            let refusal = check_header(&from(bad), own).unwrap_err();
            assert!(refusal.text.contains("anna@secure.example"), "{refusal}");
        }
        let mut twice = from(&["anna@secure.example"]);
        twice.from.fields = 2;
        assert!(check_header(&twice, own).is_err());
    }

    #[test]
    fn r12_answers_and_receipts_come_back_to_the_secure_address() {
        let (secure, email) = own();
        let own = OwnAddresses { secure: &secure, email: &email };
        for set in [
            |s: &mut Summary, f| s.sender = f,
            |s: &mut Summary, f| s.reply_to = f,
            |s: &mut Summary, f| s.mail_followup_to = f,
            |s: &mut Summary, f| s.disposition_notification_to = f,
        ] {
            let mut message = Summary { from: field(&["anna@secure.example"]), ..Summary::default() };
            set(&mut message, field(&["anna@secure.example", "anna@secure.example"]));
            assert_eq!(check_header(&message, own), Ok(()));
            set(&mut message, field(&["anna@secure.example", "anna@gmail.example"]));
            let refusal = check_header(&message, own).unwrap_err();
            assert!(refusal.text.contains("\"anna@gmail.example\""), "{refusal}");
        }
    }

    #[test]
    fn r12_read_receipts() {
        let mut message = Summary::default();
        assert!(check_receipt_form(&message).is_err());
        message.report = Some(Report { report_type: "delivery-status".to_owned(), ..Report::default() });
        assert!(check_receipt_form(&message).is_err());
        message.report = Some(Report {
            report_type: "disposition-notification".to_owned(),
            original_message_id: Some("1@x".to_owned()),
            ..Report::default()
        });
        assert_eq!(check_receipt_form(&message), Ok("1@x"));
        assert_eq!(check_receipt(&[AccountId(1), AccountId(2)], Some(AccountId(2))), Ok(()));
        assert!(check_receipt(&[AccountId(1)], Some(AccountId(2))).is_err());
        assert!(check_receipt(&[], None).is_err());
    }
}

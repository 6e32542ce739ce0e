//! R7, R14: a free account only replies. The proof is the delivery record.

use super::{Refusal, quoted};
use crate::mime::Summary;
use crate::types::{AccountId, Address, Tier};

/// The ids that the delivery record is asked for: `In-Reply-To`, then `References`.
pub fn answered_ids(message: &Summary) -> Vec<String> {
    message.in_reply_to.iter().chain(&message.references).cloned().collect()
}

/// R14: `delivered_by` are the accounts that delivered one of the [`answered_ids`] to this account.
/// `recipient` is `None` where the address leads to nobody: a free account gets the same answer.
pub fn check_reply(
    tier: Tier,
    delivered_by: &[AccountId],
    recipient: Option<AccountId>,
    address: &Address,
) -> Result<(), Refusal> {
    if tier == Tier::Paid || recipient.is_some_and(|r| delivered_by.contains(&r)) {
        return Ok(());
    }
    Err(Refusal::new(
        "R14",
        550,
        "5.7.1",
        format!(
            "With a free account you can only answer messages that you received here; please open a message from {} and choose Reply",
            quoted(address.as_str())
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r14_a_reply_goes_to_who_delivered_the_message() {
        let bob = Address::parse("bob@secure.example").unwrap();
        let judge = |tier, by: &[i64], to: Option<i64>| {
            let by: Vec<_> = by.iter().copied().map(AccountId).collect();
            check_reply(tier, &by, to.map(AccountId), &bob)
        };
        assert_eq!(judge(Tier::Paid, &[], Some(2)), Ok(()));
        assert_eq!(judge(Tier::Free, &[1, 2], Some(2)), Ok(()));
        for (by, to) in [(&[][..], Some(2)), (&[1], Some(2)), (&[1], None), (&[], None)] {
            let refusal = judge(Tier::Free, by, to).unwrap_err();
            assert!(refusal.text.contains("\"bob@secure.example\""));
            assert_eq!(refusal, judge(Tier::Free, &[], None).unwrap_err());
        }
    }

    #[test]
    fn r14_both_headers_are_asked() {
        let message = Summary {
            in_reply_to: vec!["1@x".to_owned()],
            references: vec!["0@x".to_owned(), "1@x".to_owned()],
            ..Summary::default()
        };
        assert_eq!(answered_ids(&message), ["1@x", "0@x", "1@x"]);
    }
}

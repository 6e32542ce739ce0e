//! R8, R15, R27: who may be written to, when the invitation goes, who is stuck and why, who may correct it.

use std::time::Duration;

use postern::service::people::{Channel, Correction, Denied, NewInvitation, Proof, Stage, Standing};
use postern::service::submit::Accepted;
use postern::types::{NoticeContent, NoticeKind};

use super::*;

const DORA: &str = "dora@dahl.example";

#[tokio::test]
async fn r15_inviting_sends_nothing_and_the_first_message_sends_the_link() {
    let g = Ground::new().await;
    let refusal = g.refused(&g.anna, DORA, "0@x").await;
    assert_eq!(refusal.rule, "R15");
    assert!(refusal.text.contains("https://portal.example/invite?address=dora@dahl.example"), "{refusal}");

    g.invite(&g.anna, "Dora@Dahl.example", 50).await.unwrap();
    assert!(g.outbox().await.is_empty(), "inviting alone tells nobody");

    assert_eq!(g.send(&g.anna, DORA, "1@x").await.unwrap(), Accepted::Delivered);
    let sent = g.outbox().await;
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].to.as_deref(), sent[0].channel), (Some(DORA), Carrier::Email));
    match sent[0].content.as_ref().unwrap() {
        NoticeContent::Invitation { name, inviter, practice, .. } => {
            assert_eq!((name.as_str(), inviter.as_str()), ("Dora Dahl", "Anna Weber"));
            assert_eq!(practice.as_deref(), Some("Praxis am Markt"));
        }
        other => panic!("{other:?}"),
    }

    // One link is enough; a colleague may write too, and another practice may not (R27).
    assert_eq!(g.send(&g.anna, DORA, "2@x").await.unwrap(), Accepted::Delivered);
    assert_eq!(g.send(&g.bert, DORA, "3@x").await.unwrap(), Accepted::Delivered);
    assert!(g.outbox().await.is_empty());
    assert_eq!(g.refused(&g.carla, DORA, "4@x").await.rule, "R15");
}

/// R17, R28: a message that waits is a message like any other.
#[tokio::test]
async fn r15_a_retry_is_answered_and_delivered_once() {
    let g = Ground::new().await;
    g.invite(&g.anna, DORA, 50).await.unwrap();
    assert_eq!(g.send(&g.anna, DORA, "1@x").await.unwrap(), Accepted::Delivered);
    assert_eq!(g.send(&g.anna, DORA, "1@x").await.unwrap(), Accepted::Repeated);
    assert_eq!(g.outbox().await.len(), 1);
    assert_eq!(
        g.count("select messages from mailbox where special_use = 'sent' and account_id = 1").await,
        1
    );
}

#[tokio::test]
async fn r15_what_an_invitation_needs() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let good = NewInvitation {
        email: DORA.to_owned(),
        first_name: "Dora".to_owned(),
        last_name: "Dahl".to_owned(),
        role: Some(Role::Staff),
        phone: "(202) 555-0150".to_owned(),
    };
    let with = |change: fn(&mut NewInvitation)| {
        let mut new = good.clone();
        change(&mut new);
        new
    };
    for (new, why) in [
        (with(|n| n.email = "dora".into()), "address"),
        (with(|n| n.email = "dora@secure.example".into()), "domain of this portal"),
        (with(|n| n.first_name = " ".into()), "first and last name"),
        (with(|n| n.role = None), "doctor or staff"),
        (with(|n| n.phone = "911".into()), "phone"),
        (with(|n| n.email = "carla@praxis.example".into()), "an account with this address already"),
    ] {
        let denied = denied(g.people.invite(&session, &new).await);
        assert!(denied.to_string().contains(why), "{denied}");
    }
    g.people.invite(&session, &good).await.unwrap();
    assert_eq!(denied(g.people.invite(&session, &good).await), Denied::InvitedAlready);
    let (_, bert) = g.sign_in(&g.bert).await;
    assert_eq!(denied(g.people.invite(&bert, &good).await), Denied::InvitedAlready);
    // Another practice's invitation is its own.
    let (_, carla) = g.sign_in(&g.carla).await;
    g.people.invite(&carla, &good).await.unwrap();
    assert_eq!(g.count("select count(*) from invitation").await, 2);
}

/// R7: a free account does not invite, whatever its page said before.
#[tokio::test]
async fn r7_a_free_account_does_not_invite() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.store.set_tier(g.anna.id, Tier::Free).await.unwrap();
    assert_eq!(denied(g.invite_in(&session, DORA, 50).await), Denied::Free);
    let (_, session) = g.sign_in(&g.anna).await;
    assert_eq!(denied(g.invite_in(&session, DORA, 50).await), Denied::Free);
}

#[tokio::test]
async fn r27_twenty_invitations_a_day() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let others = g.another().await;
    for n in 0..20 {
        let people = if n % 2 == 0 { &g.people } else { &others };
        let new = NewInvitation {
            email: format!("dora{n}@dahl.example"),
            first_name: "Dora".to_owned(),
            last_name: "Dahl".to_owned(),
            role: Some(Role::Staff),
            phone: "(202) 555-0150".to_owned(),
        };
        people.invite(&session, &new).await.unwrap();
    }
    assert_eq!(denied(g.invite_in(&session, DORA, 50).await), Denied::TooOften);
    g.clock.advance(Duration::from_hours(24));
    let (_, session) = g.sign_in(&g.anna).await;
    g.invite_in(&session, DORA, 50).await.unwrap();
}

/// Two colleagues at once, on two gateways: one invitation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_two_colleagues_at_once_make_one_invitation() {
    let g = Ground::new().await;
    let other = g.another().await;
    let (_, anna) = g.sign_in(&g.anna).await;
    let (_, bert) = g.sign_in(&g.bert).await;
    for n in 0..5 {
        let new = NewInvitation {
            email: format!("dora{n}@dahl.example"),
            first_name: "Dora".to_owned(),
            last_name: "Dahl".to_owned(),
            role: Some(Role::Staff),
            phone: "(202) 555-0150".to_owned(),
        };
        let (one, two) = tokio::join!(g.people.invite(&anna, &new), other.invite(&bert, &new));
        let denied = match (one, two) {
            (Ok(_), Err(e)) | (Err(e), Ok(_)) => e,
            other => panic!("{other:?}"),
        };
        assert!(matches!(denied, PeopleError::Denied(Denied::InvitedAlready)), "{denied:?}");
    }
}

/// Many first messages at once: one invitation, all messages wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_first_messages_at_once_send_one_invitation() {
    let g = Ground::new().await;
    let invited = g.invite(&g.anna, DORA, 50).await.unwrap();
    let sent = futures_util::future::join_all((0..10).map(|n| {
        let (g, from) = (&g, if n % 2 == 0 { &g.anna } else { &g.bert });
        async move { g.send(from, DORA, &format!("{n}@x")).await.unwrap() }
    }))
    .await;
    assert!(sent.iter().all(|a| *a == Accepted::Delivered));
    assert_eq!(g.outbox().await.len(), 1);
    let listed = g.store.invitation(invited.id).await.unwrap().unwrap();
    assert_eq!(listed.waiting, 10);
}

#[tokio::test]
async fn r8_a_user_manager_sees_why_somebody_is_stuck() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.invite_in(&session, DORA, 50).await.unwrap();
    let standing = async || {
        let (_, session) = g.sign_in(&g.anna).await;
        let people = g.people.practice_people(&session).await.unwrap();
        assert_eq!((people.invited.len(), people.accounts.len()), (1, 2));
        people.invited[0].standing
    };
    assert_eq!(standing().await, Standing::WaitsForMessage);
    g.send(&g.anna, DORA, "1@x").await.unwrap();
    let (_, link) = g.link().await;
    assert_eq!(standing().await, Standing::LinkNotOpened);
    g.people.invitation_look(&link).await.unwrap();
    assert_eq!(standing().await, Standing::LinkOpened);
    let token =
        g.people.register(&link, "Dora", "Dahl", secret("nine green kettles"), &visitor()).await.unwrap();
    let dora = g.session(&token).await;
    g.people.send_code(&dora, Channel::Voice).await.unwrap();
    g.outbox().await;
    assert_eq!(standing().await, Standing::CodeNotAnswered);
    let wrong = g.people.prove(&dora, Proof::Phone(secret("000000")), &visitor()).await;
    assert_eq!(denied(wrong), Denied::CodeWrong);
    assert_eq!(standing().await, Standing::CodeWrong);
    g.people.send_code(&dora, Channel::Text).await.unwrap();
    g.outbox().await;
    g.clock.advance(Duration::from_mins(10));
    let late = g.people.prove(&dora, Proof::Phone(secret("000000")), &visitor()).await;
    assert_eq!(denied(late), Denied::CodeExpired);
    assert_eq!(standing().await, Standing::CodeExpired);
    g.people.not_my_phone(&dora).await.unwrap();
    assert_eq!(standing().await, Standing::PhoneWrong);
    assert!(g.ended(&token).await);
    assert_eq!(denied(g.people.invitation_look(&link).await), Denied::Link);

    g.send(&g.anna, DORA, "2@x").await.unwrap();
    let (_, link) = g.link().await;
    assert_eq!(standing().await, Standing::LinkNotOpened);
    g.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(standing().await, Standing::LinkExpired);
    assert_eq!(denied(g.people.invitation_look(&link).await), Denied::LinkExpired);
    // R15: then the next message sends a new one.
    g.send(&g.anna, DORA, "3@x").await.unwrap();
    let (_, newer) = g.link().await;
    assert_eq!(denied(g.people.invitation_look(&link).await), Denied::Link);
    let (_, dora) = g.register(&newer, 50).await;
    assert_eq!(dora.stage, Stage::Full);
    assert_eq!(standing().await, Standing::Registered);
}

#[tokio::test]
async fn r8_a_correction_kills_the_older_link_and_the_next_message_sends_a_new_one() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let id = g.invite_in(&session, DORA, 50).await.unwrap().id;
    g.send(&g.anna, DORA, "1@x").await.unwrap();
    let (_, old) = g.link().await;
    let registering =
        g.people.register(&old, "Dora", "Dahl", secret("nine green kettles"), &visitor()).await.unwrap();
    let dora = g.session(&registering).await;
    g.people.send_code(&dora, Channel::Text).await.unwrap();
    let (_, code) = g.code().await;

    let correction = Correction { phone: Some(phone(51).as_str().to_owned()), ..Correction::default() };
    let listed = g.people.correct(&session, id, &correction).await.unwrap().unwrap();
    assert_eq!((listed.phone, listed.standing), (phone(51), Standing::WaitsForMessage));
    assert_eq!(denied(g.people.invitation_look(&old).await), Denied::Link);
    assert!(g.ended(&registering).await);
    let late = g.people.prove(&dora, Proof::Phone(secret(&code)), &visitor()).await;
    assert_eq!(denied(late), Denied::SignedOut, "a code that was right before the correction opens nothing");
    assert!(g.outbox().await.is_empty(), "a correction sends nothing by itself");

    g.send(&g.bert, DORA, "2@x").await.unwrap();
    let (to, new) = g.link().await;
    assert_eq!(to, DORA);
    let (_, dora) = g.register(&new, 51).await;
    assert_eq!(g.inbox(dora.account.id).await, ["1@x", "2@x"]);
    // Registered: nothing is corrected any more.
    assert_eq!(denied(g.people.correct(&session, id, &correction).await), Denied::NotInvited);
    assert_eq!(denied(g.people.invite_again(&session, id).await), Denied::NotInvited);
}

/// R8: the new address gets the mail that was meant for the person, the old one leads nowhere.
#[tokio::test]
async fn r8_a_corrected_email_takes_the_waiting_messages_along() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let id = g.invite_in(&session, "dorra@dahl.example", 50).await.unwrap().id;
    g.send(&g.anna, "dorra@dahl.example", "1@x").await.unwrap();
    g.outbox().await;
    let correction = Correction { email: Some(DORA.to_owned()), role: Some(Role::Staff), phone: None };
    g.people.correct(&session, id, &correction).await.unwrap().unwrap();
    assert_eq!(g.refused(&g.anna, "dorra@dahl.example", "2@x").await.rule, "R15");
    g.send(&g.anna, DORA, "3@x").await.unwrap();
    let (to, link) = g.link().await;
    assert_eq!(to, DORA);
    let (_, dora) = g.register(&link, 50).await;
    assert_eq!(dora.account.role, Role::Staff);
    assert_eq!(g.inbox(dora.account.id).await, ["1@x", "3@x"]);
}

/// R27: corrections do not make links to ever more addresses.
#[tokio::test]
async fn r27_five_corrections_an_hour() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let id = g.invite_in(&session, DORA, 50).await.unwrap().id;
    let to = |n: u8| Correction { email: Some(format!("dora{n}@dahl.example")), ..Correction::default() };
    for n in 1..=5 {
        g.people.correct(&session, id, &to(n)).await.unwrap().unwrap();
    }
    assert_eq!(denied(g.people.correct(&session, id, &to(6)).await), Denied::TooOften);
    let role = Correction { role: Some(Role::Staff), ..Correction::default() };
    g.people.correct(&session, id, &role).await.unwrap().unwrap();
    assert_eq!(g.store.invitation(id).await.unwrap().unwrap().email.as_str(), "dora5@dahl.example");
}

#[tokio::test]
async fn r8_only_the_practices_own_user_manager_corrects() {
    let g = Ground::new().await;
    let (_, anna) = g.sign_in(&g.anna).await;
    let (_, bert) = g.sign_in(&g.bert).await;
    let (_, carla) = g.sign_in(&g.carla).await;
    let id = g.invite_in(&anna, DORA, 50).await.unwrap().id;
    let other = g.invite_in(&anna, "emil@dahl.example", 52).await.unwrap().id;
    let correction = Correction { email: Some("emil@dahl.example".to_owned()), ..Correction::default() };
    assert_eq!(denied(g.people.practice_people(&bert).await), Denied::NotUserManager);
    assert_eq!(denied(g.people.correct(&bert, id, &correction).await), Denied::NotUserManager);
    assert_eq!(denied(g.people.correct(&carla, id, &correction).await), Denied::NotInvited);
    assert_eq!(denied(g.people.invite_again(&carla, id).await), Denied::NotInvited);
    assert!(g.people.practice_people(&carla).await.unwrap().invited.is_empty());
    assert_eq!(denied(g.people.correct(&anna, id, &correction).await), Denied::InvitedAlready);
    for (email, why) in
        [("x@secure.example", Denied::OwnDomain), ("x", Denied::Address(postern::types::AddressError::Form))]
    {
        let correction = Correction { email: Some(email.to_owned()), ..Correction::default() };
        assert_eq!(denied(g.people.correct(&anna, other, &correction).await), why);
    }
}

#[tokio::test]
async fn r8_sent_again_the_older_link_is_dead() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let id = g.invite_in(&session, DORA, 50).await.unwrap().id;
    g.send(&g.anna, DORA, "1@x").await.unwrap();
    let (_, old) = g.link().await;
    g.people.invite_again(&session, id).await.unwrap();
    let (_, new) = g.link().await;
    assert_eq!(denied(g.people.invitation_look(&old).await), Denied::Link);
    g.people.invitation_look(&new).await.unwrap();
    for _ in 0..2 {
        g.people.invite_again(&session, id).await.unwrap();
    }
    assert_eq!(denied(g.people.invite_again(&session, id).await), Denied::TooOften);
    // Those that had not been sent yet were taken back.
    let due: Vec<_> = g.outbox().await.into_iter().filter_map(|n| n.content.map(|c| c.kind())).collect();
    assert_eq!(due, [NoticeKind::Invitation]);
}

/// Support withdraws it: nothing is accepted; invited again, what had waited is there.
#[tokio::test]
async fn r15_a_revoked_invitation_and_a_new_one() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let id = g.invite_in(&session, DORA, 50).await.unwrap().id;
    g.send(&g.anna, DORA, "1@x").await.unwrap();
    let (_, old) = g.link().await;
    assert!(g.store.invitation_revoke(id).await.unwrap());
    assert!(!g.store.invitation_revoke(id).await.unwrap());
    assert_eq!(g.refused(&g.anna, DORA, "2@x").await.rule, "R15");
    assert_eq!(denied(g.people.invitation_look(&old).await), Denied::Link);
    let again = g.invite_in(&session, DORA, 51).await.unwrap().id;
    assert_eq!(again, id);
    g.send(&g.bert, DORA, "3@x").await.unwrap();
    let (_, link) = g.link().await;
    let (_, dora) = g.register(&link, 51).await;
    assert_eq!(g.inbox(dora.account.id).await, ["1@x", "3@x"]);
}

//! R8, R16: what waited for an invitation reaches the account that the person has.

use postern::service::people::{Channel, Correction, Denied, InvitationPage};
use postern::service::submit::{Accepted, SubmitError};

use super::*;

const DORA: &str = "dora@dahl.example";

impl Ground {
    /// Anna and Carla have both invited Dora, each with the given number, and written once.
    async fn invited_twice(&self, anna: u8, carla: u8) -> (Secret, Secret) {
        self.invite(&self.anna, DORA, anna).await.unwrap();
        self.send(&self.anna, DORA, "a@x").await.unwrap();
        let (_, one) = self.link().await;
        self.invite(&self.carla, DORA, carla).await.unwrap();
        self.send(&self.carla, DORA, "c@x").await.unwrap();
        let (_, two) = self.link().await;
        (one, two)
    }
}

/// R8: the same person with the same phone: one registration takes both practices' mail.
#[tokio::test]
async fn r16_the_same_address_and_phone_are_joined_at_registration() {
    let g = Ground::new().await;
    let (one, two) = g.invited_twice(50, 50).await;
    let (_, dora) = g.register(&one, 50).await;
    let mut inbox = g.inbox(dora.account.id).await;
    inbox.sort();
    assert_eq!(inbox, ["a@x", "c@x"]);
    assert_eq!(denied(g.people.invitation_look(&two).await), Denied::Link);
    // R14: the delivery record came along, so she can reply to both.
    for (n, (to, id)) in [(&g.anna, "a@x"), (&g.carla, "c@x")].into_iter().enumerate() {
        let more = format!("In-Reply-To: <{id}>\r\n");
        let sent = g.send_more(&dora.account, to.secure_address.as_str(), &format!("r{n}@x"), &more).await;
        assert_eq!(sent.unwrap(), Accepted::Delivered);
    }
    // R17: the retry record too.
    assert_eq!(g.send(&g.carla, DORA, "c@x").await.unwrap(), Accepted::Repeated);
    // Of what was moved nothing is left behind.
    assert_eq!(g.count("select count(*) from invitation where state = 'joined'").await, 1);
    assert_eq!(
        g.count(
            "select (select count(*) from mailbox where account_id = i.account_id)
                  + (select count(*) from mailbox_message where account_id = i.account_id)
                  + (select count(*) from delivery where account_id = i.account_id)
                  + (select count(*) from message_key k join seal_key s on s.id = k.seal_key_id
                      where s.account_id = i.account_id)
               from invitation i where i.state = 'joined'"
        )
        .await,
        0
    );
}

/// R8: another practice's messages stay bound to the phone that its own sender entered.
#[tokio::test]
async fn r8_with_another_phone_they_wait_until_it_is_proved() {
    let g = Ground::new().await;
    let (one, two) = g.invited_twice(50, 60).await;
    let (_, dora) = g.register(&one, 50).await;
    assert_eq!(g.inbox(dora.account.id).await, ["a@x"]);
    match g.people.invitation_look(&two).await.unwrap() {
        InvitationPage::SignInAndAccept { from } => assert_eq!(from, "Zahnzentrum Nord"),
        other => panic!("{other:?}"),
    }
    // It cannot be registered a second time, and nobody else can accept it.
    let again = g.people.register(&two, "Dora", "Dahl", secret("kiesel77"), &visitor()).await;
    assert_eq!(denied(again), Denied::HasAccount);
    let (_, bert) = g.sign_in(&g.bert).await;
    assert_eq!(denied(g.people.accept(&bert, &two).await), Denied::Link);

    assert!(!g.people.accept(&dora, &two).await.unwrap());
    assert_eq!(denied(g.people.accept_prove(&dora, &two, &secret("123456")).await), Denied::CodeNone);
    g.people.accept_send_code(&dora, &two, Channel::Text).await.unwrap();
    let (to, code) = g.code().await;
    assert_eq!(to, phone(60).as_str());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(denied(g.people.accept_prove(&dora, &two, &secret(wrong)).await), Denied::CodeWrong);
    g.people.accept_prove(&dora, &two, &secret(&code)).await.unwrap();
    assert_eq!(g.inbox(dora.account.id).await, ["a@x", "c@x"]);
    assert_eq!(denied(g.people.accept(&dora, &two).await), Denied::Link);
}

/// The same, when the phone was corrected meanwhile to the one that she has proved.
#[tokio::test]
async fn r8_with_the_accounts_own_phone_accepting_is_enough() {
    let g = Ground::new().await;
    let (one, _) = g.invited_twice(50, 60).await;
    let (_, dora) = g.register(&one, 50).await;
    let (_, carla) = g.sign_in(&g.carla).await;
    let id = g.people.practice_people(&carla).await.unwrap().invited[0].id;
    let correction = Correction { phone: Some(phone(50).as_str().to_owned()), ..Correction::default() };
    g.people.correct(&carla, id, &correction).await.unwrap().unwrap();
    g.people.invite_again(&carla, id).await.unwrap();
    let (_, link) = g.link().await;
    assert!(g.people.accept(&dora, &link).await.unwrap());
    assert_eq!(g.inbox(dora.account.id).await, ["a@x", "c@x"]);
}

/// R6, R8: any number that she has proved will do, and adding the one that was given for her is enough.
#[tokio::test]
async fn r8_any_proved_number_joins() {
    let g = Ground::new().await;
    let (one, two) = g.invited_twice(50, 60).await;
    let (_, dora) = g.register(&one, 50).await;
    assert_eq!(g.inbox(dora.account.id).await, ["a@x"]);
    g.people.phone_change(&dora, phone(70).as_str(), Channel::Text).await.unwrap();
    let (_, code) = g.code().await;
    g.people.phone_confirm(&dora, &secret(&code), CodesGo::WhereTheyWent).await.unwrap();
    assert!(!g.people.accept(&dora, &two).await.unwrap(), "70 is not 60");
    g.people.phone_change(&dora, phone(60).as_str(), Channel::Text).await.unwrap();
    let (_, code) = g.code().await;
    g.people.phone_confirm(&dora, &secret(&code), CodesGo::WhereTheyWent).await.unwrap();
    assert_eq!(g.inbox(dora.account.id).await, ["a@x", "c@x"]);
    assert_eq!(denied(g.people.invitation_look(&two).await), Denied::Link);
}

/// R8: corrected to an address that has an account: what waited goes there at once, and its owner is told.
#[tokio::test]
async fn r8_a_correction_to_an_address_with_an_account_moves_the_mail_there() {
    let g = Ground::new().await;
    let (_, anna) = g.sign_in(&g.anna).await;
    let id = g.invite_in(&anna, "karla@praxis.example", 50).await.unwrap().id;
    for n in 1..=3 {
        g.send(&g.bert, "karla@praxis.example", &format!("{n}@x")).await.unwrap();
    }
    let (_, link) = g.link().await;
    g.send(&g.anna, g.carla.email.as_str(), "before@x").await.unwrap();
    g.outbox().await;
    g.clock.advance(std::time::Duration::from_mins(16));
    let correction = Correction { email: Some(g.carla.email.to_string()), ..Correction::default() };
    assert!(g.people.correct(&anna, id, &correction).await.unwrap().is_none());
    assert_eq!(g.inbox(g.carla.id).await, ["before@x", "1@x", "2@x", "3@x"]);
    assert_eq!(denied(g.people.invitation_look(&link).await), Denied::Link);
    let told: Vec<_> = g.outbox().await.into_iter().map(|n| (n.account, n.content.unwrap().kind())).collect();
    assert_eq!(told, [(g.carla.id, postern::types::NoticeKind::SecureMessage)]);
    assert_eq!(g.refused(&g.anna, "karla@praxis.example", "4@x").await.rule, "R15");
}

/// R17: nothing is lost when the person registers between RCPT and the end of the data.
#[tokio::test]
async fn r16_a_message_under_way_while_its_recipient_is_joined_is_tried_again() {
    let g = Ground::new().await;
    let (one, _) = g.invited_twice(50, 50).await;
    let identity = Identity::new(&g.carla, AppPasswordId(1));
    let mail = MailFrom { path: g.carla.secure_address.to_string(), size: None, smtputf8: false };
    let under_way = g.submitter.begin(&identity, &mail).unwrap().recipient(DORA).await.unwrap();
    let (_, dora) = g.register(&one, 50).await;
    let text = message(&g.carla, DORA, "late@x", "");
    let mut data = under_way.data();
    data.push(text.as_bytes()).await.unwrap();
    assert!(matches!(data.finish().await, Err(SubmitError::Ours(_))), "451: try again");
    assert_eq!(g.send(&g.carla, DORA, "late@x").await.unwrap(), Accepted::Delivered);
    let mut inbox = g.inbox(dora.account.id).await;
    inbox.sort();
    assert_eq!(inbox, ["a@x", "c@x", "late@x"]);
}

/// A crash between marking and moving: any gateway finishes it.
#[tokio::test]
async fn r16_joining_that_was_begun_is_finished_by_the_sweeper() {
    let g = Ground::new().await;
    let (one, _) = g.invited_twice(50, 60).await;
    let (_, dora) = g.register(&one, 50).await;
    sqlx::query("update invitation set state = 'joining', joined_account = $1 where state = 'open'")
        .bind(dora.account.id.0)
        .execute(&g.pool)
        .await
        .unwrap();
    g.store.sweep_people().await.unwrap();
    assert_eq!(g.inbox(dora.account.id).await, ["a@x", "c@x"]);
    assert_eq!(g.store.join_all().await.unwrap(), 0);
}

/// Two links to one address, registered at the same moment on two gateways: one account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r16_one_address_registered_twice_at_once_is_one_account() {
    use postern::service::people::Proof;
    let g = Ground::new().await;
    let other = g.another().await;
    let (one, two) = g.invited_twice(50, 60).await;
    let mut ready = Vec::new();
    for link in [&one, &two] {
        let token = g.people.register(link, "Dora", "Dahl", secret("kiesel77"), &visitor()).await.unwrap();
        let session = g.session(&token).await;
        g.people.send_code(&session, Channel::Text).await.unwrap();
        let (_, code) = g.code().await;
        ready.push((session, code));
    }
    let (here, there) = (visitor(), visitor());
    let (first, second) = tokio::join!(
        g.people.prove(&ready[0].0, Proof::Phone(secret(&ready[0].1)), &here),
        other.prove(&ready[1].0, Proof::Phone(secret(&ready[1].1)), &there)
    );
    let failed = match (first, second) {
        (Ok(_), Err(e)) | (Err(e), Ok(_)) => e,
        other => panic!("{other:?}"),
    };
    assert!(matches!(failed, PeopleError::Denied(Denied::HasAccount)), "{failed:?}");
    assert_eq!(
        g.count("select count(*) from address where kind = 'email' and address = 'dora@dahl.example'").await,
        1
    );
    assert_eq!(g.count("select count(*) from invitation where state = 'open'").await, 1);
}

/// R21: a delivery that had resolved the invitation before the joining began still makes a contact.
#[tokio::test]
async fn r21_a_late_delivery_makes_the_joined_account_a_contact() {
    let g = Ground::new().await;
    let (one, two) = g.invited_twice(50, 60).await;
    let (_, dora) = g.register(&one, 50).await;
    let contacts = "select count(*) from contact c join account a on a.id = c.contact_id
                     where a.first_name = 'Dora' and a.state = 'active'";
    assert_eq!(g.count(contacts).await, 1, "Anna's");
    // As if Carla had not written before: her only delivery is the late one.
    g.run("delete from contact c using invitation i where c.contact_id = i.account_id and i.state = 'open'")
        .await;
    // As a joining leaves it that a crash has cut in two, and a delivery in between.
    g.run("update invitation set state = 'joining', joined_account = (select id from account where state = 'active'
             and first_name = 'Dora'), token_key = null, closed_at = now() where state = 'open'")
        .await;
    g.run(
        "insert into contact (account_id, contact_id, revision)
           select b.account_id, i.account_id, b.revision from invitation i, contact_book b
            where i.state = 'joining' and b.account_id = i.inviter_id",
    )
    .await;
    assert_eq!(g.store.join_all().await.unwrap(), 1);
    assert_eq!(denied(g.people.invitation_look(&two).await), Denied::Link);
    assert_eq!(g.inbox(dora.account.id).await.len(), 2);
    assert_eq!(g.count(contacts).await, 2, "Carla's too");
    assert_eq!(
        g.count(
            "select count(*) from contact c join account a on a.id = c.contact_id where a.state = 'closed'"
        )
        .await,
        0
    );
}

//! R2, R6, R22–R24, R29: what a user changes.

use std::time::Duration;

use postern::service::people::{
    Channel, Denied, Messaging, NotifyBy, NotifyWhen, Profile, ProfileChange, password_strength, time_zones,
};
use postern::store::{EndDevices, PracticeRecord, Product, SignIn};
use postern::types::NoticeKind;

use super::*;

const SHORT: &str = "kiesel77";
const LONG: &str = "eleven yellow umbrellas";

impl Ground {
    async fn profile(&self, token: &SessionToken) -> Profile {
        let session = self.session(token).await;
        self.people.profile(&session).await.unwrap()
    }

    async fn told(&self) -> Vec<(NoticeKind, String)> {
        let outbox = self.outbox().await;
        outbox.into_iter().map(|n| (n.content.unwrap().kind(), n.to.unwrap())).collect()
    }

    async fn enforce(&self, enforced: bool) {
        let practice = self.anna.practice.unwrap();
        let record = PracticeRecord {
            two_step_enforced: enforced,
            products: vec![Product::SecureMail],
            ..PracticeRecord::default()
        };
        self.store.practice_record_set(practice, &record).await.unwrap();
    }
}

#[tokio::test]
async fn r6_a_user_edits_the_own_profile() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    let change = ProfileChange {
        first_name: " Änna ".to_owned(),
        last_name: "Weber-Klein".to_owned(),
        ada_number: "12345-678".to_owned(),
        specialties: vec!["Endodontics".to_owned(), String::new()],
        time_zone: "America/Chicago".to_owned(),
    };
    g.people.profile_change(&session, &change).await.unwrap();
    let profile = g.profile(&token).await;
    assert_eq!((profile.first_name.as_str(), profile.last_name.as_str()), ("Änna", "Weber-Klein"));
    assert_eq!(
        (profile.ada_number.as_str(), profile.specialties),
        ("12345-678", vec!["Endodontics".to_owned()])
    );
    assert_eq!(g.session(&token).await.time_zone, "America/Chicago");
    // R30: mail goes on coming from the address it came from.
    assert_eq!(g.session(&token).await.account.secure_address, g.anna.secure_address);
    let with = |f: fn(&mut ProfileChange)| {
        let mut bad = change.clone();
        f(&mut bad);
        bad
    };
    for (bad, why) in [
        (with(|c| c.first_name = String::new()), Denied::Name),
        (with(|c| c.time_zone = "Mars/Olympus".to_owned()), Denied::TimeZone),
        (with(|c| c.ada_number = "x".repeat(21)), Denied::Text("ADA number")),
        (with(|c| c.specialties = vec!["x".repeat(61)]), Denied::Text("specialties")),
    ] {
        assert_eq!(denied(g.people.profile_change(&session, &bad).await), why);
    }
    assert!(time_zones().contains(&"Europe/Berlin"));
}

#[tokio::test]
async fn r22_r23_the_messaging_settings() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let set = Messaging {
        signature: "Dr. Anna Weber\r\nPraxis am Markt\r\n".to_owned(),
        notify_by: NotifyBy::Both,
        notify_when: NotifyWhen::Disconnected,
    };
    g.people.messaging_change(&session, &set).await.unwrap();
    let read = g.people.messaging(&session).await.unwrap();
    assert_eq!(read, Messaging { signature: "Dr. Anna Weber\nPraxis am Markt".to_owned(), ..set.clone() });
    let stored: String = sqlx::query_scalar("select encode(signature, 'escape') from account where id = 1")
        .fetch_one(&g.pool)
        .await
        .unwrap();
    assert!(!stored.contains("Weber"), "sealed");
    let bad = Messaging { signature: "\u{7}".to_owned(), ..set };
    assert_eq!(denied(g.people.messaging_change(&session, &bad).await), Denied::Text("signature"));
}

#[tokio::test]
async fn r6_a_new_email_address_is_proved_and_the_old_one_is_told() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    g.people.email_change(&session, "Anna@neu.example").await.unwrap();
    assert_eq!(g.profile(&token).await.email_pending.unwrap().as_str(), "anna@neu.example");
    let (to, link) = g.link().await;
    assert_eq!(to, "anna@neu.example");
    assert_eq!(g.people.email_look(&session, &link).await.unwrap().as_str(), "anna@neu.example");
    assert_eq!(g.profile(&token).await.email, g.anna.email, "not before the link is used");
    g.people.email_confirm(&session, &link).await.unwrap();
    assert_eq!(denied(g.people.email_confirm(&session, &link).await), Denied::Link);
    assert_eq!(g.told().await, [(NoticeKind::EmailChanged, "anna@praxis.example".to_owned())]);
    assert_eq!(g.account_of("anna@neu.example").await.id, g.anna.id);
    assert!(g.store.resolve(&g.anna.email).await.unwrap().is_none(), "the old one leads nowhere");
    // Nobody else gets the old one; its owner may have it back.
    assert_eq!(denied(g.invite(&g.bert, "anna@praxis.example", 50).await), Denied::AddressTaken);
    let session = g.session(&token).await;
    g.people.email_change(&session, "anna@praxis.example").await.unwrap();
    let (_, link) = g.link().await;
    g.people.email_confirm(&session, &link).await.unwrap();
    assert_eq!(g.account_of("anna@praxis.example").await.id, g.anna.id);
}

#[tokio::test]
async fn r6_an_address_of_another_account_is_not_told_of_and_not_taken() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    g.people.email_change(&session, "bert@praxis.example").await.unwrap();
    assert!(g.outbox().await.is_empty(), "Bert is not bothered");
    assert_eq!(denied(g.people.email_change(&session, "x@secure.example").await), Denied::OwnDomain);
    // Free when it was asked for, taken when the link is used.
    g.people.email_change(&session, "neu@praxis.example").await.unwrap();
    let (_, link) = g.link().await;
    let edit = AccountEdit { email: Some("neu@praxis.example".parse().unwrap()), ..AccountEdit::default() };
    g.store.account_edit(g.bert.id, &edit).await.unwrap();
    assert_eq!(denied(g.people.email_confirm(&session, &link).await), Denied::AddressTaken);
    assert_eq!(g.account_of("anna@praxis.example").await.id, g.anna.id);
    g.clock.advance(Duration::from_mins(6));
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.email_change(&session, "x@y.example").await), Denied::FactorNeeded);
}

/// Whoever knew the old password may have asked for it.
#[tokio::test]
async fn r6_a_new_password_voids_the_link_to_a_new_address() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.people.email_change(&session, "thief@neu.example").await.unwrap();
    let (_, link) = g.link().await;
    let token = g.people.password_change(&session, secret(PASSWORD), secret(LONG), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.email_confirm(&session, &link).await), Denied::Link);
}

#[tokio::test]
async fn r6_a_new_phone_number_is_proved() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    g.people.phone_change(&session, "(202) 555-0190", Channel::Voice).await.unwrap();
    let (to, code) = g.code().await;
    assert_eq!(to, phone(90).as_str());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(
        denied(g.people.phone_confirm(&session, &secret(wrong), CodesGo::ToTheNew).await),
        Denied::CodeWrong
    );
    assert_eq!(g.profile(&token).await.phone, Some(phone(1)));
    g.people.phone_confirm(&session, &secret(&code), CodesGo::ToTheNew).await.unwrap();
    assert_eq!(g.profile(&token).await.phone, Some(phone(90)));
    assert_eq!(g.told().await, [(NoticeKind::PhoneChanged, g.anna.email.to_string())]);
    let none = denied(g.people.phone_change(&session, "911", Channel::Text).await);
    assert!(none.to_string().contains("phone"), "{none}");
    g.clock.advance(Duration::from_mins(6));
    let session = g.session(&token).await;
    let stale = g.people.phone_change(&session, "(202) 555-0191", Channel::Text).await;
    assert_eq!(denied(stale), Denied::FactorNeeded);
}

impl Ground {
    /// A number is added, in the sign-in of `session`.
    async fn add_phone(&self, session: &Session, number: u8, go: CodesGo) {
        self.people.phone_change(session, phone(number).as_str(), Channel::Text).await.unwrap();
        let (to, code) = self.code().await;
        assert_eq!(to, phone(number).as_str());
        self.people.phone_confirm(session, &secret(&code), go).await.unwrap();
    }

    async fn numbers(&self, token: &SessionToken) -> (Option<Phone>, Vec<Phone>) {
        let profile = self.profile(token).await;
        (profile.phone, profile.other_phones.into_iter().map(|o| o.phone).collect())
    }
}

/// R6: several numbers, each proved; codes go to the one that is chosen.
#[tokio::test]
async fn r6_several_phone_numbers_of_which_one_gets_the_codes() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    g.add_phone(&session, 90, CodesGo::WhereTheyWent).await;
    assert_eq!(g.numbers(&token).await, (Some(phone(1)), vec![phone(90)]));
    assert_eq!(g.told().await, [(NoticeKind::PhoneChanged, g.anna.email.to_string())]);
    // What is changed keeps the former number.
    g.add_phone(&session, 91, CodesGo::ToTheNew).await;
    assert_eq!(g.numbers(&token).await, (Some(phone(91)), vec![phone(90), phone(1)]));
    // Chosen: the next code goes there, and one that is out is void.
    let SignedIn::SecondStep(waiting) = g.password(&g.anna).await else { panic!() };
    let waiting = g.session(&waiting).await;
    g.people.send_code(&waiting, Channel::Text).await.unwrap();
    let (to, code) = g.code().await;
    assert_eq!(to, phone(91).as_str());
    let id = g.profile(&token).await.other_phones[0].id;
    let session = g.session(&token).await;
    assert!(g.people.phone_choose(&session, id).await.unwrap());
    assert_eq!(g.numbers(&token).await, (Some(phone(90)), vec![phone(1), phone(91)]));
    let late = g.people.prove(&waiting, Proof::Phone(secret(&code)), &visitor()).await;
    assert_eq!(denied(late), Denied::CodeNone);
    assert_eq!(g.told().await, [(NoticeKind::PhoneChanged, g.anna.email.to_string())]);
    let SignedIn::SecondStep(waiting) = g.password(&g.anna).await else { panic!() };
    let waiting = g.session(&waiting).await;
    g.people.send_code(&waiting, Channel::Text).await.unwrap();
    assert_eq!(g.code().await.0, phone(90).as_str());
    // The same number again is no second one.
    g.add_phone(&session, 91, CodesGo::WhereTheyWent).await;
    g.add_phone(&session, 90, CodesGo::WhereTheyWent).await;
    assert_eq!(g.numbers(&token).await.1, [phone(1), phone(91)]);
    // Five in all.
    g.add_phone(&session, 92, CodesGo::WhereTheyWent).await;
    g.add_phone(&session, 93, CodesGo::WhereTheyWent).await;
    let full = g.people.phone_change(&session, phone(94).as_str(), Channel::Text).await;
    assert_eq!(denied(full), Denied::TooManyPhones);
    // Support sets one of them as the first: it is not listed twice.
    let edit = AccountEdit { phone: Some(phone(91)), ..AccountEdit::default() };
    assert!(g.store.account_edit(g.anna.id, &edit).await.unwrap());
    assert_eq!(g.numbers(&token).await, (Some(phone(91)), vec![phone(1), phone(92), phone(93)]));
    let session = g.session(&token).await;
    g.outbox().await;
    // Removed, once, by its owner alone, and it is told.
    let id = g.profile(&token).await.other_phones[0].id;
    let (_, bert) = g.sign_in(&g.bert).await;
    assert!(
        !g.people.phone_remove(&bert, id).await.unwrap() && !g.people.phone_choose(&bert, id).await.unwrap()
    );
    assert!(g.people.phone_remove(&session, id).await.unwrap());
    assert!(
        !g.people.phone_remove(&session, id).await.unwrap()
            && !g.people.phone_choose(&session, id).await.unwrap()
    );
    assert_eq!(g.told().await, [(NoticeKind::PhoneChanged, g.anna.email.to_string())]);
    // Sealed, and only with password and factor of the last five minutes.
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("select phone from account_phone").fetch_all(&g.pool).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|k| !k.windows(7).any(|w| w == b"2025550")));
    g.clock.advance(Duration::from_mins(6));
    let session = g.session(&token).await;
    let id = g.profile(&token).await.other_phones[0].id;
    assert_eq!(denied(g.people.phone_choose(&session, id).await), Denied::FactorNeeded);
    assert_eq!(denied(g.people.phone_remove(&session, id).await), Denied::FactorNeeded);
    let token = g.prove(&token).await;
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.phone_choose(&session, id).await), Denied::PasswordNeeded);
    let token = g.people.password_confirm(&session, secret(PASSWORD), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    assert!(g.people.phone_choose(&session, id).await.unwrap());
}

/// ASVS 7.5.1: the password once more; guessing it there counts as anywhere (R4).
#[tokio::test]
async fn r4_the_password_is_asked_for_once_more_and_guesses_count() {
    let g = Ground::new().await;
    let (token, _) = g.sign_in(&g.anna).await;
    g.clock.advance(Duration::from_mins(6));
    let token = g.prove(&token).await;
    let session = g.session(&token).await;
    let refused = g.people.email_change(&session, "anna@neu.example").await;
    assert_eq!(denied(refused), Denied::PasswordNeeded);
    assert_eq!(denied(g.people.app_enrol(&session).await), Denied::PasswordNeeded);
    assert_eq!(denied(g.people.two_step_off(&session, None).await), Denied::PasswordNeeded);
    // An app password asks for the factor alone (R29).
    g.people.device_create(&session, "Desk").await.unwrap();
    let wrong = g.people.password_confirm(&session, secret("wrong"), &visitor()).await;
    assert_eq!(denied(wrong), Denied::PasswordWrong);
    let new = g.people.password_confirm(&session, secret(PASSWORD), &visitor()).await.unwrap();
    assert!(g.ended(&token).await, "a new id");
    let session = g.session(&new).await;
    assert!(session.factor_is_fresh(g.clock.now()) && session.password_is_fresh(g.clock.now()));
    g.people.email_change(&session, "anna@neu.example").await.unwrap();
    for n in 0..3 {
        let guess = g.people.password_confirm(&session, secret(&format!("guess {n}")), &visitor()).await;
        assert_eq!(denied(guess), Denied::PasswordWrong);
    }
    let fifth = g.people.password_confirm(&session, secret("guess 4"), &visitor()).await;
    assert_eq!(denied(fifth), Denied::SignedOut);
    assert!(g.ended(&new).await, "locked");
}

/// ASVS 7.5.2: any one sign-in, or all, with password or factor of the last five minutes.
#[tokio::test]
async fn r5_one_sign_in_is_ended_from_another() {
    let g = Ground::new().await;
    let (lost, _) = g.sign_in(&g.anna).await;
    let (kept, session) = g.sign_in(&g.anna).await;
    let (bert, bert_session) = g.sign_in(&g.bert).await;
    let listed = g.people.devices(&session).await.unwrap().web;
    let handle = &listed.iter().find(|s| !s.this_one).unwrap().handle;
    assert!(!g.people.sign_in_end(&bert_session, handle).await.unwrap(), "somebody else's");
    for nonsense in ["", "x", "%", "AAAA"] {
        assert!(!g.people.sign_in_end(&session, nonsense).await.unwrap());
    }
    let signs_in = SessionToken(secret(handle));
    assert!(g.ended(&signs_in).await, "what the page shows opens nothing");
    assert!(g.people.sign_in_end(&session, handle).await.unwrap());
    assert!(g.ended(&lost).await && !g.ended(&kept).await && !g.ended(&bert).await);
    assert!(!g.people.sign_in_end(&session, handle).await.unwrap());
    g.clock.advance(Duration::from_mins(6));
    let session = g.session(&kept).await;
    assert_eq!(denied(g.people.sign_in_end(&session, handle).await), Denied::PasswordNeeded);
    assert_eq!(denied(g.people.sign_out_everywhere(&session).await), Denied::PasswordNeeded);
    let token = g.people.password_confirm(&session, secret(PASSWORD), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    g.people.sign_out_everywhere(&session).await.unwrap();
    assert!(g.ended(&token).await && !g.ended(&bert).await);
}

/// ASVS 6.4.1: a password that Support has made is good for choosing another one, and for nothing else.
#[tokio::test]
async fn a_password_of_supports_making_must_be_replaced() {
    let g = Ground::new().await;
    let hash = g.store.portal_password(g.anna.id).await.unwrap().unwrap();
    assert!(g.store.initial_password_set(g.anna.id, &hash).await.unwrap());
    let (_, session) = g.sign_in(&g.anna).await;
    assert!(session.password_initial);
    assert_eq!(denied(g.people.device_create(&session, "Desk").await), Denied::PasswordInitial);
    assert_eq!(denied(g.people.profile(&session).await), Denied::PasswordInitial);
    assert_eq!(denied(g.people.two_step_off(&session, None).await), Denied::PasswordInitial);
    assert_eq!(denied(g.people.email_change(&session, "x@y.example").await), Denied::PasswordInitial);
    assert_eq!(denied(g.invite_in(&session, "x@y.example", 50).await), Denied::PasswordInitial);
    let token = g.people.password_change(&session, secret(PASSWORD), secret(LONG), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    assert!(!session.password_initial);
    g.people.device_create(&session, "Desk").await.unwrap();
    // A reset replaces it too.
    assert!(g.store.initial_password_set(g.bert.id, &hash).await.unwrap());
    g.people.reset_request(g.bert.email.as_str(), &visitor()).await.unwrap();
    let (_, link) = g.link().await;
    let SignedIn::SecondStep(token) = g.people.reset(&link, secret(LONG), &visitor()).await.unwrap() else {
        panic!()
    };
    let token = g.prove(&token).await;
    assert!(!g.session(&token).await.password_initial);
}

#[tokio::test]
async fn r2_a_changed_password_ends_every_other_sign_in() {
    let g = Ground::new().await;
    let (other, _) = g.sign_in(&g.anna).await;
    let (token, session) = g.sign_in(&g.anna).await;
    let wrong = g.people.password_change(&session, secret("wrong"), secret(LONG), &visitor()).await;
    assert_eq!(denied(wrong), Denied::PasswordWrong);
    for (bad, why) in [
        ("short", Denied::PasswordLengthWithFactor),
        ("password1", Denied::PasswordCommon),
        ("anna.weber", Denied::PasswordPersonal),
        ("praxis am markt", Denied::PasswordPersonal),
    ] {
        let outcome = g.people.password_change(&session, secret(PASSWORD), secret(bad), &visitor()).await;
        assert_eq!(denied(outcome), why);
    }
    let new = g.people.password_change(&session, secret(PASSWORD), secret(LONG), &visitor()).await.unwrap();
    assert!(g.ended(&other).await && g.ended(&token).await);
    let session = g.session(&new).await;
    assert!(session.factor_is_fresh(g.clock.now()));
    assert_eq!(g.told().await, [(NoticeKind::PasswordChanged, g.anna.email.to_string())]);
    assert!(g.people.sign_in(g.anna.email.as_str(), secret(LONG), &visitor()).await.is_ok());
    // R4: guessing the current one from inside a sign-in locks too.
    let mut last = Denied::PasswordWrong;
    for n in 0..5 {
        assert_eq!(last, Denied::PasswordWrong);
        let guess = secret(&format!("guess {n}"));
        last = denied(g.people.password_change(&session, guess, secret(PASSWORD), &visitor()).await);
    }
    assert_eq!(last, Denied::SignedOut);
    assert!(g.ended(&new).await);
}

#[tokio::test]
async fn r2_two_step_can_be_turned_off_with_a_long_password_unless_the_practice_forbids() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.enforce(true).await;
    assert_eq!(denied(g.people.two_step_off(&session, None).await), Denied::TwoStepEnforced);
    g.enforce(false).await;
    // A short password is good only together with a factor.
    let token =
        g.people.password_change(&session, secret(PASSWORD), secret(SHORT), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.two_step_off(&session, None).await), Denied::NewPasswordNeeded);
    let short = g.people.two_step_off(&session, Some(secret("kiesel78"))).await;
    assert_eq!(denied(short), Denied::PasswordLength);
    let token = g.people.two_step_off(&session, Some(secret(LONG))).await.unwrap();
    assert!(!g.session(&token).await.two_step);
    let signed_in = g.people.sign_in(g.anna.email.as_str(), secret(LONG), &visitor()).await.unwrap();
    let SignedIn::Full(token) = signed_in else { panic!("no second step any more") };
    // R29: an app password asks for a factor all the same.
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.device_create(&session, "Desk").await), Denied::FactorNeeded);
    // A short password never signs in alone, however it came to be there.
    g.run("update account set password_long = false where id = 1").await;
    let signed_in = g.people.sign_in(g.anna.email.as_str(), secret(LONG), &visitor()).await.unwrap();
    assert!(matches!(signed_in, SignedIn::SecondStep(_)));
    g.run("update account set password_long = true where id = 1").await;
    // Without two-step a new password is long.
    let outcome = g.people.password_change(&session, secret(LONG), secret(SHORT), &visitor()).await;
    assert_eq!(denied(outcome), Denied::PasswordLength);
    // The practice changes its mind: the second step is back at the next sign-in.
    g.enforce(true).await;
    let signed_in = g.people.sign_in(g.anna.email.as_str(), secret(LONG), &visitor()).await.unwrap();
    assert!(matches!(signed_in, SignedIn::SecondStep(_)));
    g.enforce(false).await;
    assert_eq!(denied(g.people.two_step_on(&session).await), Denied::FactorNeeded);
    let SignedIn::Full(token) =
        g.people.sign_in(g.anna.email.as_str(), secret(LONG), &visitor()).await.unwrap()
    else {
        panic!("the practice has changed its mind back")
    };
    let token = g.prove(&token).await;
    let session = g.session(&token).await;
    g.people.two_step_on(&session).await.unwrap();
    let signed_in = g.people.sign_in(g.anna.email.as_str(), secret(LONG), &visitor()).await.unwrap();
    assert!(matches!(signed_in, SignedIn::SecondStep(_)));
}

/// R2: with two-step off the link alone resets, to a long password.
#[tokio::test]
async fn r2_a_reset_without_two_step() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let old = g.people.two_step_off(&session, None).await.unwrap();
    g.people.reset_request(g.anna.email.as_str(), &visitor()).await.unwrap();
    let (_, link) = g.link().await;
    assert_eq!(denied(g.people.reset(&link, secret(SHORT), &visitor()).await), Denied::PasswordLength);
    let SignedIn::Full(token) = g.people.reset(&link, secret(LONG), &visitor()).await.unwrap() else {
        panic!()
    };
    assert!(!g.ended(&token).await && g.ended(&old).await);
    assert_eq!(denied(g.people.reset_look(&link).await), Denied::Link);
}

#[tokio::test]
async fn r29_app_passwords_are_made_with_a_fresh_factor_and_revoked() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    let (id, made) = g.people.device_create(&session, "Anna's phone").await.unwrap();
    assert_eq!(g.told().await, [(NoticeKind::NewAppPassword, g.anna.email.to_string())]);
    let at_imap = async || g.store.sign_in(Some(&g.anna.email), &made, visitor().address).await.unwrap();
    assert!(matches!(at_imap().await, SignIn::Accepted(_)));
    assert_eq!(denied(g.people.device_create(&session, " ").await), Denied::DeviceName);
    let listed = g.people.devices(&session).await.unwrap().devices;
    assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].revoked_at), (1, "Anna's phone", None));
    let (_, bert) = g.sign_in(&g.bert).await;
    assert!(!g.people.device_revoke(&bert, id).await.unwrap(), "somebody else's");
    g.clock.advance(Duration::from_mins(6));
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.device_create(&session, "Desk").await), Denied::FactorNeeded);
    assert!(g.people.device_revoke(&session, id).await.unwrap());
    assert!(!g.ended(&token).await, "revoking a device ends no web sign-in");
    assert!(matches!(at_imap().await, SignIn::Refused(_)));
    assert!(g.people.devices(&session).await.unwrap().devices[0].revoked_at.is_some());
}

/// R6: what Support does, and what ends by it.
#[tokio::test]
async fn r6_support_ends_sign_ins_and_closes_accounts() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    let (_, made) = g.people.device_create(&session, "Desk").await.unwrap();
    assert!(g.store.sign_ins_end(g.anna.id, EndDevices::Not).await.unwrap());
    assert!(g.ended(&token).await);
    let at_imap = async || g.store.sign_in(Some(&g.anna.email), &made, visitor().address).await.unwrap();
    assert!(matches!(at_imap().await, SignIn::Accepted(_)));
    assert!(g.store.sign_ins_end(g.anna.id, EndDevices::Too).await.unwrap());
    assert!(matches!(at_imap().await, SignIn::Refused(_)));
    let (token, _) = g.sign_in(&g.anna).await;
    assert!(g.store.account_close(g.anna.id).await.unwrap());
    assert!(!g.store.account_close(g.anna.id).await.unwrap());
    assert!(g.ended(&token).await);
    let outcome = g.people.sign_in(g.anna.email.as_str(), secret(PASSWORD), &visitor()).await;
    assert_eq!(denied(outcome), Denied::SignIn);
    assert_eq!(g.refused(&g.bert, g.anna.email.as_str(), "1@x").await.rule, "R15");
    assert_eq!(denied(g.invite(&g.bert, g.anna.email.as_str(), 50).await), Denied::AddressTaken);
}

#[test]
fn strength_is_told() {
    assert_eq!(password_strength(&secret("password"), &[]).0, 0);
    assert!(password_strength(&secret("password"), &[]).1.is_some());
    assert_eq!(password_strength(&secret("seven pebbles in a jar"), &[]).0, 4);
}

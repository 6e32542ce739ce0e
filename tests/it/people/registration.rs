//! R2, R3, R16: registration by link and code.

use std::time::Duration;

use postern::service::people::{Channel, Denied, Factor, InvitationPage, Proof, Stage};
use postern::service::submit::{Accepted, SubmitError};
use postern::store::AccountState;

use super::*;

const DORA: &str = "dora@dahl.example";

impl Ground {
    /// Dora, invited by Anna, with one message waiting; her link.
    async fn invited(&self) -> Secret {
        self.invite(&self.anna, DORA, 50).await.unwrap();
        self.send(&self.anna, DORA, "1@x").await.unwrap();
        self.link().await.1
    }
}

#[tokio::test]
async fn r16_the_person_registers_and_finds_the_waiting_messages() {
    let g = Ground::new().await;
    let link = g.invited().await;
    match g.people.invitation_look(&link).await.unwrap() {
        InvitationPage::Register(page) => {
            assert_eq!((page.from.as_str(), page.email.as_str()), ("Praxis am Markt", DORA));
            assert_eq!((page.first_name.as_str(), page.phone_ending.as_str()), ("Dora", "50"));
        }
        other => panic!("{other:?}"),
    }
    let token =
        g.people.register(&link, " Dorothea ", "Dahl-Berg", secret("kiesel77"), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    assert_eq!((session.stage, session.factor.clone()), (Stage::Registering, Factor::Phone(phone(50))));
    // R2: nothing but the phone is possible now.
    assert_eq!(denied(g.people.profile(&session).await), Denied::Stage);
    assert_eq!(denied(g.people.devices(&session).await), Denied::Stage);
    assert!(g.store.resolve(&DORA.parse().unwrap()).await.unwrap().is_none(), "not before the code is right");

    let sent = g.people.send_code(&session, Channel::Voice).await.unwrap();
    assert_eq!(sent.ending, "50");
    let (to, code) = g.code().await;
    assert_eq!(to, phone(50).as_str());
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let full = g.people.prove(&session, Proof::Phone(secret(&spaced)), &visitor()).await.unwrap();
    assert!(g.ended(&token).await, "a new id at each step up");
    let session = g.session(&full).await;
    assert_eq!((session.stage, session.two_step), (Stage::Full, true));
    let dora = g.account_of(DORA).await;
    assert_eq!(dora.id, session.account.id);
    assert_eq!((dora.tier, dora.state, dora.practice), (Tier::Free, AccountState::Active, None));
    assert_eq!(dora.secure_address.as_str(), "dorothea.dahl-berg@secure.example");
    assert_eq!(g.inbox(dora.id).await, ["1@x"]);

    // The link is used up; the portal password works, with the second step.
    assert_eq!(denied(g.people.invitation_look(&link).await), Denied::Link);
    let again = g.people.sign_in(DORA, secret("kiesel77"), &visitor()).await.unwrap();
    assert!(matches!(again, SignedIn::SecondStep(_)));
    // R14: a free account replies, and composes nothing.
    let reply = g.send_more(&dora, g.anna.secure_address.as_str(), "2@x", "In-Reply-To: <1@x>\r\n").await;
    assert_eq!(reply.unwrap(), Accepted::Delivered);
    match g.send(&dora, g.bert.secure_address.as_str(), "3@x").await {
        Err(SubmitError::Refused(refusal)) => assert_eq!(refusal.rule, "R14"),
        other => panic!("{other:?}"),
    }
    // Written to like anybody now, by anybody who pays.
    assert_eq!(g.send(&g.carla, DORA, "4@x").await.unwrap(), Accepted::Delivered);
    assert_eq!(g.inbox(dora.id).await, ["1@x", "4@x"]);
}

/// Mail scanners open links: a GET consumes nothing.
#[tokio::test]
async fn r2_looking_at_a_link_consumes_nothing() {
    let g = Ground::new().await;
    let link = g.invited().await;
    for _ in 0..3 {
        g.people.invitation_look(&link).await.unwrap();
    }
    g.register(&link, 50).await;
    for made_up in ["", "x", &"A".repeat(43)] {
        assert_eq!(denied(g.people.invitation_look(&secret(made_up)).await), Denied::Link);
        let registered = g.people.register(&secret(made_up), "A", "B", secret("kiesel77"), &visitor()).await;
        assert_eq!(denied(registered), Denied::Link);
    }
}

/// A cookie that was lost on the way is no dead end: the link begins anew, and the former session is over.
#[tokio::test]
async fn r2_begun_twice_the_second_goes_on() {
    let g = Ground::new().await;
    let link = g.invited().await;
    let first = g.people.register(&link, "Dora", "Dahl", secret("kiesel77"), &visitor()).await.unwrap();
    let old = g.session(&first).await;
    g.people.send_code(&old, Channel::Text).await.unwrap();
    let (_, code) = g.code().await;
    let second = g.people.register(&link, "Dora", "Dahl", secret("kiesel78"), &visitor()).await.unwrap();
    assert!(g.ended(&first).await);
    let stale = g.people.prove(&old, Proof::Phone(secret(&code)), &visitor()).await;
    assert_eq!(denied(stale), Denied::SignedOut);
    let session = g.session(&second).await;
    // Nor is its code good in the new one.
    let stale = g.people.prove(&session, Proof::Phone(secret(&code)), &visitor()).await;
    assert_eq!(denied(stale), Denied::CodeWrong);
    g.prove(&second).await;
    assert!(g.people.sign_in(DORA, secret("kiesel77"), &visitor()).await.is_err());
    assert!(g.people.sign_in(DORA, secret("kiesel78"), &visitor()).await.is_ok());
}

#[tokio::test]
async fn r3_five_wrong_codes_void_the_link_however_often_a_code_is_sent() {
    let g = Ground::new().await;
    let link = g.invited().await;
    let mut tries = 0;
    let mut last = Denied::CodeWrong;
    for round in 0..3 {
        let token = g.people.register(&link, "Dora", "Dahl", secret("kiesel77"), &visitor()).await.unwrap();
        let session = g.session(&token).await;
        g.people.send_code(&session, Channel::Text).await.unwrap();
        let (_, code) = g.code().await;
        for n in 0..2 {
            let guess = if code == format!("{n:06}") { "999999".to_owned() } else { format!("{n:06}") };
            last = denied(g.people.prove(&session, Proof::Phone(secret(&guess)), &visitor()).await);
            tries += 1;
            if last == Denied::CodeVoid {
                break;
            }
        }
        // Waiting does not give new tries either.
        g.clock.advance(Duration::from_mins(20));
        if last == Denied::CodeVoid {
            assert_eq!(round, 2);
            assert!(g.ended(&token).await);
            break;
        }
    }
    assert_eq!((tries, last), (5, Denied::CodeVoid));
    assert_eq!(denied(g.people.invitation_look(&link).await), Denied::Link);
    g.send(&g.anna, DORA, "2@x").await.unwrap();
    let (_, link) = g.link().await;
    let (_, session) = g.register(&link, 50).await;
    assert_eq!(g.inbox(session.account.id).await, ["1@x", "2@x"]);
}

#[tokio::test]
async fn r2_passwords_are_checked_before_anything_changes() {
    let g = Ground::new().await;
    let link = g.invited().await;
    for (password, why) in [
        ("short", Denied::PasswordLengthWithFactor),
        ("password1", Denied::PasswordCommon),
        ("dora.dahl", Denied::PasswordPersonal),
    ] {
        let outcome = g.people.register(&link, "Dora", "Dahl", secret(password), &visitor()).await;
        assert_eq!(denied(outcome), why);
    }
    assert_eq!(
        denied(g.people.register(&link, "", "Dahl", secret("kiesel77"), &visitor()).await),
        Denied::Name
    );
    assert_eq!(g.count("select count(*) from web_session where stage = 'registering'").await, 0);
}

/// Two browsers answer the one code at the same moment, on two gateways: one account, one session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r3_a_code_works_once_on_all_gateways_together() {
    let g = Ground::new().await;
    let other = g.another().await;
    let link = g.invited().await;
    let token = g.people.register(&link, "Dora", "Dahl", secret("kiesel77"), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    g.people.send_code(&session, Channel::Text).await.unwrap();
    let (_, code) = g.code().await;
    let (here, there) = (visitor(), visitor());
    let (one, two) = tokio::join!(
        g.people.prove(&session, Proof::Phone(secret(&code)), &here),
        other.prove(&session, Proof::Phone(secret(&code)), &there)
    );
    let failed = match (one, two) {
        (Ok(_), Err(e)) | (Err(e), Ok(_)) => e,
        other => panic!("{other:?}"),
    };
    assert!(matches!(failed, PeopleError::Denied(Denied::SignedOut)), "{failed:?}");
    assert_eq!(g.count("select count(*) from address where address like 'dora%'").await, 2);
}

/// Nothing of secrets or numbers stands in the database as it is.
#[tokio::test]
async fn what_is_secret_is_not_in_the_database() {
    let g = Ground::new().await;
    let link = g.invited().await;
    let token = g.people.register(&link, "Dora", "Dahl", secret("kiesel77"), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    g.people.send_code(&session, Channel::Text).await.unwrap();
    let dump: String = {
        let mut all = String::new();
        for table in
            ["invitation", "web_session", "phone_code", "account", "notice", "account_link", "audit_pending"]
        {
            let sql = format!("select coalesce(string_agg(t::text, '\n'), '') from {table} t");
            let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&g.pool).await.unwrap();
            all.push_str(&text);
        }
        all
    };
    let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    for planted in [
        std::str::from_utf8(link.expose()).unwrap(),
        token.expose(),
        phone(50).as_str(),
        &phone(50).as_str()[1..],
        "kiesel77",
    ] {
        assert!(!dump.contains(planted) && !dump.contains(&hex(planted)), "{planted}");
    }
}

/// ASVS 6.2.12: what is in the operator's file is refused like what is on the bundled list.
#[tokio::test]
async fn r2_passwords_known_from_breaches() {
    use std::io::Write as _;
    let g = Ground::new().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    // SHA-1 of "correct horse battery staple" among others.
    file.write_all(
        b"0000000A1D4B746FAA3FD526FF6D5BC8052FDB38:16\nABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:256\n\
          FFFFFFF8A0382AA9C8D9536EFBA77F261815334D:12\n",
    )
    .unwrap();
    let breached = Some(postern::service::people::BreachedPasswords::at(file.path()).unwrap());
    let strict = People::new(
        g.store.clone(),
        g.clock.clone(),
        PortalPasswords::default(),
        Settings { breached, ..settings() },
    );
    let (_, session) = g.sign_in(&g.anna).await;
    let known = secret("correct horse battery staple");
    let refused = strict.password_change(&session, secret(PASSWORD), known.clone(), &visitor()).await;
    assert_eq!(denied(refused), Denied::PasswordCommon);
    let other = secret("correct horse battery stapler");
    let token = strict.password_change(&session, secret(PASSWORD), other.clone(), &visitor()).await.unwrap();
    // Without the file it is taken: the bundled list does not know it.
    let session = g.session(&token).await;
    g.people.password_change(&session, other, known, &visitor()).await.unwrap();
}

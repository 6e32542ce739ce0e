//! What a hostile reading of the people's side found, and what it looked for and did not find.

use postern::service::people::KnownBrowser;
use postern::store::AuditFilter;

use super::*;

impl Ground {
    async fn reset_link_of(&self, who: &Account) -> Secret {
        self.people.reset_request(who.email.as_str(), &visitor()).await.unwrap();
        self.link().await.1
    }

    /// Anna's address becomes another, with the link that goes there.
    async fn move_mail(&self, session: &Session, to: &str) {
        self.people.email_change(session, to).await.unwrap();
        let (went_to, link) = self.link().await;
        assert_eq!(went_to, to);
        self.people.email_confirm(session, &link).await.unwrap();
    }

    async fn audited(&self, who: &Account) -> Vec<String> {
        let filter = AuditFilter { account: Some(who.id), limit: 100, ..AuditFilter::default() };
        let rows = self.store.audit_entries(&filter).await.unwrap();
        rows.iter().map(|r| format!("{} {}", r.action, r.detail.as_deref().unwrap_or(""))).collect()
    }
}

/// Who has left a mailbox that others read must not be followed by the links that lie in it.
#[tokio::test]
async fn a_new_email_address_voids_the_reset_link_in_the_old_mailbox() {
    let g = Ground::new().await;
    let link = g.reset_link_of(&g.anna).await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.people.reset_look(&link).await.unwrap();
    g.move_mail(&session, "anna@new.example").await;
    assert_eq!(denied(g.people.reset_look(&link).await), Denied::Link);
    assert_eq!(denied(g.people.reset(&link, secret("nine green kettles"), &visitor()).await), Denied::Link);
}

/// Nor by the codes that went to a phone that is no longer the account's.
#[tokio::test]
async fn a_new_phone_voids_the_codes_that_went_to_the_old_one() {
    let g = Ground::new().await;
    let (_, owner) = g.sign_in(&g.anna).await;
    for by_support in [false, true] {
        // Somebody who has the old phone and knows the password.
        let SignedIn::SecondStep(token) = g.password(&g.anna).await else { panic!() };
        let thief = g.session(&token).await;
        g.people.send_code(&thief, Channel::Text).await.unwrap();
        let (_, code) = g.code().await;
        if by_support {
            let edit = AccountEdit { phone: Some(phone(45)), ..AccountEdit::default() };
            assert!(g.store.account_edit(g.anna.id, &edit).await.unwrap());
        } else {
            g.people.phone_change(&owner, phone(44).as_str(), Channel::Text).await.unwrap();
            let (to, new) = g.code().await;
            assert_eq!(to, phone(44).as_str());
            g.people.phone_confirm(&owner, &secret(&new), CodesGo::ToTheNew).await.unwrap();
        }
        let outcome = g.people.prove(&thief, Proof::Phone(secret(&code)), &visitor()).await;
        assert_eq!(denied(outcome), Denied::CodeNone, "by Support: {by_support}");
    }
}

/// ASVS 6.6.2: a code belongs to the sign-in that asked for it.
#[tokio::test]
async fn r3_a_code_is_good_in_the_sign_in_alone_that_asked_for_it() {
    let g = Ground::new().await;
    let SignedIn::SecondStep(mine) = g.password(&g.anna).await else { panic!() };
    let SignedIn::SecondStep(other) = g.password(&g.anna).await else { panic!() };
    let (mine, other) = (g.session(&mine).await, g.session(&other).await);
    g.people.send_code(&mine, Channel::Text).await.unwrap();
    let (_, code) = g.code().await;
    let outcome = g.people.prove(&other, Proof::Phone(secret(&code)), &visitor()).await;
    assert_eq!(denied(outcome), Denied::CodeWrong);
    g.people.prove(&mine, Proof::Phone(secret(&code)), &visitor()).await.unwrap();
}

/// A request that was under way when its sign-in ended leaves nothing lasting behind.
#[tokio::test]
async fn a_sign_in_that_has_ended_meanwhile_leaves_nothing_behind() {
    let g = Ground::new().await;
    let (_, stolen) = g.sign_in(&g.anna).await;
    let (_, owner) = g.sign_in(&g.anna).await;
    g.people.sign_out_everywhere(&owner).await.unwrap();
    let before = g.store.app_passwords(g.anna.id).await.unwrap().len();
    assert_eq!(denied(g.people.device_create(&stolen, "Phone").await), Denied::SignedOut);
    assert_eq!(g.store.app_passwords(g.anna.id).await.unwrap().len(), before);
    let outcome = g.people.email_change(&stolen, "thief@evil.example").await;
    assert_eq!(denied(outcome), Denied::SignedOut);
    let outcome = g.people.phone_change(&stolen, phone(66).as_str(), Channel::Text).await;
    assert_eq!(denied(outcome), Denied::SignedOut);
    assert_eq!(denied(g.people.app_enrol(&stolen).await), Denied::SignedOut);
    assert_eq!(g.count("select count(*) from account_link where kind = 'email'").await, 0);
    assert_eq!(g.count("select count(*) from totp").await, 0);
}

/// Issue 3: every sign-in is in the audit log, that of a reset without a second step too.
#[tokio::test]
async fn a_reset_that_signs_in_is_audited_as_a_sign_in() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.people.two_step_off(&session, None).await.unwrap();
    let link = g.reset_link_of(&g.anna).await;
    let outcome = g.people.reset(&link, secret("nine green kettles in a row"), &visitor()).await.unwrap();
    assert!(matches!(outcome, SignedIn::Full(_)));
    let log = g.audited(&g.anna).await;
    assert_eq!(log.iter().filter(|l| l.as_str() == "sign-in door=portal by=reset").count(), 1, "{log:?}");
}

/// ASVS 6.3.7: whoever changes what signs in, the owner hears of it.
#[tokio::test]
async fn the_owner_hears_of_every_change_to_the_second_step() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let told = async || {
        let sent = g.outbox().await;
        sent.iter()
            .filter(|n| n.content.as_ref().is_some_and(|c| c.kind().as_str() == "second-step-changed"))
            .count()
    };
    assert_eq!(told().await, 0);
    let enrolment = g.people.app_enrol(&session).await.unwrap();
    let code = postern_code(&enrolment.typed, &g);
    g.people.app_confirm(&session, &code).await.unwrap();
    assert_eq!(told().await, 1);
    let session = g.session_again(&session).await;
    g.people.recovery_codes(&session).await.unwrap();
    assert_eq!(told().await, 1);
    g.people.app_remove(&session).await.unwrap();
    assert_eq!(told().await, 1);
    let session = g.session_again(&session).await;
    let token = g.people.two_step_off(&session, None).await.unwrap();
    assert_eq!(told().await, 1);
    let session = g.session(&token).await;
    g.people.two_step_on(&session).await.unwrap();
    assert_eq!(told().await, 1);
}

/// A link, a recovery code, a step of the app: once, on two gateways at the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_good_once_is_good_once_on_two_gateways() {
    let g = Ground::new().await;
    let there = g.another().await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.people.email_change(&session, "anna@new.example").await.unwrap();
    let (_, link) = g.link().await;
    let peer = visitor();
    let (one, two) =
        tokio::join!(g.people.email_confirm(&session, &link), there.email_confirm(&session, &link));
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1, "{one:?} {two:?}");

    let enrolment = g.people.app_enrol(&session).await.unwrap();
    let code = postern_code(&enrolment.typed, &g);
    let recovery = g.people.app_confirm(&session, &code).await.unwrap();
    let anna = g.store.account(g.anna.id).await.unwrap().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let SignedIn::SecondStep(token) = g.password(&anna).await else { panic!() };
        waiting.push(g.session(&token).await);
    }
    let (one, two) = tokio::join!(
        g.people.prove(&waiting[0], Proof::Recovery(recovery[0].clone()), &peer),
        there.prove(&waiting[1], Proof::Recovery(recovery[0].clone()), &peer)
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1, "{one:?} {two:?}");
    g.clock.advance(Duration::from_secs(30));
    let code = postern_code(&enrolment.typed, &g);
    let (one, two) = tokio::join!(
        g.people.prove(&waiting[2], Proof::App(code.clone()), &peer),
        there.prove(&waiting[3], Proof::App(code.clone()), &peer)
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1, "{one:?} {two:?}");
}

/// Five wrong passwords at the same moment, at two gateways, lock once; the right one does not slip through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_guessing_on_two_gateways_at_once_counts_together() {
    let g = Ground::new().await;
    let there = g.another().await;
    let mut guesses = Vec::new();
    for n in 0..12 {
        let (people, login) =
            (if n % 2 == 0 { g.people.clone() } else { there.clone() }, g.anna.email.to_string());
        guesses.push(tokio::spawn(async move {
            people.sign_in(&login, secret(&format!("guess number {n}")), &visitor()).await.is_ok()
        }));
    }
    for guess in guesses {
        assert!(!guess.await.unwrap());
    }
    assert_eq!(g.count("select count(*) from failed_secret").await, 5);
    assert_eq!(g.count("select count(*) from account where state = 'locked'").await, 1);
    assert_eq!(
        denied(g.people.sign_in(g.anna.email.as_str(), secret(PASSWORD), &visitor()).await),
        Denied::SignIn
    );
}

/// R8: neither another practice's User Manager nor a number guessed in the path changes an invitation.
#[tokio::test]
async fn r8_an_invitation_of_another_practice_is_out_of_reach_by_its_number() {
    let g = Ground::new().await;
    let invited = g.invite(&g.anna, "dora@mail.example", 50).await.unwrap();
    let (_, carla) = g.sign_in(&g.carla).await;
    let correction = postern::service::people::Correction {
        email: Some("carla.friend@mail.example".to_owned()),
        phone: Some(phone(51).as_str().to_owned()),
        ..Default::default()
    };
    assert_eq!(denied(g.people.correct(&carla, invited.id, &correction).await), Denied::NotInvited);
    assert_eq!(denied(g.people.invite_again(&carla, invited.id).await), Denied::NotInvited);
    let listed = g.people.practice_people(&carla).await.unwrap();
    assert!(listed.invited.is_empty() && listed.accounts.iter().all(|a| a.id == g.carla.id));
}

/// A short password never stands alone, however it came there.
#[tokio::test]
async fn a_password_that_is_short_keeps_the_second_step_on() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let token =
        g.people.password_change(&session, secret(PASSWORD), secret("kiesel77"), &visitor()).await.unwrap();
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.two_step_off(&session, None).await), Denied::NewPasswordNeeded);
}

impl Ground {
    /// A visitor with a browser of its own.
    fn in_browser(&self, token: &str) -> Visitor {
        Visitor {
            browser: Some(KnownBrowser { token: secret(token), name: format!("Firefox {token}") }),
            ..visitor()
        }
    }

    /// Signs in there; the browsers and addresses that the owner is told of.
    async fn sign_in_there(&self, who: &Account, there: &Visitor) -> (SessionToken, Vec<String>) {
        let login = who.email.as_str();
        let SignedIn::SecondStep(token) = self.people.sign_in(login, secret(PASSWORD), there).await.unwrap()
        else {
            panic!("no second step")
        };
        let session = self.session(&token).await;
        self.people.send_code(&session, Channel::Text).await.unwrap();
        let (_, code) = self.code().await;
        let token = self.people.prove(&session, Proof::Phone(secret(&code)), there).await.unwrap();
        (token, self.new_sign_ins().await)
    }

    async fn new_sign_ins(&self) -> Vec<String> {
        let sent = self.outbox().await;
        let told = sent.into_iter().filter_map(|n| match n.content {
            Some(NoticeContent::NewSignIn { device, address }) => Some(format!("{device}, {address}")),
            _ => None,
        });
        told.collect()
    }
}

/// ASVS 6.3.5: the owner hears of a sign-in in a browser that the account does not know, once.
#[tokio::test]
async fn the_owner_hears_of_a_sign_in_in_an_unknown_browser() {
    let g = Ground::new().await;
    let (desk, phone) = (g.in_browser("desk"), g.in_browser("phone"));
    assert_eq!(g.sign_in_there(&g.anna, &desk).await.1, ["Firefox desk, 192.0.2.7"]);
    assert_eq!(g.sign_in_there(&g.anna, &desk).await.1, [] as [String; 0]);
    assert_eq!(g.sign_in_there(&g.anna, &phone).await.1, ["Firefox phone, 192.0.2.7"]);
    // The desk is shared: Bert's first sign-in at it is one that he hears of, and each is known from then on.
    assert_eq!(g.sign_in_there(&g.bert, &desk).await.1, ["Firefox desk, 192.0.2.7"]);
    assert_eq!(g.sign_in_there(&g.anna, &desk).await.1, [] as [String; 0]);
    // Half a sign-in makes no browser known.
    let half = g.in_browser("thief");
    g.people.sign_in(g.anna.email.as_str(), secret(PASSWORD), &half).await.unwrap();
    assert_eq!(g.count("select count(*) from known_browser").await, 3);
    // A new password forgets all but the one in which it was chosen.
    let (token, _) = g.sign_in_there(&g.anna, &desk).await;
    let session = g.session(&token).await;
    let token = g.people.password_change(&session, secret(PASSWORD), secret(PASSWORD), &desk).await.unwrap();
    g.outbox().await;
    assert_eq!(g.sign_in_there(&g.anna, &desk).await.1, [] as [String; 0]);
    assert_eq!(g.sign_in_there(&g.anna, &phone).await.1.len(), 1);
    // "Sign out everywhere" forgets all, and so does Support.
    let session = g.session(&token).await;
    g.people.sign_out_everywhere(&session).await.unwrap();
    assert_eq!(g.sign_in_there(&g.anna, &phone).await.1.len(), 1);
    g.store.sign_ins_end(g.anna.id, postern::store::EndDevices::Not).await.unwrap();
    assert_eq!(g.sign_in_there(&g.anna, &phone).await.1.len(), 1);
    // So does time.
    g.clock.advance(postern::service::people::BROWSER_LIFE + Duration::from_secs(1));
    g.store.sweep_people().await.unwrap();
    assert_eq!(g.sign_in_there(&g.anna, &phone).await.1.len(), 1);
    // The cookie's value is nowhere.
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("select browser_key from known_browser").fetch_all(&g.pool).await.unwrap();
    assert!(kept.iter().all(|k| k.len() == 32));
}

/// With two-step off and by a reset too; a registration's own browser is known without a word.
#[tokio::test]
async fn every_way_in_tells_of_an_unknown_browser() {
    let g = Ground::new().await;
    let (desk, phone) = (g.in_browser("desk"), g.in_browser("phone"));
    let (token, _) = g.sign_in_there(&g.anna, &desk).await;
    let session = g.session(&token).await;
    g.people.two_step_off(&session, None).await.unwrap();
    g.outbox().await;
    g.people.sign_in(g.anna.email.as_str(), secret(PASSWORD), &desk).await.unwrap();
    assert_eq!(g.new_sign_ins().await, [] as [String; 0]);
    g.people.sign_in(g.anna.email.as_str(), secret(PASSWORD), &phone).await.unwrap();
    assert_eq!(g.new_sign_ins().await.len(), 1);
    let link = g.reset_link_of(&g.anna).await;
    g.people.reset(&link, secret("nine green kettles in a row"), &phone).await.unwrap();
    assert_eq!(g.new_sign_ins().await.len(), 1);

    g.invite(&g.bert, "dora@mail.example", 50).await.unwrap();
    g.send(&g.bert, "dora@mail.example", "a@x").await.unwrap();
    let (_, link) = g.link().await;
    let chosen = secret("nine green kettles");
    let token = g.people.register(&link, "Dora", "Dahl", chosen, &desk).await.unwrap();
    let session = g.session(&token).await;
    g.people.send_code(&session, Channel::Text).await.unwrap();
    let (_, code) = g.code().await;
    g.people.prove(&session, Proof::Phone(secret(&code)), &desk).await.unwrap();
    assert_eq!(g.new_sign_ins().await, [] as [String; 0]);
    assert_eq!(g.count("select count(*) from known_browser k join account a on a.id = k.account_id where a.first_name = 'Dora'").await, 1);
}

/// The reader of a mistyped address has a link, and can do nothing with it: it works in a sign-in of the account alone
/// that asked for it.
#[tokio::test]
async fn a_link_to_a_new_address_does_nothing_in_another_sign_in() {
    let g = Ground::new().await;
    let (_, anna) = g.sign_in(&g.anna).await;
    let (_, bert) = g.sign_in(&g.bert).await;
    g.people.email_change(&anna, "anna@mistyped.example").await.unwrap();
    let (_, link) = g.link().await;
    assert_eq!(denied(g.people.email_look(&bert, &link).await), Denied::Link);
    assert_eq!(denied(g.people.email_confirm(&bert, &link).await), Denied::Link);
    assert!(g.store.resolve(&"anna@mistyped.example".parse().unwrap()).await.unwrap().is_none());
    // Nor in one that has ended.
    let SignedIn::SecondStep(half) = g.password(&g.anna).await else { panic!() };
    let half = g.session(&half).await;
    assert_eq!(denied(g.people.email_confirm(&half, &link).await), Denied::Stage);
    g.people.sign_out_everywhere(&anna).await.unwrap();
    assert_eq!(denied(g.people.email_confirm(&anna, &link).await), Denied::SignedOut);
}

/// What the app shows now.
fn postern_code(app: &Secret, g: &Ground) -> Secret {
    let now = g.clock.now();
    let found = (0..1_000_000u32).map(|n| format!("{n:06}")).find(|code| {
        postern::policy::totp::matching_step(app, code.as_bytes(), now)
            == Some(postern::policy::totp::step_at(now))
    });
    secret(&found.unwrap())
}

impl Ground {
    /// The same sign-in as it is now.
    async fn session_again(&self, session: &Session) -> Session {
        let SignedIn::SecondStep(token) = self.password(&session.account).await else {
            let SignedIn::Full(token) = self.password(&session.account).await else { unreachable!() };
            return self.session(&token).await;
        };
        let waiting = self.session(&token).await;
        if waiting.factor == postern::service::people::Factor::App {
            // The step of the enrolment is used up.
            self.clock.advance(Duration::from_secs(30));
            let app = self.store.app_secret(session.account.id).await.unwrap().unwrap();
            let code = postern_code(&app, self);
            let token = self.people.prove(&waiting, Proof::App(code), &visitor()).await.unwrap();
            return self.session(&token).await;
        }
        let token = self.prove(&token).await;
        self.session(&token).await
    }
}

//! R1–R5: signing in, the second step, lock and reset, how long a sign-in lives.

use std::time::Duration;

use postern::policy::totp;
use postern::service::people::{Activity, Channel, Denied, Factor, Proof, Stage};
use postern::store::{AccountState, SignIn};
use postern::types::NoticeKind;
use proptest::prelude::*;

use super::*;

const NEW: &str = "eleven yellow umbrellas";

impl Ground {
    async fn wrong(&self, who: &Account, password: &str) {
        let outcome = self.people.sign_in(who.email.as_str(), secret(password), &visitor()).await;
        assert_eq!(denied(outcome), Denied::SignIn);
    }

    async fn state(&self, who: &Account) -> AccountState {
        self.store.account(who.id).await.unwrap().unwrap().state
    }

    async fn reset_link(&self, who: &Account) -> Secret {
        self.people.reset_request(who.email.as_str(), &visitor()).await.unwrap();
        let (to, link) = self.link().await;
        assert_eq!(to, who.email.as_str());
        link
    }

    /// An authenticator app for Anna; its secret and recovery codes.
    async fn enrolled(&self, session: &Session) -> (Secret, Vec<Secret>) {
        let enrolment = self.people.app_enrol(session).await.unwrap();
        let code = self.app_code(&enrolment.typed);
        let codes = self.people.app_confirm(session, &code).await.unwrap();
        (enrolment.typed, codes)
    }

    /// What the app shows now.
    fn app_code(&self, app: &Secret) -> Secret {
        let now = self.clock.now();
        let found = (0..1_000_000u32)
            .map(|n| format!("{n:06}"))
            .find(|code| totp::matching_step(app, code.as_bytes(), now) == Some(totp::step_at(now)));
        secret(&found.unwrap())
    }

    fn next_step(&self) {
        self.clock.advance(Duration::from_secs(30));
    }
}

#[tokio::test]
async fn r1_either_address_and_the_password_sign_in() {
    let g = Ground::new().await;
    for login in [g.anna.email.as_str(), g.anna.secure_address.as_str(), " ANNA@praxis.example "] {
        let signed_in = g.people.sign_in(login, secret(PASSWORD), &visitor()).await.unwrap();
        assert!(matches!(signed_in, SignedIn::SecondStep(_)), "{login}");
    }
    let (_, session) = g.sign_in(&g.anna).await;
    let dashboard = g.people.dashboard(&session).await.unwrap();
    assert_eq!(dashboard.practice.as_deref(), Some("Praxis am Markt"));
    assert_eq!(dashboard.products, [postern::service::people::Product::SecureMail]);
    assert_eq!((dashboard.inbox, dashboard.devices, dashboard.attachment_limit), ((0, 0), 0, 100 << 20));
}

/// R4: unknown, wrong and locked get one answer, and an app password's count is shared.
#[tokio::test]
async fn r4_the_fifth_distinct_wrong_secret_locks_whichever_door() {
    let g = Ground::new().await;
    let (token, _) = g.sign_in(&g.anna).await;
    g.outbox().await;
    let unknown = g.people.sign_in("nobody@praxis.example", secret(PASSWORD), &visitor()).await;
    assert_eq!(denied(unknown), Denied::SignIn);
    for n in 0..3 {
        g.wrong(&g.anna, &format!("wrong {n}")).await;
        g.wrong(&g.anna, &format!("wrong {n}")).await;
    }
    let at_imap = g.store.sign_in(Some(&g.anna.email), &secret("wrong 3"), visitor().address).await.unwrap();
    assert!(matches!(at_imap, SignIn::Refused(_)));
    assert_eq!(g.state(&g.anna).await, AccountState::Active);
    assert!(!g.ended(&token).await);
    g.wrong(&g.anna, "wrong 4").await;
    assert_eq!(g.state(&g.anna).await, AccountState::Locked);
    let told: Vec<_> = g.outbox().await.into_iter().map(|n| n.content.unwrap().kind()).collect();
    assert_eq!(told, [NoticeKind::AccountLocked]);
    // A lock ends sessions; while it lasts the right password is refused like a wrong one.
    assert!(g.ended(&token).await);
    g.wrong(&g.anna, PASSWORD).await;

    // R4: only Support unlocks, and that sends a reset.
    g.people.reset_request(g.anna.email.as_str(), &visitor()).await.unwrap();
    assert!(g.outbox().await.is_empty(), "no reset while locked");
    assert!(g.store.unlock_with_reset(g.anna.id, "https://portal.example/reset/").await.unwrap());
    let (to, link) = g.link().await;
    assert_eq!(to, g.anna.email.as_str());
    g.people.reset_look(&link).await.unwrap();
    assert!(g.ended(&token).await, "what the lock ended stays ended");
    g.sign_in(&g.anna).await;
}

/// R3, R4: a right password does not wipe out wrong codes: who knows it guesses no code.
#[tokio::test]
async fn r4_wrong_codes_lock_although_the_password_is_right_each_time() {
    let g = Ground::new().await;
    for n in 0..5 {
        assert_eq!(g.state(&g.anna).await, AccountState::Active, "{n}");
        let SignedIn::SecondStep(token) = g.password(&g.anna).await else { panic!() };
        let session = g.session(&token).await;
        g.people.send_code(&session, Channel::Text).await.unwrap();
        let (_, code) = g.code().await;
        // The same digits each time: against another code they are another mistake.
        let guess = if code == "000000" { "000001" } else { "000000" };
        let outcome = denied(g.people.prove(&session, Proof::Phone(secret(guess)), &visitor()).await);
        assert_eq!(outcome, if n < 4 { Denied::CodeWrong } else { Denied::SignedOut });
        if n < 4 {
            // Typed again it is the same mistake.
            let again = denied(g.people.prove(&session, Proof::Phone(secret(guess)), &visitor()).await);
            assert_eq!(again, Denied::CodeWrong);
        }
        g.clock.advance(Duration::from_mins(11));
    }
    assert_eq!(g.state(&g.anna).await, AccountState::Locked);
}

/// R4: success at the portal clears the portal's failures, and only once nothing more is asked.
#[tokio::test]
async fn r4_success_clears_the_failures_of_its_own_kind() {
    let g = Ground::new().await;
    g.store.sign_in(Some(&g.anna.email), &secret("app wrong"), visitor().address).await.unwrap();
    g.wrong(&g.anna, "portal wrong").await;
    g.password(&g.anna).await;
    assert_eq!(g.count("select count(*) from failed_secret").await, 2);
    g.sign_in(&g.anna).await;
    assert_eq!(g.count("select count(*) from failed_secret").await, 1);
}

#[tokio::test]
async fn r3_codes_are_single_use_and_the_newest_counts() {
    let g = Ground::new().await;
    let SignedIn::SecondStep(token) = g.password(&g.anna).await else { panic!() };
    let session = g.session(&token).await;
    assert_eq!((session.stage, session.factor.clone()), (Stage::SecondStep, Factor::Phone(phone(1))));
    let typed = |code: &str| Proof::Phone(secret(code));
    assert_eq!(denied(g.people.prove(&session, typed("123456"), &visitor()).await), Denied::CodeNone);
    assert_eq!(denied(g.people.dashboard(&session).await), Denied::Stage);
    g.people.send_code(&session, Channel::Text).await.unwrap();
    let (_, first) = g.code().await;
    g.people.send_code(&session, Channel::Voice).await.unwrap();
    let (to, second) = g.code().await;
    assert_eq!(to, phone(1).as_str());
    if first != second {
        assert_eq!(denied(g.people.prove(&session, typed(&first), &visitor()).await), Denied::CodeWrong);
    }
    let full = g.people.prove(&session, typed(&second), &visitor()).await.unwrap();
    let session = g.session(&full).await;
    assert!(session.factor_is_fresh(g.clock.now()));
    assert_eq!(denied(g.people.prove(&session, typed(&second), &visitor()).await), Denied::CodeNone);
    // A code for one purpose opens no other.
    g.people.send_code(&session, Channel::Text).await.unwrap();
    let (_, factor) = g.code().await;
    let SignedIn::SecondStep(other) = g.password(&g.anna).await else { panic!() };
    let other = g.session(&other).await;
    assert_eq!(denied(g.people.prove(&other, typed(&factor), &visitor()).await), Denied::CodeNone);
    // Ten minutes.
    g.clock.advance(Duration::from_mins(10));
    assert_eq!(denied(g.people.prove(&session, typed(&factor), &visitor()).await), Denied::CodeExpired);
    for slip in ["", "12345", "abcdef", "1234567"] {
        assert_eq!(denied(g.people.prove(&session, typed(slip), &visitor()).await), Denied::CodeWrong);
    }
}

#[tokio::test]
async fn r3_ten_codes_an_hour_on_all_gateways_together() {
    let g = Ground::new().await;
    let other = g.another().await;
    let (_, session) = g.sign_in(&g.anna).await;
    for n in 1..10 {
        let people = if n % 2 == 0 { &g.people } else { &other };
        people.send_code(&session, Channel::Text).await.unwrap();
    }
    assert_eq!(denied(g.people.send_code(&session, Channel::Text).await), Denied::TooOften);
    assert_eq!(g.outbox().await.len(), 1, "those that had not gone yet were taken back");
    g.clock.advance(Duration::from_hours(1));
    let (_, session) = g.sign_in(&g.anna).await;
    g.people.send_code(&session, Channel::Text).await.unwrap();
}

#[tokio::test]
async fn r3_an_authenticator_app_replaces_the_phone_code() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let (app, recovery) = g.enrolled(&session).await;
    assert_eq!(recovery.len(), 10);
    assert_eq!(denied(g.people.app_confirm(&session, &secret("123456")).await), Denied::NoApp);

    let SignedIn::SecondStep(token) = g.password(&g.anna).await else { panic!() };
    let session = g.session(&token).await;
    assert_eq!(session.factor, Factor::App);
    assert_eq!(denied(g.people.send_code(&session, Channel::Text).await), Denied::UseApp);
    // The step that confirmed it is used up; so is every one after its use.
    let replayed = g.people.prove(&session, Proof::App(g.app_code(&app)), &visitor()).await;
    assert_eq!(denied(replayed), Denied::CodeUsed);
    g.next_step();
    let code = g.app_code(&app);
    let full = g.people.prove(&session, Proof::App(code.clone()), &visitor()).await.unwrap();
    let full = g.session(&full).await;
    assert_eq!(full.stage, Stage::Full);
    let SignedIn::SecondStep(token) = g.password(&g.anna).await else { panic!() };
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.prove(&session, Proof::App(code), &visitor()).await), Denied::CodeUsed);
    let wrong = g.people.prove(&session, Proof::App(secret("000000")), &visitor()).await;
    assert!(matches!(denied(wrong), Denied::CodeWrong));

    // Recovery codes: once each, however they are typed.
    let text = String::from_utf8(recovery[0].expose().to_vec()).unwrap().to_uppercase();
    let full = g.people.prove(&session, Proof::Recovery(secret(&text)), &visitor()).await.unwrap();
    let full = g.session(&full).await;
    assert_eq!(g.people.recovery_codes_left(&full).await.unwrap(), 9);
    let again = g.people.prove(&full, Proof::Recovery(recovery[0].clone()), &visitor()).await;
    assert_eq!(denied(again), Denied::CodeWrong);
    let renewed = g.people.recovery_codes(&full).await.unwrap();
    let old = g.people.prove(&full, Proof::Recovery(recovery[1].clone()), &visitor()).await;
    assert_eq!(denied(old), Denied::CodeWrong);
    let token = g.people.prove(&full, Proof::Recovery(renewed[0].clone()), &visitor()).await.unwrap();

    // Removed: the phone is asked again.
    let full = g.session(&token).await;
    g.people.app_remove(&full).await.unwrap();
    let (_, session) = g.sign_in(&g.anna).await;
    assert_eq!(session.factor, Factor::Phone(phone(1)));
    assert_eq!(g.people.recovery_codes_left(&session).await.unwrap(), 0);
}

/// Lost, with the recovery codes: Support takes it away, and the phone is asked again.
#[tokio::test]
async fn r3_support_takes_a_lost_app_away() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    g.enrolled(&session).await;
    assert!(g.store.app_take_away(g.anna.id).await.unwrap());
    assert!(!g.store.app_take_away(g.anna.id).await.unwrap());
    let (_, session) = g.sign_in(&g.anna).await;
    assert_eq!(session.factor, Factor::Phone(phone(1)));
}

#[tokio::test]
async fn r3_enrolling_an_app_needs_a_fresh_factor() {
    let g = Ground::new().await;
    let (token, session) = g.sign_in(&g.anna).await;
    g.people.app_enrol(&session).await.unwrap();
    assert!(g.people.app_enrolment(&session).await.unwrap().is_some());
    g.clock.advance(Duration::from_mins(6));
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.app_enrol(&session).await), Denied::FactorNeeded);
    assert_eq!(denied(g.people.app_remove(&session).await), Denied::FactorNeeded);
    assert_eq!(denied(g.people.recovery_codes(&session).await), Denied::FactorNeeded);
    let token = g.prove(&token).await;
    assert_eq!(denied(g.people.app_enrol(&g.session(&token).await).await), Denied::PasswordNeeded);
    let confirmed = g.people.password_confirm(&g.session(&token).await, secret(PASSWORD), &visitor()).await;
    let token = confirmed.unwrap();
    g.clock.advance(Duration::from_mins(4));
    g.people.app_enrol(&g.session(&token).await).await.unwrap();
}

/// R2: the link is not enough, and it does not pass the second step by.
#[tokio::test]
async fn r2_a_reset_takes_the_link_and_the_second_step() {
    let g = Ground::new().await;
    let (before, _) = g.sign_in(&g.anna).await;
    let link = g.reset_link(&g.anna).await;
    g.people.reset_look(&link).await.unwrap();
    let SignedIn::SecondStep(token) = g.people.reset(&link, secret(NEW), &visitor()).await.unwrap() else {
        panic!("a second step")
    };
    let session = g.session(&token).await;
    assert_eq!(session.stage, Stage::Resetting);
    assert_eq!(denied(g.people.profile(&session).await), Denied::Stage);
    assert!(!g.ended(&before).await, "nothing has happened yet");
    g.password(&g.anna).await;
    let full = g.prove(&token).await;
    assert_eq!(g.session(&full).await.stage, Stage::Full);
    // Now it has: other sign-ins are over, the link is used up, the old password is wrong.
    assert!(g.ended(&before).await);
    assert_eq!(denied(g.people.reset_look(&link).await), Denied::Link);
    g.wrong(&g.anna, PASSWORD).await;
    assert!(g.people.sign_in(g.anna.email.as_str(), secret(NEW), &visitor()).await.is_ok());
    let told: Vec<_> = g.outbox().await.into_iter().map(|n| n.content.unwrap().kind()).collect();
    assert_eq!(told, [NoticeKind::PasswordChanged]);
}

/// R3: with an authenticator app the reset asks for it.
#[tokio::test]
async fn r2_a_reset_asks_for_the_app_where_there_is_one() {
    let g = Ground::new().await;
    let (_, session) = g.sign_in(&g.anna).await;
    let (app, _) = g.enrolled(&session).await;
    let link = g.reset_link(&g.anna).await;
    let SignedIn::SecondStep(token) = g.people.reset(&link, secret(NEW), &visitor()).await.unwrap() else {
        panic!("a second step")
    };
    let session = g.session(&token).await;
    assert_eq!(denied(g.people.send_code(&session, Channel::Text).await), Denied::UseApp);
    g.next_step();
    g.people.prove(&session, Proof::App(g.app_code(&app)), &visitor()).await.unwrap();
    assert!(g.people.sign_in(g.anna.email.as_str(), secret(NEW), &visitor()).await.is_ok());
}

#[tokio::test]
async fn r2_reset_links_are_one_newest_and_for_an_hour() {
    let g = Ground::new().await;
    for login in ["nobody@praxis.example", "no address", ""] {
        g.people.reset_request(login, &visitor()).await.unwrap();
    }
    assert!(g.outbox().await.is_empty());
    let first = g.reset_link(&g.anna).await;
    let second = g.reset_link(&g.anna).await;
    assert_eq!(denied(g.people.reset_look(&first).await), Denied::Link);
    assert_eq!(denied(g.people.reset(&first, secret(NEW), &visitor()).await), Denied::Link);
    g.clock.advance(Duration::from_hours(1));
    assert_eq!(denied(g.people.reset_look(&second).await), Denied::LinkExpired);
    assert_eq!(denied(g.people.reset(&second, secret(NEW), &visitor()).await), Denied::LinkExpired);
    // Three an hour; then nothing is sent, and the answer is the same.
    for _ in 0..3 {
        g.reset_link(&g.anna).await;
    }
    g.people.reset_request(g.anna.email.as_str(), &visitor()).await.unwrap();
    assert!(g.outbox().await.is_empty());
}

/// A link that went stale while the second step was open does nothing.
#[tokio::test]
async fn r2_a_newer_link_ends_a_reset_that_was_begun() {
    let g = Ground::new().await;
    let first = g.reset_link(&g.anna).await;
    let SignedIn::SecondStep(token) = g.people.reset(&first, secret(NEW), &visitor()).await.unwrap() else {
        panic!()
    };
    let session = g.session(&token).await;
    g.people.send_code(&session, Channel::Text).await.unwrap();
    let (_, code) = g.code().await;
    g.reset_link(&g.anna).await;
    let late = g.people.prove(&session, Proof::Phone(secret(&code)), &visitor()).await;
    assert_eq!(denied(late), Denied::SignedOut);
    g.password(&g.anna).await;
}

#[tokio::test]
async fn r5_thirty_minutes_without_activity_sign_out() {
    let g = Ground::new().await;
    let (token, _) = g.sign_in(&g.anna).await;
    for _ in 0..4 {
        g.clock.advance(Duration::from_mins(29));
        let session = g.people.resume(&token, Activity::Person).await.unwrap().unwrap();
        assert_eq!(session.ends_at, g.clock.now() + Duration::from_mins(30));
    }
    // Polling is no activity.
    g.clock.advance(Duration::from_mins(29));
    assert!(g.people.resume(&token, Activity::Polling).await.unwrap().is_some());
    g.clock.advance(Duration::from_mins(1));
    assert!(g.people.resume(&token, Activity::Person).await.unwrap().is_none());
    g.store.sweep_people().await.unwrap();
}

#[tokio::test]
async fn r5_twelve_hours_are_the_end_whatever_happens() {
    let g = Ground::new().await;
    let (mut token, session) = g.sign_in(&g.anna).await;
    for _ in 0..28 {
        g.clock.advance(Duration::from_mins(25));
        assert!(!g.ended(&token).await);
    }
    // A fresh factor gives a new id, not a new day.
    token = g.prove(&token).await;
    assert_eq!(g.session(&token).await.ends_at, session.created_at + Duration::from_hours(12));
    g.clock.advance(Duration::from_mins(20));
    assert!(g.ended(&token).await);
}

#[tokio::test]
async fn r5_signing_out_here_and_everywhere() {
    let g = Ground::new().await;
    let (one, first) = g.sign_in(&g.anna).await;
    let (two, second) = g.sign_in(&g.anna).await;
    let (other, _) = g.sign_in(&g.bert).await;
    let listed = g.people.devices(&first).await.unwrap().web;
    assert_eq!(listed.iter().filter(|s| s.this_one).count(), 1);
    assert_eq!(
        (listed.len(), listed[0].user_agent.as_str(), listed[0].address.as_str()),
        (2, "Firefox", "192.0.2.7")
    );
    g.people.sign_out(&first).await.unwrap();
    assert!(g.ended(&one).await && !g.ended(&two).await);
    let (three, _) = g.sign_in(&g.anna).await;
    g.people.sign_out_everywhere(&second).await.unwrap();
    assert!(g.ended(&two).await && g.ended(&three).await && !g.ended(&other).await);
    for made_up in ["", "x", &"A".repeat(43), one.expose()] {
        assert!(g.ended(&SessionToken::from_cookie(made_up)).await);
    }
}

#[tokio::test]
async fn forms_carry_a_token_of_their_session() {
    let g = Ground::new().await;
    let (_, one) = g.sign_in(&g.anna).await;
    let (_, two) = g.sign_in(&g.anna).await;
    assert!(one.csrf_fits(&one.csrf) && !one.csrf_fits(&two.csrf) && !one.csrf_fits(""));
}

/// What somebody may do about one code, and what must come of it.
#[derive(Clone, Debug)]
enum Act {
    Send,
    Wrong(u8),
    Right,
    Wait(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        2 => Just(Act::Send),
        5 => (0u8..3).prop_map(Act::Wrong),
        1 => Just(Act::Right),
        1 => (1u64..12).prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 1..14)
}

/// R3: against a model of the rule. (Factor codes of a signed-in person; R4 is counted beside it.)
async fn plays(g: &Ground, acts: &[Act]) {
    g.run("delete from phone_code").await;
    g.run("delete from sent_lately").await;
    let (mut token, _) = g.sign_in(&g.bert).await;
    g.run("delete from sent_lately").await;
    // The model: the code that is out, when it ends, wrong answers; distinct mistakes under R4.
    let mut code: Option<String> = None;
    let mut ends = g.clock.now();
    let (mut failures, mut sent) = (0, 0);
    let mut mistakes = std::collections::HashSet::new();
    let mut challenge = 0;
    for act in acts {
        let Some(session) = g.people.resume(&token, Activity::Person).await.unwrap() else {
            assert!(mistakes.len() >= 5, "{acts:?}");
            return;
        };
        match act {
            Act::Wait(minutes) => g.clock.advance(Duration::from_mins(*minutes)),
            Act::Send => {
                // No two codes are made in one microsecond: that is what tells them apart.
                g.clock.advance(Duration::from_millis(1));
                let outcome = g.people.send_code(&session, Channel::Text).await;
                let now = g.clock.now();
                if ends <= now {
                    failures = 0;
                }
                if failures >= 5 {
                    assert_eq!(denied(outcome), Denied::CodeVoid, "{acts:?}");
                    continue;
                }
                if sent == 10 {
                    return;
                }
                outcome.unwrap();
                sent += 1;
                challenge += 1;
                ends = now + Duration::from_mins(10);
                code = Some(g.code().await.1);
            }
            Act::Right | Act::Wrong(_) => {
                let typed = match (act, &code) {
                    (Act::Right, Some(code)) => code.clone(),
                    (Act::Wrong(n), Some(code)) if *code == format!("{n:06}") => return,
                    (Act::Wrong(n), _) => format!("{n:06}"),
                    _ => "000000".to_owned(),
                };
                let outcome = g.people.prove(&session, Proof::Phone(secret(&typed)), &visitor()).await;
                let expected = match &code {
                    None => Some(Denied::CodeNone),
                    Some(_) if failures >= 5 => Some(Denied::CodeVoid),
                    Some(_) if ends <= g.clock.now() => Some(Denied::CodeExpired),
                    Some(code) if *code == typed => None,
                    Some(_) => {
                        failures += 1;
                        mistakes.insert((challenge, typed.clone()));
                        Some(if mistakes.len() == 5 {
                            Denied::SignedOut
                        } else if failures == 5 {
                            Denied::CodeVoid
                        } else {
                            Denied::CodeWrong
                        })
                    }
                };
                match expected {
                    None => {
                        token = outcome.unwrap();
                        code = None;
                        failures = 0;
                        ends = g.clock.now();
                    }
                    Some(expected) => assert_eq!(denied(outcome), expected, "{acts:?}"),
                }
            }
        }
    }
}

#[test]
fn r3_codes_behave_as_the_rule_says_whatever_is_done() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let g = runtime.block_on(Ground::new());
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&acts(), |acts| {
            runtime.block_on(async {
                g.run("update account set state = 'active', locked_at = null").await;
                g.run("delete from failed_secret").await;
                g.outbox().await;
                plays(&g, &acts).await;
            });
            Ok(())
        })
        .unwrap();
}

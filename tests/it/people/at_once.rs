//! Everything at once, on two gateways: senders write, User Managers correct and invite again, the person opens every
//! link that comes and answers every code, sweepers sweep. No statement fails for another's sake, and no message
//! that was accepted is lost or doubled.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use postern::service::people::{Channel, Correction, Proof};
use postern::service::submit::{Accepted, SubmitError};
use postern::types::NoticeContent;

use super::*;

const DORA: &str = "dora@dahl.example";
const MESSAGES: usize = 40;

/// What people hear is fine; what our fault would be is not.
fn fine<T>(outcome: Result<T, PeopleError>, what: &str) -> Option<T> {
    match outcome {
        Ok(done) => Some(done),
        Err(PeopleError::Denied(_) | PeopleError::Busy) => None,
        Err(PeopleError::Ours(e)) => panic!("{what}: {e}"),
    }
}

/// One sender: each message until it is accepted. Dora may join an account in the middle: tried again.
async fn write(g: &Ground, from: &Account, word: &str, accepted: &Mutex<HashSet<String>>) {
    for n in 0..MESSAGES {
        let id = format!("{word}{n}@x");
        loop {
            match g.send(from, DORA, &id).await {
                Ok(Accepted::Delivered | Accepted::Repeated) => break,
                Err(SubmitError::Ours(e)) => {
                    assert!(e.to_string().contains("registered at this very moment"), "{e}")
                }
                Err(e) => panic!("{e}"),
            }
        }
        accepted.lock().insert(id);
    }
}

/// Dora: every link and every code that comes.
async fn answer(g: &Ground, people: &People, stop: &AtomicBool) {
    let mut sessions: Vec<Session> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        for notice in g.outbox().await {
            match notice.content {
                Some(NoticeContent::Invitation { link, .. }) => {
                    let text = String::from_utf8(link.expose().to_vec()).unwrap();
                    let token = secret(text.rsplit('/').next().unwrap());
                    fine(people.invitation_look(&token).await, "look");
                    let begun = people
                        .register(&token, "Dora", "Dahl", secret("nine green kettles"), &visitor())
                        .await;
                    let Some(begun) = fine(begun, "register") else { continue };
                    let Some(session) =
                        fine(people.resume(&begun, Activity::Person).await, "resume").flatten()
                    else {
                        continue;
                    };
                    fine(people.send_code(&session, Channel::Text).await, "send");
                    sessions.push(session);
                }
                Some(NoticeContent::PhoneCode { code }) => {
                    for session in &sessions {
                        fine(people.prove(session, Proof::Phone(code.clone()), &visitor()).await, "prove");
                    }
                }
                _ => {}
            }
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_r16_r8_everything_at_once_loses_and_doubles_nothing() {
    let g = Ground::new().await;
    let other = g.another().await;
    let (_, anna) = g.sign_in(&g.anna).await;
    let (_, carla) = g.sign_in(&g.carla).await;
    let one = g.invite_in(&anna, DORA, 50).await.unwrap().id;
    let two = g.invite_in(&carla, DORA, 50).await.unwrap().id;
    let accepted = Mutex::new(HashSet::new());
    let stop = AtomicBool::new(false);
    let correct = async |people: &People, session: &Session, id| {
        for n in 0..200 {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let correction =
                Correction { phone: Some(phone(50 + n % 2).as_str().to_owned()), ..Correction::default() };
            fine(people.correct(session, id, &correction).await, "correct");
            fine(people.invite_again(session, id).await, "again");
            g.clock.advance(Duration::from_mins(1));
            g.store.sweep_people().await.unwrap();
        }
    };
    let senders = async {
        tokio::join!(
            write(&g, &g.anna, "a", &accepted),
            write(&g, &g.bert, "b", &accepted),
            write(&g, &g.carla, "c", &accepted)
        );
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(
        senders,
        correct(&g.people, &anna, one),
        correct(&other, &carla, two),
        answer(&g, &g.people, &stop),
    );
    // What is not registered yet is now: whatever number each practice has given by then.
    g.clock.advance(Duration::from_hours(2));
    g.outbox().await;
    for (who, id) in [(&g.anna, one), (&g.carla, two)] {
        let invitation = g.store.invitation(id).await.unwrap().unwrap();
        if invitation.state != postern::store::InvitationState::Open {
            continue;
        }
        let (_, session) = g.sign_in(who).await;
        g.people.invite_again(&session, id).await.unwrap();
        let (_, link) = g.link().await;
        if g.store.resolve(&DORA.parse().unwrap()).await.unwrap().is_none() {
            let number: u8 = invitation.phone.ending().parse().unwrap();
            g.register(&link, number).await;
            continue;
        }
        let dora = g.people.sign_in(DORA, secret("nine green kettles"), &visitor()).await.unwrap();
        let SignedIn::SecondStep(token) = dora else { panic!() };
        let session = g.session(&g.prove(&token).await).await;
        if !g.people.accept(&session, &link).await.unwrap() {
            g.people.accept_send_code(&session, &link, Channel::Text).await.unwrap();
            let (_, code) = g.code().await;
            g.people.accept_prove(&session, &link, &secret(&code)).await.unwrap();
        }
    }
    g.store.sweep_people().await.unwrap();
    let dora = g.account_of(DORA).await;
    let inbox = g.inbox(dora.id).await;
    let unique: HashSet<String> = inbox.iter().cloned().collect();
    assert_eq!(unique.len(), inbox.len(), "doubled");
    assert_eq!(unique, accepted.into_inner(), "lost");
    assert_eq!(inbox.len(), 3 * MESSAGES);
}

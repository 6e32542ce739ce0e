//! Any bytes as a submission dialogue: no panic, bounded output, the same dialogue at any split, no mail
//! before TLS and sign-in, and content that is CRLF lines whatever was sent.
//!
//! The first byte chooses: bit 0 the STARTTLS listener, bit 1 a client that has signed in, the rest the split.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use postern::net::{ReadBuffer, Security};
use postern::smtp::session::{Answer, Session, Step};
use postern::smtp::{Reply, Settings};

#[derive(Default, Debug, PartialEq)]
struct Dialogue {
    said: Vec<u8>,
    wishes: Vec<String>,
    content: Vec<u8>,
    submission: bool,
    tls: bool,
    signed_in: bool,
    closed: bool,
}

/// Hangs on what was said alone, so that two runs get the same answers.
fn verdict(bytes: &[u8]) -> Answer {
    let reply = || Reply::new(550, "5.7.1", "Nein, süß");
    match bytes.iter().fold(7_u8, |sum, b| sum.wrapping_mul(31).wrapping_add(*b)) % 8 {
        0 => Answer::Refuse(reply()),
        1 => Answer::Close(reply()),
        2 => Answer::AcceptWith(Reply::new(250, "2.0.0", "x\ny")),
        _ => Answer::Accept,
    }
}

fn drive(session: &mut Session, input: &[u8], step: usize, log: &mut Dialogue) {
    let mut buffer = ReadBuffer::new();
    for piece in input.chunks(step) {
        buffer.push(piece);
        loop {
            if log.closed {
                return;
            }
            let wish = session.advance(&mut buffer);
            let out = session.take_output();
            assert!(out.len() < 16 * 1024, "replies are held back without bound");
            log.said.extend_from_slice(&out);
            let answer = match wish {
                Step::Read => break,
                Step::Write => continue,
                Step::StartTls => {
                    buffer.clear();
                    session.tls_started();
                    log.tls = true;
                    continue;
                }
                Step::Abandon => {
                    log.submission = false;
                    log.content.clear();
                    continue;
                }
                Step::Close => {
                    log.closed = true;
                    continue;
                }
                Step::SignIn(credentials) => {
                    assert!(log.tls, "a secret in the clear");
                    match verdict(credentials.login.as_bytes()) {
                        Answer::Accept => {
                            log.signed_in = true;
                            Answer::SignedIn { max_size: 300 }
                        }
                        other => other,
                    }
                }
                Step::Mail(mail) => {
                    assert!(log.tls && log.signed_in, "mail from a stranger");
                    let answer = verdict(mail.path.as_bytes());
                    log.submission = matches!(answer, Answer::Accept | Answer::AcceptWith(_));
                    log.wishes.push(format!("{mail:?}"));
                    answer
                }
                Step::Recipient(path) => {
                    assert!(log.submission);
                    let answer = verdict(path.as_bytes());
                    log.wishes.push(path);
                    answer
                }
                Step::Content => {
                    assert!(log.submission && !session.content().is_empty());
                    log.content.extend_from_slice(session.content());
                    Answer::Accept
                }
                Step::Finish => {
                    assert!(std::mem::take(&mut log.submission));
                    let content = std::mem::take(&mut log.content);
                    assert!(content.is_empty() || content.ends_with(b"\r\n"));
                    let pairs = content.windows(2).filter(|w| w == b"\r\n").count();
                    let lone = content.iter().filter(|b| matches!(b, b'\r' | b'\n')).count();
                    assert_eq!(lone, 2 * pairs, "a CR or LF of its own came through");
                    let answer = verdict(&content);
                    log.wishes.push(format!("{content:?}"));
                    answer
                }
            };
            session.answer(answer);
        }
    }
}

fn dialogue(mode: u8, input: &[u8], step: usize) -> Dialogue {
    let security = if mode & 1 == 0 { Security::Implicit } else { Security::StartTls };
    let settings = Settings { hostname: "fuzz".to_owned(), ..Settings::default() };
    let mut session = Session::new(Arc::new(settings), 300, security, None);
    let mut log = Dialogue { tls: mode & 1 == 0, ..Dialogue::default() };
    if mode & 2 != 0 {
        if mode & 1 != 0 {
            drive(&mut session, b"STARTTLS\r\n", 64, &mut log);
        }
        drive(&mut session, b"EHLO c\r\nAUTH PLAIN AGIAYg==\r\n", 64, &mut log);
    }
    drive(&mut session, input, step, &mut log);
    // What had been taken of a message that never ended, or when it was dropped, hangs on the split.
    log.content.clear();
    log.submission = false;
    log
}

fuzz_target!(|data: &[u8]| {
    let Some((&mode, input)) = data.split_first() else { return };
    let whole = dialogue(mode, input, input.len().max(1));
    assert!(whole.said.split_inclusive(|b| *b == b'\n').all(|l| l.len() <= 512 && l.ends_with(b"\r\n")));
    // What is read together with STARTTLS is thrown away, so there the split is the point.
    if mode & 1 == 0 || mode & 2 != 0 {
        assert_eq!(dialogue(mode, input, usize::from(mode >> 2) + 1), whole);
    }
});

//! Dialogues with the machine, and what must hold for any bytes.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// Answers every wish, and writes down what was said and wished.
struct World {
    session: Session,
    buffer: ReadBuffer,
    /// Replies, and wishes as `(words)`, in order. Content is joined.
    log: String,
    content: Vec<u8>,
    /// Whether there is one; when it is dropped hangs on how the input is split, that it is does not.
    submission: bool,
    closed: bool,
}

impl World {
    fn new(security: Security) -> Self {
        let settings = Settings { hostname: "mx.test".into(), ..Settings::default() };
        let session = Session::new(Arc::new(settings), 1000, security, None);
        let mut world = Self {
            session,
            buffer: ReadBuffer::new(),
            log: String::new(),
            content: Vec::new(),
            submission: false,
            closed: false,
        };
        world.send(b"");
        world
    }

    fn signed_in() -> Self {
        let mut world = Self::new(Security::Implicit);
        world.send(b"EHLO c\r\nAUTH PLAIN AGFubmFAeABwdw==\r\n");
        assert!(world.log.ends_with("(sign in anna@x pw)\n235 2.7.0 Signed in\n"), "{}", world.log);
        world.log.clear();
        world
    }

    /// The wishes' answers hang on the address: what begins with "no" is refused, with "close" ends all.
    fn verdict(text: &str) -> Answer {
        let text = text.trim_start_matches(['\r', '\n']);
        let reply = || Reply::new(550, "5.7.1", "No wäy");
        if text.starts_with("no") {
            Answer::Refuse(reply())
        } else if text.starts_with("close") {
            Answer::Close(reply())
        } else {
            Answer::Accept
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        if self.closed {
            return;
        }
        self.buffer.push(bytes);
        loop {
            let step = self.session.advance(&mut self.buffer);
            let out = self.session.take_output();
            assert!(out.len() < 64 * 1024);
            self.log += &String::from_utf8(out).unwrap().replace("\r\n", "\n");
            match step {
                Step::Read => break,
                Step::Write => {}
                Step::StartTls => {
                    self.log += "(tls)\n";
                    self.buffer.clear();
                    self.session.tls_started();
                }
                Step::SignIn(c) => {
                    let secret = String::from_utf8_lossy(c.secret.expose()).into_owned();
                    writeln!(self.log, "(sign in {} {secret})", c.login).unwrap();
                    let answer = match Self::verdict(&c.login) {
                        Answer::Accept => Answer::SignedIn { max_size: 1000 },
                        other => other,
                    };
                    self.session.answer(answer);
                }
                Step::Mail(mail) => {
                    writeln!(self.log, "(mail {})", mail.path).unwrap();
                    let answer = Self::verdict(&mail.path);
                    self.submission = matches!(answer, Answer::Accept);
                    self.session.answer(answer);
                }
                Step::Recipient(path) => {
                    writeln!(self.log, "(recipient {path})").unwrap();
                    self.session.answer(Self::verdict(&path));
                }
                Step::Content => {
                    assert!(self.submission && !self.session.content().is_empty());
                    self.content.extend_from_slice(self.session.content());
                    let refuse = self.content.windows(6).any(|w| w == b"REFUSE");
                    self.session.answer(if refuse { Self::verdict("no") } else { Answer::Accept });
                }
                Step::Finish => {
                    assert!(std::mem::take(&mut self.submission));
                    let content = String::from_utf8_lossy(&std::mem::take(&mut self.content)).into_owned();
                    writeln!(self.log, "(finish {content:?})").unwrap();
                    self.session.answer(Self::verdict(&content));
                }
                Step::Abandon => {
                    self.content.clear();
                    self.submission = false;
                }
                Step::Close => {
                    self.log += "(close)\n";
                    self.closed = true;
                    break;
                }
            }
        }
    }

    fn says(&mut self, bytes: &str) -> String {
        self.log.clear();
        self.send(bytes.as_bytes());
        std::mem::take(&mut self.log)
    }
}

const ENVELOPE: &str = "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n";

#[test]
fn a_message_pipelined() {
    let mut world = World::signed_in();
    assert_eq!(
        world.says(&format!("{ENVELOPE}DATA\r\nFrom: a\r\n\r\n..dot\r\n.\r\nQUIT\r\n")),
        "(mail a@x)\n250 2.1.0 Sender accepted\n(recipient b@x)\n250 2.1.5 Recipient accepted\n\
         354 Go ahead, end with a dot on a line of its own\n(finish \"From: a\\r\\n\\r\\n.dot\\r\\n\")\n\
         250 2.0.0 Accepted\n221 2.0.0 Goodbye\n(close)\n"
    );
}

#[test]
fn what_is_offered_when() {
    let mut plain = World::new(Security::StartTls);
    assert_eq!(plain.log, "220 mx.test ESMTP postern\n");
    let offer = plain.says("EHLO c\r\n");
    assert!(offer.contains("STARTTLS") && !offer.contains("AUTH") && !offer.contains("REQUIRETLS"));
    assert!(plain.says("AUTH PLAIN AGFubmFAeABwdw==\r\n").starts_with("538 5.7.11"));
    for command in ["MAIL FROM:<a@x>", "RSET", "HELP", "VRFY a", "DATA", "HELO c"] {
        assert!(plain.says(&format!("{command}\r\n")).starts_with("530 5.7.0"), "{command}");
    }
    assert_eq!(plain.says("STARTTLS\r\nNOOP\r\n"), "220 2.0.0 Begin TLS now\n(tls)\n");
    assert!(plain.says("AUTH PLAIN\r\n").starts_with("503 5.5.1"), "EHLO is forgotten");
    let offer = plain.says("EHLO c\r\n");
    assert!(
        !offer.contains("STARTTLS") && offer.contains("AUTH PLAIN LOGIN") && offer.contains("REQUIRETLS")
    );
    assert!(offer.contains("250-LIMITS RCPTMAX=1\n") && offer.contains("250-SIZE 1000\n"));
    assert!(plain.says("STARTTLS\r\n").starts_with("503 5.5.1"));
}

#[test]
fn sign_in_and_its_failures() {
    let mut world = World::new(Security::Implicit);
    assert!(world.says("AUTH PLAIN\r\n").starts_with("503 5.5.1"));
    world.says("EHLO c\r\n");
    for command in ["MAIL FROM:<a@x>", "RCPT TO:<a@x>", "DATA", "VRFY a"] {
        assert!(world.says(&format!("{command}\r\n")).starts_with("530 5.7.0"), "{command}");
    }
    assert_eq!(world.says("AUTH PLAIN\r\n"), "334 \n");
    assert!(world.says("*\r\n").starts_with("501 5.7.0"));
    assert_eq!(world.says("AUTH LOGIN\r\n"), "334 VXNlcm5hbWU6\n");
    assert_eq!(world.says("bm8=\r\n"), "334 UGFzc3dvcmQ6\n");
    assert_eq!(world.says("cHc=\r\n"), "(sign in no pw)\n550 5.7.1 No w?y\n");
    assert!(world.says("MAIL FROM:<a@x>\r\n").starts_with("530"));
    world.says("AUTH PLAIN\r\n");
    assert!(world.says(&format!("{}\r\n", "A".repeat(12_289))).starts_with("500 5.5.6"));
    let long = format!("AUTH PLAIN {}\r\n", "A".repeat(12_280));
    assert!(world.says(&long).starts_with("500 5.5.2"));
    assert!(
        world.says("AUTH LOGIN YW5uYQ==\r\ncHc=\r\n").ends_with("(sign in anna pw)\n235 2.7.0 Signed in\n")
    );
    assert!(world.says("AUTH PLAIN\r\n").starts_with("503 5.5.1"));
}

#[test]
fn a_stranger_that_guesses_is_shown_out() {
    let mut world = World::new(Security::Implicit);
    world.says("EHLO c\r\n");
    for _ in 0..9 {
        assert!(world.says("AUTH PLAIN AG5vAHB3\r\n").ends_with("550 5.7.1 No w?y\n"));
    }
    assert!(
        world
            .says("AUTH PLAIN AG5vAHB3\r\n")
            .ends_with("421 4.7.0 Too many sign-ins failed, closing\n(close)\n")
    );
}

#[test]
fn r13_one_recipient() {
    let mut world = World::signed_in();
    world.says(ENVELOPE);
    assert!(world.says("RCPT TO:<c@x>\r\n").contains("\n550 5.5.3"));
    assert!(world.says("DATA\r\n").starts_with("554 5.5.1"));
    assert!(world.says("RCPT TO:<b@x>\r\n").contains("\n550 5.5.3"));
    assert_eq!(world.says("RSET\r\n"), "250 2.0.0 Forgotten\n");
    assert!(world.says(&format!("{ENVELOPE}DATA\r\n")).contains("354"));
}

#[test]
fn a_refused_recipient_spoils_until_rset() {
    for bad in [
        "RCPT TO:<no@x>",
        "RCPT TO:<b@x> NOTIFY=NEVER",
        "RCPT TO:b",
        "RCPT TO:<ü@x>",
        "rcpt to:<b@x>\n",
        "RCPT TO:\0",
    ] {
        let mut world = World::signed_in();
        let said = world.says(&format!("MAIL FROM:<a@x>\r\n{bad}\r\nRCPT TO:<b@x>\r\nDATA\r\nRSET\r\n"));
        assert!(said.contains("554 5.5.1 A recipient was refused"), "{bad}: {said}");
        assert!(!said.contains("354"), "{bad}");
        let mut world = World::signed_in();
        let long = format!("MAIL FROM:<a@x>\r\nRCPT TO:<{}>\r\nRCPT TO:<b@x>\r\nDATA\r\n", "b".repeat(3000));
        assert!(world.says(&long).contains("554 5.5.1"));
    }
}

#[test]
fn order_of_commands() {
    let mut world = World::signed_in();
    for command in ["RCPT TO:<a@x>", "DATA"] {
        assert!(world.says(&format!("{command}\r\n")).starts_with("503 5.5.1"), "{command}");
    }
    assert!(world.says("MAIL FROM:<no@x>\r\n").contains("550 5.7.1"));
    assert!(world.says("DATA\r\n").starts_with("503 5.5.1"), "a refused sender is no transaction");
    world.says("MAIL FROM:<a@x>\r\n");
    assert!(world.says("MAIL FROM:<a@x>\r\n").starts_with("503 5.5.1"));
    assert!(world.says("DATA\r\n").starts_with("503 5.5.1"));
    world.says("RCPT TO:<b@x>\r\n");
    world.says("EHLO c\r\n");
    assert!(!world.submission, "EHLO is RSET");
    assert!(world.says("DATA\r\n").starts_with("503 5.5.1"));
}

#[test]
fn smuggling_gets_nowhere() {
    for end in ["\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r.\r\n"] {
        let mut world = World::signed_in();
        let said = world.says(&format!("{ENVELOPE}DATA\r\nFrom: a{end}MAIL FROM:<evil@x>\r\n.\r\nNOOP\r\n"));
        assert!(said.contains("554 5.6.0") && said.ends_with("250 2.0.0 OK\n"), "{end:?}: {said}");
        assert!(!said.contains("evil") && !said.contains("(finish"), "{end:?}: {said}");
    }
    let mut world = World::signed_in();
    let said = world.says("NOOP\nMAIL FROM:<evil@x>\r\nNOOP\r\nNOOP\rRSET\r\nNOOP\r\n");
    assert_eq!(said.lines().map(|l| &l[..3]).collect::<Vec<_>>(), ["500", "250", "500", "250"], "{said}");
}

#[test]
fn content_that_is_refused_on_the_way_is_swallowed() {
    let mut world = World::signed_in();
    let said = world.says(&format!("{ENVELOPE}DATA\r\nREFUSE\r\n"));
    assert!(said.ends_with("own\n") && !world.submission, "{said}");
    assert_eq!(world.says("QUIT\r\n"), "");
    assert_eq!(world.says(".\r\nNOOP\r\n"), "550 5.7.1 No w?y\n250 2.0.0 OK\n");
    assert!(world.says("DATA\r\n").starts_with("503"));
}

#[test]
fn a_verdict_refuses_and_the_session_goes_on() {
    let mut world = World::signed_in();
    let said = world.says(&format!("{ENVELOPE}DATA\r\nno\r\n.\r\n{ENVELOPE}DATA\r\nyes\r\n.\r\n"));
    assert!(said.contains("(finish \"no\\r\\n\")\n550 5.7.1 No w?y\n"));
    assert!(said.ends_with("(finish \"yes\\r\\n\")\n250 2.0.0 Accepted\n"), "{said}");
}

#[test]
fn past_the_wire_limit_the_session_ends() {
    let mut world = World::signed_in();
    world.says(&format!("{ENVELOPE}DATA\r\n"));
    let line = format!("{}\r\n", "x".repeat(998));
    let most = (1000 + Settings::OVERSHOOT) as usize / 1000;
    assert_eq!(world.says(&line.repeat(most)), "");
    assert!(
        world
            .says(&line)
            .ends_with("552 5.3.4 The message is too large; please send fewer or smaller files\n(close)\n")
    );

    let mut world = World::signed_in();
    assert!(world.says(&format!("{ENVELOPE}BDAT 99999999999999999999\r\n")).ends_with("(close)\n"));
}

#[test]
fn chunks() {
    let mut world = World::signed_in();
    let said = world.says(&format!("{ENVELOPE}BDAT 4\r\nab\r\nBDAT 0\r\nBDAT 6 LAST\r\n.\r\nQUINOOP\r\n"));
    assert!(said.contains("250 2.0.0 4 octets received\n250 2.0.0 0 octets received\n"), "{said}");
    assert!(
        said.ends_with("(finish \"ab\\r\\n.\\r\\nQUI\\r\\n\")\n250 2.0.0 Accepted\n250 2.0.0 OK\n"),
        "{said}"
    );

    world.says(&format!("{ENVELOPE}BDAT 1\r\nx"));
    for command in ["DATA", "RCPT TO:<b@x>", "MAIL FROM:<a@x>"] {
        assert!(world.says(&format!("{command}\r\n")).starts_with("503 5.5.1"), "{command}");
    }
    assert_eq!(world.says("RSET\r\nBDAT 4 LAST\r\nQUIT"), "250 2.0.0 Forgotten\n503 5.5.1 Say MAIL first\n");
    assert!(
        world
            .says(&format!("{ENVELOPE}BDAT 2 LAST\r\n\r\nBDAT 3 LAST\r\na\nb"))
            .ends_with("503 5.5.1 Say MAIL first\n")
    );
}

#[test]
fn chunks_that_are_refused_are_swallowed_whole() {
    let mut world = World::signed_in();
    let said = world.says(&format!("{ENVELOPE}BDAT 6\r\na\nQUIT"));
    assert!(said.ends_with("554 5.6.0 The message has lines that do not end with CR LF; the mail program is at fault, please tell Support\n"), "{said}");
    assert_eq!(world.says("BDAT 4 LAST\r\nQUIT"), "503 5.5.1 Say MAIL first\n");
    let said = world.says(&format!("{ENVELOPE}BDAT 8\r\nREFUSE\r\nNOOP\r\n"));
    assert!(said.ends_with("550 5.7.1 No w?y\n250 2.0.0 OK\n"), "{said}");
    assert!(world.says("BDAT x\r\nMAIL FROM:<evil@x>\r\n").ends_with("(close)\n"));

    let mut stranger = World::new(Security::Implicit);
    assert_eq!(stranger.says("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n").lines().count(), 2);
    assert!(stranger.says("BDAT 70000 LAST\r\n").ends_with("(close)\n"));
    let mut plain = World::new(Security::StartTls);
    assert!(plain.says("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n").ends_with("250 2.0.0 OK\n"));
}

#[test]
fn a_spoilt_transaction_swallows_its_chunks() {
    let mut world = World::signed_in();
    let said = world.says("MAIL FROM:<a@x>\r\nRCPT TO:<no@x>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n");
    assert!(
        said.ends_with("554 5.5.1 A recipient was refused, so the message is not sent\n250 2.0.0 OK\n"),
        "{said}"
    );
}

#[test]
fn utf8_only_for_who_asked() {
    let mut world = World::signed_in();
    assert!(world.says("MAIL FROM:<nö@x>\r\n").starts_with("553 5.6.7"));
    assert!(world.says("MAIL FROM:<no@x>\r\n").ends_with("No w?y\n"));
    assert!(world.says("MAIL FROM:<nö@x> SMTPUTF8\r\n").contains("250 2.1.0"));
    assert!(world.says("RCPT TO:<noü@x>\r\n").ends_with("No wäy\n"));
    world.says("RSET\r\n");
    assert!(world.says("MAIL FROM:<no@ü> SMTPUTF8\r\n").ends_with("No wäy\n"));
}

#[test]
fn errors_wear_the_welcome_out() {
    let mut world = World::signed_in();
    for _ in 0..19 {
        assert!(world.says("XYZZY\r\n").starts_with("500 5.5.2"));
    }
    assert!(world.says("XYZZY\r\nNOOP\r\n").ends_with("421 4.7.0 Too many errors, closing\n(close)\n"));
    let mut world = World::signed_in();
    for _ in 0..3 {
        world.says(&"XYZZY\r\n".repeat(15));
        assert!(
            world.says(&format!("{ENVELOPE}DATA\r\nx\r\n.\r\n")).contains("250 2.0.0"),
            "a message starts anew"
        );
    }
}

#[test]
fn the_rest() {
    let mut world = World::signed_in();
    for (command, reply) in [
        ("NOOP x y", "250 2.0.0"),
        ("VRFY anna", "252 2.0.0"),
        ("EXPN all", "502 5.5.1"),
        ("ETRN x", "502 5.5.1"),
        ("HELP", "214-2.0.0"),
        ("", "500 5.5.2"),
        ("RSET x", "501 5.5.4"),
        ("RSET", "250 2.0.0"),
        ("HELO c", "250 mx.test"),
    ] {
        assert!(world.says(&format!("{command}\r\n")).starts_with(reply), "{command}");
    }
    let endless = "x".repeat(Settings::MAX_SWALLOWED_LINE + 4096);
    let said = world.says(&endless);
    assert!(
        said.starts_with("500 5.5.2")
            && said.ends_with("421 4.7.0 The line does not end, closing\n(close)\n")
    );
}

fn dialogue() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "EHLO c\r\n", "AUTH PLAIN AGFubmFAeABwdw==\r\n", "AUTH LOGIN\r\n", "YW5uYQ==\r\n", "*\r\n", "MAIL FROM:<a@x>\r\n",
            "MAIL FROM:<no@x> SMTPUTF8\r\n", "RCPT TO:<b@x>\r\n", "RCPT TO:<no@x>\r\n", "DATA\r\n", "BDAT 4\r\n", "BDAT 3 LAST\r\n",
            "a\r\n.b\r\n.\r\n", ".\r\n", "\r\n", "RSET\r\n", "QUI", "REFUSE", "close\r\n", "a\n", "\r", "STARTTLS\r\n", "NOOP\r\n", "BDAT 0 LAST\r\n",
        ]).prop_map(|s| s.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// STARTTLS apart: what was read with it is thrown away, so there the split is the point.
    #[test]
    fn split_at_every_byte_nothing_changes(input in dialogue(), signed_in in any::<bool>()) {
        let fresh = || if signed_in { World::signed_in() } else { World::new(Security::Implicit) };
        let mut whole = fresh();
        whole.send(&input);
        let mut bytewise = fresh();
        for byte in &input {
            bytewise.send(&[*byte]);
        }
        // Where content is refused on the way, how much of it had been taken hangs on the split.
        let (a, b) = (whole.log, bytewise.log);
        prop_assert_eq!(a, b);
        prop_assert_eq!(whole.closed, bytewise.closed);
    }

    #[test]
    fn no_mail_without_tls_and_sign_in(input in dialogue()) {
        let mut world = World::new(Security::StartTls);
        world.send(&input);
        prop_assert!(!world.log.contains("(mail") || world.log.contains("(tls)") && world.log.contains("235 2.7.0"));
    }
}

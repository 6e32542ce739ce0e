//! Submissions on a real PostgreSQL, from MAIL to what both mailboxes then hold: R11–R15, R17–R19, R28, R30.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use postern::clock::Clock;
use postern::mime::{Limits, Scanner};
use postern::policy::{Refusal, retry};
use postern::service::authenticate::Identity;
use postern::service::submit::{Accepted, MailFrom, Settings, SubmitError, Submitter};
use postern::store::{Account, MasterKey, NewAccount, NewAppend, Options, Role, SentCopy, Store};
use postern::types::{AppPasswordId, Flags, MailboxName, SpecialUse, SystemFlag, Tier};

use crate::harness;

/// Anna and Bert (paid) and Frieda (free) on a database of their own.
struct Ground {
    store: Store,
    submitter: Submitter,
    anna: Account,
    bert: Account,
    frieda: Account,
    _folder: tempfile::TempDir,
}

fn settings() -> Settings {
    let mut settings = Settings { hostname: "mail.portal.example".to_owned(), ..Settings::default() };
    settings.policy.portal_url = "https://portal.example".to_owned();
    settings.policy.secure_domain = "secure.example".to_owned();
    settings.policy.attachment_limit = 1_000_000;
    settings.policy.text_room = 100_000;
    settings
}

impl Ground {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master_key = MasterKey::create(&folder.path().join("master.key")).unwrap();
        let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
        let store = Store::open(Options {
            database_url: harness::database().await,
            max_connections: 8,
            master_key,
            domain: "secure.example".to_owned(),
            clock: clock.clone(),
        })
        .await
        .unwrap();
        let practice = store.practice_create("Praxis", None).await.unwrap().id;
        let mut people = Vec::new();
        for (name, tier) in [("anna", Tier::Paid), ("bert", Tier::Paid), ("frieda", Tier::Free)] {
            let new = NewAccount {
                practice: (tier == Tier::Paid).then_some(practice),
                first_name: name.to_owned(),
                last_name: String::new(),
                role: Role::Staff,
                tier,
                user_manager: false,
                email: format!("{name}@praxis.example").parse().unwrap(),
                portal_password: None,
            };
            people.push(store.account_create(new).await.unwrap());
        }
        let submitter = Submitter::new(store.clone(), clock, settings());
        let [anna, bert, frieda] = people.try_into().ok().unwrap();
        Self { store, submitter, anna, bert, frieda, _folder: folder }
    }

    /// As a door does it: in pieces, from the person's secure address.
    async fn send(&self, from: &Account, to: &str, message: &[u8]) -> Result<Accepted, SubmitError> {
        let path = from.secure_address.to_string();
        self.send_as(from, &MailFrom { path, size: None, smtputf8: false }, to, message).await
    }

    async fn send_as(
        &self,
        from: &Account,
        mail: &MailFrom,
        to: &str,
        message: &[u8],
    ) -> Result<Accepted, SubmitError> {
        let identity = Identity::new(from, AppPasswordId(1));
        let mut data = self.submitter.begin(&identity, mail)?.recipient(to).await?.data();
        for piece in message.chunks(7000) {
            data.push(piece).await?;
        }
        data.finish().await
    }

    async fn refused(&self, from: &Account, to: &str, message: &[u8]) -> Refusal {
        match self.send(from, to, message).await {
            Err(SubmitError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    /// Every message of a mailbox in full.
    async fn messages(&self, of: &Account, mailbox: &str) -> Vec<String> {
        let name = MailboxName::new(mailbox).unwrap();
        let info = self.store.mailbox(of.id, &name).await.unwrap().unwrap();
        let live = self.store.open_mailbox(of.id, info.id).await.unwrap();
        let bodies: Vec<_> = live.read(|state| state.rows.iter().map(|row| row.body).collect());
        let mut messages = Vec::new();
        for body in bodies {
            let reader = self.store.body(of.id, body).await.unwrap().unwrap();
            let bytes = reader.read(0..reader.size()).await.unwrap();
            messages.push(String::from_utf8(bytes.to_vec()).unwrap());
        }
        messages
    }
}

fn message(from: &str, to: &str, id: &str, more: &str, body: &str) -> Vec<u8> {
    format!("From: <{from}@secure.example>\nTo: {to}\nSubject: Befund\nMessage-ID: <{id}@client>\n{more}\n{body}\n")
        .replace('\n', "\r\n")
        .into_bytes()
}

fn with_file(to: &str, id: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(content);
    let lines: Vec<_> = encoded.as_bytes().chunks(72).map(|l| std::str::from_utf8(l).unwrap()).collect();
    let body = format!(
        "--b\nContent-Type: text/plain\n\nHallo\n--b\nContent-Type: application/octet-stream\n\
         Content-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{}\n--b--",
        lines.join("\n")
    );
    message("anna", to, id, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", &body)
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_r30_a_message_reaches_both_mailboxes_with_its_trace() {
    let ground = Ground::new().await;
    let sent = message("anna", "bert@praxis.example", "1", "Bcc: bert@secure.example\n", "Hallo Bert");
    let by_email = MailFrom { path: "anna@praxis.example".to_owned(), size: Some(500), smtputf8: false };
    let accepted = ground.send_as(&ground.anna, &by_email, "bert@secure.example", &sent).await.unwrap();
    assert_eq!(accepted, Accepted::Delivered);
    let inbox = ground.messages(&ground.bert, "INBOX").await;
    assert_eq!(inbox, ground.messages(&ground.anna, "Sent").await);
    let [delivered] = &inbox[..] else { panic!("{inbox:?}") };
    let (trace, rest) = delivered.split_once("Date: ").unwrap();
    assert!(
        trace.starts_with("Return-Path: <anna@secure.example>\r\nReceived: by mail.portal.example "),
        "{trace}"
    );
    assert!(
        trace.contains("with ESMTPSA id ") && trace.contains("\r\n\tfor <bert@secure.example>; "),
        "{trace}"
    );
    let sent = String::from_utf8(sent).unwrap().replace("Bcc: bert@secure.example\r\n", "");
    assert_eq!(rest.split_once("\r\n").unwrap().1, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r11_r12_r13_r15_refusals_before_and_after_the_data() {
    let ground = Ground::new().await;
    let Ground { anna, .. } = &ground;
    let fine = message("anna", "bert@secure.example", "1", "", "x");
    let stranger = ground.refused(anna, "dr.neu@praxis.example", &fine).await;
    assert_eq!((stranger.code, stranger.rule), (550, "R15"));
    assert!(
        stranger.text.contains("https://portal.example/invite?address=dr.neu@praxis.example"),
        "{stranger}"
    );
    assert_eq!(ground.refused(anna, "nobody@secure.example", &fine).await.rule, "R11");
    assert_eq!(ground.refused(anna, "no address", &fine).await.code, 553);
    let other = MailFrom { path: "bert@secure.example".to_owned(), ..MailFrom::default() };
    assert!(matches!(
        ground.send_as(anna, &other, "bert@secure.example", &fine).await,
        Err(SubmitError::Refused(Refusal { rule: "R12", .. }))
    ));
    let to_both = message("anna", "bert@secure.example, frieda@secure.example", "1", "", "x");
    assert_eq!(ground.refused(anna, "bert@secure.example", &to_both).await.rule, "R13");
    let hidden = message("anna", "bert@secure.example", "1", "Bcc: frieda@secure.example\n", "x");
    assert_eq!(ground.refused(anna, "bert@secure.example", &hidden).await.rule, "R13");
    let as_bert = message("bert", "bert@secure.example", "1", "", "x");
    assert_eq!(ground.refused(anna, "bert@secure.example", &as_bert).await.rule, "R12");
    assert!(ground.messages(&ground.bert, "INBOX").await.is_empty());
    assert!(ground.messages(anna, "Sent").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r14_r27_a_free_account_answers_what_was_delivered() {
    let ground = Ground::new().await;
    let Ground { anna, bert, frieda, store, .. } = &ground;
    let reply = |to: &str, id: &str, answers: &str| {
        message("frieda", to, id, &format!("In-Reply-To: <{answers}@client>\n"), "Danke")
    };
    // An APPEND is no proof: only the delivery record is.
    let mut ingest = store.ingest(Limits::default()).unwrap();
    ingest.push(&message("anna", "frieda@secure.example", "forged", "", "x")).await.unwrap();
    let inbox = store.mailbox(frieda.id, &MailboxName::inbox()).await.unwrap().unwrap();
    let forged = NewAppend {
        mailbox: inbox.id,
        ingested: ingest.finish().await.unwrap(),
        flags: Flags::NONE,
        keywords: &[],
        internal_date: None,
        sent_copy: None,
    };
    store.append(frieda.id, forged).await.unwrap();
    let refusal =
        ground.refused(frieda, "anna@secure.example", &reply("anna@secure.example", "f1", "forged")).await;
    assert_eq!(refusal.rule, "R14");
    // Whether somebody exists makes no difference to the answer.
    let nobody =
        ground.refused(frieda, "nora@secure.example", &reply("nora@secure.example", "f1", "forged")).await;
    assert_eq!(nobody.text.replace("nora", "anna"), refusal.text);

    ground
        .send(anna, "frieda@secure.example", &message("anna", "frieda@secure.example", "1", "", "x"))
        .await
        .unwrap();
    let sent =
        ground.send(frieda, "anna@praxis.example", &reply("anna@secure.example", "f2", "1")).await.unwrap();
    assert_eq!(sent, Accepted::Delivered);
    assert_eq!(ground.messages(anna, "INBOX").await.len(), 1);
    // To its sender alone, and not by somebody else.
    let refusal =
        ground.refused(frieda, "bert@secure.example", &reply("bert@secure.example", "f3", "1")).await;
    assert_eq!(refusal.rule, "R14");
    assert!(ground.messages(bert, "INBOX").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_a_read_receipt_goes_to_the_sender_of_what_was_read() {
    let ground = Ground::new().await;
    let Ground { anna, frieda, .. } = &ground;
    let receipt = |id: &str| {
        let more = "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n";
        let body = "--b\n\nGelesen\n--b\nContent-Type: message/disposition-notification\n\n\
            Final-Recipient: rfc822;frieda@secure.example\nOriginal-Message-ID: <1@client>\nDisposition: x; displayed\n\n--b--";
        message("frieda", "anna@secure.example", id, more, body)
    };
    let nobody = MailFrom::default();
    let early = ground.send_as(frieda, &nobody, "anna@secure.example", &receipt("r1")).await;
    assert!(matches!(early, Err(SubmitError::Refused(Refusal { rule: "R12", .. }))), "{early:?}");
    ground
        .send(anna, "frieda@secure.example", &message("anna", "frieda@secure.example", "1", "", "x"))
        .await
        .unwrap();
    ground.send_as(frieda, &nobody, "anna@secure.example", &receipt("r2")).await.unwrap();
    assert!(ground.messages(anna, "INBOX").await[0].starts_with("Return-Path: <>\r\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r17_a_retry_is_answered_and_delivered_once() {
    let ground = Ground::new().await;
    let Ground { anna, bert, .. } = &ground;
    let first =
        message("anna", "bert@secure.example", "1", "Date: Mon, 1 Jan 2026 10:00:00 +0100\n", "Hallo");
    let again =
        message("anna", "bert@praxis.example", "1", "Date: Mon, 1 Jan 2026 10:05:00 +0100\n", "Hallo");
    let other = message("anna", "bert@secure.example", "1", "", "Hallo!");
    assert_eq!(ground.send(anna, "bert@secure.example", &first).await.unwrap(), Accepted::Delivered);
    assert_eq!(ground.send(anna, "bert@praxis.example", &again).await.unwrap(), Accepted::Repeated);
    assert_eq!(ground.refused(anna, "bert@secure.example", &other).await.rule, "R17");
    let elsewhere = message("anna", "frieda@secure.example", "1", "", "Hallo");
    assert_eq!(ground.refused(anna, "frieda@secure.example", &elsewhere).await.rule, "R17");
    let resent = message("anna", "bert@secure.example", "2", "Resent-From: anna@secure.example\n", "x");
    assert_eq!(ground.refused(anna, "bert@secure.example", &resent).await.rule, "R17");
    assert_eq!(ground.messages(bert, "INBOX").await.len(), 1);
    assert_eq!(ground.messages(anna, "Sent").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_the_clients_own_copy_is_recognised() {
    let ground = Ground::new().await;
    let Ground { anna, store, .. } = &ground;
    let sent = message("anna", "bert@secure.example", "1", "", "Hallo");
    ground.send(anna, "bert@secure.example", &sent).await.unwrap();
    // What the client saves has its Bcc and no trace.
    let copy = message(
        "anna",
        "bert@secure.example",
        "1",
        "Bcc: bert@praxis.example\nX-Mozilla-Draft: x\n",
        "Hallo",
    );
    let name = MailboxName::new("Sent").unwrap();
    let mailbox = store.mailbox(anna.id, &name).await.unwrap().unwrap();
    assert_eq!(mailbox.special_use, Some(SpecialUse::Sent));
    let mut existing = Vec::new();
    for _ in 0..2 {
        let mut ingest = store.ingest(Limits::default()).unwrap();
        ingest.push(&copy).await.unwrap();
        let ingested = ingest.finish().await.unwrap();
        let known = retry::sent_copy(mailbox.special_use, &ingested.scan.summary).unwrap();
        let new = NewAppend {
            mailbox: mailbox.id,
            ingested,
            flags: Flags::of(SystemFlag::Seen),
            keywords: &[],
            internal_date: None,
            sent_copy: Some(SentCopy {
                message_id: known.message_id,
                fingerprint: store.lookup().fingerprint(anna.id, &known.fingerprint),
            }),
        };
        existing.push(store.append(anna.id, new).await.unwrap().existing);
    }
    assert_eq!(existing, [true, false], "once per submission");
    assert_eq!(ground.messages(anna, "Sent").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r18_one_byte_more_is_refused_and_past_the_wire_limit_nothing_is_read() {
    let ground = Ground::new().await;
    let Ground { anna, submitter, .. } = &ground;
    let to = "bert@secure.example";
    let photo = |len: usize| {
        let mut bytes = b"\xff\xd8\xff".to_vec();
        bytes.resize(len, 7);
        bytes
    };
    let full = with_file(to, "1", "roentgen.jpg", &photo(1_000_000));
    assert_eq!(ground.send(anna, to, &full).await.unwrap(), Accepted::Delivered);
    let over = ground.refused(anna, to, &with_file(to, "2", "roentgen.jpg", &photo(1_000_001))).await;
    assert_eq!((over.code, over.enhanced, over.rule), (552, "5.3.4", "R18"));
    assert_eq!(submitter.announced_size(), 1_475_000);
    let announced =
        |size| MailFrom { path: anna.secure_address.to_string(), size: Some(size), smtputf8: false };
    let identity = Identity::new(anna, AppPasswordId(1));
    assert!(submitter.begin(&identity, &announced(1_475_000)).is_ok());
    assert!(matches!(
        submitter.begin(&identity, &announced(1_475_001)),
        Err(SubmitError::Refused(Refusal { code: 552, .. }))
    ));
    let past = ground.send(anna, to, &with_file(to, "3", "roentgen.jpg", &photo(1_100_000))).await;
    assert!(matches!(past, Err(SubmitError::Close(Refusal { code: 552, .. }))), "{past:?}");

    // A practice with less: what is past its own limit is thrown away, and the answer comes at the end.
    let mut narrow = Identity::new(anna, AppPasswordId(1));
    narrow.attachment_limit = Some(100_000);
    assert_eq!(submitter.announced_size_for(&narrow), 237_500);
    let mut data = submitter.begin(&narrow, &announced(1)).unwrap().recipient(to).await.unwrap().data();
    for piece in with_file(to, "4", "roentgen.jpg", &photo(900_000)).chunks(8192) {
        data.push(piece).await.unwrap();
    }
    let refused = data.finish().await.unwrap_err();
    assert!(
        matches!(&refused, SubmitError::Refused(r) if r.rule == "R18" && r.text.contains("97 KB")),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_archives_are_opened_in_memory_and_staged() {
    let ground = Ground::new().await;
    let Ground { anna, .. } = &ground;
    let to = "bert@secure.example";
    let noise: Vec<u8> = (0..600_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let scan = [b"\x89PNG\r\n\x1a\n", &noise[..]].concat();
    for (id, files) in
        [("1", vec![("a.pdf", &b"%PDF-1.7"[..])]), ("2", vec![("a.png", &scan[..]), ("b.txt", b"x")])]
    {
        let fine = with_file(to, id, "bilder.zip", &zip_of(&files));
        assert_eq!(ground.send(anna, to, &fine).await.unwrap(), Accepted::Delivered);
    }
    for (id, files) in
        [("3", vec![("a.exe", &b"MZ"[..])]), ("4", vec![("a.png", &scan[..]), ("b.pdf", b"MZ")])]
    {
        let refusal = ground.refused(anna, to, &with_file(to, id, "bilder.zip", &zip_of(&files))).await;
        assert_eq!(refusal.rule, "R19");
        assert!(refusal.text.contains("\"bilder.zip\""), "{refusal}");
    }
    assert_eq!(ground.refused(anna, to, &with_file(to, "5", "x.pdf", b"MZ")).await.rule, "R19");
    assert_eq!(ground.messages(&ground.bert, "INBOX").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_past_its_limit_or_malformed_is_refused_at_the_end() {
    let ground = Ground::new().await;
    let Ground { anna, .. } = &ground;
    let to = "bert@secure.example";
    let long = format!("X-Long: {}\n", "x".repeat(900)).repeat(300);
    assert_eq!(ground.refused(anna, to, &message("anna", to, "1", &long, "x")).await.rule, "form");
    assert_eq!(ground.refused(anna, to, &message("anna", to, "1", "what is this\n", "x")).await.rule, "form");
    assert_eq!(ground.refused(anna, to, b"").await.rule, "R12");
    let full = format!("X-Long: {}\n", "x".repeat(900)).repeat(285);
    let full = message("anna", to, "1", &full, "x");
    assert!(full.len() > 255_000 && full.len() < 256 * 1024 - 2048);
    ground.send(anna, to, &full).await.unwrap();
    // The fingerprint of what is stored is the one of what the client has.
    let mut scanner = Scanner::new(Limits::default());
    scanner.feed(&full);
    let client = retry::fingerprint(&scanner.finish().summary);
    let stored = ground.messages(&ground.bert, "INBOX").await.remove(0);
    let mut scanner = Scanner::new(Limits::default());
    scanner.feed(stored.as_bytes());
    assert_eq!(retry::fingerprint(&scanner.finish().summary), client);
}

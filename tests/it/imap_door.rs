//! The IMAP door over real sockets: time limits, drain, withdrawn sign-ins, compression, and clients that
//! misbehave below the level of a dialogue. What is said when is in `transcripts/imap`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use postern::clock::Clock;
use postern::imap::{Imap, Settings};
use postern::mime;
use postern::net::{
    self, Admission, Door, DoorPatience, Limits, Security, ServerTls, ShutdownTrigger, SignInGate,
};
use postern::service::authenticate::{self, Authenticator};
use postern::service::mailbox::Mail;
use postern::store::{MasterKey, NewAccount, Options, Role, Store};
use postern::types::{AccountId, AppPasswordId, Tier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use crate::client::{Client, PATIENCE, connector};

/// One door with its own limits, and anna.
struct Gate {
    port: u16,
    ca: Vec<u8>,
    store: Store,
    admission: Admission,
    trigger: ShutdownTrigger,
    serving: JoinHandle<()>,
    account: AccountId,
    app_password: AppPasswordId,
    login: String,
    /// For a second door on the same mail.
    folder: PathBuf,
    database_url: String,
}

fn certificate(folder: &std::path::Path) -> Vec<u8> {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    pem.into_bytes()
}

async fn open_store(database_url: &str, folder: &std::path::Path) -> Store {
    Store::open(Options {
        database_url: database_url.to_owned(),
        max_connections: 4,
        master_key: MasterKey::load(&folder.join("master.key")).unwrap(),
        domain: "secure.test".to_owned(),
        clock: Clock::system(),
    })
    .await
    .unwrap()
}

fn serve(
    store: &Store,
    folder: &std::path::Path,
    settings: Settings,
    limits: Limits,
) -> (u16, Admission, ShutdownTrigger, JoinHandle<()>) {
    let imap = Imap::new(
        settings,
        Authenticator::new(store.clone(), authenticate::Settings::default()),
        Arc::new(SignInGate::new(net::SignInLimits::default())),
        Mail::new(store.clone()),
        mime::Limits::default(),
    );
    let (admission, trigger) = (Admission::new(limits), ShutdownTrigger::new());
    let socket = net::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let door = Door {
        name: "imap-test",
        security: Security::Implicit,
        tls: ServerTls::load(&folder.join("cert.pem"), &folder.join("key.pem")).unwrap(),
        admission: admission.clone(),
        patience: DoorPatience { handshake: PATIENCE, place: PATIENCE, turning_away: PATIENCE },
        when_full: Imap::when_full,
    };
    let handle = move |connection| imap.clone().serve(connection);
    let serving = tokio::spawn(net::serve(socket, door, trigger.subscribe(), handle));
    (port, admission, trigger, serving)
}

impl Gate {
    async fn open(settings: Settings) -> Self {
        Self::limited(settings, Limits::default()).await
    }

    async fn limited(settings: Settings, limits: Limits) -> Self {
        let folder = crate::harness::scratch().await;
        let ca = certificate(&folder);
        MasterKey::create(&folder.join("master.key")).unwrap();
        let database_url = crate::harness::database().await;
        let store = open_store(&database_url, &folder).await;
        let account = store
            .account_create(NewAccount {
                practice: None,
                first_name: "Anna".to_owned(),
                last_name: "Weber".to_owned(),
                role: Role::Doctor,
                tier: Tier::Paid,
                user_manager: false,
                email: "anna@praxis.test".parse().unwrap(),
                portal_password: None,
            })
            .await
            .unwrap();
        let (app_password, secret) = store.app_password_create(account.id, "test").await.unwrap();
        let secret = String::from_utf8(secret.expose().to_vec()).unwrap();
        let login = format!("LOGIN \"{}\" \"{secret}\"", account.secure_address);
        let (port, admission, trigger, serving) = serve(&store, &folder, settings, limits);
        Self {
            port,
            ca,
            store,
            admission,
            trigger,
            serving,
            account: account.id,
            app_password,
            login,
            folder,
            database_url,
        }
    }

    async fn connect(&self) -> Client {
        Client::tls(self.port, connector(&self.ca)).await
    }

    async fn anna(&self) -> Client {
        let mut client = self.connect().await;
        client.response().await.unwrap();
        ok(&client.imap("l", &self.login).await);
        client
    }

    /// Waits until nobody is connected any more.
    async fn empty(&self) {
        let patience = Instant::now() + PATIENCE;
        while self.admission.connected() > 0 {
            assert!(Instant::now() < patience, "a connection stays");
            tokio::task::yield_now().await;
        }
    }
}

fn ok(answer: &[String]) {
    assert!(answer.last().unwrap().split(' ').nth(1) == Some("OK"), "{answer:?}");
}

async fn append(client: &mut Client, tag: &str, mailbox: &str, message: &[u8]) -> Vec<String> {
    client.send(format!("{tag} APPEND {mailbox} {{{}+}}\r\n", message.len()).as_bytes()).await;
    client.send(message).await;
    client.send(b"\r\n").await;
    client.imap_until(tag).await
}

/// Reads until BYE, which is the last that is said.
async fn hears_bye(client: &mut Client) -> String {
    loop {
        let line = String::from_utf8(client.response().await.expect("a BYE")).unwrap();
        if line.starts_with("* BYE ") {
            assert!(client.closed().await);
            return line;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_cuts_no_command() {
    let gate = Gate::open(Settings::default()).await;
    let (mut resting, mut idling, mut sending) = (gate.anna().await, gate.anna().await, gate.anna().await);
    idling.send(b"i IDLE\r\n").await;
    assert!(idling.response().await.unwrap().starts_with(b"+"));
    sending.send(b"a APPEND Drafts {15}\r\n").await;
    assert!(sending.response().await.unwrap().starts_with(b"+"));
    gate.trigger.drain();
    hears_bye(&mut resting).await;
    hears_bye(&mut idling).await;
    sending.send(b"Subject: x\r\n\r\nx\r\n").await;
    ok(&sending.imap_until("a").await);
    hears_bye(&mut sending).await;
    drop((resting, idling, sending));
    gate.serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_silence_outside_idle_signs_out() {
    let autologout = Duration::from_millis(300);
    let idle_keepalive = Duration::from_millis(100);
    let gate = Gate::open(Settings { autologout, idle_keepalive, ..Settings::default() }).await;
    let (mut silent, mut idling) = (gate.anna().await, gate.connect().await);
    idling.response().await.unwrap();
    // In one piece, so that there is no silence between the two.
    idling.send(format!("l {}\r\ni IDLE\r\n", gate.login).as_bytes()).await;
    ok(&idling.imap_until("l").await);
    assert!(idling.response().await.unwrap().starts_with(b"+"));
    hears_bye(&mut silent).await;
    // Longer than the autologout: IDLE is no silence (RFC 9051 §6.3.13).
    for _ in 0..6 {
        assert_eq!(idling.response().await.unwrap(), b"* OK Still here");
    }
    idling.send(b"DONE\r\n").await;
    ok(&idling.imap_until("i").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_one_time_limit_for_all() {
    let gate =
        Gate::open(Settings { sign_in_timeout: Duration::from_millis(300), ..Settings::default() }).await;
    let mut stranger = gate.connect().await;
    let began = Instant::now();
    loop {
        let line = stranger.response().await.expect("a BYE");
        assert!(began.elapsed() < PATIENCE, "commands must not buy time");
        if line.starts_with(b"* BYE") {
            return;
        }
        stranger.send(b"a NOOP\r\n").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_command_is_given_up() {
    let gate =
        Gate::open(Settings { command_timeout: Duration::from_millis(200), ..Settings::default() }).await;
    let (mut typing, mut sending) = (gate.anna().await, gate.anna().await);
    typing.send(b"a NO").await;
    sending.send(b"a APPEND Drafts {100}\r\n").await;
    assert!(sending.response().await.unwrap().starts_with(b"+"));
    sending.send(b"Subject:").await;
    gate.empty().await;
    drop((typing, sending));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_reading_loses_its_connection() {
    let gate =
        Gate::open(Settings { write_timeout: Duration::from_millis(300), ..Settings::default() }).await;
    let mut client = gate.anna().await;
    let big = [b"Subject: big\r\n\r\n".as_slice(), &vec![b'x'; 4 << 20]].concat();
    ok(&append(&mut client, "a", "Drafts", &big).await);
    ok(&client.imap("s", "SELECT Drafts").await);
    client.send("f FETCH 1 BODY.PEEK[]\r\n".repeat(20).as_bytes()).await;
    gate.empty().await;
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_closed_sockets_are_let_go() {
    let gate = Gate::open(Settings::default()).await;
    let clients = [gate.connect().await, gate.anna().await];
    drop(clients);
    gate.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r29_a_revoked_app_password_ends_its_sessions() {
    let gate = Gate::open(Settings::default()).await;
    let (mut resting, mut idling) = (gate.anna().await, gate.anna().await);
    idling.send(b"i IDLE\r\n").await;
    assert!(idling.response().await.unwrap().starts_with(b"+"));
    let (other, _) = gate.store.app_password_create(gate.account, "another device").await.unwrap();
    gate.store.app_password_revoke(gate.account, other).await.unwrap();
    ok(&resting.imap("n", "NOOP").await);
    gate.store.app_password_revoke(gate.account, gate.app_password).await.unwrap();
    let began = Instant::now();
    hears_bye(&mut resting).await;
    hears_bye(&mut idling).await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn r29_a_revoked_app_password_ends_a_fetch_that_nobody_reads() {
    let gate = Gate::open(Settings::default()).await;
    let mut client = gate.anna().await;
    let big = [b"Subject: big\r\n\r\n".as_slice(), &vec![b'x'; 4 << 20]].concat();
    ok(&append(&mut client, "a", "Drafts", &big).await);
    ok(&client.imap("s", "SELECT Drafts").await);
    client.send("f FETCH 1 BODY.PEEK[]\r\n".repeat(20).as_bytes()).await;
    gate.store.app_password_revoke(gate.account, gate.app_password).await.unwrap();
    gate.empty().await;
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_account_are_counted() {
    let limits = Limits { per_account: 2, ..Limits::default() };
    let gate = Gate::limited(Settings::default(), limits).await;
    let (first, _second) = (gate.anna().await, gate.anna().await);
    let mut third = gate.connect().await;
    third.response().await.unwrap();
    let answer = third.imap("l", &gate.login).await;
    assert!(answer.last().unwrap().starts_with("l NO [LIMIT] "), "{answer:?}");
    drop(first);
    let patience = Instant::now() + PATIENCE;
    while !third.imap("l", &gate.login).await.last().unwrap().starts_with("l OK") {
        assert!(Instant::now() < patience, "a place is not given back");
    }
}

/// How soon is measured in `store_mail::another_gateway_sees_it`.
#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_see_each_other_in_idle() {
    let gate = Gate::open(Settings::default()).await;
    let store = open_store(&gate.database_url, &gate.folder).await;
    let (port, _, _trigger, _serving) = serve(&store, &gate.folder, Settings::default(), Limits::default());
    let mut here = gate.anna().await;
    let mut there = Client::tls(port, connector(&gate.ca)).await;
    there.response().await.unwrap();
    ok(&there.imap("l", &gate.login).await);
    ok(&there.imap("s", "SELECT INBOX").await);
    there.send(b"i IDLE\r\n").await;
    assert!(there.response().await.unwrap().starts_with(b"+"));

    ok(&append(&mut here, "a", "INBOX", b"Subject: x\r\n\r\nx\r\n").await);
    assert_eq!(there.response().await.unwrap(), b"* 1 EXISTS");
    assert_eq!(there.response().await.unwrap(), b"* 1 RECENT");
    ok(&here.imap("s", "SELECT INBOX").await);
    ok(&here.imap("f", "STORE 1 +FLAGS (\\Deleted)").await);
    assert_eq!(there.response().await.unwrap(), b"* 1 FETCH (FLAGS (\\Deleted \\Recent))");
    ok(&here.imap("e", "EXPUNGE").await);
    assert_eq!(there.response().await.unwrap(), b"* 1 EXPUNGE");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_comes_back_byte_by_byte() {
    let gate = Gate::open(Settings::default()).await;
    let mut client = gate.anna().await;
    let mut message = b"Subject: big\r\nContent-Type: application/octet-stream\r\n\r\n".to_vec();
    message.extend((0..9_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 1));
    // Line ends that would be touched by anything that looks at lines.
    message.extend_from_slice(b"\r\n.\r\n\x01\r\n");
    let answer = append(&mut client, "a", "Drafts", &message).await;
    ok(&answer);
    ok(&client.imap("s", "SELECT Drafts").await);
    client.send(b"f FETCH 1 BODY.PEEK[]\r\n").await;
    let got = client.response().await.unwrap();
    let head = format!("* 1 FETCH (BODY[] {{{}}}\r\n", message.len());
    assert!(got.starts_with(head.as_bytes()));
    assert!(got[head.len()..].starts_with(&message), "bytes differ");
    ok(&client.imap_until("f").await);
    for (offset, length) in [(0, 65_536), (131_000, 200), (262_143, 2), (8_999_990, 100_000)] {
        client.send(format!("p UID FETCH 1 (BODY.PEEK[]<{offset}.{length}>)\r\n").as_bytes()).await;
        let got = client.response().await.unwrap();
        let piece = &message[offset..(offset + length).min(message.len())];
        let head = format!("* 1 FETCH (UID 1 BODY[]<{offset}> {{{}}}\r\n", piece.len());
        assert!(got.starts_with(head.as_bytes()), "{offset}");
        assert_eq!(&got[head.len()..got.len() - 1], piece, "{offset}");
        ok(&client.imap_until("p").await);
    }
}

/// R18, R25: refused at its end, after it was staged chunk by chunk; the session goes on, and nothing stays.
#[tokio::test(flavor = "multi_thread")]
async fn r18_a_refused_append_leaves_nothing() {
    let gate = Gate::open(Settings { attachment_limit: 1_000_000, ..Settings::default() }).await;
    let mut client = gate.anna().await;
    let head = b"Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\n";
    let message = |size: usize| [&head[..], &vec![b'x'; size]].concat();
    let refused = append(&mut client, "a", "Drafts", &message(1_000_001)).await;
    assert!(refused.last().unwrap().starts_with("a NO [TOOBIG] All attachments"), "{refused:?}");
    let pool = sqlx::PgPool::connect(&gate.database_url).await.unwrap();
    let count = "select (select count(*) from body_chunk) + (select count(*) from message)";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.unwrap(), 0);
    ok(&append(&mut client, "b", "Drafts", &message(1_000_000)).await);
    // Text is bound by the wire alone, and more parts than are looked at count with all they weigh.
    ok(&append(&mut client, "c", "Drafts", &[b"Subject: x\r\n\r\n", &vec![b'x'; 2_000_000][..]].concat())
        .await);
    let mut bomb = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec();
    for _ in 0..200_000 {
        bomb.extend_from_slice(b"--b\r\n\r\nx\r\n");
    }
    let refused = append(&mut client, "d", "Drafts", &bomb).await;
    assert!(refused.last().unwrap().starts_with("d NO [TOOBIG]"), "{refused:?}");
}

/// RFC 7888 §4: a program that asks for no leave sends what it has; as long as another practice might send as
/// much, it is read, thrown away and answered, and the session goes on.
#[tokio::test(flavor = "multi_thread")]
async fn r18_what_a_narrow_practice_may_not_store_is_read_and_refused() {
    let world = crate::harness::World::new().await;
    world.limit("attachments", "anna", 30).await;
    let mut client = world.imap("anna").await;
    client.send(b"a APPEND Drafts {9000000+}\r\n").await;
    for _ in 0..90 {
        client.send(&[b'x'; 100_000]).await;
    }
    client.send(b"\r\nb NOOP\r\n").await;
    let answer = client.imap_until("b").await;
    assert!(answer[0].starts_with("a NO [TOOBIG]") && answer[1].starts_with("b OK"), "{answer:?}");
}

/// A client that compresses (RFC 4978).
struct Deflated<S> {
    stream: S,
    deflate: Compress,
    inflate: Decompress,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Deflated<S> {
    async fn send(&mut self, text: &[u8]) {
        let mut out = Vec::with_capacity(text.len() + 1024);
        self.deflate.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
        self.stream.write_all(&out).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// What comes until `end` has come.
    async fn until(&mut self, end: &str) -> String {
        let mut got = Vec::new();
        while !String::from_utf8_lossy(&got).contains(end) {
            let mut raw = [0; 4096];
            let n = tokio::time::timeout(PATIENCE, self.stream.read(&mut raw)).await.unwrap().unwrap();
            assert!(n > 0, "closed; {}", String::from_utf8_lossy(&got));
            let mut used = 0;
            while used < n {
                let before = self.inflate.total_in();
                got.reserve(64 * 1024);
                self.inflate.decompress_vec(&raw[used..n], &mut got, FlushDecompress::Sync).unwrap();
                used += (self.inflate.total_in() - before) as usize;
            }
        }
        String::from_utf8(got).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc4978_compression_with_idle() {
    let settings = Settings { compress: true, compress_connections: 1, ..Settings::default() };
    let gate = Gate::open(settings).await;
    let tcp = tokio::net::TcpStream::connect(("127.0.0.1", gate.port)).await.unwrap();
    let name = tokio_rustls::rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut tls = connector(&gate.ca).connect(name, tcp).await.unwrap();
    // What is pipelined behind COMPRESS is compressed already.
    let mut deflate = Compress::new(Compression::fast(), false);
    let mut first = Vec::with_capacity(1024);
    deflate.compress_vec(b"s SELECT INBOX\r\n", &mut first, FlushCompress::Sync).unwrap();
    tls.write_all(format!("l {}\r\nc COMPRESS DEFLATE\r\n", gate.login).as_bytes()).await.unwrap();
    tls.write_all(&first).await.unwrap();
    tls.flush().await.unwrap();
    let mut plain = Vec::new();
    while !plain.ends_with(b"c OK compression begins\r\n") {
        plain.push(tls.read_u8().await.unwrap());
    }
    assert!(String::from_utf8_lossy(&plain).contains(" COMPRESS=DEFLATE"));
    let mut client = Deflated { stream: tls, deflate, inflate: Decompress::new(false) };
    client.until("s OK ").await;
    client.send(b"d COMPRESS DEFLATE\r\ni IDLE\r\n").await;
    let answer = client.until("+ idling\r\n").await;
    assert!(answer.contains("d NO [COMPRESSIONACTIVE] "), "{answer}");

    let mut other = gate.anna().await;
    let refused = other.imap("c", "COMPRESS DEFLATE").await;
    assert!(refused.last().unwrap().starts_with("c NO [LIMIT] "), "{refused:?}");
    ok(&append(&mut other, "a", "INBOX", b"Subject: x\r\n\r\nx\r\n").await);
    client.until("* 1 EXISTS\r\n").await;
    client.send(b"DONE\r\nf FETCH 1 BODY[]\r\n").await;
    let answer = client.until("f OK ").await;
    assert!(answer.contains("i OK ") && answer.contains("Subject: x"), "{answer}");
    drop(client);
    // Its place is given back.
    let patience = Instant::now() + PATIENCE;
    while !other.imap("c", "COMPRESS DEFLATE").await.last().unwrap().starts_with("c OK") {
        assert!(Instant::now() < patience, "a place is not given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc4978_rubbish_ends_the_connection() {
    let gate = Gate::open(Settings { compress: true, ..Settings::default() }).await;
    let mut client = gate.anna().await;
    ok(&client.imap("c", "COMPRESS DEFLATE").await);
    client.send(&[0xff; 64]).await;
    gate.empty().await;
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn r28_the_clients_own_copy_in_sent_is_recognised() {
    let world = crate::harness::World::new().await;
    let (anna, bert) = (world.account("anna").clone(), world.account("bert").clone());
    let message = format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: Befund\r\nDate: Mon, 7 Sep 2026 10:00:00 +0200\r\n\
         Message-ID: <r28@secure.test>\r\n\r\nGuten Tag\r\n",
        anna.secure, bert.secure
    );
    let mut smtp = world.connect("submission-tls").await;
    smtp.smtp_reply().await.unwrap();
    smtp.smtp("EHLO test").await;
    let plain = crate::smtp_transcripts::plain(&anna.secure, &anna.password);
    assert_eq!(smtp.smtp(&format!("AUTH PLAIN {plain}")).await.0, 235);
    assert_eq!(smtp.smtp(&format!("MAIL FROM:<{}>", anna.secure)).await.0, 250);
    assert_eq!(smtp.smtp(&format!("RCPT TO:<{}>", bert.secure)).await.0, 250);
    assert_eq!(smtp.smtp("DATA").await.0, 354);
    assert_eq!(smtp.smtp(&format!("{message}.")).await.0, 250);

    let mut client = world.imap("anna").await;
    let first = append(&mut client, "a", "Sent", message.as_bytes()).await;
    assert!(first.last().unwrap().contains(" 1] "), "{first:?}");
    let status = client.imap("s", "STATUS Sent (MESSAGES)").await;
    assert_eq!(status[0], "* STATUS \"Sent\" (MESSAGES 1)");
    // Once per submission; and only in \Sent.
    let second = append(&mut client, "b", "Sent", message.as_bytes()).await;
    assert!(second.last().unwrap().contains(" 2] "), "{second:?}");
    ok(&append(&mut client, "c", "Drafts", message.as_bytes()).await);
    let status = client.imap("s", "STATUS Drafts (MESSAGES)").await;
    assert_eq!(status[0], "* STATUS \"Drafts\" (MESSAGES 1)");

    let mut bert = world.imap("bert").await;
    ok(&bert.imap("s", "SELECT INBOX").await);
    let got = bert.imap("f", "FETCH 1 (BODY.PEEK[TEXT] FLAGS)").await;
    assert_eq!(got[0], "* 1 FETCH (BODY[TEXT] {11}\r\nGuten Tag\r\n FLAGS (\\Recent))");
}

/// RFC 9585: a command that takes long is told to be in progress, before its answer and by its tag. Here it takes
/// as long as somebody holds what it must read or lock.
#[tokio::test(flavor = "multi_thread")]
async fn rfc9585_what_takes_long_is_in_progress() {
    let gate = Gate::open(Settings { progress: Duration::from_millis(5), ..Settings::default() }).await;
    let mut client = gate.anna().await;
    ok(&append(&mut client, "a", "INBOX", b"Subject: x\r\n\r\nsome words\r\n").await);
    ok(&client.imap("s", "SELECT INBOX").await);
    let pool = sqlx::PgPool::connect(&gate.database_url).await.unwrap();
    let (table, row) = ("lock table body_chunk", "select from mailbox for update");
    // A tag that would end the response code is left out.
    for (held, tag, command, code, answer) in [
        (table, "long", "SEARCH BODY nowhere", "INPROGRESS (\"long\" NIL NIL)", "* SEARCH"),
        (row, "a]b", "COPY 1 Drafts", "INPROGRESS", "a]b OK [COPYUID "),
    ] {
        let mut holder = pool.begin().await.unwrap();
        sqlx::query(held).execute(&mut *holder).await.unwrap();
        client.send(format!("{tag} {command}\r\n").as_bytes()).await;
        let first = String::from_utf8(client.response().await.unwrap()).unwrap();
        holder.rollback().await.unwrap();
        assert!(first.starts_with(&format!("* OK [{code}] ")), "{first}");
        let mut rest = vec![first];
        while !rest.last().unwrap().starts_with(tag) {
            rest.push(String::from_utf8(client.response().await.unwrap()).unwrap());
        }
        assert!(rest.iter().any(|line| line.starts_with(answer)), "{rest:?}");
        ok(&rest);
    }
}

/// `postern user set-imap`: from the next sign-in on.
#[tokio::test(flavor = "multi_thread")]
async fn a_capability_is_switched_off_for_one_account() {
    let gate = Gate::open(Settings::default()).await;
    gate.store.switch_imap(gate.account, &["QRESYNC".to_owned()], &[]).await.unwrap();
    let mut client = gate.anna().await;
    let answer = client.imap("c", "CAPABILITY").await;
    assert!(!answer[0].contains("QRESYNC") && answer[0].contains("CONDSTORE"), "{answer:?}");
    assert_eq!(client.imap("e", "ENABLE QRESYNC").await[0], "* ENABLED");
    gate.store.switch_imap(gate.account, &[], &["QRESYNC".to_owned()]).await.unwrap();
    let mut client = gate.anna().await;
    assert!(client.imap("c", "CAPABILITY").await[0].contains(" QRESYNC "));
}

/// RFC 5465 §5.8: an account that grew too large is told so once, and then nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn rfc5465_too_many_mailboxes_are_an_overflow() {
    // An account begins with six.
    let gate = Gate::open(Settings { notify_mailboxes: 7, ..Settings::default() }).await;
    let (mut watcher, mut other) = (gate.anna().await, gate.anna().await);
    ok(&watcher.imap("a", "NOTIFY SET (personal (MailboxName))").await);
    ok(&other.imap("a", "CREATE Eins").await);
    let line = String::from_utf8(watcher.response().await.unwrap()).unwrap();
    assert!(line.starts_with("* LIST ") && line.contains("\"Eins\""), "{line}");
    ok(&other.imap("b", "CREATE Zwei").await);
    let line = String::from_utf8(watcher.response().await.unwrap()).unwrap();
    assert!(line.starts_with("* OK [NOTIFICATIONOVERFLOW] "), "{line}");
    ok(&other.imap("c", "DELETE Zwei").await);
    let answer = watcher.imap("b", "NOOP").await;
    assert_eq!(answer.len(), 1, "as after NOTIFY NONE: {answer:?}");
    ok(&other.imap("d", "CREATE Zwei").await);
    let refused = watcher.imap("c", "NOTIFY SET (personal (MailboxName))").await;
    assert!(refused.last().unwrap().starts_with("c NO [NOTIFICATIONOVERFLOW] "), "{refused:?}");
}

/// RFC 5465: what happens on another gateway is told too: messages, names, subscriptions, notes.
#[tokio::test(flavor = "multi_thread")]
async fn rfc5465_two_gateways_notify_each_other() {
    let gate = Gate::open(Settings::default()).await;
    let store = open_store(&gate.database_url, &gate.folder).await;
    let (port, _, _trigger, _serving) = serve(&store, &gate.folder, Settings::default(), Limits::default());
    let mut there = Client::tls(port, connector(&gate.ca)).await;
    there.response().await.unwrap();
    ok(&there.imap("l", &gate.login).await);
    let mut here = gate.anna().await;
    let all = "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge)) \
               (personal (MessageNew MessageExpunge MailboxName SubscriptionChange MailboxMetadataChange))";
    ok(&here.imap("a", all).await);
    ok(&here.imap("b", "SELECT INBOX").await);
    let next = async |here: &mut Client| String::from_utf8(here.response().await.unwrap()).unwrap();
    ok(&append(&mut there, "a", "INBOX", b"Subject: x\r\n\r\nx\r\n").await);
    assert_eq!(next(&mut here).await, "* 1 EXISTS");
    assert_eq!(next(&mut here).await, "* 1 RECENT");
    assert!(next(&mut here).await.starts_with("* 1 FETCH (UID 1 FLAGS ("));
    ok(&append(&mut there, "b", "Trash", b"Subject: x\r\n\r\nx\r\n").await);
    assert_eq!(next(&mut here).await, "* STATUS \"Trash\" (UIDNEXT 2 MESSAGES 1)");
    ok(&there.imap("c", "CREATE Neu").await);
    assert_eq!(next(&mut here).await, "* LIST (\\HasNoChildren) \"/\" \"Neu\"");
    ok(&append(&mut there, "d", "Neu", b"Subject: x\r\n\r\nx\r\n").await);
    assert_eq!(next(&mut here).await, "* STATUS \"Neu\" (UIDNEXT 2 MESSAGES 1)");
    ok(&there.imap("e", "SUBSCRIBE Neu").await);
    assert_eq!(next(&mut here).await, "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Neu\"");
    ok(&there.imap("f", "SETMETADATA Neu (/private/comment \"x\")").await);
    assert_eq!(next(&mut here).await, "* METADATA \"Neu\" /private/comment");
    ok(&there.imap("g", "RENAME Neu Alt").await);
    assert_eq!(next(&mut here).await, "* LIST (\\HasNoChildren) \"/\" \"Alt\" (\"OLDNAME\" (\"Neu\"))");
}

//! The submission door over real sockets: time limits, drain, withdrawn sign-ins, fullness, and clients
//! that misbehave below the level of a dialogue. What is said when is in `transcripts/smtp`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern::clock::Clock;
use postern::net::{
    self, Admission, Door, DoorPatience, Limits, Security, ServerTls, ShutdownTrigger, SignInGate,
};
use postern::service::authenticate::{self, Authenticator};
use postern::service::submit::{self, Submitter};
use postern::smtp::{self, Patience};
use postern::store::{MasterKey, NewAccount, Options, Role, Store};
use postern::types::{AccountId, AppPasswordId, Tier};
use tokio::task::JoinHandle;

use crate::client::{Client, PATIENCE, connector};

/// One door with its own limits.
struct Gate {
    port: u16,
    folder: PathBuf,
    ca: Vec<u8>,
    tls: ServerTls,
    store: Store,
    admission: Admission,
    trigger: ShutdownTrigger,
    serving: JoinHandle<()>,
    people: HashMap<&'static str, (AccountId, AppPasswordId, String, String)>,
}

#[derive(Clone, Copy)]
struct Wanted {
    security: Security,
    door: DoorPatience,
    patience: Patience,
    limits: Limits,
    attachments: u64,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            security: Security::Implicit,
            door: DoorPatience { handshake: PATIENCE, place: PATIENCE, turning_away: PATIENCE },
            patience: Patience::default(),
            limits: Limits::default(),
            attachments: 100 << 20,
        }
    }
}

fn write_certificate(folder: &std::path::Path, name: &str) -> Vec<u8> {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, name);
    let pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    pem.into_bytes()
}

impl Gate {
    async fn open(wanted: Wanted) -> Self {
        let folder = crate::harness::scratch().await;
        let ca = write_certificate(&folder, "first");
        let tls = ServerTls::load(&folder.join("cert.pem"), &folder.join("key.pem")).unwrap();
        let clock = Clock::system();
        let store = Store::open(Options {
            database_url: crate::harness::database().await,
            max_connections: 4,
            master_key: MasterKey::random().unwrap(),
            domain: "secure.test".to_owned(),
            clock: clock.clone(),
        })
        .await
        .unwrap();
        let mut people = HashMap::new();
        for name in ["anna", "bert"] {
            let account = store
                .account_create(NewAccount {
                    practice: None,
                    first_name: name.to_owned(),
                    last_name: String::new(),
                    role: Role::Doctor,
                    tier: Tier::Paid,
                    user_manager: false,
                    email: format!("{name}@praxis.test").parse().unwrap(),
                    portal_password: None,
                })
                .await
                .unwrap();
            let (id, secret) = store.app_password_create(account.id, "test").await.unwrap();
            let secret = String::from_utf8(secret.expose().to_vec()).unwrap();
            let address = account.secure_address.to_string();
            let plain = crate::smtp_transcripts::plain(&address, &secret);
            people.insert(name, (account.id, id, address, plain));
        }
        let mut judged = submit::Settings::default();
        judged.policy.secure_domain = "secure.test".to_owned();
        judged.policy.attachment_limit = wanted.attachments;
        judged.policy.text_room = judged.policy.text_room.min(wanted.attachments.max(1024));
        let server = smtp::Server::new(
            smtp::Settings { patience: wanted.patience, ..smtp::Settings::default() },
            Arc::new(SignInGate::new(net::SignInLimits::default())),
            Authenticator::new(store.clone(), authenticate::Settings::default()),
            Submitter::new(store.clone(), clock, judged),
        );
        let admission = Admission::new(wanted.limits);
        let trigger = ShutdownTrigger::new();
        let socket = net::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = socket.local_addr().unwrap().port();
        let door = Door {
            name: "submission-test",
            security: wanted.security,
            tls: tls.clone(),
            admission: admission.clone(),
            patience: wanted.door,
            when_full: smtp::when_full,
        };
        let serve = move |connection| server.clone().serve(connection);
        let serving = tokio::spawn(net::serve(socket, door, trigger.subscribe(), serve));
        Self { port, folder, ca, tls, store, admission, trigger, serving, people }
    }

    async fn connect(&self) -> Client {
        Client::tls(self.port, connector(&self.ca)).await
    }

    async fn anna(&self) -> Client {
        let mut client = self.connect().await;
        client.smtp_reply().await.unwrap();
        client.smtp("EHLO test").await;
        assert_eq!(client.smtp(&format!("AUTH PLAIN {}", self.people["anna"].3)).await.0, 235);
        client
    }

    /// Up to the 354.
    async fn begin(&self, client: &mut Client) {
        let (anna, bert) = (&self.people["anna"].2, &self.people["bert"].2);
        assert_eq!(client.smtp(&format!("MAIL FROM:<{anna}>")).await.0, 250);
        assert_eq!(client.smtp(&format!("RCPT TO:<{bert}>")).await.0, 250);
        assert_eq!(client.smtp("DATA").await.0, 354);
    }

    fn header(&self) -> String {
        let (anna, bert) = (&self.people["anna"].2, &self.people["bert"].2);
        format!("From: {anna}\r\nTo: {bert}\r\nSubject: x\r\n\r\n")
    }

    /// Waits until nobody is connected any more.
    async fn empty(&self) {
        self.until(|door| door.connected() == 0).await;
    }

    async fn until(&self, so: impl Fn(&Admission) -> bool) {
        let patience = Instant::now() + PATIENCE;
        while !so(&self.admission) {
            assert!(Instant::now() < patience, "the door is not as it should be");
            tokio::task::yield_now().await;
        }
    }
}

async fn hears(client: &mut Client, code: u16, enhanced: &str) {
    let (got, text) = client.smtp_reply().await.expect("a last word");
    assert!(got == code && text.starts_with(enhanced), "{got} {text}");
    assert!(client.closed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_lets_finish_what_was_begun() {
    let gate = Gate::open(Wanted::default()).await;
    let (mut idle, mut sending, mut typing) = (gate.anna().await, gate.anna().await, gate.anna().await);
    gate.begin(&mut sending).await;
    sending.send(gate.header().as_bytes()).await;
    typing.send(b"NO").await;
    // What was sent has been read when this has been answered: one process, one loop.
    assert_eq!(idle.smtp("NOOP").await.0, 250);

    gate.trigger.drain();
    hears(&mut idle, 421, "4.3.2").await;
    typing.send(b"OP\r\n").await;
    let (code, text) = typing.smtp_reply().await.unwrap();
    // The two letters may not have reached the server before the drain; then it was at rest.
    if code == 250 {
        hears(&mut typing, 421, "4.3.2").await;
    } else {
        assert!(code == 421 && text.starts_with("4.3.2"), "{code} {text}");
    }
    sending.send(b"the rest\r\n.\r\n").await;
    assert_eq!(sending.smtp_reply().await.unwrap().0, 250);
    hears(&mut sending, 421, "4.3.2").await;
    drop((idle, sending, typing));
    gate.serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_patience_ends_what_does_not_finish() {
    let gate = Gate::open(Wanted::default()).await;
    let mut sending = gate.anna().await;
    gate.begin(&mut sending).await;
    sending.send(gate.header().as_bytes()).await;
    gate.trigger.drain();
    gate.trigger.close();
    gate.serving.await.unwrap();
    assert_eq!(gate.admission.connected(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc5321_4_5_3_2_silence_ends_a_session() {
    let short = Duration::from_millis(200);
    let patience = Patience { command: short, content: short, ..Patience::default() };
    let gate = Gate::open(Wanted { patience, ..Wanted::default() }).await;
    let (mut idle, mut sending) = (gate.anna().await, gate.connect().await);
    sending.smtp_reply().await.unwrap();
    sending.smtp("EHLO test").await;
    // In one piece, so that the only silence is the one after it.
    let (plain, anna, bert) = (&gate.people["anna"].3, &gate.people["anna"].2, &gate.people["bert"].2);
    let all = format!("AUTH PLAIN {plain}\r\nMAIL FROM:<{anna}>\r\nRCPT TO:<{bert}>\r\nDATA\r\n");
    sending.send(all.as_bytes()).await;
    for code in [235, 250, 250, 354] {
        assert_eq!(sending.smtp_reply().await.unwrap().0, code);
    }
    hears(&mut idle, 421, "4.4.2").await;
    hears(&mut sending, 421, "4.4.2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_one_time_limit_for_all() {
    let patience = Patience { sign_in: Duration::from_millis(300), ..Patience::default() };
    let gate = Gate::open(Wanted { patience, ..Wanted::default() }).await;
    let mut stranger = gate.connect().await;
    assert_eq!(stranger.smtp_reply().await.unwrap().0, 220);
    let began = Instant::now();
    loop {
        let (code, text) = stranger.smtp("NOOP").await;
        assert!(began.elapsed() < PATIENCE, "commands must not buy time");
        if code != 250 {
            assert!(code == 421 && text.starts_with("4.4.2"), "{code} {text}");
            break;
        }
    }
}

/// Not even a handshake: closed after the handshake's own limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stranger_is_closed() {
    let door = DoorPatience { handshake: Duration::from_millis(200), ..DoorPatience::default() };
    let gate = Gate::open(Wanted { door, ..Wanted::default() }).await;
    let mut silent = tokio::net::TcpStream::connect(("127.0.0.1", gate.port)).await.unwrap();
    let closed =
        tokio::time::timeout(PATIENCE, tokio::io::AsyncReadExt::read(&mut silent, &mut [0; 1])).await;
    assert_eq!(closed.expect("an end").unwrap(), 0);
    gate.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r29_a_revoked_app_password_ends_its_sessions() {
    let gate = Gate::open(Wanted::default()).await;
    let (mut idle, mut sending) = (gate.anna().await, gate.anna().await);
    gate.begin(&mut sending).await;
    let (account, password, ..) = gate.people["anna"];
    let (other, _) = gate.store.app_password_create(account, "another device").await.unwrap();
    gate.store.app_password_revoke(account, other).await.unwrap();
    assert_eq!(idle.smtp("NOOP").await.0, 250, "another device's is revoked");
    gate.store.app_password_revoke(account, password).await.unwrap();
    let began = Instant::now();
    hears(&mut idle, 421, "4.7.0").await;
    hears(&mut sending, 421, "4.7.0").await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_a_lock_ends_sessions() {
    let gate = Gate::open(Wanted::default()).await;
    let mut idle = gate.anna().await;
    gate.store.lock(gate.people["anna"].0).await.unwrap();
    hears(&mut idle, 421, "4.7.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_door_says_so() {
    let limits = Limits { total: 3, per_address: 2, per_account: 1, ..Limits::default() };
    let gate = Gate::open(Wanted { limits, ..Wanted::default() }).await;
    let first = gate.anna().await;
    let mut second = gate.connect().await;
    second.smtp_reply().await.unwrap();
    hears(&mut gate.connect().await, 421, "4.7.0").await;
    // The account's own limit, after sign-in.
    second.smtp("EHLO test").await;
    let (code, text) = second.smtp(&format!("AUTH PLAIN {}", gate.people["anna"].3)).await;
    assert!(code == 421 && text.starts_with("4.7.0"), "{code} {text}");
    drop((first, second));
    gate.empty().await;
    gate.anna().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_at_a_full_door_gets_the_next_place() {
    let limits = Limits { total: 1, ..Limits::default() };
    let gate = Gate::open(Wanted { limits, ..Wanted::default() }).await;
    let first = gate.anna().await;
    let (second, ()) = tokio::join!(gate.anna(), async {
        gate.until(|door| door.waiting() == 1).await;
        drop(first);
    });
    drop(second);
    gate.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_outside_comes_in_too() {
    let limits = Limits { total: 1, waiting: 2, ..Limits::default() };
    let gate = Gate::open(Wanted { security: Security::StartTls, limits, ..Wanted::default() }).await;
    let plain = || Client::plain(gate.port, connector(&gate.ca));
    let mut inside = plain().await;
    assert_eq!(inside.smtp_reply().await.unwrap().0, 220);
    let queue = [plain().await, plain().await];
    gate.until(|door| door.waiting() == 2).await;
    // Nobody is free to tell the next one that there is no place: these have been told, and do not go.
    let mut stubborn = Vec::new();
    for _ in 0..net::TURNED_AWAY_AT_ONCE {
        let mut one = plain().await;
        assert_eq!(one.smtp_reply().await.unwrap().0, 421);
        stubborn.push(one);
    }
    let mut last = plain().await;
    let (greeting, ()) = tokio::join!(last.smtp_reply(), async {
        drop((queue, inside));
    });
    assert_eq!(greeting.unwrap().0, 220);
    drop((last, stubborn));
    gate.empty().await;
    assert_eq!(gate.admission.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_too_many_each_one_is_told() {
    let limits = Limits { total: 1, ..Limits::default() };
    let mut wanted = Wanted { limits, ..Wanted::default() };
    wanted.door.place = Duration::from_millis(100);
    let gate = Arc::new(Gate::open(wanted).await);
    let mut inside = gate.anna().await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let gate = gate.clone();
        crowd.spawn(async move { hears(&mut gate.connect().await, 421, "4.3.2").await });
    }
    while let Some(told) = crowd.join_next().await {
        told.unwrap();
    }
    assert_eq!(inside.smtp("NOOP").await.0, 250);
    drop(inside);
    gate.empty().await;
    gate.anna().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_is_let_go() {
    let patience = Patience { write: Duration::from_millis(200), ..Patience::default() };
    let gate = Gate::open(Wanted { patience, ..Wanted::default() }).await;
    let mut deaf = gate.anna().await;
    let questions = "HELP\r\n".repeat(10_000);
    // Sends until the server, which cannot answer any more, takes no more or closes.
    let shouting = async {
        while deaf.try_send(questions.as_bytes()).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = shouting => {}
        () = gate.empty() => {}
    }
    gate.anna().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_past_the_wire_limit_552_is_heard() {
    let gate = Gate::open(Wanted { attachments: 64 << 10, ..Wanted::default() }).await;
    let mut client = gate.anna().await;
    gate.begin(&mut client).await;
    client.send(gate.header().as_bytes()).await;
    // Far more than the limit, as a program does that listens only when it has sent all.
    let lines = format!("{}\r\n", "x".repeat(998)).repeat(1000);
    for _ in 0..8 {
        client.send(lines.as_bytes()).await;
    }
    client.send(b".\r\n").await;
    hears(&mut client, 552, "5.3.4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_without_a_restart() {
    let gate = Gate::open(Wanted::default()).await;
    let mut before = gate.anna().await;
    std::fs::write(gate.folder.join("key.pem"), "no key").unwrap();
    assert!(gate.tls.reload().is_err());
    gate.anna().await;
    let second = write_certificate(&gate.folder, "second");
    gate.tls.reload().unwrap();
    let mut after = Client::tls(gate.port, connector(&second)).await;
    assert_eq!(after.smtp_reply().await.unwrap().0, 220);
    assert_eq!(before.smtp("NOOP").await.0, 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drain_waits_for_no_stranger() {
    let gate = Gate::open(Wanted { security: Security::StartTls, ..Wanted::default() }).await;
    let mut stranger = Client::plain(gate.port, connector(&gate.ca)).await;
    assert_eq!(stranger.smtp_reply().await.unwrap().0, 220);
    gate.trigger.drain();
    hears(&mut stranger, 421, "4.3.2").await;
    drop(stranger);
    gate.serving.await.unwrap();
}

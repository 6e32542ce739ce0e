//! What leaves the house, word by word (R11), and that it is taken: by a real Postfix, and by a provider of
//! texts and calls whose requests are checked.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use postern::notices::provider::ProviderSettings;
use postern::notices::smarthost::{SmarthostSettings, TlsFrom, compose};
use postern::notices::{CarryError, Letter, Place, Provider, Smarthost, Written, write};
use postern::types::{Channel, NoticeContent, NoticeId, NoticeKind, Secret};

use crate::harness;

fn place() -> Place {
    Place { portal_url: "https://portal.example".into() }
}

/// One of each kind.
fn every_kind() -> Vec<NoticeContent> {
    let link = || Secret::new("https://portal.example/link/kJ3v9PqT5wXz8aBcDeFgHiJkLmNoPqRsTuVwXyZ0123");
    let all = vec![
        NoticeContent::Invitation {
            link: link(),
            name: "Vera Vogt".into(),
            inviter: "Anna Weber".into(),
            practice: Some("Praxis am Markt".into()),
        },
        NoticeContent::SecureMessage,
        NoticeContent::ResetLink { link: link() },
        NoticeContent::PhoneCode { code: Secret::new("314159") },
        NoticeContent::EmailLink { link: link() },
        NoticeContent::EmailChanged,
        NoticeContent::PhoneChanged,
        NoticeContent::PasswordChanged,
        NoticeContent::SecondStepChanged,
        NoticeContent::AccountLocked,
        NoticeContent::AccountUnlocked { link: link() },
        NoticeContent::NewSignIn { device: "Firefox on Windows".into(), address: "192.0.2.7".into() },
        NoticeContent::NewAppPassword { device: "<Anna's> phone & tablet".into() },
        NoticeContent::SupportRead,
        NoticeContent::MailExported,
    ];
    let kinds: Vec<_> = all.iter().map(NoticeContent::kind).collect();
    assert_eq!(kinds, NoticeKind::ALL, "a kind has no example");
    all
}

fn letter(content: &NoticeContent, channel: Channel, to: &str) -> Option<Letter> {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    Some(Letter {
        id: NoticeId(uuid::Uuid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef)),
        kind: content.kind().as_str(),
        to: to.into(),
        name: "Anna Weber".into(),
        created_at: at,
        at,
        written: write(content, channel, "Anna Weber", &place())?,
    })
}

/// R11: the contents of all notices, as they leave.
#[test]
fn r11_the_words_of_every_notice() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _in = settings.bind_to_scope();
    let from = "Secure Mail <notices@notices.example>".parse().unwrap();
    for content in every_kind() {
        let kind = content.kind().as_str();
        let mut shown = String::new();
        if let Some(letter) = letter(&content, Channel::Email, "anna@praxis.test") {
            let mail = compose(&letter, &from, "notices.example").unwrap().formatted();
            let mail = String::from_utf8(mail).unwrap().replace("\r\n", "\n");
            let boundary = mail.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
            shown += &format!("=== mail\n{}\n", mail.replace(boundary, "BOUNDARY"));
            // Quoted-printable is hard to read: once more as it is shown.
            if let Written::Mail { text, html, .. } = &letter.written {
                shown += &format!("=== mail, as read\n{text}\n=== mail, as shown\n{html}\n");
            }
        }
        if let Some(Letter { written: Written::Text(text), .. }) = letter(&content, Channel::Text, "+49") {
            assert!(text.len() <= 160, "{kind}: {} letters", text.len());
            shown += &format!("=== text message\n{text}\n");
        }
        if let Some(Letter { written: Written::Call(spoken), .. }) = letter(&content, Channel::Voice, "+49") {
            shown += &format!("=== call\n{}\n", postern::notices::provider::twiml(&spoken));
        }
        assert!(!shown.is_empty(), "{kind} travels in no way");
        insta::assert_snapshot!(format!("notice-{kind}"), shown);
    }
}

/// One request, as the provider sees it.
#[derive(Clone, Debug, Default)]
struct Seen {
    path: String,
    headers: BTreeMap<String, String>,
    form: BTreeMap<String, String>,
}

/// A provider on loopback that writes down what it is asked and answers as told.
async fn provider(answer: (u16, &'static str)) -> (String, Arc<Mutex<Vec<Seen>>>) {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let log = seen.clone();
    let app = axum::Router::new().fallback(
        move |uri: axum::http::Uri,
              headers: axum::http::HeaderMap,
              axum::Form(form): axum::Form<BTreeMap<String, String>>| async move {
            let headers =
                headers.iter().map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned())).collect();
            log.lock().push(Seen { path: uri.to_string(), headers, form });
            (axum::http::StatusCode::from_u16(answer.0).unwrap(), answer.1)
        },
    );
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, seen)
}

fn provider_at(url: &str) -> Provider {
    Provider::new(ProviderSettings {
        base_url: url.to_owned(),
        account: "AC0123".into(),
        token: Secret::new("t0ken"),
        from: "+4930111".into(),
        ca: None,
        timeout: Duration::from_secs(5),
    })
    .unwrap()
}

/// The requests for a text and a call are those that Twilio documents.
#[tokio::test]
async fn texts_and_calls() {
    let (url, seen) = provider((201, "{\"sid\":\"SM1\",\"status\":\"queued\"}")).await;
    let provider = provider_at(&url);
    let code = NoticeContent::PhoneCode { code: Secret::new("314159") };
    for channel in [Channel::Text, Channel::Voice] {
        provider.send(&letter(&code, channel, "+4930222").unwrap()).await.unwrap();
    }
    let seen = seen.lock().clone();
    assert_eq!(seen[0].path, "/2010-04-01/Accounts/AC0123/Messages.json");
    assert_eq!(seen[1].path, "/2010-04-01/Accounts/AC0123/Calls.json");
    for one in &seen {
        // base64("AC0123:t0ken")
        assert_eq!(one.headers["authorization"], "Basic QUMwMTIzOnQwa2Vu");
        assert_eq!(one.headers["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(one.headers["idempotency-key"], "01234567-89ab-4def-8123-456789abcdef");
        assert_eq!((one.form["To"].as_str(), one.form["From"].as_str()), ("+4930222", "+4930111"));
        assert_eq!(one.form.len(), 3);
    }
    assert!(seen[0].form["Body"].starts_with("314159 is your code"), "{:?}", seen[0].form);
    let twiml = &seen[1].form["Twiml"];
    assert!(twiml.contains("<Response><Say") && twiml.contains("3, 1, 4, 1, 5, 9"), "{twiml}");
}

/// What may go well later, and what never will; no number and no code in the reason.
#[tokio::test]
async fn refusals_of_a_provider() {
    let invalid = "{\"code\":21211,\"message\":\"The number +4930222 is not valid\",\"status\":400}";
    for (status, body, never, said) in [
        (400, invalid, true, "the provider refused it (400, its code 21211)"),
        (401, "{}", false, "the provider did not take it (401)"),
        (429, "slow down", false, "the provider did not take it (429)"),
        (503, "", false, "the provider did not take it (503)"),
        (302, "", false, "the provider did not take it (302)"),
    ] {
        let (url, _) = provider((status, body)).await;
        let code = NoticeContent::PhoneCode { code: Secret::new("314159") };
        let answer = provider_at(&url).send(&letter(&code, Channel::Text, "+4930222").unwrap()).await;
        let expected =
            if never { CarryError::Never(said.to_owned()) } else { CarryError::Later(said.to_owned()) };
        assert_eq!(answer, Err(expected), "{status}");
    }
    let code = NoticeContent::PhoneCode { code: Secret::new("314159") };
    let nobody = provider_at(&format!("http://127.0.0.1:{}", harness::port()));
    assert_eq!(
        nobody.send(&letter(&code, Channel::Text, "+49").unwrap()).await,
        Err(CarryError::Later("the provider cannot be reached, or broke off".to_owned()))
    );
}

/// Debian's Postfix, from a folder of its own: TLS demanded, mail to praxis.test kept in a Maildir.
struct Postfix {
    child: Child,
    folder: PathBuf,
    starttls: u16,
    implicit: u16,
    ca: Vec<u8>,
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // What was started is a script, and its master process would outlive it.
        let _ =
            Command::new("/usr/sbin/postfix").arg("-c").arg(self.folder.join("etc")).arg("abort").output();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Postfix {
    async fn start() -> Self {
        assert!(
            nix::unistd::geteuid().is_root(),
            "Postfix's master process must be started by root: run the tests as root"
        );
        let user = nix::unistd::User::from_name("postfix").unwrap().expect("scripts/setup installs postfix");
        let folder = tempfile::Builder::new().prefix("postern-postfix-").tempdir().unwrap().keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let (ca, certificate, key) = certificates();
        std::fs::write(folder.join("cert.pem"), certificate).unwrap();
        std::fs::write(folder.join("key.pem"), key).unwrap();
        for sub in ["etc", "queue", "data", "mail"] {
            std::fs::create_dir(folder.join(sub)).unwrap();
        }
        for owned in ["data", "mail"] {
            nix::unistd::chown(&folder.join(owned), Some(user.uid), Some(user.gid)).unwrap();
        }
        let dir = folder.display();
        let (uid, gid) = (user.uid, user.gid);
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {dir}/queue\ndata_directory = {dir}/data\n\
             maillog_file = {dir}/log\nmaillog_file_prefixes = {dir}\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = smarthost.test\nmydestination =\n\
             alias_maps =\nmynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions = permit_auth_destination, reject\n\
             virtual_mailbox_domains = praxis.test\nvirtual_mailbox_base = {dir}/mail\n\
             virtual_mailbox_maps = inline:{{anna@praxis.test=anna/}}\n\
             virtual_uid_maps = static:{uid}\nvirtual_gid_maps = static:{gid}\n\
             virtual_minimum_uid = 1\nsmtpd_tls_cert_file = {dir}/cert.pem\nsmtpd_tls_key_file = {dir}/key.pem\n\
             smtpd_tls_security_level = encrypt\nsmtpd_tls_received_header = yes\nbiff = no\n"
        );
        std::fs::write(folder.join("etc/main.cf"), main).unwrap();
        let (starttls, implicit) = (harness::port(), harness::port());
        let master = format!(
            "127.0.0.1:{starttls} inet n - n - - smtpd\n\
             127.0.0.1:{implicit} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n\
             cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\nrewrite unix - - n - - trivial-rewrite\n\
             bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
             error unix - - n - - error\nretry unix - - n - - error\nvirtual unix - n n - - virtual\n\
             anvil unix - - n - 1 anvil\nproxymap unix - - n - - proxymap\ntlsmgr unix - - n 1000? 1 tlsmgr\n\
             postlog unix-dgram n - n - 1 postlogd\n"
        );
        std::fs::write(folder.join("etc/master.cf"), master).unwrap();
        let child = Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(folder.join("etc"))
            .arg("start-fg")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let postfix = Self { child, folder, starttls, implicit, ca };
        let mut look = tokio::time::interval(Duration::from_millis(50));
        let end = tokio::time::Instant::now() + Duration::from_mins(2);
        for port in [starttls, implicit] {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                assert!(tokio::time::Instant::now() < end, "Postfix does not start:\n{}", postfix.log());
                look.tick().await;
            }
        }
        postfix
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn smarthost(&self, tls: TlsFrom) -> SmarthostSettings {
        SmarthostSettings {
            host: "localhost".into(),
            port: if tls == TlsFrom::Connect { self.implicit } else { self.starttls },
            tls,
            ca: Some(self.ca.clone()),
            credentials: None,
            from: "Secure Mail <notices@notices.example>".into(),
            hello: "mail.secure.example".into(),
            timeout: Duration::from_secs(20),
        }
    }

    /// The next mail that arrives in Anna's Maildir.
    async fn delivered(&self, known: &mut Vec<PathBuf>) -> String {
        let new = self.folder.join("mail/anna/new");
        let mut look = tokio::time::interval(Duration::from_millis(50));
        let end = tokio::time::Instant::now() + Duration::from_mins(2);
        loop {
            let files = std::fs::read_dir(&new).into_iter().flatten().map(|f| f.unwrap().path());
            if let Some(file) = files.into_iter().find(|f| !known.contains(f)) {
                known.push(file.clone());
                return std::fs::read_to_string(file).unwrap();
            }
            assert!(tokio::time::Instant::now() < end, "nothing arrives:\n{}", self.log());
            look.tick().await;
        }
    }
}

/// A CA, and a certificate and key for localhost, PEM.
fn certificates() -> (Vec<u8>, String, String) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &Issuer::new(ca, ca_key))
        .unwrap();
    (ca_certificate.pem().into_bytes(), certificate.pem(), key.serialize_pem())
}

/// A real Postfix takes the notice over TLS, from the first byte and after STARTTLS, and delivers it as it
/// was written; a certificate that is not the one expected is refused, and so is an address it does not serve.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_postfix_takes_the_notice() {
    let postfix = Postfix::start().await;
    let mut known = Vec::new();
    let invitation = &every_kind()[0];
    let letter = letter(invitation, Channel::Email, "anna@praxis.test").unwrap();
    for tls in [TlsFrom::StartTls, TlsFrom::Connect] {
        let smarthost = Smarthost::new(postfix.smarthost(tls)).unwrap();
        let sent = smarthost.send(&letter).await;
        assert_eq!(sent, Ok(()), "{}", postfix.log());
        let mail = postfix.delivered(&mut known).await;
        let received = mail.split("\n\n").next().unwrap().replace("\n\t", " ");
        assert!(received.contains("(using TLSv1.3 with cipher"), "{received}");
        assert!(received.contains("from mail.secure.example"), "{received}");
        for line in [
            "From: \"Secure Mail\" <notices@notices.example>",
            "To: \"Anna Weber\" <anna@praxis.test>",
            "Subject: You are invited to read a secure message",
            "Message-ID: <01234567-89ab-4def-8123-456789abcdef@notices.example>",
            "Auto-Submitted: auto-generated",
            "Date: Wed, 18 Nov 2026 11:06:40 +0000",
            "Return-Path: <notices@notices.example>",
        ] {
            assert!(mail.lines().any(|l| l == line), "{line}\n{mail}");
        }
        let parsed = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
        let Written::Mail { text, html, .. } = &letter.written else { panic!() };
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), text.trim_end());
        assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), html.trim_end());
    }
    // Nobody but the one whose certificate the CA signed: no mail to whoever else answers there.
    let (other_ca, ..) = certificates();
    for tls in [TlsFrom::StartTls, TlsFrom::Connect] {
        let wrong = SmarthostSettings { ca: Some(other_ca.clone()), ..postfix.smarthost(tls) };
        let answer = Smarthost::new(wrong).unwrap().send(&letter).await;
        assert!(matches!(&answer, Err(CarryError::Later(_))), "{answer:?}");
        let wrong = SmarthostSettings { host: "127.0.0.1".into(), ..postfix.smarthost(tls) };
        let answer = Smarthost::new(wrong).unwrap().send(&letter).await;
        assert!(matches!(&answer, Err(CarryError::Later(_))), "another name: {answer:?}");
    }
    let smarthost = Smarthost::new(postfix.smarthost(TlsFrom::StartTls)).unwrap();
    let elsewhere = Letter { to: "vera@elsewhere.test".into(), ..letter.clone() };
    assert_eq!(
        smarthost.send(&elsewhere).await,
        Err(CarryError::Never("the smarthost refused it (554)".into())),
        "{}",
        postfix.log()
    );
    let nobody = Letter { to: "nobody@praxis.test".into(), ..letter };
    assert_eq!(
        smarthost.send(&nobody).await,
        Err(CarryError::Never("the smarthost refused it (550)".into()))
    );
}

/// A smarthost without TLS gets nothing.
#[tokio::test]
async fn no_mail_in_the_clear() {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard: Arc<Mutex<String>> = Arc::default();
    let log = heard.clone();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 smarthost.test ESMTP\r\n").await.unwrap();
        let mut line = String::new();
        while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
            log.lock().push_str(&line);
            line.clear();
            let _ = stream.write_all(b"250 smarthost.test\r\n").await;
        }
    });
    let smarthost = Smarthost::new(SmarthostSettings {
        host: "localhost".into(),
        port,
        tls: TlsFrom::StartTls,
        ca: None,
        credentials: Some(("user".into(), Secret::new("password"))),
        from: "notices@notices.example".into(),
        hello: "mail.secure.example".into(),
        timeout: Duration::from_secs(10),
    })
    .unwrap();
    let letter = letter(&NoticeContent::SecureMessage, Channel::Email, "anna@praxis.test").unwrap();
    assert!(matches!(smarthost.send(&letter).await, Err(CarryError::Later(_))));
    let heard = heard.lock().clone();
    assert!(heard.starts_with("EHLO") && !heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
}

//! A gateway with people who can sign in to its portal, and the folder in which its notices land.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use parking_lot::Mutex;
use postern::clock::Clock;
use postern::service::portal_password::PortalPasswords;
use postern::store::AccountEdit;
use postern::types::{AccountId, Phone, Secret};
use serde_json::Value;

use crate::client::{Client, PATIENCE};
use crate::harness::{self, World};
use crate::portal_web::{Answer, Web, between};

/// anna's, at the portal.
pub const PASSWORD: &str = "orchid ladder copper mile";
/// anna's.
pub const PHONE: &str = "+12025550143";

pub struct Site {
    pub world: World,
    outbox: tempfile::TempDir,
    seen: Mutex<HashSet<PathBuf>>,
}

impl Site {
    /// anna (paid, User Manager) and frieda (free) have a password and a phone.
    pub async fn new() -> Self {
        Self::at(Clock::system()).await
    }

    pub async fn at(clock: Clock) -> Self {
        // The template is made by the first world.
        let outbox = tempfile::tempdir().unwrap();
        let folder = outbox.path().to_owned();
        let database = harness::world_database().await;
        let world = World::at(clock, database, |config| config.notices.outbox_dir = Some(folder)).await;
        let site = Self { world, outbox, seen: Mutex::default() };
        site.equip("anna", PASSWORD, PHONE).await;
        site.equip("frieda", PASSWORD, "+12025550177").await;
        let anna = site.account("anna").await;
        site.world.gateway().store().set_user_manager(anna, true).await.unwrap();
        site
    }

    pub async fn account(&self, name: &str) -> AccountId {
        let address = self.world.account(name).email.parse().unwrap();
        self.world.gateway().store().resolve(&address).await.unwrap().unwrap().id
    }

    /// Changes the database as no program does.
    pub async fn run(&self, sql: &str) {
        harness::execute(&self.world.database_url, sql).await;
    }

    /// A password and a phone, as Support gives them.
    pub async fn equip(&self, name: &str, password: &str, phone: &str) {
        let id = self.account(name).await;
        let store = self.world.gateway().store();
        let hash = PortalPasswords::default().hash(Secret::new(password)).await.unwrap();
        store.set_portal_password(id, Some(&hash)).await.unwrap();
        let edit = AccountEdit { phone: Some(Phone::parse(phone).unwrap()), ..AccountEdit::default() };
        assert!(store.account_edit(id, &edit).await.unwrap());
    }

    /// The next notice of a kind to an address or number that nobody has looked at yet.
    pub async fn notice(&self, kind: &str, to: &str) -> Value {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            look.tick().await;
            let files = std::fs::read_dir(self.outbox.path()).unwrap().map(|e| e.unwrap().path());
            let mut files: Vec<PathBuf> =
                files.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
            files.sort();
            for file in files {
                if self.seen.lock().contains(&file)
                    || file.file_name().unwrap().to_string_lossy().starts_with('.')
                {
                    continue;
                }
                let notice: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
                if notice["kind"] == kind && notice["to"] == to {
                    self.seen.lock().insert(file);
                    return notice;
                }
            }
            assert!(tokio::time::Instant::now() < end, "no {kind} to {to} in:\n{}", self.all_notices());
        }
    }

    fn all_notices(&self) -> String {
        let files = std::fs::read_dir(self.outbox.path()).unwrap().map(|e| e.unwrap().path());
        let json = files.filter(|p| p.extension().is_some_and(|e| e == "json"));
        json.map(|p| std::fs::read_to_string(p).unwrap()).collect::<Vec<_>>().join("\n")
    }

    /// How many notices of a kind were sent to an address or number.
    pub fn count(&self, kind: &str, to: &str) -> usize {
        let all = self.all_notices();
        let notices = serde_json::Deserializer::from_str(&all).into_iter::<Value>().map(Result::unwrap);
        notices.filter(|n| n["kind"] == kind && n["to"] == to).count()
    }

    /// The path of a notice's link.
    pub async fn link(&self, kind: &str, to: &str) -> String {
        let notice = self.notice(kind, to).await;
        let text = notice["text"].as_str().unwrap();
        let path = between(text, "https://portal.test/", "\n").unwrap_or_else(|| panic!("no link in {text}"));
        format!("/{}", path.trim())
    }

    /// The six digits of the newest code to a number.
    pub async fn code(&self, to: &str) -> String {
        let notice = self.notice("phone-code", to).await;
        let text = notice["text"].as_str().unwrap();
        // Read out, a code is said digit by digit, and said again.
        let digits: String = text.chars().filter(char::is_ascii_digit).take(6).collect();
        assert_eq!(digits.len(), 6, "no code in {text}");
        digits
    }

    /// Signs in with password and phone code.
    pub async fn signed_in(&self, name: &str, password: &str, phone: &str) -> Web {
        let web = Web::new(&self.world);
        let answer = self.sign_in(&web, name, password).await;
        assert_eq!(answer.location(), "/code");
        self.prove(&web, phone, "/code").await;
        web
    }

    /// The first step.
    pub async fn sign_in(&self, web: &Web, name: &str, password: &str) -> Answer {
        web.get("/sign-in").await;
        web.post("/sign-in", &[("login", &self.world.account(name).email), ("password", password)]).await
    }

    /// The second step, and whatever else asks for a code at `/code…`; the page that follows.
    pub async fn prove(&self, web: &Web, phone: &str, path: &str) -> Answer {
        let page = web.get(path).await;
        let next = between(&page.body, "name=\"next\" value=\"", "\"").unwrap_or("/").to_owned();
        let sent = web.follow(web.post("/code/new", &[("by", "text"), ("next", &next)]).await).await;
        sent.shows("We sent a 6-digit code to the number ending in");
        let code = self.code(phone).await;
        let proved = web.post("/code", &[("code", &code), ("next", &next)]).await;
        web.follow(proved).await
    }

    /// Sends a message by SMTP; what the server says to the recipient, or to the message.
    pub async fn write(&self, from: &str, to: &str, subject: &str) -> (u16, String) {
        let person = self.world.account(from);
        let mut wire = self.world.connect("submission-tls").await;
        wire.smtp_reply().await.unwrap();
        wire.smtp("EHLO test").await;
        let plain = crate::smtp_transcripts::plain(&person.secure, &person.password);
        assert_eq!(wire.smtp(&format!("AUTH PLAIN {plain}")).await.0, 235);
        assert_eq!(wire.smtp(&format!("MAIL FROM:<{}>", person.secure)).await.0, 250);
        let answer = wire.smtp(&format!("RCPT TO:<{to}>")).await;
        if answer.0 != 250 {
            return answer;
        }
        assert_eq!(wire.smtp("DATA").await.0, 354);
        let text = format!(
            "From: <{}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{}@test>\r\n\r\nAbout {subject}.\r\n.",
            person.secure,
            subject.replace(' ', "-"),
        );
        wire.smtp(&text).await
    }

    /// The subjects in INBOX, by IMAP with an app password.
    pub async fn inbox(&self, secure: &str, app_password: &str) -> Vec<String> {
        let mut wire: Client = self.world.connect("imap-tls").await;
        wire.response().await.unwrap();
        let answer = wire.imap("l", &format!("LOGIN {secure} {app_password}")).await;
        assert!(answer.last().unwrap().starts_with("l OK"), "{answer:?}");
        wire.imap("s", "SELECT INBOX").await;
        let answer = wire.imap("f", "UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])").await;
        let lines = answer.iter().flat_map(|l| l.split("\r\n"));
        lines.filter_map(|l| l.strip_prefix("Subject: ")).map(|s| s.trim().to_owned()).collect()
    }
}

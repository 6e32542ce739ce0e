//! R22: the signature on both copies of a message, over a real PostgreSQL; R17 and R28 go by what the
//! client sent.

use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::mime::Limits;
use postern::mime::signature::Signature;
use postern::service::append::Appended;
use postern::service::authenticate::{self, Authenticator, Identity};
use postern::service::mailbox::Mail;
use postern::service::submit::{Accepted, MailFrom, Settings, SubmitError, Submitter};
use postern::store::{Account, MasterKey, Messaging, NewAccount, Options, Role, Store};
use postern::types::{AppPasswordId, Flags, MailboxName, Tier};

use crate::harness;

struct Ground {
    store: Store,
    submitter: Submitter,
    anna: Account,
    bert: Account,
    _folder: tempfile::TempDir,
}

impl Ground {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master_key = MasterKey::create(&folder.path().join("master.key")).unwrap();
        let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
        let options = Options {
            database_url: harness::database().await,
            max_connections: 8,
            master_key,
            domain: "secure.example".to_owned(),
            clock: clock.clone(),
        };
        let store = Store::open(options).await.unwrap();
        let mut people = Vec::new();
        for name in ["anna", "bert"] {
            let new = NewAccount {
                practice: None,
                first_name: name.to_owned(),
                last_name: String::new(),
                role: Role::Staff,
                tier: Tier::Paid,
                user_manager: false,
                email: format!("{name}@praxis.example").parse().unwrap(),
                portal_password: None,
            };
            people.push(store.account_create(new).await.unwrap());
        }
        let mut settings = Settings::default();
        settings.policy.secure_domain = "secure.example".to_owned();
        let submitter = Submitter::new(store.clone(), clock, settings);
        let [anna, bert] = people.try_into().ok().unwrap();
        Self { store, submitter, anna, bert, _folder: folder }
    }

    async fn send(&self, signature: Option<&str>, message: &[u8]) -> Result<Accepted, SubmitError> {
        let mut identity = Identity::new(&self.anna, AppPasswordId(1));
        identity.signature = signature.and_then(Signature::new).map(Into::into);
        let mail = MailFrom { path: "anna@secure.example".to_owned(), ..MailFrom::default() };
        let mut data = self.submitter.begin(&identity, &mail)?.recipient("bert@secure.example").await?.data();
        for piece in message.chunks(7) {
            data.push(piece).await?;
        }
        data.finish().await
    }

    /// As the IMAP door does it when a mail program saves its own copy.
    async fn append(&self, mailbox: &str, message: &[u8]) -> Appended {
        let name = MailboxName::new(mailbox).unwrap();
        let info = self.store.mailbox(self.anna.id, &name).await.unwrap().unwrap();
        let mail = Mail::new(self.store.clone()).of(&Identity::new(&self.anna, AppPasswordId(1)));
        let mut appending = mail.append(info.id, info.special_use, Limits::default(), 1 << 20).unwrap();
        appending.push(message).await.unwrap();
        appending.finish(Flags::NONE, &[], None).await.unwrap()
    }

    async fn bodies(&self, of: &Account, mailbox: &str) -> Vec<String> {
        let name = MailboxName::new(mailbox).unwrap();
        let info = self.store.mailbox(of.id, &name).await.unwrap().unwrap();
        let live = self.store.open_mailbox(of.id, info.id).await.unwrap();
        let bodies: Vec<_> = live.read(|state| state.rows.iter().map(|row| row.body).collect());
        let mut texts = Vec::new();
        for body in bodies {
            let reader = self.store.body(of.id, body).await.unwrap().unwrap();
            let bytes = reader.read(0..reader.size()).await.unwrap();
            texts.push(
                String::from_utf8(bytes.to_vec()).unwrap().split_once("\r\n\r\n").unwrap().1.to_owned(),
            );
        }
        texts
    }
}

fn message(id: &str, text: &str) -> Vec<u8> {
    format!(
        "From: <anna@secure.example>\r\nTo: bert@secure.example\r\nSubject: Befund\r\nMessage-ID: <{id}@client>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n{text}\r\n"
    )
    .into_bytes()
}

const SIGNED: &str = "Hallo\r\n\r\n=2D-=20\r\n=C3=84nne Arnold\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_both_copies_are_signed_and_the_retry_and_the_clients_copy_are_still_recognised() {
    let ground = Ground::new().await;
    let sent = message("1", "Hallo");
    assert_eq!(ground.send(Some("Änne Arnold"), &sent).await.unwrap(), Accepted::Delivered);
    assert_eq!(ground.bodies(&ground.bert, "INBOX").await, [SIGNED]);
    assert_eq!(ground.bodies(&ground.anna, "Sent").await, [SIGNED]);
    // R17: a lost answer; also when the person changed the signature meanwhile.
    assert_eq!(ground.send(Some("Änne Arnold"), &sent).await.unwrap(), Accepted::Repeated);
    assert_eq!(ground.send(Some("Anna"), &sent).await.unwrap(), Accepted::Repeated);
    assert_eq!(ground.send(None, &sent).await.unwrap(), Accepted::Repeated);
    // R17: other content under the same Message-ID, though it reads like what was delivered.
    let other = ground.send(None, &message("1", "Hallo\r\n\r\n-- \r\nAnna")).await;
    assert!(matches!(other, Err(SubmitError::Refused(r)) if r.rule == "R17"));
    // R28: the client's copy has no signature; the one in Sent stays what was sent.
    assert!(ground.append("Sent", &sent).await.existing);
    assert_eq!(ground.bodies(&ground.anna, "Sent").await, [SIGNED]);
    assert_eq!(ground.bodies(&ground.bert, "INBOX").await, [SIGNED]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_not_twice_and_only_where_there_is_one() {
    let ground = Ground::new().await;
    let own = "Hallo\r\n\r\n-- \r\nAnna\r\nArnold\r\n";
    ground.send(Some("Anna\nArnold"), &message("1", own.trim_end())).await.unwrap();
    ground.send(None, &message("2", "Hallo")).await.unwrap();
    assert_eq!(ground.bodies(&ground.bert, "INBOX").await, [own, "Hallo\r\n"]);
}

/// What the person writes into the profile is what a mail program's message carries from the next sign-in on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_the_signature_of_the_profile_is_the_one_appended() {
    let ground = Ground::new().await;
    let (_, secret) = ground.store.app_password_create(ground.anna.id, "Desk").await.unwrap();
    let authenticator = Authenticator::new(ground.store.clone(), authenticate::Settings::default());
    let sign_in = async || {
        let here = "192.0.2.1".parse().unwrap();
        let login = ground.anna.email.to_string();
        authenticator.authenticate(authenticate::Door::Smtp, &login, &secret, here).await.unwrap()
    };
    assert_eq!(sign_in().await.signature, None);
    let before = ground.store.messaging(ground.anna.id).await.unwrap();
    let set = Messaging { signature: "-- \nÄnne Arnold\n".to_owned(), ..before };
    ground.store.messaging_set(ground.anna.id, &set).await.unwrap();
    let identity = sign_in().await;
    assert_eq!(identity.signature.as_deref(), Signature::new("Änne Arnold").as_ref());
    let mail = MailFrom { path: "anna@secure.example".to_owned(), ..MailFrom::default() };
    let addressed = ground.submitter.begin(&identity, &mail).unwrap().recipient("bert@secure.example");
    let mut data = addressed.await.unwrap().data();
    data.push(&message("1", "Hallo")).await.unwrap();
    data.finish().await.unwrap();
    assert_eq!(ground.bodies(&ground.bert, "INBOX").await, [SIGNED]);
}

//! The people's side on a real PostgreSQL, from the use case to what the outbox and the mailboxes then hold.

mod at_once;
mod hostile;
mod invitations;
mod joining;
mod profile;
mod registration;
mod sign_in;
mod timing;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::policy::Refusal;
use postern::service::authenticate::Identity;
use postern::service::people::{
    Activity, Channel, CodesGo, Denied, Invited, NewInvitation, People, PeopleError, Proof, Session,
    SessionToken, Settings, SignedIn, Visitor,
};
use postern::service::portal_password::PortalPasswords;
use postern::service::submit::{Accepted, MailFrom, SubmitError, Submitter};
use postern::store::{
    Account, AccountEdit, DueNotice, MasterKey, NewAccount, NoticeEnd, Options, Role, Store,
};
use postern::types::{
    Address, AppPasswordId, Channel as Carrier, MailboxName, NoticeContent, Phone, Secret, Tier,
};

use crate::harness;

/// Of the people of [`Ground`]; long enough to be good alone.
pub const PASSWORD: &str = "seven pebbles in a jar";

/// Two practices: Anna (User Manager) and Bert in the first, Carla in the second, all paid, with phones.
pub struct Ground {
    pub url: String,
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub people: People,
    pub submitter: Submitter,
    pub clock: Clock,
    pub pool: sqlx::PgPool,
    pub anna: Account,
    pub bert: Account,
    pub carla: Account,
}

pub fn settings() -> Settings {
    Settings {
        refusal_floor: Duration::ZERO,
        portal_url: "https://portal.example".to_owned(),
        tries_per_minute: 1000.try_into().unwrap(),
        ..Settings::default()
    }
}

pub fn visitor() -> Visitor {
    Visitor {
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
        user_agent: "Firefox".to_owned(),
        browser: None,
    }
}

pub fn secret(text: &str) -> Secret {
    Secret::new(text)
}

pub fn phone(last: u8) -> Phone {
    Phone::parse(&format!("+120255501{last:02}")).unwrap()
}

pub fn denied<T: std::fmt::Debug>(outcome: Result<T, PeopleError>) -> Denied {
    match outcome {
        Err(PeopleError::Denied(denied)) => denied,
        other => panic!("not denied: {other:?}"),
    }
}

impl Ground {
    pub async fn new() -> Self {
        let url = harness::database().await;
        let folder = tempfile::tempdir().unwrap();
        MasterKey::create(&folder.path().join("master.key")).unwrap();
        let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
        let store = open(&url, folder.path(), &clock).await;
        let passwords = PortalPasswords::default();
        let hash = passwords.hash(secret(PASSWORD)).await.unwrap();
        let mut people = Vec::new();
        let first = store.practice_create("Praxis am Markt", None).await.unwrap().id;
        let second = store.practice_create("Zahnzentrum Nord", None).await.unwrap().id;
        for (n, (name, practice)) in (1u8..).zip([("anna", first), ("bert", first), ("carla", second)]) {
            let account = store
                .account_create(NewAccount {
                    practice: Some(practice),
                    first_name: name[..1].to_uppercase() + &name[1..],
                    last_name: "Weber".to_owned(),
                    role: Role::Doctor,
                    tier: Tier::Paid,
                    user_manager: name != "bert",
                    email: format!("{name}@praxis.example").parse().unwrap(),
                    portal_password: Some(hash.clone()),
                })
                .await
                .unwrap();
            let edit = AccountEdit { phone: Some(phone(n)), ..AccountEdit::default() };
            assert!(store.account_edit(account.id, &edit).await.unwrap());
            people.push(account);
        }
        let mut submit = postern::service::submit::Settings::default();
        submit.policy.portal_url = "https://portal.example".to_owned();
        submit.policy.secure_domain = "secure.example".to_owned();
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        sqlx::query("delete from notice").execute(&pool).await.unwrap();
        let [anna, bert, carla] = people.try_into().ok().unwrap();
        Self {
            people: People::new(store.clone(), clock.clone(), passwords, settings()),
            submitter: Submitter::new(store.clone(), clock.clone(), submit),
            url,
            folder,
            store,
            clock,
            pool,
            anna,
            bert,
            carla,
        }
    }

    /// A second gateway on the same database.
    pub async fn another(&self) -> People {
        let store = open(&self.url, self.folder.path(), &self.clock).await;
        People::new(store, self.clock.clone(), PortalPasswords::default(), settings())
    }

    pub async fn run(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// Everything that is due in the outbox, as if it had been sent.
    pub async fn outbox(&self) -> Vec<DueNotice> {
        let taken = self.store.take_notices(&Carrier::ALL, 100, Duration::from_mins(1)).await.unwrap();
        for notice in &taken {
            self.store.notice_ended(notice, &NoticeEnd::Sent).await.unwrap();
        }
        taken
    }

    /// The one link that is due, and where it goes. (Other notices are passed over.)
    pub async fn link(&self) -> (String, Secret) {
        let mut found = Vec::new();
        for notice in self.outbox().await {
            let link = match notice.content.unwrap() {
                NoticeContent::Invitation { link, .. }
                | NoticeContent::ResetLink { link }
                | NoticeContent::EmailLink { link }
                | NoticeContent::AccountUnlocked { link } => link,
                _ => continue,
            };
            let text = String::from_utf8(link.expose().to_vec()).unwrap();
            assert!(text.starts_with("https://portal.example/"), "{text}");
            let token = text.rsplit('/').next().unwrap();
            assert_eq!(token.len(), 43);
            found.push((notice.to.unwrap(), secret(token)));
        }
        assert_eq!(found.len(), 1, "{found:?}");
        found.pop().unwrap()
    }

    /// The one code that is due, and where it goes.
    pub async fn code(&self) -> (String, String) {
        let mut found = Vec::new();
        for notice in self.outbox().await {
            if let Some(NoticeContent::PhoneCode { code }) = notice.content {
                found.push((notice.to.unwrap(), String::from_utf8(code.expose().to_vec()).unwrap()));
            }
        }
        assert_eq!(found.len(), 1);
        found.pop().unwrap()
    }

    pub async fn session(&self, token: &SessionToken) -> Session {
        self.people.resume(token, Activity::Person).await.unwrap().expect("a good session")
    }

    pub async fn ended(&self, token: &SessionToken) -> bool {
        self.people.resume(token, Activity::Person).await.unwrap().is_none()
    }

    /// Address and password, which must be right.
    pub async fn password(&self, who: &Account) -> SignedIn {
        self.people.sign_in(who.email.as_str(), secret(PASSWORD), &visitor()).await.unwrap()
    }

    /// Signed in with the second step by phone.
    pub async fn sign_in(&self, who: &Account) -> (SessionToken, Session) {
        let SignedIn::SecondStep(token) = self.password(who).await else { panic!("no second step") };
        let token = self.prove(&token).await;
        let session = self.session(&token).await;
        (token, session)
    }

    /// Sends a code to whoever the session is of, and answers it.
    pub async fn prove(&self, token: &SessionToken) -> SessionToken {
        let session = self.session(token).await;
        self.people.send_code(&session, Channel::Text).await.unwrap();
        let (_, code) = self.code().await;
        self.people.prove(&session, Proof::Phone(secret(&code)), &visitor()).await.unwrap()
    }

    pub async fn invite(&self, by: &Account, email: &str, number: u8) -> Result<Invited, PeopleError> {
        let (_, session) = self.sign_in(by).await;
        self.invite_in(&session, email, number).await
    }

    pub async fn invite_in(
        &self,
        session: &Session,
        email: &str,
        number: u8,
    ) -> Result<Invited, PeopleError> {
        let new = NewInvitation {
            email: email.to_owned(),
            first_name: "Dora".to_owned(),
            last_name: "Dahl".to_owned(),
            role: Some(Role::Doctor),
            phone: phone(number).as_str().to_owned(),
        };
        self.people.invite(session, &new).await
    }

    /// Registers by a link to the end; the number must be the invitation's.
    pub async fn register(&self, link: &Secret, number: u8) -> (SessionToken, Session) {
        let token = self
            .people
            .register(link, "Dora", "Dahl", secret("nine green kettles"), &visitor())
            .await
            .unwrap();
        let session = self.session(&token).await;
        self.people.send_code(&session, Channel::Text).await.unwrap();
        let (to, code) = self.code().await;
        assert_eq!(to, phone(number).as_str());
        let token = self.people.prove(&session, Proof::Phone(secret(&code)), &visitor()).await.unwrap();
        let session = self.session(&token).await;
        (token, session)
    }

    /// As a mail program does it.
    pub async fn send(&self, from: &Account, to: &str, id: &str) -> Result<Accepted, SubmitError> {
        self.send_more(from, to, id, "").await
    }

    pub async fn send_more(
        &self,
        from: &Account,
        to: &str,
        id: &str,
        more: &str,
    ) -> Result<Accepted, SubmitError> {
        let identity = Identity::new(from, AppPasswordId(1));
        let mail = MailFrom { path: from.secure_address.to_string(), size: None, smtputf8: false };
        let mut data = self.submitter.begin(&identity, &mail)?.recipient(to).await?.data();
        data.push(message(from, to, id, more).as_bytes()).await?;
        data.finish().await
    }

    pub async fn refused(&self, from: &Account, to: &str, id: &str) -> Refusal {
        match self.send(from, to, id).await {
            Err(SubmitError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    /// The Message-IDs of an account's INBOX, in the order of their UIDs; each message is opened for it.
    pub async fn inbox(&self, of: postern::types::AccountId) -> Vec<String> {
        let info = self.store.mailbox(of, &MailboxName::inbox()).await.unwrap().unwrap();
        let live = self.store.open_mailbox(of, info.id).await.unwrap();
        let bodies: Vec<_> = live.read(|state| state.rows.iter().map(|row| row.body).collect());
        assert_eq!((info.messages as usize, info.unseen as usize), (bodies.len(), bodies.len()));
        let mut ids = Vec::new();
        for body in bodies {
            let reader = self.store.body(of, body).await.unwrap().unwrap();
            let bytes = reader.read(0..reader.size()).await.unwrap();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let id = text.split("Message-ID: <").nth(1).unwrap().split('>').next().unwrap();
            ids.push(id.to_owned());
        }
        ids
    }

    pub async fn account_of(&self, address: &str) -> Account {
        self.store.resolve(&Address::parse(address).unwrap()).await.unwrap().unwrap()
    }
}

pub fn message(from: &Account, to: &str, id: &str, more: &str) -> String {
    format!(
        "From: <{}>\r\nTo: {to}\r\nSubject: Befund\r\nMessage-ID: <{id}>\r\n{more}\r\nGuten Tag\r\n",
        from.secure_address
    )
}

async fn open(url: &str, folder: &std::path::Path, clock: &Clock) -> Store {
    Store::open(Options {
        database_url: url.to_owned(),
        max_connections: 8,
        master_key: MasterKey::load(&folder.join("master.key")).unwrap(),
        domain: "secure.example".to_owned(),
        clock: clock.clone(),
    })
    .await
    .unwrap()
}

//! A gateway in this process with anna, bert (paid, first practice), carla (paid, second) and frieda (free).

use std::collections::HashMap;
use std::path::PathBuf;

use postern::cli::serve::Gateway;
use postern::clock::Clock;
use postern::config::Config;
use postern::store::{MasterKey, NewAccount, Options, Role, Store};
use postern::types::Tier;

use super::Entrance;
use crate::client::{Client, connector};

/// One of the four.
#[derive(Clone)]
pub struct Person {
    pub email: String,
    pub secure: String,
    pub password: String,
}

/// What all worlds share: made once, then copied by the database server.
struct Template {
    folder: PathBuf,
    ca: Vec<u8>,
    people: HashMap<&'static str, Person>,
}

const DOMAIN: &str = "secure.test";

static TEMPLATE: tokio::sync::OnceCell<Template> = tokio::sync::OnceCell::const_new();

async fn template() -> &'static Template {
    TEMPLATE
        .get_or_init(async || {
            let folder = super::scratch().await;
            let ca = certificates(&folder);
            MasterKey::create(&folder.join("master.key")).unwrap();
            super::administer("create database world").await;
            let url = super::url("world").await;
            Store::migrate(&url).await.unwrap();
            let store = open(&url, &folder, Clock::system()).await;
            let first = store.practice_create("Praxis am Markt", None).await.unwrap().id;
            let second = store.practice_create("Zahnzentrum Nord", None).await.unwrap().id;
            let mut people = HashMap::new();
            for (name, last, practice, tier, role) in [
                ("anna", "Weber", Some(first), Tier::Paid, Role::Doctor),
                ("bert", "Brandt", Some(first), Tier::Paid, Role::Staff),
                ("carla", "Conti", Some(second), Tier::Paid, Role::Doctor),
                ("frieda", "Frei", None, Tier::Free, Role::Doctor),
            ] {
                let account = store
                    .account_create(NewAccount {
                        practice,
                        first_name: name[..1].to_uppercase() + &name[1..],
                        last_name: last.to_owned(),
                        role,
                        tier,
                        user_manager: false,
                        email: format!("{name}@praxis.test").parse().unwrap(),
                        portal_password: None,
                    })
                    .await
                    .unwrap();
                let (_, secret) = store.app_password_create(account.id, "test").await.unwrap();
                people.insert(
                    name,
                    Person {
                        email: account.email.to_string(),
                        secure: account.secure_address.to_string(),
                        password: String::from_utf8(secret.expose().to_vec()).unwrap(),
                    },
                );
            }
            store.close().await;
            Template { folder, ca, people }
        })
        .await
}

async fn open(url: &str, folder: &std::path::Path, clock: Clock) -> Store {
    Store::open(Options {
        database_url: url.to_owned(),
        max_connections: 4,
        master_key: MasterKey::load(&folder.join("master.key")).unwrap(),
        domain: DOMAIN.to_owned(),
        clock,
    })
    .await
    .unwrap()
}

/// A CA and a certificate for localhost; returns the CA's PEM.
fn certificates(folder: &std::path::Path) -> Vec<u8> {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, "postern test CA");
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), format!("autoconfig.{DOMAIN}")];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("ca.pem"), ca_certificate.pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    ca_certificate.pem().into_bytes()
}

/// The address of a database of a world's own.
pub async fn world_database() -> String {
    template().await;
    super::from_template("world").await
}

/// A running gateway and who may sign in to it. Drained when dropped with its runtime.
pub struct World {
    pub imap_tls: u16,
    pub imap_starttls: u16,
    pub submission_tls: u16,
    pub submission_starttls: u16,
    pub portal: u16,
    /// The gateway's clock; it stands still where the test brought a fixed one.
    pub clock: Clock,
    pub ca_file: PathBuf,
    pub database_url: String,
    template: &'static Template,
    gateway: Gateway,
}

impl World {
    /// On a database of its own.
    pub async fn new() -> Self {
        Self::on(world_database().await, |_| {}).await
    }

    /// On a given database (a second gateway), with settings changed.
    pub async fn on(database_url: String, change: impl FnOnce(&mut Config)) -> Self {
        Self::at(Clock::system(), database_url, change).await
    }

    /// The same, at a time of the test's own.
    pub async fn at(clock: Clock, database_url: String, change: impl FnOnce(&mut Config)) -> Self {
        let template = template().await;
        let any = vec!["127.0.0.1:0".parse().unwrap()];
        let mut config = Config::default();
        config.mail.domain = DOMAIN.into();
        config.mail.hostname = "localhost".into();
        config.database.url = database_url.clone().into();
        config.database.connections = 8;
        config.keys.master_file = template.folder.join("master.key");
        config.tls.certificate_file = template.folder.join("cert.pem");
        config.tls.key_file = template.folder.join("key.pem");
        config.imap.tls_listen.clone_from(&any);
        config.imap.starttls_listen.clone_from(&any);
        config.submission.tls_listen.clone_from(&any);
        config.submission.starttls_listen.clone_from(&any);
        config.portal.listen.clone_from(&any);
        config.portal.url = "https://portal.test".into();
        config.metrics.listen = Vec::new();
        change(&mut config);
        let gateway = Gateway::start(config, clock.clone()).await.unwrap();
        let at = gateway.addresses();
        Self {
            imap_tls: at.imap_tls[0].port(),
            imap_starttls: at.imap_starttls[0].port(),
            submission_tls: at.submission_tls[0].port(),
            submission_starttls: at.submission_starttls[0].port(),
            portal: at.portal[0].port(),
            clock,
            ca_file: template.folder.join("ca.pem"),
            database_url,
            template,
            gateway,
        }
    }

    /// A store of the test's own, beside the gateway.
    pub async fn store(&self) -> Store {
        open(&self.database_url, &self.template.folder, Clock::system()).await
    }

    /// Invites somebody for Anna's practice (R15); nothing is sent yet.
    pub async fn invite(&self, email: &str) {
        let store = self.store().await;
        let anna = store.resolve(&self.account("anna").email.parse().unwrap()).await.unwrap().unwrap();
        let new = postern::store::NewInvited {
            inviter: anna.id,
            practice: anna.practice,
            email: email.parse().unwrap(),
            first_name: "Dora".to_owned(),
            last_name: "Dahl".to_owned(),
            role: Role::Doctor,
            phone: postern::types::Phone::parse("+12025550150").unwrap(),
            per_day: 20,
        };
        store.invite(new).await.unwrap();
        store.close().await;
    }

    /// The portal as a browser on this machine reaches it.
    pub fn portal_url(&self) -> String {
        format!("https://localhost:{}", self.portal)
    }

    /// One of the four, by first name.
    pub fn account(&self, name: &str) -> &Person {
        &self.template.people[name]
    }

    /// The gateway itself.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The file with the master key of all worlds.
    pub fn master_key(&self) -> PathBuf {
        self.template.folder.join("master.key")
    }

    /// What scripts may name.
    pub fn variables(&self) -> HashMap<String, String> {
        let mut all = HashMap::new();
        for (name, person) in &self.template.people {
            all.insert(format!("{name}.secure"), person.secure.clone());
            all.insert(format!("{name}.email"), person.email.clone());
            all.insert(format!("{name}.password"), person.password.clone());
            for (what, text) in [("secure", &person.secure), ("password", &person.password)] {
                all.insert(format!("{name}.{what}64"), crate::smtp_transcripts::base64(text));
            }
            all.insert(
                format!("{name}.plain"),
                crate::smtp_transcripts::plain(&person.secure, &person.password),
            );
        }
        all
    }

    /// A configuration file with which the command line reaches this world.
    pub fn config_file(&self, folder: &std::path::Path) -> PathBuf {
        let file = folder.join("postern.toml");
        let home = self.template.folder.display();
        let text = format!(
            "[mail]\ndomain = \"{DOMAIN}\"\nhostname = \"localhost\"\n\n[database]\nurl = \"{}\"\n\n\
             [keys]\nmaster_file = \"{home}/master.key\"\n\n\
             [tls]\ncertificate_file = \"{home}/cert.pem\"\nkey_file = \"{home}/key.pem\"\n\n\
             [portal]\nurl = \"https://portal.test\"\n\n[support]\nname = \"ida\"\n",
            self.database_url
        );
        std::fs::write(&file, text).unwrap();
        file
    }

    /// What a foreign program is told.
    pub fn json(&self) -> serde_json::Value {
        let person = |name: &str| {
            let p = self.account(name);
            serde_json::json!({"address": p.secure, "password": p.password})
        };
        serde_json::json!({
            "host": "localhost", "ca": self.ca_file, "imap": self.imap_starttls, "imaps": self.imap_tls,
            "submission": self.submission_starttls, "submissions": self.submission_tls,
            "anna": person("anna"), "bert": person("bert"),
        })
    }

    /// As Support sets them, from the next sign-in on: `attachments` of somebody's practice (R18), or the
    /// account's `storage` (R20), in bytes.
    pub async fn limit(&self, what: &str, name: &str, bytes: u64) {
        let account =
            format!("(select account_id from address where address = '{}')", self.account(name).secure);
        let sql = match what {
            "attachments" => format!(
                "update practice set attachment_limit = {bytes} \
                  where id = (select practice_id from account where id = {account})"
            ),
            "storage" => format!("update account set storage_cap = {bytes} where id = {account}"),
            other => panic!("no limit {other}"),
        };
        super::execute(&self.database_url, &sql).await;
    }

    /// A connection to a listener by the name scripts use.
    pub async fn connect(&self, listener: &str) -> Client {
        let tls = connector(&self.template.ca);
        match listener {
            "imap-tls" => Client::tls(self.imap_tls, tls).await,
            "imap-starttls" => Client::plain(self.imap_starttls, tls).await,
            "submission-tls" => Client::tls(self.submission_tls, tls).await,
            "submission-starttls" => Client::plain(self.submission_starttls, tls).await,
            other => panic!("no listener {other}"),
        }
    }

    /// `LOGIN …` for one of the four.
    pub fn login_command(&self, name: &str) -> String {
        let person = self.account(name);
        format!("LOGIN \"{}\" \"{}\"", person.secure, person.password)
    }

    /// How one of the four comes in by IMAP.
    pub fn entrance(&self, name: &str) -> Entrance {
        let tls = connector(&self.template.ca);
        Entrance { port: self.imap_tls, tls, login: self.login_command(name) }
    }

    /// A signed-in IMAP connection.
    pub async fn imap(&self, name: &str) -> Client {
        self.entrance(name).imap().await
    }

    /// Puts simple messages into a mailbox by APPEND: `Message 1` …, dated one minute apart.
    pub async fn seed(&self, name: &str, mailbox: &str, count: u32) {
        let mut wire = self.imap(name).await;
        for n in 1..=count {
            let text = format!(
                "From: Bert Brandt <{}>\r\nTo: <{}>\r\nSubject: Message {n}\r\n\
                 Date: Mon, 7 Sep 2026 10:{:02}:00 +0200\r\nMessage-ID: <seed-{n}@secure.test>\r\n\r\n\
                 This is message {n}.\r\n",
                self.account("bert").secure,
                self.account(name).secure,
                n % 60,
            );
            wire.send(
                format!(
                    "s{n} APPEND \"{mailbox}\" \"07-Sep-2026 10:{:02}:00 +0200\" {{{}}}\r\n",
                    n % 60,
                    text.len()
                )
                .as_bytes(),
            )
            .await;
            assert!(wire.response().await.unwrap().starts_with(b"+"));
            wire.send(format!("{text}\r\n").as_bytes()).await;
            let answer = wire.imap_until(&format!("s{n}")).await;
            assert!(answer.last().unwrap().contains(" OK "), "{answer:?}");
        }
    }

    /// The FETCH FLAGS responses of a mailbox.
    pub async fn flags(&self, name: &str, mailbox: &str) -> Vec<String> {
        let mut wire = self.imap(name).await;
        wire.imap("e", &format!("EXAMINE \"{mailbox}\"")).await;
        let mut all = wire.imap("f", "FETCH 1:* (FLAGS)").await;
        all.retain(|line| line.contains(" FETCH "));
        all
    }
}

//! Each schema that ever landed upgrades to the newest with its data: `tests/schemas` holds, for each of them, a
//! dump of a small system as it was then, and the keys and passwords to get in.
//!
//! Before a migration is added to a landed schema, the dump of that schema is written:
//! `POSTERN_WRITE_SCHEMA=1 cargo test --test it schema_upgrades`. A dump is never written anew.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use postern::store::{Schema, Store};
use serde_json::Value;

use crate::client::Client;
use crate::harness::{self, World};
use crate::smtp_transcripts::plain;

/// Migrations after which no version landed, because the next one landed with them.
const NEVER_ALONE: [i64; 7] = [1, 3, 4, 5, 7, 8, 11];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas")
}

fn numbers(folder: &Path, ending: &str) -> Vec<i64> {
    let mut all: Vec<i64> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(ending))
        .map(|name| name[..4].parse().unwrap())
        .collect();
    all.sort_unstable();
    all
}

fn migrations() -> Vec<i64> {
    numbers(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"), ".sql")
}

/// What gets in: from the dump's own file, or from the world of now.
struct System {
    world: World,
    people: Value,
}

impl System {
    fn of(&self, name: &str, what: &str) -> &str {
        self.people[name][what].as_str().unwrap()
    }

    async fn imap(&self, name: &str) -> Client {
        let mut wire = self.world.connect("imap-tls").await;
        wire.response().await.unwrap();
        let login = format!("LOGIN \"{}\" \"{}\"", self.of(name, "secure"), self.of(name, "password"));
        ok(&wire.imap("l", &login).await);
        wire
    }

    /// Submits a message of this text to somebody; answers the code of the last reply.
    async fn submit(&self, from: &str, to: &str, id: &str, more: &str, text: &str) -> u16 {
        let (from, to) = ((from, self.of(from, "secure")), self.of(to, "secure"));
        let mut wire = self.world.connect("submission-tls").await;
        wire.smtp_reply().await.unwrap();
        wire.smtp("EHLO [127.0.0.1]").await;
        let auth = plain(from.1, self.of(from.0, "password"));
        assert_eq!(wire.smtp(&format!("AUTH PLAIN {auth}")).await.0, 235);
        assert_eq!(wire.smtp(&format!("MAIL FROM:<{}>", from.1)).await.0, 250);
        assert_eq!(wire.smtp(&format!("RCPT TO:<{to}>")).await.0, 250);
        assert_eq!(wire.smtp("DATA").await.0, 354);
        let head =
            format!("From: <{}>\r\nTo: <{to}>\r\nSubject: Befund Müller\r\nMessage-ID: <{id}>\r\n", from.1);
        wire.smtp(&format!("{head}{more}\r\n{text}\r\n.")).await.0
    }
}

fn ok(answer: &[String]) {
    assert!(answer.last().unwrap().split(' ').nth(1) == Some("OK"), "{answer:?}");
}

/// A draft that fills more than one chunk.
fn draft() -> String {
    let mut text = "Subject: Entwurf für Frau Müller\r\n\r\n".to_owned();
    for line in 0..1800 {
        text.push_str(&format!(
            "{line:06} Röntgenbild, Länge und Befund der Zeile, und so weiter und so fort\r\n"
        ));
    }
    text
}

async fn append(wire: &mut Client, to: &str, text: &str) {
    wire.send(format!("a APPEND {to} {{{}}}\r\n", text.len()).as_bytes()).await;
    assert!(wire.response().await.unwrap().starts_with(b"+"));
    wire.send(format!("{text}\r\n").as_bytes()).await;
    ok(&wire.imap_until("a").await);
}

/// What each dump holds. Never changed: what was written so then must be read so for ever.
async fn fill(system: &System) {
    assert_eq!(
        system.submit("anna", "bert", "landed-1@client.example", "", "Grüße aus der Praxis").await,
        250
    );
    assert_eq!(system.submit("anna", "frieda", "landed-2@client.example", "", "Eine Frage").await, 250);
    let mut wire = system.imap("anna").await;
    append(&mut wire, "Drafts (\\Draft \\Flagged $Wichtig) \"07-Sep-2026 10:00:00 +0200\"", &draft()).await;
    append(&mut wire, "Trash (\\Deleted)", "Subject: weg\r\n\r\nweg\r\n").await;
    for command in [
        "CREATE Ablage/2026",
        "SUBSCRIBE Ablage/2026",
        "SELECT Sent",
        "UID COPY 1 Ablage/2026",
        "SELECT Trash",
        "EXPUNGE",
    ] {
        ok(&wire.imap("c", command).await);
    }
}

/// What [`fill`] wrote, seen through the doors, and that the system goes on from there.
async fn reads_back(system: &System) {
    let mut bert = system.imap("bert").await;
    ok(&bert.imap("s", "SELECT INBOX").await);
    let got = bert
        .imap("f", "UID FETCH 1 (FLAGS BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        .await
        .concat();
    assert!(got.contains("Grüße aus der Praxis") && got.contains("Befund Müller"), "{got}");
    assert!(!got.contains("\\Seen"), "{got}");
    let found = bert.imap("h", "SEARCH CHARSET UTF-8 SUBJECT {7+}\r\nMÜLLER").await;
    assert_eq!(found[0], "* SEARCH 1");

    let mut anna = system.imap("anna").await;
    ok(&anna.imap("s", "SELECT Drafts").await);
    let got = anna.imap("f", "FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])").await;
    let whole = got.iter().find(|line| line.starts_with("* 1 FETCH")).unwrap();
    assert!(whole.contains(&draft()), "the draft's bytes differ");
    for part in ["\\Draft", "\\Flagged", "$Wichtig", "INTERNALDATE \" 7-Sep-2026 08:00:00 +0000\""] {
        assert!(whole.contains(part), "{part}");
    }
    let folders = anna.imap("l", "LIST (SUBSCRIBED) \"\" \"Ablage/*\"").await.concat();
    assert!(folders.contains("\"Ablage/2026\""), "{folders}");
    for (mailbox, counts) in [
        ("Ablage/2026", "MESSAGES 1 UIDNEXT 2"),
        ("Trash", "MESSAGES 0 UIDNEXT 2"),
        ("Sent", "MESSAGES 2 UIDNEXT 3"),
    ] {
        let status = anna.imap("t", &format!("STATUS {mailbox} (MESSAGES UIDNEXT)")).await;
        assert!(status[0].contains(counts), "{status:?}");
    }

    // R17: the retry of what was delivered then is known; R14: so is the right to answer.
    assert_eq!(
        system.submit("anna", "bert", "landed-1@client.example", "", "Grüße aus der Praxis").await,
        250
    );
    let answer = "In-Reply-To: <landed-2@client.example>\r\n";
    assert_eq!(system.submit("frieda", "anna", "landed-3@client.example", answer, "Die Antwort").await, 250);
    let unfounded = "In-Reply-To: <landed-1@client.example>\r\n";
    assert_eq!(
        system.submit("frieda", "anna", "landed-4@client.example", unfounded, "Etwas anderes").await,
        550
    );
    assert_eq!(system.submit("anna", "bert", "landed-5@client.example", "", "Etwas Neues").await, 250);
    let status = bert.imap("t", "STATUS INBOX (MESSAGES UIDNEXT)").await;
    assert!(status.concat().contains("MESSAGES 2 UIDNEXT 3"), "{status:?}");
}

async fn now() -> System {
    let world = World::new().await;
    let people: BTreeMap<&str, Value> = ["anna", "bert", "carla", "frieda"]
        .into_iter()
        .map(|name| {
            let person = world.account(name);
            (name, serde_json::json!({"secure": person.secure, "password": person.password}))
        })
        .collect();
    System { people: serde_json::to_value(people).unwrap(), world }
}

/// The newest schema itself; with `POSTERN_WRITE_SCHEMA` its dump is written first.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_now_reads_back() {
    let system = now().await;
    fill(&system).await;
    if std::env::var_os("POSTERN_WRITE_SCHEMA").is_some() {
        write(&system);
    }
    reads_back(&system).await;
}

fn write(system: &System) {
    let newest = *migrations().last().unwrap();
    let dump = std::process::Command::new("pg_dump")
        .args(["--inserts", "--no-owner", "--no-privileges", "--dbname", &system.world.database_url])
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    // Commands to psql, which another release of it may not know.
    let sql: String = String::from_utf8(dump.stdout)
        .unwrap()
        .lines()
        .filter(|l| !l.starts_with('\\'))
        .fold(String::new(), |all, line| all + line + "\n");
    let name = |ending: &str| folder().join(format!("{newest:04}.{ending}"));
    let file = std::fs::File::create_new(name("sql.gz")).expect("a dump is never written anew");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::best());
    packed.write_all(sql.as_bytes()).unwrap();
    packed.finish().unwrap();
    let keys = serde_json::json!({
        "master_key": std::fs::read_to_string(system.world.master_key()).unwrap(),
        "people": system.people,
    });
    std::fs::write(name("json"), format!("{keys:#}\n")).unwrap();
}

#[test]
fn every_schema_that_landed_has_a_dump() {
    let (all, dumps) = (migrations(), numbers(&folder(), ".sql.gz"));
    // The newest may not have landed yet.
    let wanted: Vec<i64> =
        all[..all.len() - 1].iter().copied().filter(|version| !NEVER_ALONE.contains(version)).collect();
    let missing: Vec<_> = wanted.iter().filter(|version| !dumps.contains(version)).collect();
    assert!(missing.is_empty(), "no dump in tests/schemas of the schemas {missing:?}; this file says how");
    assert!(dumps.iter().all(|version| all.contains(version)), "{dumps:?}");
    assert_eq!(numbers(&folder(), ".json"), dumps);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_landed_schema_upgrades_with_its_data() {
    let all = migrations();
    let dumps = numbers(&folder(), ".sql.gz");
    assert!(!dumps.is_empty());
    for version in dumps {
        let file = std::fs::File::open(folder().join(format!("{version:04}.sql.gz"))).unwrap();
        let mut sql = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut sql).unwrap();
        let keys = std::fs::read_to_string(folder().join(format!("{version:04}.json"))).unwrap();
        let keys: Value = serde_json::from_str(&keys).unwrap();
        let url = harness::from_template("template0").await;
        harness::execute(&url, &sql).await;
        let behind = all.iter().filter(|n| **n > version).count();
        let expected = if behind == 0 { Schema::Current } else { Schema::Behind(behind) };
        assert_eq!(Store::health(&url).await.unwrap().schema, expected, "the dump {version}");
        Store::migrate(&url).await.unwrap();
        assert_eq!(Store::health(&url).await.unwrap().schema, Schema::Current);
        let key = harness::scratch().await.join("master.key");
        write_private(&key, keys["master_key"].as_str().unwrap());
        let world = World::on(url, |config| config.keys.master_file.clone_from(&key)).await;
        reads_back(&System { world, people: keys["people"].clone() }).await;
        println!("schema {version} upgrades with its data");
    }
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

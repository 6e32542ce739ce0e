//! Export and import: what goes out comes in again, once, whatever is killed; other programs read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use postern::mime;
use postern::store::{NewAppend, Store};
use postern::types::{AccountId, FlagChange, Flags, Keyword, MailboxName, SystemFlag};

use crate::harness::World;
use crate::smtp_transcripts::plain;

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

struct Place {
    world: World,
    store: Store,
    config: PathBuf,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let config = world.config_file(folder.path());
        Self { store: world.store().await, world, config, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn email(&self, name: &str) -> &str {
        &self.world.account(name).email
    }

    async fn account(&self, name: &str) -> AccountId {
        self.store.resolve(&self.email(name).parse().unwrap()).await.unwrap().unwrap().id
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(words).env("POSTERN_CONFIG", &self.config).stdin(Stdio::null());
        command
    }

    /// Runs the program; what it printed as JSON.
    async fn postern(&self, words: &[&str]) -> serde_json::Value {
        let output = self.ended(words).await;
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    async fn ended(&self, words: &[&str]) -> Output {
        let mut command = self.command(words);
        command.arg("--json");
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn export(&self, name: &str, to: &str, format: &str) -> serde_json::Value {
        let words =
            ["export", self.email(name), to, "--format", format, "--reason", "the practice moves away"];
        self.postern(&words).await
    }

    async fn append(&self, name: &str, mailbox: &str, text: &[u8], n: i64, flags: Flags, words: &[&str]) {
        let account = self.account(name).await;
        let mailbox = MailboxName::new(mailbox).unwrap();
        let id = match self.store.mailbox(account, &mailbox).await.unwrap() {
            Some(info) => info.id,
            None => self.store.create_mailbox(account, &mailbox, None).await.unwrap(),
        };
        let mut ingest = self.store.ingest(mime::Limits::default()).unwrap();
        ingest.push(text).await.unwrap();
        let keywords: Vec<_> = words.iter().map(|w| Keyword::new(w).unwrap()).collect();
        let new = NewAppend {
            mailbox: id,
            ingested: ingest.finish().await.unwrap(),
            flags,
            keywords: &keywords,
            internal_date: Some(1_600_000_000 + n * 86_400),
            sent_copy: None,
        };
        self.store.append(account, new).await.unwrap();
    }

    /// Some of everything.
    async fn fill(&self, name: &str) {
        let seen = Flags::of(SystemFlag::Seen);
        let mail =
            |n: u32, text: &str| format!("Subject: message {n}\r\nMessage-ID: <{n}@x.test>\r\n\r\n{text}");
        let none = Flags::NONE;
        self.append(name, "INBOX", mail(1, "one\r\n").as_bytes(), 1, none, &[]).await;
        // Twice the same: both are kept.
        self.append(name, "INBOX", mail(1, "one\r\n").as_bytes(), 1, seen, &["Later"]).await;
        self.append(name, "INBOX", mail(2, "From here\r\n>From there\r\n").as_bytes(), -20_000, seen, &[])
            .await;
        self.append(
            name,
            "INBOX",
            mail(3, "a line\nof its own\r\n").as_bytes(),
            3,
            none,
            &["$Junk", "Later"],
        )
        .await;
        self.append(
            name,
            "INBOX",
            mail(4, "only\nline feeds").replace("\r\n", "\n").as_bytes(),
            4,
            none,
            &[],
        )
        .await;
        self.append(name, "INBOX", mail(5, "no end").as_bytes(), 5, Flags(31), &[]).await;
        let big = mail(6, &"0123456789abcdef\r\n".repeat(200_000));
        self.append(name, "Müller/Röntgen. 2024", big.as_bytes(), 6, seen, &[]).await;
        self.append(name, "Sent", mail(7, "sent\r\n").as_bytes(), 7, seen, &["x"]).await;
        self.append(name, "&.b", b"no header at all", 8, Flags::of(SystemFlag::Draft), &[]).await;
        let account = self.account(name).await;
        self.store.create_mailbox(account, &MailboxName::new("leer").unwrap(), None).await.unwrap();
    }

    /// By mailbox: bytes, flags, keywords and dates of its messages.
    async fn held(&self, name: &str) -> BTreeMap<String, Vec<(Vec<u8>, u64, Vec<String>, i64)>> {
        let account = self.account(name).await;
        let mut all = BTreeMap::new();
        for info in self.store.mailboxes(account).await.unwrap() {
            let live = self.store.open_mailbox(account, info.id).await.unwrap();
            let state = live.read(Clone::clone);
            let mut messages = Vec::new();
            for row in &state.rows {
                let body = self.store.body(account, row.body).await.unwrap().unwrap();
                let bytes = body.read(0..body.size()).await.unwrap().to_vec();
                let word =
                    |bit| state.keywords.iter().find(|(b, _)| *b == bit).unwrap().1.as_str().to_owned();
                let mut words: Vec<_> = row.flags.keywords().map(word).collect();
                words.sort();
                messages.push((bytes, row.flags.0 & 255, words, row.internal_date));
            }
            all.insert(info.name.to_string(), messages);
        }
        all
    }
}

/// Bytes, flags, keywords, dates and names are the same after the way through either form; a second import
/// stores nothing; what the owner deleted since comes again.
#[test]
fn what_goes_out_comes_in_again() {
    run(async {
        let place = Place::new().await;
        place.fill("anna").await;
        let before = place.held("anna").await;
        assert_eq!(before.values().map(Vec::len).sum::<usize>(), 9);
        for (format, other) in [("maildir", "bert"), ("mbox", "carla")] {
            let to = place.path(format);
            let said = place.export("anna", &to, format).await;
            assert_eq!((&said["written"], &said["damaged"]), (&9.into(), &0.into()));
            let said = place.postern(&["import", place.email(other), &to]).await;
            assert_eq!((&said["imported"], &said["there_already"]), (&9.into(), &0.into()), "{said}");
            assert_eq!(place.held(other).await, before, "{format}");
            let said = place.postern(&["import", place.email(other), &to]).await;
            assert_eq!((&said["imported"], &said["there_already"]), (&0.into(), &9.into()), "{said}");
            assert_eq!(place.held(other).await, before, "{format}");
            assert_eq!(place.held("anna").await, before, "nothing was changed by exporting");
            closed_to_others(Path::new(&to));
        }
        // From the other form into the same account: there already, too.
        let said = place.postern(&["import", place.email("bert"), &place.path("mbox")]).await;
        assert_eq!(said["imported"], 0, "{said}");
        // Deleted since: it comes again.
        let bert = place.account("bert").await;
        let inbox = place.store.mailbox(bert, &MailboxName::inbox()).await.unwrap().unwrap().id;
        let deleted = Flags::of(SystemFlag::Deleted);
        place.store.store_flags(bert, inbox, &[1], FlagChange::Add, deleted, None).await.unwrap();
        place.store.expunge(bert, inbox, Some(&[1])).await.unwrap();
        let said = place.postern(&["import", place.email("bert"), &place.path("maildir")]).await;
        assert_eq!((&said["imported"], &said["there_already"]), (&1.into(), &8.into()), "{said}");
        // Elsewhere it is another message.
        let words = ["import", place.email("bert"), &place.path("mbox"), "--into", "Old"];
        assert_eq!(place.postern(&words).await["imported"], 9);
        let held = place.held("bert").await;
        assert_eq!((held["Old"].len(), held["Old/Sent"].len()), (6, 1));
        place.store.close().await;
    });
}

/// Folders 0700, files 0600.
fn closed_to_others(path: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    let meta = path.symlink_metadata().unwrap();
    assert_eq!(meta.mode() & 0o077, 0, "{}", path.display());
    if meta.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            closed_to_others(&entry.unwrap().path());
        }
    }
}

/// Killed at some moment each time, the same command goes on; nothing is lost, nothing is there twice.
#[test]
fn killed_and_gone_on_with() {
    run(async {
        let place = Place::new().await;
        for n in 0..240 {
            let text = format!("Subject: {n}\r\n\r\n{}\r\n", "x".repeat(n as usize * 40));
            place
                .append(
                    "anna",
                    if n % 3 == 0 { "Sent" } else { "INBOX" },
                    text.as_bytes(),
                    n,
                    Flags::NONE,
                    &[],
                )
                .await;
        }
        let before = place.held("anna").await;
        for (format, other) in [("maildir", "bert"), ("mbox", "carla")] {
            let to = place.path(format);
            let words = [
                "export",
                place.email("anna"),
                &to,
                "--format",
                format,
                "--reason",
                "the practice moves away",
            ];
            let folder = PathBuf::from(&to);
            for least in [1, 90, 170] {
                let grown = || written(&folder) >= least * if format == "mbox" { 4000 } else { 1 };
                kill_when(place.command(&words), grown).await;
            }
            place.export("anna", &to, format).await;
            let words = ["import", place.email(other), &to];
            let account = place.account(other).await;
            for least in [1, 100, 200] {
                let mut command = place.command(&words);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                let mut child = command.spawn().unwrap();
                while place.store.usage(account).await.unwrap().messages < least
                    && child.try_wait().unwrap().is_none()
                {
                    tokio::task::yield_now().await;
                }
                let _ = child.kill();
                child.wait().unwrap();
            }
            place.postern(&words).await;
            assert_eq!(place.held(other).await, before, "{format}");
        }
        place.store.close().await;
    });
}

/// Messages in a Maildir, or bytes of mbox files.
fn written(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                written(&path)
            } else if folder.ends_with("cur") {
                1
            } else {
                entry
                    .metadata()
                    .map_or(0, |m| if path.to_string_lossy().contains(".mbox") { m.len() } else { 0 })
            }
        })
        .sum()
}

async fn kill_when(mut command: Command, now: impl Fn() -> bool) {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !now() && child.try_wait().unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    let _ = child.kill();
    child.wait().unwrap();
}

/// R14: only what was delivered may be answered by a free account.
#[test]
fn imported_mail_is_no_right_to_reply() {
    run(async {
        let place = Place::new().await;
        let bert = place.world.account("bert").secure.clone();
        let frieda = place.world.account("frieda").secure.clone();
        let mail = format!(
            "From ida@x Mon Sep  7 10:01:02 2026\nFrom: <{bert}>\nTo: <{frieda}>\nSubject: hello\n\
             Message-ID: <imported-1@secure.test>\n\nhello\n"
        );
        std::fs::write(place.path("hello.mbox"), mail).unwrap();
        let words = ["import", place.email("frieda"), &place.path("hello.mbox"), "--into", "INBOX"];
        assert_eq!(place.postern(&words).await["imported"], 1);
        let mut wire = place.world.connect("submission-tls").await;
        wire.smtp_reply().await.unwrap();
        let auth = plain(&frieda, &place.world.account("frieda").password);
        for command in [
            "EHLO [127.0.0.1]".to_owned(),
            format!("AUTH PLAIN {auth}"),
            format!("MAIL FROM:<{frieda}>"),
            format!("RCPT TO:<{bert}>"),
            "DATA".to_owned(),
        ] {
            wire.send(format!("{command}\r\n").as_bytes()).await;
            let (code, text) = wire.smtp_reply().await.unwrap();
            assert!(code < 400, "{command}: {text:?}");
        }
        let reply = format!(
            "From: <{frieda}>\r\nTo: <{bert}>\r\nSubject: Re: hello\r\nIn-Reply-To: <imported-1@secure.test>\r\n\
             Message-ID: <reply@secure.test>\r\n\r\nthanks\r\n.\r\n"
        );
        wire.send(reply.as_bytes()).await;
        let (code, text) = wire.smtp_reply().await.unwrap();
        assert_eq!(code, 550, "{text:?}");
        place.store.close().await;
    });
}

/// R18, R20: what is too large is named and left out; the rest comes in. What is over the storage cap ends it.
#[test]
fn limits_hold_for_imports() {
    run(async {
        let place = Place::new().await;
        place.world.limit("attachments", "anna", 1000).await;
        let attached = "Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n";
        let mail = format!(
            "From a Mon Sep  7 10:01:02 2026\n{attached}\n{}\n\nFrom b Mon Sep  7 10:01:02 2026\nSubject: b\n\nb\n",
            "x".repeat(2000)
        );
        std::fs::write(place.path("a.mbox"), mail).unwrap();
        let ended = place.ended(&["import", place.email("anna"), &place.path("a.mbox")]).await;
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success());
        assert!(said.contains("All attachments of a message together may have at most 1000 bytes"), "{said}");
        assert!(said.contains("1 messages were not imported"), "{said}");
        assert_eq!(place.held("anna").await["a"].len(), 1);
        place.world.limit("storage", "bert", 10).await;
        let ended = place.ended(&["import", place.email("bert"), &place.path("a.mbox")]).await;
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(said.contains("the storage set for this account is used up"), "{said}");
        place.store.close().await;
    });
}

/// An export is in the audit log with what it took, before it takes it; the owner hears of it.
#[test]
fn an_export_is_audited_and_told() {
    run(async {
        let place = Place::new().await;
        place.fill("anna").await;
        place.export("anna", &place.path("out"), "maildir").await;
        let log = place.postern(&["audit", "list", "--action", "export"]).await;
        let details: Vec<_> = log.as_array().unwrap().iter().map(|e| e["detail"].as_str().unwrap()).collect();
        assert!(details.contains(&"request=1 format=maildir"), "{details:?}");
        assert!(details.contains(&"request=1 uids=1:6"), "{details:?}");
        assert!(log.as_array().unwrap().iter().all(|e| e["actor"] == "support:ida"));
        let notices = place.postern(&["notice", "list"]).await;
        assert!(notices.to_string().contains("mail-exported"), "{notices}");
        let list = place.postern(&["break-glass", "list", place.email("anna")]).await;
        assert_eq!(list[0]["reason"], "the practice moves away");
        // Into a folder that holds something else: refused before anything happens.
        std::fs::create_dir(place.path("other")).unwrap();
        std::fs::write(place.path("other/file"), "").unwrap();
        let words =
            ["export", place.email("anna"), &place.path("other"), "--reason", "the practice moves away"];
        assert!(!place.ended(&words).await.status.success());
        place.store.close().await;
    });
}

/// Python's mailbox module and Dovecot read what was written: the same messages, flags and names.
#[test]
fn other_programs_read_it() {
    run(async {
        let place = Place::new().await;
        place.fill("anna").await;
        place.export("anna", &place.path("maildir"), "maildir").await;
        place.export("anna", &place.path("mbox"), "mbox").await;
        let script = r#"
import mailbox, sys, os
m = mailbox.Maildir(sys.argv[1], create=False)
assert sorted(m.list_folders()) == sorted(['Archive', 'Drafts', 'Junk', 'Sent', 'Trash', 'leer',
    'M&APw-ller', 'M&APw-ller.R&APY-ntgen%2e 2024', '&-%2eb']), m.list_folders()
assert len(m) == 6
got = sorted((x['Subject'], x.get_flags(), int(x.get_date())) for x in m)
assert got == [('message 1', '', 1600086400), ('message 1', 'Sa', 1600086400), ('message 2', 'S', -128000000),
    ('message 3', 'ab', 1600259200), ('message 4', '', 1600345600), ('message 5', 'DFRST', 1600432000)], got
assert b'\r' not in m.get_bytes(next(k for k, x in m.items() if x['Subject'] == 'message 2'))
b = mailbox.mbox(os.path.join(sys.argv[2], 'INBOX.mbox'), create=False)
assert len(b) == 6
got = [(x['Subject'], x.get_flags()) for x in b]
assert got == [('message 1', 'O'), ('message 1', 'RO'), ('message 2', 'RO'), ('message 3', 'O'), ('message 4', 'O'),
    ('message 5', 'ROAFTD')], got
"#;
        let (maildir, mbox) = (place.path("maildir"), place.path("mbox"));
        let argument = maildir.clone();
        let output = tokio::task::spawn_blocking(move || {
            Command::new("python3").args(["-c", script, &argument, &mbox]).output().unwrap()
        })
        .await
        .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let listed = tokio::task::spawn_blocking(move || dovecot(&maildir)).await.unwrap();
        for line in [
            "INBOX messages=6",
            "Müller.Röntgen%2e 2024 messages=1",
            "Sent messages=1",
            "leer messages=0",
            "\\Seen \\Recent Later\ndate.received: 2020-09-14 12:26:40\nhdr.subject: message 1",
            "\\Answered \\Flagged \\Deleted \\Seen \\Draft",
        ] {
            assert!(listed.contains(line), "{line}\n{listed}");
        }
        place.store.close().await;
    });
}

/// What Dovecot says of a Maildir.
fn dovecot(maildir: &str) -> String {
    use std::os::unix::process::CommandExt as _;
    // It reads no mail as root.
    let other = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let root = nix::unistd::Uid::effective().is_root();
    let home = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let copy = home.path().join("mail");
    let told = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    told(Command::new("cp").args(["-a", maildir]).arg(&copy));
    let config = home.path().join("dovecot.conf");
    let text = format!(
        "mail_location = maildir:{}\nbase_dir = {}\nlog_path = /dev/stderr\nnamespace inbox {{\n inbox = yes\n}}\n",
        copy.display(),
        home.path().display()
    );
    std::fs::write(&config, text).unwrap();
    if root {
        told(Command::new("chown").args(["-R", "nobody"]).arg(home.path()));
    }
    let doveadm = |words: &[&str]| {
        let mut command = Command::new("doveadm");
        command.arg("-c").arg(&config).args(["-o", "stats_writer_socket_path="]).args(words);
        command.env("HOME", home.path()).env("USER", "nobody").env("TZ", "UTC");
        if root {
            command.uid(other.uid.as_raw()).gid(other.gid.as_raw());
        }
        told(&mut command)
    };
    let mut all = doveadm(&["-f", "flow", "mailbox", "status", "messages", "*"]);
    all.push_str(&doveadm(&["fetch", "uid flags date.received hdr.subject", "mailbox", "INBOX"]));
    all
}

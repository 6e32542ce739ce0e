//! Programs that keep a full copy of a mailbox, each against a gateway: a first run takes everything, a second
//! changes nothing, then there are changes on both sides, and the run after those changes nothing again.
//!
//! mbsync is in `foreign`. Dovecot is its `imapc` storage, the IMAP client with which Dovecot reads and writes
//! mail elsewhere. `make test` installs them; a missing one fails its test.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::demo_process::folder;
use crate::foreign::{aside, run};
use crate::harness::World;

/// The messages of a Maildir: folder and file name of each.
fn maildir(tree: &Path) -> BTreeSet<PathBuf> {
    let mut all = BTreeSet::new();
    let mut todo = vec![tree.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.parent().is_some_and(|p| p.ends_with("cur") || p.ends_with("new")) {
                all.insert(path.strip_prefix(tree).unwrap().to_owned());
            }
        }
    }
    all
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What somebody else does meanwhile: flags on UID 5, UID 6 moved to the trash, UID 7 removed, one more message.
async fn meanwhile(world: &World) {
    let mut wire = world.imap("anna").await;
    for command in [
        "SELECT INBOX",
        "UID STORE 5 +FLAGS (\\Answered \\Flagged)",
        "UID MOVE 6 Trash",
        "UID STORE 7 +FLAGS (\\Deleted)",
        "UID EXPUNGE 7",
        "APPEND INBOX {21+}\r\nSubject: later\r\n\r\nx\r\n",
    ] {
        let answer = wire.imap("m", command).await.pop().unwrap();
        assert!(answer.starts_with("m OK"), "{command}: {answer}");
    }
}

/// `(MESSAGES …)` of a mailbox.
async fn messages(world: &World, mailbox: &str) -> u32 {
    let answer = world.imap("anna").await.imap("s", &format!("STATUS \"{mailbox}\" (MESSAGES)")).await;
    let count = answer[0].rsplit_once("MESSAGES ").unwrap_or_else(|| panic!("{answer:?}")).1;
    count.trim_end_matches(')').parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_imapclient() {
    let world = World::new().await;
    world.seed("anna", "INBOX", 8).await;
    let argument = world.json().to_string();
    aside(move || {
        let python = in_repository("target/python/bin/python3");
        run(Command::new(python).arg(in_repository("tests/foreign/imapclient_sync.py")).arg(argument));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imapflow() {
    let world = World::new().await;
    world.seed("anna", "INBOX", 8).await;
    let argument = world.json().to_string();
    aside(move || {
        let script = in_repository("tests/foreign/imapflow_sync.mjs");
        run(Command::new("node").arg(script).arg(in_repository("target/npm")).arg(argument));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offlineimap() {
    let world = World::new().await;
    world.seed("anna", "INBOX", 20).await;
    world.seed("anna", "Archive", 3).await;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_owned();
    let mail = home.join("mail");
    std::fs::create_dir(&mail).unwrap();
    std::fs::write(
        home.join("rc"),
        format!(
            "[general]\naccounts = a\nmetadata = {home}/state\n\n\
             [Account a]\nlocalrepository = here\nremoterepository = there\n\n\
             [Repository here]\ntype = Maildir\nlocalfolders = {home}/mail\nsync_deletes = yes\n\n\
             [Repository there]\ntype = IMAP\nremotehost = localhost\nremoteport = {port}\nremoteuser = {user}\n\
             remotepass = {password}\nssl = yes\nsslcacertfile = {ca}\n",
            home = home.display(),
            port = world.imap_tls,
            user = world.account("anna").secure,
            password = world.account("anna").password,
            ca = world.ca_file.display(),
        ),
    )
    .unwrap();
    let sync = async || {
        let home = home.clone();
        aside(move || {
            let mut command = Command::new("offlineimap");
            run(command.env("HOME", &home).arg("-o").arg("-c").arg(home.join("rc")).args(["-u", "basic"]));
        })
        .await;
        maildir(&mail)
    };
    let first = sync().await;
    assert_eq!(first.len(), 23);
    assert_eq!(sync().await, first, "the second run changes nothing");

    // Here: one read and flagged, one deleted, a folder made with a message in it. There: see `meanwhile`.
    let local = |uid: u32| {
        let mark = format!(",U={uid},");
        let found = first.iter().find(|p| p.starts_with("INBOX") && p.display().to_string().contains(&mark));
        mail.join(found.unwrap_or_else(|| panic!("UID {uid} is not here: {first:?}")))
    };
    let read = local(1).display().to_string().replace("/new/", "/cur/");
    std::fs::rename(local(1), format!("{}:2,FS", read.split(":2,").next().unwrap())).unwrap();
    std::fs::remove_file(local(2)).unwrap();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(mail.join("Befunde").join(part)).unwrap();
    }
    std::fs::write(mail.join("Befunde/new/1.1.here"), "Subject: from here\n\ntext\n").unwrap();
    meanwhile(&world).await;
    let changed = sync().await;
    assert_eq!(sync().await, changed, "the run after a change changes nothing");
    // 20 − deleted here − moved there − removed there + appended there; one in the trash.
    let of = |folder: &str| changed.iter().filter(|p| p.starts_with(folder)).count();
    assert_eq!((of("INBOX"), of("Trash"), of("Befunde"), of("Archive")), (18, 1, 1, 3), "{changed:?}");
    assert_eq!((messages(&world, "INBOX").await, messages(&world, "Befunde").await), (18, 1));
    let flags = world.flags("anna", "INBOX").await;
    assert!(flags[0].contains("\\Flagged") && flags[0].contains("\\Seen"), "{flags:?}");
    let flagged = changed.iter().filter(|p| p.display().to_string().ends_with(":2,FR"));
    assert_eq!(flagged.count(), 1, "flags from there: {changed:?}");
}

/// doveadm reads no mail as root: then it runs as nobody.
struct Dovecot {
    home: tempfile::TempDir,
    as_root: bool,
}

impl Dovecot {
    fn new(world: &World) -> Self {
        let home = folder();
        let at = home.path().display();
        std::fs::create_dir(home.path().join("home")).unwrap();
        std::fs::copy(&world.ca_file, home.path().join("ca.pem")).unwrap();
        std::fs::write(
            home.path().join("dovecot.conf"),
            format!(
                "protocols =\nbase_dir = {at}/run\nstate_dir = {at}/state\nlog_path = /dev/stderr\nssl = no\n\
                 mail_home = {at}/home\nmail_location = maildir:{at}/mail\n\
                 imapc_host = 127.0.0.1\nimapc_port = {port}\nimapc_user = {user}\nimapc_password = {password}\n\
                 imapc_ssl = imaps\nssl_client_ca_file = {at}/ca.pem\n\
                 imapc_features = rfc822.size fetch-headers fetch-bodystructure search modseq delay-login\n\
                 namespace inbox {{\n  inbox = yes\n  separator = /\n}}\n",
                port = world.imap_tls,
                user = world.account("anna").secure,
                password = world.account("anna").password,
            ),
        )
        .unwrap();
        let id = run(Command::new("id").arg("-u"));
        let as_root = id.stdout == b"0\n";
        for file in ["ca.pem", "dovecot.conf"] {
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(home.path().join(file), open).unwrap();
        }
        if as_root {
            run(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(home.path()));
        }
        Self { home, as_root }
    }

    /// `doveadm` with arguments; what it prints.
    async fn adm(&self, arguments: &[&str]) -> String {
        let home = self.home.path().to_owned();
        let mut command = if self.as_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "doveadm"]);
            command
        } else {
            Command::new("doveadm")
        };
        command.current_dir(&home).env("HOME", home.join("home")).env("USER", "anna");
        command.args(["-f", "flow", "-c", "dovecot.conf"]).args(arguments);
        aside(move || String::from_utf8(run(&mut command).stdout).unwrap()).await
    }

    /// `doveadm` in the gateway's mail itself.
    async fn there(&self, arguments: &[&str]) -> String {
        self.adm(&[&["-o", "mail_location=imapc:"], arguments].concat()).await
    }

    /// Makes the copy like the original; the copy's files.
    async fn backup(&self) -> BTreeSet<PathBuf> {
        self.adm(&["backup", "-R", "imapc:"]).await;
        maildir(&self.home.path().join("mail"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dovecot_imapc() {
    let world = World::new().await;
    world.seed("anna", "INBOX", 20).await;
    world.seed("anna", "Archive", 3).await;
    let dovecot = Dovecot::new(&world);
    let first = dovecot.backup().await;
    assert_eq!(first.len(), 23);
    assert_eq!(dovecot.backup().await, first, "the second run changes nothing");

    // What it writes through IMAP; two-way dsync is not possible, as imapc cannot give folders its own ids.
    dovecot.there(&["flags", "add", "\\Seen $Forwarded", "mailbox", "INBOX", "uid", "1"]).await;
    dovecot.there(&["move", "Archive", "mailbox", "INBOX", "uid", "2"]).await;
    dovecot.there(&["expunge", "mailbox", "INBOX", "uid", "3"]).await;
    dovecot.there(&["mailbox", "create", "-s", "Befunde/Möller"]).await;
    dovecot.there(&["copy", "Befunde/Möller", "mailbox", "INBOX", "subject", "message 14"]).await;
    dovecot.there(&["mailbox", "rename", "Befunde/Möller", "Befunde/Alt & Neu"]).await;
    meanwhile(&world).await;
    let changed = dovecot.backup().await;
    assert_eq!(dovecot.backup().await, changed, "the run after a change changes nothing");

    let what = ["mailbox", "status", "messages", "*"];
    let (here, there) = (dovecot.adm(&what).await, dovecot.there(&what).await);
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&here), sorted(&there));
    for line in
        ["INBOX messages=17", "Archive messages=4", "Trash messages=1", "Befunde/Alt & Neu messages=1"]
    {
        assert!(sorted(&here).contains(line), "{line}: {here}");
    }
    let fetch = ["fetch", "uid flags size.virtual hdr.message-id", "mailbox", "INBOX"];
    let (here, there) = (dovecot.adm(&fetch).await, dovecot.there(&fetch).await);
    // \Recent is one session's alone, so never of a copy.
    assert_eq!(here, there.replace("\\Recent", "").replace("  ", " "));
    assert!(here.starts_with("uid=1 flags=\\Seen $Forwarded "), "{here}");
    assert!(here.contains("uid=5 flags=\\Answered \\Flagged "), "{here}");
    let found =
        dovecot.there(&["search", "mailbox", "INBOX", "body", "message 12", "since", "2026-09-01"]).await;
    assert_eq!(found.lines().count(), 1, "{found}");
    dovecot.there(&["mailbox", "delete", "Befunde/Alt & Neu"]).await;
    assert_eq!(dovecot.backup().await.len(), changed.len() - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neomutt_keeps_a_copy() {
    let world = World::new().await;
    world.seed("anna", "INBOX", 20).await;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_owned();
    for cache in ["headers", "bodies"] {
        std::fs::create_dir(home.join(cache)).unwrap();
    }
    let anna = world.account("anna");
    std::fs::write(
        home.join("rc"),
        format!(
            "set ssl_ca_certificates_file={ca}\nset ssl_usesystemcerts=no\nset certificate_file={ca}\n\
             set folder=imaps://localhost:{port}/\nset spoolfile=+INBOX\nset imap_user=\"{user}\"\n\
             set imap_pass=\"{password}\"\nset imap_condstore=yes\nset imap_qresync=yes\n\
             set header_cache={home}/headers\nset message_cachedir={home}/bodies\nset copy=no\nset delete=yes\n\
             set quit=yes\nset confirmappend=no\nset confirmcreate=no\nset mbox_type=mbox\nset wait_key=no\n\
             set sleep_time=0\nset hostname=localhost\n",
            ca = world.ca_file.display(),
            port = world.imap_tls,
            user = anna.secure,
            password = anna.password,
            home = home.display(),
        ),
    )
    .unwrap();
    // Runs with these keys typed, after a copy of every message into a local file; that file.
    let keys = async |name: &str, more: &str| {
        let (home, copy) = (home.clone(), home.join(name));
        let keys =
            format!("<tag-pattern>~A<enter><tag-prefix><copy-message>{}<enter>{more}<quit>", copy.display());
        aside(move || {
            let line = format!("neomutt -n -F {}/rc -e 'push \"{keys}\"'", home.display());
            // It wants a terminal.
            let mut command = Command::new("script");
            command.args(["-qec", &line, "/dev/null"]).env("HOME", &home).env("TERM", "xterm");
            run(command.stdin(std::process::Stdio::null()));
            std::fs::read_to_string(copy).unwrap()
        })
        .await
    };
    let subjects = |copy: &str| -> Vec<String> {
        copy.lines().filter_map(|line| line.strip_prefix("Subject: ")).map(str::to_owned).collect()
    };
    let count = |copy: &str| subjects(copy).len();
    let first = keys("first", "").await;
    assert_eq!(count(&first), 20);
    assert_eq!(count(&keys("second", "").await), 20);
    let quiet = world.flags("anna", "INBOX").await;
    keys("third", "<first-entry><flag-message><next-entry><delete-message><sync-mailbox>").await;
    meanwhile(&world).await;
    let flags = world.flags("anna", "INBOX").await;
    assert_eq!(flags.iter().filter(|line| line.contains("\\Flagged")).count(), 2, "{quiet:?} {flags:?}");
    // 20 − deleted here − moved there − removed there + appended there.
    let last = keys("fourth", "").await;
    assert_eq!(count(&last), 18, "{:?}", subjects(&last));
    assert!(subjects(&last).contains(&"later".to_owned()));
    assert_eq!(count(&keys("fifth", "").await), 18);
    assert_eq!(messages(&world, "INBOX").await, 18);
}

//! Foreign clients against a real gateway: Python, mbsync, swaks, curl, neomutt.
//!
//! Each is a Debian package that `make test` installs; a missing one fails the test.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::World;

/// Runs a program to its end; a failure is the test's.
pub fn run(command: &mut Command) -> Output {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|e| panic!("{shown}: {e}"));
    assert!(
        output.status.success(),
        "{shown}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Runs what blocks away from the gateway's own threads.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_imaplib_and_smtplib() {
    let world = World::new().await;
    let argument = world.json().to_string();
    aside(move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/imaplib_smtplib.py");
        run(Command::new("python3").arg(script).arg(argument));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mbsync_second_run_changes_nothing() {
    let world = World::new().await;
    world.seed("anna", "INBOX", 20).await;
    world.seed("anna", "Archive", 3).await;
    let dir = tempfile::tempdir().unwrap();
    let maildir = dir.path().join("mail");
    std::fs::create_dir(&maildir).unwrap();
    let config = dir.path().join("mbsyncrc");
    std::fs::write(
        &config,
        format!(
            "IMAPAccount a\nHost localhost\nPort {port}\nUser {user}\nPass {password}\nSSLType IMAPS\n\
             CertificateFile {ca}\n\nIMAPStore remote\nAccount a\n\nMaildirStore local\nPath {mail}/\n\
             Inbox {mail}/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :remote:\nNear :local:\nPatterns *\n\
             Create Both\nExpunge Both\nSyncState *\n",
            port = world.imap_tls,
            user = world.account("anna").secure,
            password = world.account("anna").password,
            ca = world.ca_file.display(),
            mail = maildir.display(),
        ),
    )
    .unwrap();
    let tree = maildir.clone();
    let listing = move || -> Vec<String> {
        let mut all = Vec::new();
        let mut todo = vec![tree.clone()];
        while let Some(folder) = todo.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    todo.push(path);
                } else if path.components().any(|c| c.as_os_str() == "cur" || c.as_os_str() == "new") {
                    all.push(path.display().to_string());
                }
            }
        }
        all.sort();
        all
    };
    let sync = move || drop(run(Command::new("mbsync").arg("-c").arg(&config).arg("c")));
    let again = (sync.clone(), listing.clone());
    let (first, second, third) = aside(move || {
        sync();
        let first = listing();
        sync();
        let second = listing();
        // A change on this side: one message read and one deleted, taken up by the server.
        let message = first.iter().find(|p| p.contains("/INBOX/")).unwrap();
        let base = message.rsplit_once(":2,").map_or(message.as_str(), |(b, _)| b).replace("/new/", "/cur/");
        std::fs::rename(message, format!("{base}:2,FS")).unwrap();
        sync();
        let third = listing();
        sync();
        assert_eq!(third, listing(), "the run after a change changes nothing");
        (first, second, third)
    })
    .await;
    assert_eq!(first.len(), 23);
    assert_eq!(first, second);
    assert_eq!(third.len(), 23);
    // A change on the other side: one flagged, one removed, one more.
    let mut wire = world.imap("anna").await;
    for command in [
        "SELECT Archive",
        "STORE 1 +FLAGS (\\Flagged)",
        "STORE 2 +FLAGS (\\Deleted)",
        "EXPUNGE",
        "APPEND Archive {20+}\r\nSubject: later\r\n\r\nx\n",
    ] {
        let answer = wire.imap("m", command).await.pop().unwrap();
        assert!(answer.starts_with("m OK"), "{command}: {answer}");
    }
    let (sync, listing) = again;
    let (fourth, fifth) = aside(move || {
        sync();
        let fourth = listing();
        sync();
        (fourth, listing())
    })
    .await;
    assert_eq!(fourth, fifth, "the run after a change changes nothing");
    let archive: Vec<_> = fourth.iter().filter(|path| path.contains("/Archive/")).collect();
    assert_eq!(archive.len(), 3, "{archive:?}");
    assert_eq!(archive.iter().filter(|path| path.ends_with(":2,F")).count(), 1, "{archive:?}");
    let flags = world.flags("anna", "INBOX").await;
    assert_eq!(
        flags.iter().filter(|f| f.contains("\\Flagged") && f.contains("\\Seen")).count(),
        1,
        "{flags:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaks_and_curl_and_neomutt() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let (anna, bert) = (world.account("anna").clone(), world.account("bert").clone());
    let (imaps, submissions, starttls, ca) =
        (world.imap_tls, world.submission_tls, world.submission_starttls, world.ca_file.clone());
    let home = dir.path().to_owned();
    aside(move || {
        for (tls, port) in [("--tls-on-connect", submissions), ("--tls", starttls)] {
            run(Command::new("swaks")
                .args(["--server", "localhost", "--port", &port.to_string(), tls])
                .args(["--tls-verify", "--tls-ca-path"])
                .arg(&ca)
                .args(["--auth", "PLAIN", "--auth-user", &anna.secure, "--auth-password", &anna.password])
                .args(["--from", &anna.secure, "--to", &bert.secure])
                .args(["--header", &format!("Subject: swaks {tls}"), "--h-From", &anna.secure])
                .args(["--body", "Guten Tag"]));
        }
        let letter = home.join("letter.eml");
        let text = format!(
            "From: <{}>\r\nTo: <{}>\r\nSubject: by curl\r\nMessage-ID: <curl-1@foreign.invalid>\r\n\r\nHallo\r\n",
            anna.secure, bert.secure
        );
        std::fs::write(&letter, &text).unwrap();
        let curl = |who: &crate::harness::Person, url: &str| {
            let mut command = Command::new("curl");
            command.args(["-sS", "--fail", "--cacert"]).arg(&ca);
            command.args(["--user", &format!("{}:{}", who.secure, who.password)]).arg(url);
            command
        };
        run(curl(&anna, &format!("smtps://localhost:{submissions}"))
            .args(["--mail-from", &anna.secure, "--mail-rcpt", &bert.secure, "-T"])
            .arg(&letter));
        let found = run(curl(&bert, &format!("imaps://localhost:{imaps}/INBOX")).args(["-X", "SEARCH SUBJECT curl"]));
        assert_eq!(String::from_utf8_lossy(&found.stdout).trim(), "* SEARCH 3");
        let fetched = run(&mut curl(&bert, &format!("imaps://localhost:{imaps}/INBOX;MAILINDEX=3")));
        assert!(String::from_utf8_lossy(&fetched.stdout).ends_with("\r\n\r\nHallo\r\n"));
        let rc = home.join("muttrc");
        std::fs::write(
            &rc,
            format!(
                "set ssl_ca_certificates_file={}\nset ssl_usesystemcerts=no\nset certificate_file={}\n\
                 set folder=imaps://localhost:{imaps}/\nset spoolfile=+INBOX\nset imap_user=\"{}\"\n\
                 set imap_pass=\"{}\"\nset header_cache=\"\"\nset timeout=5\nset from=\"{}\"\nset use_from=yes\n\
                 set smtp_url=smtps://localhost:{submissions}\nset smtp_user=\"{}\"\nset smtp_pass=\"{}\"\n\
                 set smtp_authenticators=plain\nset record=\"\"\nset hostname=localhost\nset use_envelope_from=yes\n",
                ca.display(),
                ca.display(),
                bert.secure,
                bert.password,
                bert.secure,
                bert.secure,
                bert.password,
            ),
        )
        .unwrap();
        let mut send = Command::new("neomutt");
        send.env("HOME", &home).env("TERM", "dumb").arg("-n").arg("-F").arg(&rc);
        send.args(["-s", "by neomutt", "--", &anna.secure]);
        send.stdin(std::fs::File::open(&letter).unwrap());
        run(&mut send);
        let found = run(curl(&anna, &format!("imaps://localhost:{imaps}/INBOX")).args(["-X", "SEARCH SUBJECT neomutt"]));
        assert_eq!(String::from_utf8_lossy(&found.stdout).trim(), "* SEARCH 1");
    })
    .await;
}

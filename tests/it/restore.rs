//! A database that was set back to a backup: what mail programs know keeps its meaning.

use std::process::{Command, Stdio};

use crate::client::Client;
use crate::harness::World;

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

async fn append(wire: &mut Client, text: &str) -> u32 {
    let text = format!("Subject: {text}\r\n\r\n{text}\r\n");
    wire.send(format!("a APPEND INBOX {{{}+}}\r\n{text}\r\n", text.len()).as_bytes()).await;
    let answer = wire.imap_until("a").await.pop().unwrap();
    let code = answer.split("APPENDUID ").nth(1).unwrap_or_else(|| panic!("{answer}"));
    code.split([' ', ']']).nth(1).unwrap().parse().unwrap()
}

fn number(lines: &[String], word: &str) -> u64 {
    let line = lines.iter().find(|l| l.contains(word)).unwrap_or_else(|| panic!("no {word}: {lines:?}"));
    let rest = line.split(word).nth(1).unwrap().trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

/// Messages that came and flags that changed after the backup are lost; no UID of theirs is given again, and a
/// mail program that knows the later state is told the whole one (RFC 7162, RFC 9051 §2.3.1.1). UIDVALIDITY stays.
#[test]
fn no_uid_gets_a_second_meaning() {
    run(async {
        let world = World::new().await;
        let mut wire = world.imap("anna").await;
        wire.imap("e", "ENABLE QRESYNC").await;
        for n in 1..=3 {
            assert_eq!(append(&mut wire, &format!("before {n}")).await, n);
        }
        let before = wire.imap("s", "SELECT INBOX").await;
        let validity = number(&before, "UIDVALIDITY ");
        // The backup: a copy of the database, taken while the gateway serves.
        let dump = tempfile::NamedTempFile::new().unwrap();
        let url = world.database_url.clone();
        let path = dump.path().to_owned();
        let tool = |program: &'static str, words: Vec<String>| {
            let program = postern::cli::cluster::program(program, None).unwrap();
            let output = Command::new(program).args(words).stdin(Stdio::null()).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let words = vec!["-Fc".into(), "-Z0".into(), "-f".into(), path.display().to_string(), url.clone()];
        tokio::task::spawn_blocking(move || tool("pg_dump", words)).await.unwrap();
        // After it: two more, a flag, one goes.
        append(&mut wire, "after 4").await;
        append(&mut wire, "after 5").await;
        wire.imap("f", "UID STORE 1 +FLAGS (\\Flagged)").await;
        wire.imap("d", "UID STORE 2 +FLAGS (\\Deleted)").await;
        wire.imap("x", "EXPUNGE").await;
        let known = number(&wire.imap("t", "STATUS INBOX (HIGHESTMODSEQ)").await, "HIGHESTMODSEQ ");

        let restored = crate::harness::from_template("template0").await;
        let words = vec![
            "--no-owner".into(),
            "--exit-on-error".into(),
            "-d".into(),
            restored.clone(),
            path.display().to_string(),
        ];
        tokio::task::spawn_blocking(move || tool("pg_restore", words)).await.unwrap();
        let again = World::on(restored, |_| {}).await;
        let folder = tempfile::tempdir().unwrap();
        let config = again.config_file(folder.path());
        let said = tokio::task::spawn_blocking(move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
            command.args(["backup", "restored"]).env("POSTERN_CONFIG", config).output().unwrap()
        })
        .await
        .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let mut wire = again.imap("anna").await;
        wire.imap("e", "ENABLE QRESYNC").await;
        // It knows the mailbox at the later modseq.
        let select = format!("SELECT INBOX (QRESYNC ({validity} {known} 1:5))");
        let told = wire.imap("s", &select).await;
        assert_eq!(number(&told, "UIDVALIDITY "), validity);
        assert!(number(&told, "HIGHESTMODSEQ ") > known);
        assert!(told.iter().any(|l| l.contains("VANISHED (EARLIER)") && l.contains("4:5")), "{told:?}");
        for uid in 1..=3 {
            let line = told
                .iter()
                .find(|l| l.contains(&format!("UID {uid} ")) || l.contains(&format!("UID {uid})")));
            let line = line.unwrap_or_else(|| panic!("{uid}: {told:?}"));
            assert!(!line.contains("\\Flagged"), "{line}");
        }
        let uid = append(&mut wire, "new").await;
        assert!(uid > 1_000_000, "{uid}");
        let found = wire.imap("q", "UID SEARCH TEXT new").await;
        assert!(found.iter().any(|l| l.contains(&uid.to_string())), "{found:?}");
    });
}

//! The gateway as a process: started again, asked by verbs, told to reload, told to end.

use std::process::{Command, Output};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::client::{Client, PATIENCE, connector};
use crate::demo_process::{Demo, folder, psql, signal};

fn postern(demo: &Demo, arguments: &[&str]) -> Output {
    let config = demo.ready["config_file"].as_str().unwrap();
    Command::new(env!("CARGO_BIN_EXE_postern")).args(["--config", config]).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything of the ready file that a second start must not change.
fn kept(demo: &Demo) -> Value {
    let mut kept = demo.ready.clone();
    kept.as_object_mut().unwrap().remove("pid");
    kept
}

async fn signed_in(demo: &Demo) -> Client {
    let ca = std::fs::read(demo.ready["ca_file"].as_str().unwrap()).unwrap();
    let mut wire = Client::tls(demo.port(["imap", "tls_port"]), connector(&ca)).await;
    wire.response().await.unwrap();
    let anna = &demo.ready["accounts"][0];
    let (user, secret) = (anna["secure_address"].as_str().unwrap(), anna["app_password"].as_str().unwrap());
    let answer = wire.imap("l", &format!("LOGIN {user} {secret}")).await;
    assert!(answer.last().unwrap().starts_with("l OK"), "{answer:?}");
    wire
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_keeps_everything() {
    let home = folder();
    let dir = home.path().join("demo");
    let demo = Demo::start(&dir, &[]).await;
    let first = kept(&demo);
    let tiers: Vec<&str> =
        first["accounts"].as_array().unwrap().iter().map(|a| a["tier"].as_str().unwrap()).collect();
    assert_eq!(tiers, ["paid", "paid", "paid", "paid", "paid", "paid", "free"]);
    let count = "select count(*) from mailbox_message";
    let messages = psql(first["database_url"].as_str().unwrap(), count);
    assert!(messages.trim().parse::<u32>().unwrap() >= 12, "{messages}");

    // While it runs, the verbs reach the same system.
    let listed = json(&postern(&demo, &["--json", "user", "list"]));
    assert_eq!(listed.as_array().unwrap().len(), 7);
    let findings = json(&postern(&demo, &["--json", "doctor"]));
    assert!(findings.as_array().unwrap().iter().all(|f| f["verdict"] == "good"), "{findings}");
    // Another one on the same folder is told so, and hurts nobody.
    let second =
        Command::new(env!("CARGO_BIN_EXE_postern")).arg("demo").arg("--dir").arg(&dir).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("is run by another process"), "{said}");
    // RFC 9051 §2.3.1.1, RFC 7162 §3.1.2: what clients remember a mailbox by.
    let inbox = async |demo: &Demo| {
        let items = "STATUS INBOX (UIDVALIDITY UIDNEXT HIGHESTMODSEQ)";
        signed_in(demo).await.imap("s", items).await.swap_remove(0)
    };
    let remembered = inbox(&demo).await;
    assert!(remembered.starts_with("* STATUS "), "{remembered}");
    demo.stop().await;

    let demo = Demo::start(&dir, &[]).await;
    assert_eq!(kept(&demo), first);
    assert_eq!(inbox(&demo).await, remembered);
    demo.kill();

    let demo = Demo::start(&dir, &[]).await;
    assert_eq!(kept(&demo), first);
    assert_eq!(psql(first["database_url"].as_str().unwrap(), count), messages);
    assert_eq!(inbox(&demo).await, remembered);
    demo.stop().await;
}

/// What is said to a recipient in the domain of the demo that leads to nobody.
async fn secure_address_of_nobody(demo: &Demo) -> String {
    let ca = std::fs::read(demo.ready["ca_file"].as_str().unwrap()).unwrap();
    let mut wire = Client::tls(demo.port(["submission", "tls_port"]), connector(&ca)).await;
    let anna = &demo.ready["accounts"][0];
    let (user, secret) = (anna["secure_address"].as_str().unwrap(), anna["app_password"].as_str().unwrap());
    wire.smtp_reply().await.unwrap();
    wire.smtp("EHLO [127.0.0.1]").await;
    let auth = crate::smtp_transcripts::plain(user, secret);
    assert_eq!(wire.smtp(&format!("AUTH PLAIN {auth}")).await.0, 235);
    assert_eq!(wire.smtp(&format!("MAIL FROM:<{user}>")).await.0, 250);
    let (code, text) = wire.smtp("RCPT TO:<nobody.at.all@secure.test>").await;
    assert_eq!(code, 550, "{text}");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reload_and_drain() {
    let home = folder();
    let demo = Demo::start(&home.path().join("demo"), &[]).await;
    let pid = u32::try_from(demo.ready["pid"].as_u64().unwrap()).unwrap();
    let config = demo.ready["config_file"].as_str().unwrap();
    let limit = async || {
        let answer = signed_in(&demo).await.imap("c", "CAPABILITY").await;
        answer[0].split("APPENDLIMIT=").nth(1).unwrap().split(' ').next().unwrap().trim().to_owned()
    };
    let before = limit().await;
    let text = std::fs::read_to_string(config).unwrap();
    let changed = text.replace("attachments_mb = 100", "attachments_mb = 7");
    assert_ne!(changed, text);
    // What needs a restart is not taken over by half: the domain stays as it was.
    let domain = changed.replace("domain = \"secure.test\"", "domain = \"elsewhere.test\"");
    assert_ne!(domain, changed);
    std::fs::write(config, domain).unwrap();
    signal(pid, Signal::SIGHUP);
    // A signal sends no answer: it is looked for.
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let end = tokio::time::Instant::now() + PATIENCE;
    while limit().await == before {
        assert!(tokio::time::Instant::now() < end, "SIGHUP changed nothing");
        look.tick().await;
    }

    let answer = secure_address_of_nobody(&demo).await;
    assert!(!answer.contains("https://"), "R11: nobody is invited to an address in the own domain: {answer}");

    // RFC 9051 §7.1.5; and a command that is under way is finished before.
    let mut idle = signed_in(&demo).await;
    idle.imap("s", "SELECT INBOX").await;
    idle.send(b"i IDLE\r\n").await;
    assert!(idle.response().await.unwrap().starts_with(b"+"));
    let mut busy = signed_in(&demo).await;
    let text = "Subject: draft\r\n\r\nhalf of it now, the rest later\r\n";
    let (now, later) = text.split_at(30);
    busy.send(format!("a APPEND Drafts {{{}}}\r\n", text.len()).as_bytes()).await;
    assert!(busy.response().await.unwrap().starts_with(b"+"));
    busy.send(now.as_bytes()).await;
    signal(pid, Signal::SIGTERM);
    let bye = idle.response().await.unwrap();
    assert!(bye.starts_with(b"* BYE"), "{}", String::from_utf8_lossy(&bye));
    busy.send(format!("{later}\r\n").as_bytes()).await;
    let answer = busy.imap_until("a").await;
    assert!(answer.last().unwrap().starts_with("a OK [APPENDUID"), "{answer:?}");
    drop((idle, busy));
    demo.stop().await;
}

//! Devices: what the list says of them, what revoking does on another gateway, and what one that runs wild
//! may take.

use std::time::{Duration, Instant};

use crate::client::{Client, PATIENCE};
use crate::harness::World;

/// A second app password of an account, made by Support.
async fn second_device(world: &World, person: &str) -> (i64, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = world.config_file(folder.path());
    let email = world.account(person).email.clone();
    let made = tokio::task::spawn_blocking(move || {
        let mut postern = std::process::Command::new(env!("CARGO_BIN_EXE_postern"));
        postern.arg("--config").arg(config).args(["--json", "app-password", "create", &email]);
        postern.args(["--name", "Phone"]).output().unwrap()
    });
    let made = made.await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    (made["number"].as_i64().unwrap(), made["app_password"].as_str().unwrap().to_owned())
}

async fn sign_in(world: &World, person: &str, password: &str) -> (Client, String) {
    let mut wire = world.connect("imap-tls").await;
    wire.response().await.unwrap();
    let login = format!("LOGIN \"{}\" \"{password}\"", world.account(person).secure);
    let answer = wire.imap("l", &login).await.pop().unwrap();
    (wire, answer)
}

/// What the database comes to say; it is written after the answer.
async fn comes_to(world: &World, sql: &str, expected: &str) {
    let began = Instant::now();
    loop {
        let (url, sql) = (world.database_url.clone(), sql.to_owned());
        let found = tokio::task::spawn_blocking(move || crate::demo_process::psql(&url, &sql)).await.unwrap();
        if found.trim() == expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{found:?} instead of {expected:?}");
    }
}

/// RFC 2971, before sign-in as some do and after it as Thunderbird does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_the_list_names_the_program() {
    let world = World::new().await;
    let shown = "select last_client from app_password where account_id = 1";
    let mut wire = world.imap("anna").await;
    wire.imap("i", "ID (\"name\" \"Thunderbird\" \"version\" \"153.7.0\")").await;
    comes_to(&world, shown, "Thunderbird 153.7.0").await;
    let mut wire = world.connect("imap-tls").await;
    wire.response().await.unwrap();
    wire.imap("i", "ID (\"Name\" \"iPhone Mail\" \"Version\" NIL \"os\" \"iOS\")").await;
    wire.imap("l", &world.login_command("anna")).await;
    comes_to(&world, shown, "iPhone Mail").await;
    // Who says nothing changes nothing, and no name is longer than a list can show.
    let mut wire = world.imap("anna").await;
    wire.imap("i", "ID NIL").await;
    wire.imap("j", &format!("ID (\"name\" \"{}\")", "x".repeat(1000))).await;
    comes_to(&world, shown, &"x".repeat(80)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_runaway_device_does_not_lock_out_its_owner() {
    let first = World::new().await;
    let world = World::on(first.database_url.clone(), |config| {
        config.limits.connections_per_account = 8;
        config.limits.connections_per_device = 5;
        config.limits.sign_ins_per_device = 12;
    })
    .await;
    let (_, phone) = second_device(&world, "anna").await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let (wire, answer) = sign_in(&world, "anna", &phone).await;
        assert!(answer.starts_with("l OK"), "{answer}");
        held.push(wire);
    }
    let (_, answer) = sign_in(&world, "anna", &phone).await;
    assert!(answer.starts_with("l NO [LIMIT] Too many connections of this device"), "{answer}");
    // The owner's other device has room, now and while the phone goes on.
    let owner = world.imap("anna").await;
    // Twelve a minute: one more every five seconds, which is longer than a sign-in takes.
    let began = Instant::now();
    let too_often = loop {
        let (_, answer) = sign_in(&world, "anna", &phone).await;
        if answer.contains("signs in too often") {
            break answer;
        }
        assert!(began.elapsed() < PATIENCE, "never too often");
    };
    assert!(too_often.starts_with("l NO [UNAVAILABLE]"), "{too_often}");
    drop(world.imap("anna").await);
    drop((owner, held));
    // R4: a phone that repeats one wrong secret is one mistake, however often.
    for _ in 0..8 {
        let (_, answer) = sign_in(&world, "anna", "the old password").await;
        assert!(answer.starts_with("l NO"), "{answer}");
    }
    drop(world.imap("anna").await);
}

/// R29: a revocation on one gateway ends an IDLE on another within five seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_revoking_ends_an_idle_on_another_gateway() {
    let here = World::new().await;
    let there = World::on(here.database_url.clone(), |_| {}).await;
    let (number, phone) = second_device(&here, "anna").await;
    let (mut idle, answer) = sign_in(&there, "anna", &phone).await;
    assert!(answer.starts_with("l OK"), "{answer}");
    idle.imap("s", "SELECT INBOX").await;
    idle.send(b"i IDLE\r\n").await;
    assert!(idle.response().await.unwrap().starts_with(b"+"));
    let mut other = there.imap("anna").await;
    let folder = tempfile::tempdir().unwrap();
    let config = here.config_file(folder.path());
    let email = here.account("anna").email.clone();
    tokio::task::spawn_blocking(move || {
        let mut postern = std::process::Command::new(env!("CARGO_BIN_EXE_postern"));
        postern.arg("--config").arg(config).args(["app-password", "revoke", &email, &number.to_string()]);
        assert!(postern.output().unwrap().status.success());
    })
    .await
    .unwrap();
    // It was done before the program said so.
    let revoked = Instant::now();
    let bye = idle.response().await.unwrap();
    assert!(bye.starts_with(b"* BYE"), "{}", String::from_utf8_lossy(&bye));
    assert!(revoked.elapsed() < Duration::from_secs(5));
    assert!(idle.closed().await);
    // The owner's other device goes on.
    assert!(other.imap("n", "NOOP").await.last().unwrap().starts_with("n OK"));
}

//! Two gateways on one database, 1,000 notices, one gateway killed midway: none missing, none twice but those
//! that were on their way at the kill, and these under the same idempotency key.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use postern::store::NewNotice;
use postern::types::{Address, Channel, NoticeContent, Secret};

use crate::demo_process::psql;
use crate::harness::World;

const NOTICES: usize = 1000;
/// Most that a gateway sends at the same time.
const AT_ONCE: usize = 16;
/// Before the kill the provider answers so many requests of each gateway; the others wait for it.
const ANSWERED: usize = NOTICES / 4;
/// The victim's number, and the survivor's.
const NUMBERS: [&str; 2] = ["+49301", "+49302"];

/// One request: under which key, from which gateway, to whom, and whether it was answered.
#[derive(Clone, Debug)]
struct Request {
    key: String,
    from: String,
    to: String,
    body: String,
}

/// A real `postern serve`; killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(world: &World, folder: &Path, provider: &str, number: &str) -> Process {
    std::fs::create_dir(folder).unwrap();
    let file = world.config_file(folder);
    std::fs::write(folder.join("token"), "t0ken\n").unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let any = "tls_listen = [\"127.0.0.1:0\"]";
    // One `format!`: beside the browser tests' keys, `String + &String` is ambiguous.
    let text = format!(
        "{}\n[imap]\n{any}\n\n[submission]\n{any}\n\n[metrics]\nlisten = []\n\n\
         [notices]\nattempt_seconds = 120\nat_once = {AT_ONCE}\n\n\
         [phone]\nbase_url = \"{provider}\"\naccount = \"AC1\"\ntoken_file = \"token\"\nfrom = \"{number}\"\n",
        text.replace("[portal]\n", "[portal]\nlisten = []\n"),
    );
    std::fs::write(&file, text).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_postern"))
        .arg("--config")
        .arg(&file)
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    Process(child)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_notices_and_a_kill() {
    let world = World::new().await;
    let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let provider = format!("http://{}", listener.local_addr().unwrap());
    let log = requests.clone();
    let (killed, is_killed) = tokio::sync::watch::channel(false);
    let app = axum::Router::new().fallback(
        move |headers: axum::http::HeaderMap, axum::Form(form): axum::Form<HashMap<String, String>>| {
            let (log, mut is_killed) = (log.clone(), is_killed.clone());
            async move {
                let request = Request {
                    key: headers["idempotency-key"].to_str().unwrap().to_owned(),
                    from: form["From"].clone(),
                    to: form["To"].clone(),
                    body: form["Body"].clone(),
                };
                let before = {
                    let mut log = log.lock();
                    let before = log.iter().filter(|r| r.from == request.from).count();
                    log.push(request);
                    before
                };
                // So that it is midway for both, and some are on their way, whichever of them is the faster.
                if before >= ANSWERED {
                    is_killed.wait_for(|is| *is).await.unwrap();
                }
                (axum::http::StatusCode::CREATED, "{}")
            }
        },
    );
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let store = world.store().await;
    let anna: Address = world.account("anna").secure.parse().unwrap();
    let anna = store.resolve(&anna).await.unwrap().unwrap().id;
    for n in 0..NOTICES {
        let code = NoticeContent::PhoneCode { code: Secret::new(format!("{n:06}")) };
        let new = NewNotice::new(anna, code, Channel::Text).to(format!("+4940{n:04}"));
        store.notify(new).await.unwrap();
    }
    let home = tempfile::tempdir().unwrap();
    let mut victim = serve(&world, &home.path().join("victim"), &provider, NUMBERS[0]);
    let _survivor = serve(&world, &home.path().join("survivor"), &provider, NUMBERS[1]);

    let mut look = tokio::time::interval(Duration::from_millis(5));
    let end = tokio::time::Instant::now() + Duration::from_mins(2);
    let of = |number: &str| requests.lock().iter().filter(|r| r.from == number).count();
    let told = || {
        let log = |who: &str| std::fs::read_to_string(home.path().join(who).join("log")).unwrap_or_default();
        format!(
            "{} requests\nvictim: {}\nsurvivor: {}",
            requests.lock().len(),
            log("victim"),
            log("survivor")
        )
    };
    // Midway, and both at work.
    while NUMBERS.iter().any(|number| of(number) <= ANSWERED) {
        assert!(tokio::time::Instant::now() < end, "{}", told());
        look.tick().await;
    }
    victim.0.kill().unwrap();
    victim.0.wait().unwrap();
    let at_kill = requests.lock().len();
    let waiting = "select count(*) from notice where state = 'waiting'";
    let left: usize = psql(&world.database_url, waiting).trim().parse().unwrap();
    assert!(at_kill < NOTICES && left > 0, "the kill came too late: {at_kill} were sent");
    killed.send_replace(true);
    // The victim's leases end, sooner than by themselves.
    let on_its_way = requests.lock().iter().rfind(|r| r.from == NUMBERS[0]).unwrap().key.clone();
    let end_leases = format!(
        "update notice set due_at = now() where state = 'waiting' \
            and taken_by = (select taken_by from notice where id = '{on_its_way}')"
    );
    psql(&world.database_url, &end_leases);
    while psql(&world.database_url, waiting).trim() != "0" {
        assert!(tokio::time::Instant::now() < end, "{}", told());
        look.tick().await;
    }

    // None missing: each code reached its number.
    let requests = requests.lock().clone();
    let mut by_key: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in &requests {
        by_key.entry(&request.key).or_default().push(request);
    }
    assert_eq!(by_key.len(), NOTICES);
    let numbers: std::collections::BTreeSet<_> = requests.iter().map(|r| r.to.as_str()).collect();
    assert_eq!(numbers.len(), NOTICES, "a notice went out under another's key");
    for request in &requests {
        assert!(request.body.starts_with(&format!("00{} is your code", &request.to[5..])), "{request:?}");
    }
    let sent = "select count(*) from notice where state = 'sent'";
    assert_eq!(psql(&world.database_url, sent).trim(), NOTICES.to_string());

    // None twice, but those that the victim had on their way; and those are the same, under the same key.
    let twice: Vec<_> = by_key.values().filter(|all| all.len() > 1).collect();
    for all in &twice {
        let [first, second] = all[..] else { panic!("more than twice: {all:?}") };
        assert_eq!((first.from.as_str(), second.from.as_str()), (NUMBERS[0], NUMBERS[1]), "{all:?}");
        assert_eq!((&first.to, &first.body), (&second.to, &second.body));
    }
    assert!((1..=AT_ONCE).contains(&twice.len()), "{} were sent twice", twice.len());
    println!(
        "{NOTICES} notices, {} by the killed gateway, {at_kill} requests before the kill, {} sent twice, all under one key",
        requests.iter().filter(|r| r.from == NUMBERS[0]).count(),
        twice.len()
    );
    store.close().await;
}

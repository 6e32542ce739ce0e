//! The portal of `postern demo`, as somebody who tries it out finds it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::demo_process::Demo;
use crate::portal_flows::totp;
use crate::portal_web::{Web, between};

fn person<'a>(demo: &'a Demo, name: &str) -> &'a Value {
    let people = demo.ready["accounts"].as_array().unwrap();
    people.iter().find(|p| p["name"].as_str().unwrap().starts_with(name)).unwrap()
}

fn notices(demo: &Demo, kind: &str) -> Vec<Value> {
    let folder = Path::new(demo.ready["outbox_dir"].as_str().unwrap());
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let json = files.filter(|p: &PathBuf| p.extension().is_some_and(|e| e == "json"));
    let all = json.map(|p| serde_json::from_slice::<Value>(&std::fs::read(p).unwrap()).unwrap());
    all.filter(|n| n["kind"] == kind).collect()
}

/// An account with an authenticator app, and a pending invitation whose link lies in the outbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_shows_the_portal() {
    let home = tempfile::tempdir().unwrap();
    let demo = Demo::start(&home.path().join("demo"), &[]).await;
    let base = demo.ready["portal"]["url"].as_str().unwrap();
    let web = Web::at(Path::new(demo.ready["ca_file"].as_str().unwrap()), base.to_owned());
    let dora = person(&demo, "Dora");
    web.get("/sign-in").await;
    let (email, password) = (dora["email"].as_str().unwrap(), dora["portal_password"].as_str().unwrap());
    let page = web.follow(web.post("/sign-in", &[("login", email), ("password", password)]).await).await;
    page.shows("Open your authenticator app");
    let code = totp(dora["totp_secret"].as_str().unwrap(), SystemTime::now());
    web.follow(web.post("/code", &[("code", &code)]).await).await.shows("Hello, Dora");
    assert!(person(&demo, "Anna")["phone"].as_str().unwrap().starts_with("+1202555"));

    let mut look = tokio::time::interval(std::time::Duration::from_millis(20));
    let end = tokio::time::Instant::now() + crate::client::PATIENCE;
    let invitation = loop {
        look.tick().await;
        if let Some(found) = notices(&demo, "invitation").pop() {
            break found;
        }
        assert!(tokio::time::Instant::now() < end, "no invitation in the outbox");
    };
    let text = invitation["text"].as_str().unwrap();
    let path = between(text, &format!("{base}/"), "\n").unwrap_or_else(|| panic!("no link in {text}"));
    web.get(&format!("/{path}")).await.shows("Zahnarztpraxis am Markt has written to you");
    demo.stop().await;
}

//! Runs `tests/transcripts/smtp/*.t`.

use base64::Engine as _;

use crate::client::Client;
use crate::harness::World;
use crate::transcript::{Bindings, scripts, unescape};

async fn run(name: &str, script: &str) -> Result<(), String> {
    let world = World::new().await;
    let mut bindings = Bindings(world.variables());
    let mut listener = "submission-tls";
    let mut client: Option<Client> = None;
    for (number, line) in script.lines().enumerate() {
        let at = |what: String| format!("{name}.t:{}: {what}\n    {line}", number + 1);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(which) = line.strip_prefix("@listener ") {
            (listener, client) = (which.trim(), None);
            continue;
        }
        if let Some(limit) = line.strip_prefix("@limit ") {
            set_limit(&world, limit).await.map_err(at)?;
            continue;
        }
        if let Some(address) = line.strip_prefix("@invite ") {
            world.invite(address.trim()).await;
            continue;
        }
        if client.is_none() {
            client = Some(world.connect(listener).await);
        }
        let wire = client.as_mut().unwrap();
        if let Some(who) = line.strip_prefix("@auth ") {
            wire.smtp_reply().await.ok_or_else(|| at("no greeting".into()))?;
            wire.smtp("EHLO [127.0.0.1]").await;
            let plain = bindings.0[&format!("{}.plain", who.trim())].clone();
            let (code, text) = wire.smtp(&format!("AUTH PLAIN {plain}")).await;
            if code != 235 {
                return Err(at(format!("{code} {text}")));
            }
        } else if line.trim() == "<tls>" {
            wire.start_tls().await;
        } else if line.trim() == "<close>" {
            if !wire.closed().await {
                return Err(at("the server did not close".into()));
            }
        } else if let Some(raw) = line.strip_prefix("<raw> ") {
            let bytes = unescape(&bindings.fill(raw));
            wire.send(&bytes).await;
        } else if let Some(chunk) = line.strip_prefix("<bdat") {
            let (last, quoted) = chunk.split_once("> ").ok_or_else(|| at("not a chunk".into()))?;
            let bytes = unescape(&bindings.fill(quoted));
            wire.send(format!("BDAT {}{}\r\n", bytes.len(), last.to_uppercase()).as_bytes()).await;
            wire.send(&bytes).await;
        } else if let Some(text) = line.strip_prefix("C: ").or_else(|| (line == "C:").then_some("")) {
            let text = repeat(&bindings.fill(text));
            wire.send(format!("{text}\r\n").as_bytes()).await;
        } else if let Some(pattern) = line.strip_prefix("S: ") {
            let Some(got) = wire.line().await else { return Err(at("the server closed".into())) };
            let got = String::from_utf8_lossy(&got).into_owned();
            if !bindings.fits(pattern, &got) {
                return Err(at(format!("got {got}")));
            }
        } else {
            return Err(at("not a line of a script".into()));
        }
    }
    Ok(())
}

/// `@limit attachments anna 1000`
pub async fn set_limit(world: &World, words: &str) -> Result<(), String> {
    let [what, name, bytes] = words.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err("@limit what whose bytes".to_owned());
    };
    world.limit(what, name, bytes.parse().map_err(|_| "a number of bytes")?).await;
    Ok(())
}

/// `${repeat:x:1000}` was filled as it stands; long lines are written so.
fn repeat(text: &str) -> String {
    let Some(at) = text.find("@repeat(") else { return text.to_owned() };
    let inner = &text[at + 8..];
    let end = inner.find(')').expect("@repeat( without )");
    let (what, count) = inner[..end].rsplit_once(',').expect("@repeat(text,count)");
    let count: usize = count.trim().parse().expect("a count");
    format!("{}{}{}", &text[..at], what.repeat(count), repeat(&inner[end + 1..]))
}

/// SASL PLAIN as base64.
pub fn plain(user: &str, password: &str) -> String {
    base64(format!("\0{user}\0{password}"))
}

pub fn base64(text: impl AsRef<[u8]>) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn smtp_transcripts() {
    crate::harness::all_pass(scripts("smtp"), |name, script| async move { run(&name, &script).await });
}

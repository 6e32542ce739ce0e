//! Runs `tests/transcripts/imap/*.t`.

use std::collections::HashMap;

use crate::client::Client;
use crate::harness::World;
use crate::transcript::{Bindings, scripts, unescape};

/// What one client is expected to say until the next line is sent.
#[derive(Default)]
struct Expected {
    present: Vec<(usize, String)>,
    absent: Vec<(usize, String)>,
}

struct Run {
    world: World,
    bindings: Bindings,
    clients: HashMap<char, Client>,
    expected: HashMap<char, Expected>,
    /// The tag of the last command a client sent: its answer ends a group.
    tags: HashMap<char, String>,
}

fn is_untagged(pattern: &str) -> bool {
    pattern.starts_with("* ")
}

fn fits(bindings: &mut Bindings, pattern: &str, got: &str) -> bool {
    match pattern.strip_prefix("* ") {
        Some(rest) => got.strip_prefix("* ").is_some_and(|got| bindings.fits(rest, got)),
        None => bindings.fits(pattern, got),
    }
}

impl Run {
    /// Reads until everything expected of this client has come; order is free before the last line.
    async fn settle(&mut self, who: char) -> Result<(), String> {
        let Some(expected) = self.expected.remove(&who) else { return Ok(()) };
        let wire = self.clients.get_mut(&who).ok_or("no such client")?;
        let mut missing = expected.present;
        let mut seen = Vec::new();
        let tag = self.tags.get(&who).cloned().unwrap_or_default();
        while !missing.is_empty() {
            let Some(got) = wire.response().await else {
                return Err(format!("{}: closed before: {}; seen {seen:#?}", missing[0].0, missing[0].1));
            };
            let got = String::from_utf8_lossy(&got).into_owned();
            if let Some((line, pattern)) =
                expected.absent.iter().find(|(_, pattern)| fits(&mut self.bindings, pattern, &got))
            {
                return Err(format!("{line}: must not come: {pattern}; got {got}"));
            }
            let ends = got.starts_with('+') || got.strip_prefix(&tag).is_some_and(|r| r.starts_with(' '));
            let hit = missing.iter().position(|(_, pattern)| {
                is_untagged(pattern) == got.starts_with("* ") && fits(&mut self.bindings, pattern, &got)
            });
            match hit {
                Some(i) => {
                    let (line, pattern) = missing.remove(i);
                    if ends && missing.iter().any(|(_, p)| is_untagged(p)) && !got.starts_with('+') {
                        return Err(format!(
                            "{line}: {pattern} came before {:?}; seen {seen:#?}",
                            missing.iter().map(|m| &m.1).collect::<Vec<_>>()
                        ));
                    }
                }
                None if ends && !tag.is_empty() => {
                    return Err(format!("{}: {}; got {got}; seen {seen:#?}", missing[0].0, missing[0].1));
                }
                None => {}
            }
            seen.push(got);
        }
        Ok(())
    }

    async fn settle_all(&mut self) -> Result<(), String> {
        let mut who: Vec<char> = self.expected.keys().copied().collect();
        who.sort_unstable();
        for client in who {
            self.settle(client).await?;
        }
        Ok(())
    }

    async fn directive(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["@login", who, account, rest @ ..] => {
                let who = who.chars().next().ok_or("no client")?;
                let mut wire = self.world.connect(rest.first().unwrap_or(&"imap-tls")).await;
                wire.response().await.ok_or("no greeting")?;
                let answer = wire.imap("login0", &self.world.login_command(account)).await;
                if !answer.last().is_some_and(|l| l.starts_with("login0 OK")) {
                    return Err(format!("sign-in: {answer:?}"));
                }
                self.clients.insert(who, wire);
                self.tags.remove(&who);
            }
            ["@connect", who, rest @ ..] => {
                let wire = self.world.connect(rest.first().unwrap_or(&"imap-tls")).await;
                self.clients.insert(who.chars().next().ok_or("no client")?, wire);
            }
            ["@mail", account, mailbox, count] => {
                let count = count.parse().map_err(|_| "a count")?;
                self.world.seed(account, mailbox, count).await;
            }
            ["@limit", ..] => {
                crate::smtp_transcripts::set_limit(&self.world, &line["@limit".len()..]).await?
            }
            _ => return Err(format!("not a directive: {line}")),
        }
        Ok(())
    }
}

async fn run(name: &str, script: &str) -> Result<(), String> {
    let world = World::new().await;
    let bindings = Bindings(world.variables());
    let mut run =
        Run { world, bindings, clients: HashMap::new(), expected: HashMap::new(), tags: HashMap::new() };
    let mut lines = script.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let at = |what: String| format!("{name}.t:{}: {what}", number + 1);
        let mut text = line.to_owned();
        // A literal: its lines stand between <<< and >>>, what follows it after the >>>.
        while text.contains("{lit") && lines.peek().is_some_and(|(_, l)| l.starts_with("<<<")) {
            lines.next();
            let mut literal = String::new();
            let mut after = String::new();
            for (_, l) in lines.by_ref() {
                if let Some(rest) = l.strip_prefix(">>>") {
                    after = rest.strip_prefix(' ').unwrap_or(rest).to_owned();
                    break;
                }
                literal.push_str(&run.bindings.fill(l));
                literal.push_str("\r\n");
            }
            let size = literal.len();
            text = text.replacen("{lit}", &format!("{{{size}}}"), 1).replacen(
                "{lit+}",
                &format!("{{{size}+}}"),
                1,
            );
            text = format!("{text}\r\n{literal}{after}");
        }
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        if text.starts_with('@') {
            run.settle_all().await.map_err(at)?;
            run.directive(&text).await.map_err(at)?;
            continue;
        }
        if text.starts_with('<') {
            run.settle_all().await.map_err(at)?;
            let inner = text.trim_matches(['<', '>']);
            let (what, who) = inner.split_once(' ').unwrap_or((inner, "1"));
            let who = who.chars().next().unwrap_or('1');
            let wire = run.clients.get_mut(&who).ok_or_else(|| at("no such client".into()))?;
            match what {
                "tls" => wire.start_tls().await,
                "close" if wire.closed().await => {}
                _ => return Err(at(format!("{what} did not happen"))),
            }
            continue;
        }
        let mut chars = text.chars();
        let (who, kind) = (chars.next().unwrap_or(' '), chars.next().unwrap_or(' '));
        let rest = chars.as_str().strip_prefix(' ').unwrap_or(chars.as_str()).to_owned();
        match kind {
            '>' => {
                run.settle_all().await.map_err(at)?;
                let fill = run.bindings.fill(&rest);
                let wire = run.clients.get_mut(&who).ok_or_else(|| at("no such client".into()))?;
                if let Some(raw) = fill.strip_prefix("<raw> ") {
                    wire.send(&unescape(raw)).await;
                } else {
                    let tag = fill.split(' ').next().unwrap_or("").to_owned();
                    if !tag.is_empty() && tag != "DONE" && tag.len() <= 12 {
                        run.tags.insert(who, tag);
                    }
                    let wire = run.clients.get_mut(&who).ok_or_else(|| at("no such client".into()))?;
                    if let Some((head, literal)) = fill.split_once("}\r\n").filter(|(h, _)| !h.ends_with('+'))
                    {
                        // A synchronising literal waits for its continuation request.
                        wire.send(format!("{head}}}\r\n").as_bytes()).await;
                        let go = wire.response().await.unwrap_or_default();
                        if !go.starts_with(b"+") {
                            return Err(at(format!("no continuation: {}", String::from_utf8_lossy(&go))));
                        }
                        wire.send(format!("{literal}\r\n").as_bytes()).await;
                    } else {
                        wire.send(format!("{fill}\r\n").as_bytes()).await;
                    }
                }
            }
            '<' => run.expected.entry(who).or_default().present.push((number + 1, rest)),
            '!' => run.expected.entry(who).or_default().absent.push((number + 1, rest)),
            _ => return Err(at("not a line of a script".into())),
        }
    }
    run.settle_all().await.map_err(|what| format!("{name}.t:{what}"))
}

#[test]
fn imap_transcripts() {
    crate::harness::all_pass(scripts("imap"), |name, script| async move { run(&name, &script).await });
}

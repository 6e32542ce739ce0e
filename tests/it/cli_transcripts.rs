//! Runs `tests/transcripts/cli/*.t`: the real binary against a database of its own.

use std::process::{Command, Stdio};

use crate::harness::World;
use crate::transcript::{Bindings, scripts};

async fn run(name: &str, script: &str) -> Result<(), String> {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let config = world.config_file(folder.path());
    let mut bindings = Bindings(world.variables());
    let mut lines = script.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |what: String| format!("{name}.t:{}: {what}\n    {line}", number + 1);
        let command = line.strip_prefix("$ postern ").ok_or_else(|| at("not a command".into()))?;
        let (command, input) = command.split_once(" <<< ").unwrap_or((command, ""));
        let words = words(&bindings.fill(command));
        let input = bindings.fill(input);
        let config = config.clone();
        let here = folder.path().to_owned();
        let output = tokio::task::spawn_blocking(move || {
            use std::io::Write as _;
            let mut child = Command::new(env!("CARGO_BIN_EXE_postern"))
                .args(&words)
                .env("POSTERN_CONFIG", &config)
                .current_dir(here)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let _ = child.stdin.take().unwrap().write_all(format!("{input}\n").as_bytes());
            child.wait_with_output().unwrap()
        })
        .await
        .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let mut got = said.lines().filter(|l| !l.trim().is_empty()).peekable();
        let mut status = 0;
        while let Some((number, pattern)) = lines.next_if(|(_, l)| !l.starts_with("$ ")) {
            let at = |what: String| format!("{name}.t:{}: {what}\n    {pattern}\nall of it:\n{said}", number + 1);
            if pattern.trim().is_empty() || pattern.starts_with('#') {
                continue;
            }
            if let Some(code) = pattern.strip_prefix("? ") {
                status = code.trim().parse().map_err(|_| at("a number".into()))?;
                continue;
            }
            if pattern.trim() == "..." {
                let next = lines.peek().map(|(_, l)| (*l).to_owned());
                while got.peek().is_some_and(|line| {
                    next.as_ref().is_none_or(|n| n.starts_with("$ ") || n.starts_with("? ") || !bindings.fits(n, line))
                }) {
                    got.next();
                }
                continue;
            }
            let line = got.next().ok_or_else(|| at("nothing more came".into()))?;
            if !bindings.fits(pattern.trim_end(), line.trim_end()) {
                return Err(at(format!("got {line}")));
            }
        }
        if let Some(line) = got.next() {
            return Err(at(format!("also said: {line}\nall of it:\n{said}")));
        }
        if output.status.code() != Some(status) {
            return Err(at(format!("ended with {}", output.status)));
        }
    }
    Ok(())
}

/// Words as a shell would split them, with quotes and nothing else.
fn words(command: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => all.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

#[test]
fn cli_transcripts() {
    crate::harness::all_pass(scripts("cli"), |name, script| async move { run(&name, &script).await });
}

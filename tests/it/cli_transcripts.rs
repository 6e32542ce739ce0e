//! Runs `tests/transcripts/cli/*.t`: the real binary against a database of its own.

use std::process::{Command, Stdio};

use crate::harness::World;
use crate::transcript::{Bindings, scripts};

/// A command with the number of its line, and what it is expected to say, each with its line.
struct Step {
    number: usize,
    command: String,
    expected: Vec<(usize, String)>,
}

fn steps(name: &str, script: &str) -> Result<Vec<Step>, String> {
    let mut all: Vec<Step> = Vec::new();
    for (number, line) in (1..).zip(script.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ postern ") {
            all.push(Step { number, command: command.to_owned(), expected: Vec::new() });
            continue;
        }
        let step = all.last_mut().ok_or_else(|| format!("{name}.t:{number}: not a command\n    {line}"))?;
        step.expected.push((number, line.to_owned()));
    }
    Ok(all)
}

async fn run(name: &str, script: &str) -> Result<(), String> {
    let world = World::new().await;
    // What the command line cannot make by itself: people invite from the portal.
    if name.starts_with("invite") {
        world.invite("dora@dahl.test").await;
    }
    if name.starts_with("break-glass") {
        world.seed("anna", "INBOX", 2).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = world.config_file(folder.path());
    let mut bindings = Bindings(world.variables());
    for step in steps(name, script)? {
        let (command, input) = step.command.split_once(" <<< ").unwrap_or((&step.command, ""));
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
        check(name, &step, &output, &mut bindings)?;
    }
    Ok(())
}

/// Compares what a command said and how it ended with what is expected of it.
fn check(
    name: &str,
    step: &Step,
    output: &std::process::Output,
    bindings: &mut Bindings,
) -> Result<(), String> {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let at = |number: usize, line: &str, what: String| {
        format!("{name}.t:{number}: {what}\n    {line}\nall of it:\n{said}")
    };
    let mut got = said.lines().filter(|l| !l.trim().is_empty()).peekable();
    let mut status = 0;
    for (n, (number, pattern)) in step.expected.iter().enumerate() {
        if let Some(code) = pattern.strip_prefix("? ") {
            status = code.trim().parse().map_err(|_| at(*number, pattern, "a number".into()))?;
            continue;
        }
        if pattern.trim() == "..." {
            // Up to the line that fits what comes next; to the end when nothing more is expected.
            let next = step.expected.get(n + 1).map(|(_, p)| p).filter(|p| !p.starts_with("? "));
            while got
                .next_if(|line| !next.is_some_and(|p| bindings.fits(p.trim_end(), line.trim_end())))
                .is_some()
            {}
            continue;
        }
        let line = got.next().ok_or_else(|| at(*number, pattern, "nothing more came".into()))?;
        if !bindings.fits(pattern.trim_end(), line.trim_end()) {
            return Err(at(*number, pattern, format!("got {line}")));
        }
    }
    if let Some(line) = got.next() {
        return Err(at(step.number, &step.command, format!("also said: {line}")));
    }
    if output.status.code() != Some(status) {
        return Err(at(step.number, &step.command, format!("ended with {}", output.status)));
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

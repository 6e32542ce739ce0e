//! Holds `docs/rfc-status.md`, `docs/rfc-musts.md`, `docs/rules-status.md`, `docs/asvs.md` and `docs/threat-model.md` to the sources, the tests and
//! what the doors really announce: whatever is claimed names a proof, and the proof exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::client::Client;
use crate::harness::World;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// All files below a folder with one of these extensions, as paths from the repository's root.
fn files(folder: &str, extensions: &[&str]) -> Vec<String> {
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    let mut out = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| extensions.contains(&e.to_str().unwrap())) {
                out.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    out.sort();
    out
}

/// Every test of the crate as `module::name`, without the inner `tests`: `policy::size::r18_…`,
/// `store_accounts::r4_…`.
fn tests() -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for file in files("src", &["rs"]).into_iter().chain(files("tests/it", &["rs"])) {
        let module = file
            .trim_start_matches("src/")
            .trim_start_matches("tests/it/")
            .trim_end_matches(".rs")
            .trim_end_matches("/mod")
            .trim_end_matches("/tests")
            .replace('/', "::");
        let text = read(&file);
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "))
                && std::mem::take(&mut is_test)
            {
                let name = rest.split('(').next().unwrap();
                out.insert(plain(&format!("{module}::{name}")));
            }
        }
    }
    assert!(out.len() > 200, "the tests were not found: {}", out.len());
    out
}

fn plain(name: &str) -> String {
    name.replace("::tests::", "::").trim_end_matches("::tests").to_owned()
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What is wrong with a proof: `smtp/data.t` is a transcript, `module::name` a test, `module::*` a module
/// with tests.
fn fault(proof: &str, tests: &BTreeSet<String>) -> Option<String> {
    if Path::new(proof).extension().is_some_and(|e| e == "t") {
        let path = format!("tests/transcripts/{}", proof.trim_start_matches("tests/transcripts/"));
        return (!root().join(&path).is_file()).then(|| format!("no transcript {path}"));
    }
    if let Some(module) = proof.strip_suffix("::*") {
        let inside = format!("{}::", plain(module));
        return (!tests.iter().any(|t| t.starts_with(&inside))).then(|| format!("no tests in {module}"));
    }
    (!tests.contains(&plain(proof))).then(|| format!("no test {proof}"))
}

/// A row of a table: its cells.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|---"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// Rows with a state in column `state` and proofs in column `proofs`; answers what is wrong.
fn check(name: &str, states: &[&str], proven: &[&str], (state, proofs): (usize, usize)) -> Vec<String> {
    let text = read(name);
    let tests = tests();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for row in rows(&text) {
        let Some(word) = row.get(state).filter(|word| states.contains(word)) else { continue };
        seen += 1;
        let what = format!("{name}: {} {}", row[0], row[1]);
        let named = quoted(row.get(proofs).copied().unwrap_or(""));
        if proven.contains(word) && named.is_empty() {
            wrong.push(format!("{what}: \"{word}\" without a test"));
        }
        if !proven.contains(word) && !named.is_empty() {
            wrong.push(format!("{what}: \"{word}\" with a test"));
        }
        wrong.extend(named.iter().filter_map(|p| fault(p, &tests)).map(|f| format!("{what}: {f}")));
    }
    assert!(seen > 20, "{name}: the table was not found");
    wrong
}

/// The numbers behind "RFC" in a text: `RFC 6409`, `RFCs 5321`.
fn cited(text: &str) -> BTreeSet<u32> {
    let mut out = BTreeSet::new();
    for (at, _) in text.match_indices("RFC") {
        // `RFC822.SIZE` is a word of IMAP.
        let Some(rest) = text[at + 3..].trim_start_matches('s').strip_prefix([' ', '\u{a0}']) else {
            continue;
        };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if digits.len() >= 3 {
            out.insert(digits.parse().unwrap());
        }
    }
    out
}

#[test]
fn every_claim_about_an_rfc_has_a_test() {
    let wrong = check("docs/rfc-status.md", &["yes", "partly", "no"], &["yes", "partly"], (2, 3));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_must_names_what_shows_it() {
    let tests = tests();
    let text = read("docs/rfc-musts.md");
    let rows: Vec<_> = rows(&text).into_iter().filter(|row| row.len() == 3 && row[2] != "shown by").collect();
    assert!(rows.len() > 80, "the tables were not found");
    let faults = rows.iter().flat_map(|row| {
        let proofs = quoted(row[2]);
        let none = proofs.is_empty().then(|| "shown by nothing".to_owned());
        let wrong = proofs.into_iter().filter_map(|proof| fault(proof, &tests));
        none.into_iter()
            .chain(wrong)
            .map(|fault| format!("{} {}: {fault}", row[0], row[1]))
            .collect::<Vec<_>>()
    });
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_rfc_that_is_cited_has_a_row() {
    let listed: BTreeSet<u32> =
        rows(&read("docs/rfc-status.md")).iter().flat_map(|row| cited(row[0])).collect();
    let mut missing: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut places = files("src", &["rs"]);
    places.extend(files("migrations", &["sql"]));
    places.extend(files("tests/transcripts", &["t"]));
    places.extend(files("docs", &["md"]));
    places.push("README.md".to_owned());
    for file in places {
        for number in cited(&read(&file)) {
            if !listed.contains(&number) {
                missing.entry(number).or_default().push(file.clone());
            }
        }
    }
    assert!(missing.is_empty(), "not in docs/rfc-status.md: {missing:#?}");
}

#[test]
fn every_claim_about_a_rule_has_a_test() {
    let name = "docs/rules-status.md";
    let mut wrong = check(name, &["works", "part", "absent"], &["works", "part"], (1, 3));
    let text = read(name);
    let all: Vec<Vec<&str>> = rows(&text);
    for n in 1..=30 {
        let count = all.iter().filter(|row| row[0] == format!("R{n}")).count();
        if count != 1 {
            wrong.push(format!("{name}: R{n} has {count} rows"));
        }
    }
    for row in all.iter().filter(|row| row[0].starts_with('R') && row.len() > 3) {
        let code = quoted(row[2]);
        if row[1] != "absent" && code.is_empty() {
            wrong.push(format!("{name}: {} names no code", row[0]));
        }
        for path in code {
            if !root().join("src").join(path).exists() && !root().join(path).exists() {
                wrong.push(format!("{name}: {}: no {path}", row[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_claim_about_asvs_has_a_test() {
    let wrong = check(
        "docs/asvs.md",
        &["yes", "partly", "no", "in words", "not applicable"],
        &["yes", "partly"],
        (2, 4),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The threat model names tests in its last column: `module::name`, then shorter ones of the same module.
#[test]
fn every_defence_that_names_a_test_has_it() {
    let tests = tests();
    let text = read("docs/threat-model.md");
    let mut wrong = Vec::new();
    let mut seen = 0;
    let tables: String = text
        .split("\n\n")
        .filter_map(|paragraph| paragraph.trim_start().strip_prefix("| attack | defence | test |"))
        .collect();
    for row in rows(&tables) {
        let mut module = String::new();
        let names = quoted(row[2]);
        if names.is_empty() && row[2] != "none" {
            wrong.push(format!("{}: neither a test nor \"none\"", row[0]));
        }
        for name in names {
            if name.starts_with("tests/fuzz") {
                continue;
            }
            if Path::new(name).extension().is_some() {
                let path = name.trim_start_matches("tests/transcripts/");
                if path.ends_with(".t") {
                    wrong.extend(fault(path, &tests));
                }
                continue;
            }
            let whole = if name.contains("::") { name.to_owned() } else { format!("{module}::{name}") };
            seen += 1;
            let inside = format!("{}::", plain(&whole));
            if !tests.contains(&plain(&whole)) && !tests.iter().any(|t| t.starts_with(&inside)) {
                wrong.push(format!("{}: no test {whole}", row[0]));
            }
            if name.contains("::") {
                module = plain(&whole).rsplit_once("::").map(|(m, _)| m.to_owned()).unwrap_or_default();
            }
        }
    }
    assert!(seen > 20, "the tables were not found");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// `CAPABILITY` as told now, without the numbers of this gateway.
async fn capabilities(wire: &mut Client) -> BTreeSet<String> {
    let answer = wire.imap("c", "CAPABILITY").await;
    let words = answer[0].strip_prefix("* CAPABILITY ").expect("the capabilities").split(' ');
    words.map(|word| if word.starts_with("APPENDLIMIT=") { "APPENDLIMIT" } else { word }.to_owned()).collect()
}

/// The keywords of the answer to EHLO, without the numbers of this gateway.
async fn extensions(wire: &mut Client) -> BTreeSet<String> {
    let (_, text) = wire.smtp("EHLO [127.0.0.1]").await;
    let lines = text.lines().skip(1);
    let mut out = BTreeSet::new();
    for line in lines {
        let mut words = line.split(' ');
        match words.next().unwrap() {
            "SIZE" => _ = out.insert("SIZE".to_owned()),
            "AUTH" => out.extend(words.map(|mechanism| format!("AUTH {mechanism}"))),
            _ => _ = out.insert(line.to_owned()),
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_announced_has_a_row() {
    let world = World::new().await;
    let compressing = World::on(world.database_url.clone(), |config| config.imap.compress = true).await;
    let mut announced = BTreeSet::new();
    for listener in ["imap-tls", "imap-starttls"] {
        let mut wire = world.connect(listener).await;
        wire.response().await.unwrap();
        announced.extend(capabilities(&mut wire).await);
    }
    announced.extend(capabilities(&mut compressing.imap("anna").await).await);
    for listener in ["submission-tls", "submission-starttls"] {
        let mut wire = world.connect(listener).await;
        wire.smtp_reply().await.unwrap();
        announced.extend(extensions(&mut wire).await);
    }
    for word in ["IMAP4rev2", "COMPRESS=DEFLATE", "LOGINDISABLED", "CHUNKING", "STARTTLS", "AUTH LOGIN"] {
        assert!(announced.contains(word), "{word}: {announced:?}");
    }
    let text = read("docs/rfc-status.md");
    let rows = rows(&text);
    let claimed: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.get(2).is_some_and(|state| *state == "yes"))
        .flat_map(|row| quoted(row[1]))
        .collect();
    let silent: Vec<_> = announced.iter().filter(|word| !claimed.contains(word.as_str())).collect();
    assert!(silent.is_empty(), "announced, but no row of docs/rfc-status.md says \"yes\": {silent:?}");
}

#[test]
fn the_reader_of_tables_sees_faults() {
    let tests = tests();
    assert_eq!(fault("smtp/data.t", &tests), None);
    assert_eq!(fault("status::the_reader_of_tables_sees_faults", &tests), None);
    assert_eq!(fault("policy::size::tests::r18_one_byte_more_is_refused", &tests), None);
    assert_eq!(fault("policy::size::tests::*", &tests), None);
    for wrong in ["smtp/no-such.t", "policy::size::tests::no_such", "no_such::*", "status"] {
        assert!(fault(wrong, &tests).is_some(), "{wrong}");
    }
    assert_eq!(quoted("`a`, `b c` and d"), ["a", "b c"]);
    assert_eq!(rows("| a | `b` |\n|---|---|\ntext\n| c | |"), [vec!["a", "`b`"], vec!["c", ""]]);
    assert_eq!(cited("RFC 5321 §2, RFCs 822; RFC is none, RFC822.SIZE"), BTreeSet::from([822, 5321]));
}

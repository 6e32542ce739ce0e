//! Who may import whom: the table of `src/lib.rs` and the notes on style, checked by reading the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Room, and the rooms of this crate that it may name. `clock` and itself are allowed everywhere.
const MAY_IMPORT: [(&str, &[&str]); 14] = [
    ("types", &[]),
    ("clock", &[]),
    ("config", &["types"]),
    ("devices", &["types"]),
    ("mime", &["types"]),
    ("net", &["types"]),
    ("policy", &["mime", "types"]),
    ("store", &["mime", "types"]),
    ("notices", &["store", "types"]),
    ("service", &["policy", "store", "mime", "types"]),
    ("smtp", &["service", "policy", "mime", "types", "net"]),
    ("imap", &["service", "policy", "mime", "types", "net"]),
    ("portal", &["service", "devices", "policy", "mime", "types", "net"]),
    (
        "cli",
        &[
            "config", "devices", "service", "policy", "store", "mime", "types", "net", "smtp", "imap",
            "portal", "notices",
        ],
    ),
];

/// Crate, and the only rooms that may name it. What is not here anybody may use.
const ONLY_IN: [(&str, &[&str]); 7] = [
    ("sqlx", &["store"]),
    ("axum", &["portal"]),
    ("tokio_rustls", &["net"]),
    ("rustls", &["net"]),
    ("anyhow", &["cli"]),
    ("lettre", &["notices"]),
    ("reqwest", &["notices"]),
];

/// Protocol machines and rules do no I/O: files, or whole rooms, that never name tokio.
const WITHOUT_TOKIO: [&str; 11] = [
    "devices/",
    "types/",
    "mime/",
    "policy/",
    "smtp/session.rs",
    "smtp/command.rs",
    "smtp/reply.rs",
    "imap/session.rs",
    "imap/view.rs",
    "imap/codec",
    "imap/command.rs",
];

struct Source {
    /// From `src/` on, with `/`.
    path: String,
    room: String,
    code: String,
}

/// All sources, without comments, texts and unit tests.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    let mut out = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // `tests.rs` is a unit test that grew out of its file.
            if path.extension().is_none_or(|e| e != "rs") || path.ends_with("tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let room = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            out.push(Source { path, room, code: code_of(&text) });
        }
    }
    assert!(out.len() > 30, "the sources were not found");
    out
}

/// What the compiler reads outside of tests: no comments, no texts, nothing from `#[cfg(test)]` on.
fn code_of(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |n| n + 2);
        } else if let Some(length) = raw_text(rest).or_else(|| quoted(rest)) {
            out.push_str("\"\"");
            at += length;
        } else {
            let c = rest.chars().next().unwrap();
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

/// Length of `r"…"`, `r#"…"#` at the beginning.
fn raw_text(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = text.len() - body.len();
    Some(start + body.find(&end)? + end.len())
}

/// Length of `"…"` or `'…'` at the beginning; a lifetime is none.
fn quoted(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let (_, quote) = chars.next()?;
    if quote == '\'' {
        let mut ahead = text[1..].chars();
        let first = ahead.next()?;
        if first != '\\' {
            return (ahead.next()? == '\'').then(|| 2 + first.len_utf8());
        }
    } else if quote != '"' {
        return None;
    }
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The rooms that a source names: `crate::room`, `crate::{room, other::…}`, `postern::room`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for start in ["crate::", "postern::"] {
        for (at, _) in code.match_indices(start) {
            if code[..at].ends_with(|c: char| is_word(c) || c == ':') {
                continue;
            }
            let rest = &code[at + start.len()..];
            for tree in first_segments(rest) {
                found.insert(tree);
            }
        }
    }
    found
}

/// The first segment of a path, or of each path of a group.
fn first_segments(path: &str) -> Vec<String> {
    let word = |text: &str| -> String { text.trim_start().chars().take_while(|c| is_word(*c)).collect() };
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut out = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                out.push(word(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    out.retain(|w| !w.is_empty());
    out
}

/// Whether a crate is named: `name::…`, `use name;`.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].trim_end_matches(' ');
        let after = &code[at + name.len()..];
        let path = after.starts_with("::");
        let used = before.ends_with("use") && after.trim_start().starts_with([';', ' ']);
        let whole = !code[..at].ends_with(|c: char| is_word(c) || c == ':');
        whole && (path || used)
    })
}

#[test]
fn imports_follow_the_table() {
    let rooms: BTreeSet<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        if matches!(source.room.as_str(), "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(room, _)| *room == source.room) else {
            wrong.push(format!("src/{}: the room \"{}\" is not in the table", source.path, source.room));
            continue;
        };
        for named in rooms_named(&source.code) {
            let own = named == source.room || named == "clock";
            if rooms.contains(named.as_str()) && !own && !allowed.contains(&named.as_str()) {
                wrong.push(format!("src/{}: {} may not import {named}", source.path, source.room));
            }
        }
        for (name, only) in ONLY_IN {
            if !only.contains(&source.room.as_str()) && names_crate(&source.code, name) {
                wrong.push(format!("src/{}: only {} may name {name}", source.path, only.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn machines_do_no_io() {
    let wrong: Vec<String> = sources()
        .into_iter()
        .filter(|s| WITHOUT_TOKIO.iter().any(|w| s.path.starts_with(w)) && names_crate(&s.code, "tokio"))
        .map(|s| format!("src/{} names tokio", s.path))
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// A file tells in its first lines what it is.
#[test]
fn every_file_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let silent: Vec<String> = sources()
        .into_iter()
        .map(|s| s.path)
        .filter(|path| !std::fs::read_to_string(root.join(path)).unwrap().starts_with("//! "))
        .collect();
    assert!(silent.is_empty(), "without a module text: {silent:?}");
}

#[test]
fn the_reader_sees_through_texts_and_comments() {
    let code = code_of(
        "//! crate::store\nuse crate::{mime::{a, b}, types}; // postern::net\nlet a: &'static str = \"crate::imap \\\" crate::smtp\";\n\
         let q = '\"'; let r = r#\"crate::cli\"#; /* crate::portal */ use postern::service::x;\n\
         mycrate::policy();\n#[cfg(test)]\nmod tests { use crate::config; }",
    );
    let named: Vec<String> = rooms_named(&code).into_iter().collect();
    assert_eq!(named, ["mime", "service", "types"]);
    assert!(names_crate("use sqlx::PgPool;", "sqlx") && names_crate("x(sqlx::query!())", "sqlx"));
    assert!(!names_crate("my_sqlx::x; a::sqlx::b; let sqlx = 1;", "sqlx"));
}

//! The profile against Apple's schema, and read by another program.

use std::io::Write as _;
use std::process::{Command, Stdio};

use plist::{Dictionary, Value};

use super::*;
use crate::devices::servers::sample;

const ANNA: Owner<'_> = Owner {
    full_name: "Dr. Änne <Arnold> & Co",
    secure_address: "anne.arnold@secure.example",
    practice: Some("Praxis am Markt"),
    password: Some("zdqm-4gs8-npb6-3x2w-40g4-j0dg"),
    contacts: Contacts::Yes,
};

fn read(profile: &[u8]) -> Dictionary {
    Value::from_reader_xml(profile).unwrap().into_dictionary().unwrap()
}

/// One line of `schema.tsv`.
struct Rule {
    payload: &'static str,
    key: &'static str,
    kind: &'static str,
    required: bool,
    values: Vec<&'static str>,
}

fn schema() -> Vec<Rule> {
    let lines = include_str!("schema.tsv").lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|line| {
            let mut fields = line.split('\t');
            let mut next = || fields.next().unwrap_or_default();
            let (payload, key, kind, presence, values) = (next(), next(), next(), next(), next());
            assert!(["required", "optional"].contains(&presence), "{line}");
            Rule {
                payload,
                key,
                kind,
                required: presence == "required",
                values: values.split('|').filter(|v| !v.is_empty()).collect(),
            }
        })
        .collect()
}

/// Each key is one of the schema, of its type, with a permitted value; none that is required is missing.
fn conforms(payload: &Dictionary) {
    let kind = payload["PayloadType"].as_string().unwrap();
    let schema = schema();
    let rules: Vec<&Rule> = schema
        .iter()
        .filter(|r| r.payload == kind || (r.payload == "*" && kind != "Configuration"))
        .collect();
    assert!(rules.iter().any(|r| r.payload == kind), "{kind} is in the table");
    for (key, value) in payload {
        let rule = rules.iter().find(|r| r.key == key).unwrap_or_else(|| panic!("{kind} has no key {key}"));
        let (found, text) = match value {
            Value::String(s) => ("string", s.clone()),
            Value::Integer(n) => ("integer", n.to_string()),
            Value::Boolean(b) => ("boolean", b.to_string()),
            Value::Array(_) => ("array", String::new()),
            other => panic!("{key}: {other:?}"),
        };
        assert_eq!(found, rule.kind, "{key}");
        assert!(rule.values.is_empty() || rule.values.contains(&text.as_str()), "{key} = {text}");
    }
    for rule in rules.iter().filter(|r| r.required) {
        assert!(payload.contains_key(rule.key), "{kind} lacks {}", rule.key);
    }
}

#[test]
fn every_key_is_apples() {
    for owner in [ANNA, Owner { practice: None, password: None, contacts: Contacts::No, ..ANNA }] {
        let whole = read(&profile(&sample(), &owner).unwrap());
        conforms(&whole);
        let payloads = whole["PayloadContent"].as_array().unwrap();
        assert_eq!(payloads.len(), if owner.contacts == Contacts::Yes { 2 } else { 1 });
        for payload in payloads {
            conforms(payload.as_dictionary().unwrap());
        }
        let mut identities: Vec<&str> =
            payloads.iter().map(|p| p.as_dictionary().unwrap()["PayloadUUID"].as_string().unwrap()).collect();
        identities.push(whole["PayloadUUID"].as_string().unwrap());
        identities.sort_unstable();
        identities.dedup();
        assert_eq!(identities.len(), payloads.len() + 1, "no two have one UUID");
    }
}

#[test]
fn r11_r30_the_account_is_closed_and_the_ports_are_explicit() {
    let whole = read(&profile(&sample(), &ANNA).unwrap());
    let mail = whole["PayloadContent"].as_array().unwrap()[0].as_dictionary().unwrap();
    for (key, expected) in [
        ("EmailAddress", Value::from("anne.arnold@secure.example")),
        ("EmailAccountName", Value::from(ANNA.full_name)),
        ("IncomingMailServerUsername", Value::from("anne.arnold@secure.example")),
        ("OutgoingMailServerUsername", Value::from("anne.arnold@secure.example")),
        ("IncomingMailServerHostName", Value::from("mail.secure.example")),
        ("IncomingMailServerPortNumber", Value::from(993)),
        ("OutgoingMailServerPortNumber", Value::from(465)),
        ("IncomingMailServerUseSSL", Value::from(true)),
        ("OutgoingMailServerUseSSL", Value::from(true)),
        ("PreventMove", Value::from(true)),
        ("allowMailDrop", Value::from(false)),
    ] {
        assert_eq!(mail[key], expected, "{key}");
    }
}

#[test]
fn without_a_password_the_device_asks() {
    let text = String::from_utf8(profile(&sample(), &Owner { password: None, ..ANNA }).unwrap()).unwrap();
    assert!(!text.contains("<key>IncomingPassword") && !text.contains("<key>CardDAVPassword"), "{text}");
}

#[test]
fn installed_again_it_replaces_itself() {
    let one = read(&profile(&sample(), &ANNA).unwrap());
    let again = read(&profile(&sample(), &Owner { password: None, ..ANNA }).unwrap());
    assert_eq!(one["PayloadUUID"], again["PayloadUUID"]);
    assert_eq!(one["PayloadIdentifier"].as_string(), Some("example.secure.postern.anne.arnold"));
    let other = Owner { secure_address: "bert@secure.example", ..ANNA };
    assert_ne!(one["PayloadUUID"], read(&profile(&sample(), &other).unwrap())["PayloadUUID"]);
}

fn as_json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(s) => s.as_str().into(),
        Value::Integer(n) => n.as_signed().unwrap().into(),
        Value::Boolean(b) => (*b).into(),
        Value::Array(all) => all.iter().map(as_json).collect(),
        Value::Dictionary(all) => {
            serde_json::Value::Object(all.iter().map(|(k, v)| (k.clone(), as_json(v))).collect())
        }
        other => panic!("{other:?}"),
    }
}

/// Python's own reader sees the same values.
#[test]
fn another_program_reads_the_same() {
    let script = "import json,plistlib,sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read()), sort_keys=True))";
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = profile(&sample(), &ANNA).unwrap();
    python.stdin.take().unwrap().write_all(&text).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs, as_json(&Value::Dictionary(read(&text))));
}

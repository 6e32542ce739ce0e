//! Malformed messages, made up from a corpus: appended and fetched in every way. Whatever they are, the server
//! answers, what it answers is well-formed, and `BODY[]` is byte for byte what was appended.
//!
//! `POSTERN_MALFORMED` says how many (`make soak`: a million), `POSTERN_SEED` which.

mod answers;
mod mutate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use answers::{Extended, Item, Quotes, Value, envelope, fetched, structure};
use mutate::Corpus;

use crate::client::Client;
use crate::dice::{Dice, setting};
use crate::gateway_process::GatewayProcess;
use crate::harness::{Entrance, World};

/// Messages in one APPEND (RFC 3502).
const BATCH: usize = 50;
/// From here on the gateway is a process of its own.
const LONG: usize = 5_000;

/// Every way to fetch, search, sort and thread, each for a set of UIDs.
const WAYS: &[&str] = &[
    "UID FETCH # (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
    "UID FETCH # (BODYSTRUCTURE BODY PREVIEW EMAILID THREADID SAVEDATE)",
    "UID FETCH # (BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[]<7.100> BODY.PEEK[TEXT]<3.50>)",
    "UID FETCH # (BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[1.1] BODY.PEEK[1.HEADER] BODY.PEEK[2.1.TEXT] \
     BODY.PEEK[1.HEADER.FIELDS (Subject)] BODY.PEEK[HEADER.FIELDS (Subject From Content-Type)] \
     BODY.PEEK[HEADER.FIELDS.NOT (Subject)])",
    "UID FETCH # (BINARY.PEEK[1])",
    "UID FETCH # (BINARY.SIZE[1] BINARY.PEEK[2]<1.20>)",
    "UID FETCH # (RFC822 RFC822.HEADER RFC822.TEXT)",
    "UID SEARCH UID # TEXT \"a\"",
    "UID SEARCH UID # OR (SUBJECT \"re\" FROM \"x\") HEADER References \"seed\" SENTBEFORE 1-Jan-2030",
    "UID SEARCH CHARSET UTF-8 UID # SUBJECT {2+}\r\nä",
    "UID SEARCH UID # OR LARGER 500 NOT LARGER 500",
    "UID SORT (SUBJECT REVERSE DATE FROM CC TO SIZE ARRIVAL) UTF-8 UID #",
    "UID SORT (DISPLAYFROM DISPLAYTO) UTF-8 UID #",
    "UID THREAD REFERENCES UTF-8 UID #",
    "UID THREAD ORDEREDSUBJECT UTF-8 UID #",
    "UID STORE # +FLAGS.SILENT (\\Deleted)",
    "UID EXPUNGE #",
];

/// One connection with a folder of its own.
struct Prober {
    wire: Client,
    folder: String,
    quotes: Quotes,
    dice: Dice,
}

impl Prober {
    async fn new(entrance: &Entrance, number: usize, seed: u64) -> Self {
        let wire = entrance.imap().await;
        let quotes = if number.is_multiple_of(2) { Quotes::Ascii } else { Quotes::Utf8 };
        let dice = Dice::new(seed.wrapping_mul(31).wrapping_add(number as u64));
        let mut this = Self { wire, folder: format!("Malformed{number}"), quotes, dice };
        if quotes == Quotes::Utf8 {
            this.expect("ENABLE UTF8=ACCEPT").await;
        }
        this.expect(&format!("CREATE {}", this.folder)).await;
        this.expect(&format!("SELECT {}", this.folder)).await;
        this
    }

    async fn expect(&mut self, command: &str) {
        let answer = self.wire.imap("e", command).await;
        assert!(answer.last().unwrap().starts_with("e OK"), "{command}: {answer:?}");
    }

    /// Appends messages, looks at them in every way, and removes them.
    async fn batch(&mut self, corpus: &Corpus, size: usize) {
        let messages: Vec<Vec<u8>> = (0..size).map(|_| corpus.message(&mut self.dice)).collect();
        let uids = self.append(&messages).await;
        let messages: BTreeMap<u32, Vec<u8>> = uids.clone().zip(messages).collect();
        let set = format!("{}:{}", uids.start(), uids.end());
        let mut script = String::new();
        for (n, way) in WAYS.iter().enumerate() {
            // RFC 6855 §3: with UTF8=ACCEPT there is no other charset, and none is named.
            let charset = if self.quotes == Quotes::Utf8 { "CHARSET UTF-8 " } else { "" };
            let way = way.replace('#', &set).replacen(charset, "", usize::from(!charset.is_empty()));
            script.push_str(&format!("w{n} {way}\r\n"));
        }
        self.wire.send(script.as_bytes()).await;
        for (n, way) in WAYS.iter().enumerate() {
            self.look(&format!("w{n} "), way, &messages).await;
        }
    }

    async fn append(&mut self, messages: &[Vec<u8>]) -> std::ops::RangeInclusive<u32> {
        let mut command = format!("a APPEND {}", self.folder).into_bytes();
        for message in messages {
            // literal8, as there may be NUL; with UTF8=ACCEPT it is what carries 8 bits in a header.
            let (open, close) = match self.quotes {
                Quotes::Ascii => (" ", ""),
                Quotes::Utf8 => (" UTF8 (", ")"),
            };
            command.extend_from_slice(format!("{open}~{{{}+}}\r\n", message.len()).as_bytes());
            command.extend_from_slice(message);
            command.extend_from_slice(close.as_bytes());
        }
        command.extend_from_slice(b"\r\n");
        self.wire.send(&command).await;
        let answer = self.wire.imap_until("a").await;
        let last = answer.last().unwrap();
        let stored = last.split_once("[APPENDUID ").unwrap_or_else(|| panic!("{last}")).1;
        let set = stored.split([' ', ']']).nth(1).unwrap();
        let (first, last) = set.split_once(':').unwrap_or((set, set));
        first.parse().unwrap()..=last.parse().unwrap()
    }

    /// Takes in the answer to one command.
    async fn look(&mut self, tag: &str, way: &str, messages: &BTreeMap<u32, Vec<u8>>) {
        let mut seen = BTreeSet::new();
        loop {
            let Some(response) = self.wire.response().await else {
                panic!("closed at {way}, on one of {}", shown(messages.values()));
            };
            if let Some(end) = response.strip_prefix(tag.as_bytes()) {
                // RFC 3516 §4.3: what cannot be decoded.
                let unknown = way.contains("BINARY") && end.starts_with(b"NO [UNKNOWN-CTE]");
                assert!(
                    end.starts_with(b"OK") || unknown,
                    "{way}: {}, {}",
                    end.escape_ascii(),
                    shown(messages.values())
                );
                if end.starts_with(b"OK") && (way.contains("FETCH") || way.contains("NOT LARGER")) {
                    assert!(messages.keys().eq(&seen), "{way} of {:?} says {seen:?}", messages.keys());
                }
                return;
            }
            if response.starts_with(b"* SEARCH")
                || response.starts_with(b"* SORT")
                || response.starts_with(b"* THREAD")
            {
                let numbers = numbers(&response);
                let unique: BTreeSet<u32> = numbers.iter().copied().collect();
                assert_eq!(unique.len(), numbers.len(), "{way}: {}", response.escape_ascii());
                // Sorting and threading leave nothing out.
                if !way.contains("SEARCH") {
                    assert!(messages.keys().eq(&unique), "{way} of {:?} says {unique:?}", messages.keys());
                }
                seen.extend(unique);
            } else if memchr::memmem::find(&response[..response.len().min(30)], b" FETCH (").is_some()
                && way.contains("FETCH")
            {
                let items = match fetched(&response, self.quotes) {
                    Ok(items) => items,
                    Err(why) => {
                        panic!("{way}: {why} in {}, {}", response.escape_ascii(), shown(messages.values()))
                    }
                };
                let item =
                    |name: &str| items.iter().find(|(n, _)| *n == name.as_bytes()).map(|(_, value)| value);
                let uid = item("UID").and_then(Value::number).unwrap() as u32;
                if let Err(why) = right(&items, &messages[&uid]) {
                    panic!("{way}: {why} in {}, {}", response.escape_ascii(), shown([&messages[&uid]]));
                }
                seen.insert(uid);
            }
        }
    }
}

fn shown<'a>(messages: impl IntoIterator<Item = &'a Vec<u8>>) -> String {
    messages.into_iter().map(|m| format!("b\"{}\"\n", m.escape_ascii())).collect()
}

/// All numbers in a response.
fn numbers(response: &[u8]) -> Vec<u32> {
    let text = std::str::from_utf8(response).unwrap();
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
}

/// What was fetched of one message, held against the message.
fn right(items: &[Item<'_>], message: &[u8]) -> Result<(), String> {
    let item = |name: &str| items.iter().find(|(n, _)| *n == name.as_bytes()).map(|(_, value)| value);
    let bytes = |name: &str| item(name).map(|value| value.bytes().unwrap_or_default());
    let same = |name: &str, wanted: &[u8]| match bytes(name) {
        Some(got) if got != wanted => Err(format!("{name} is not {}", wanted.escape_ascii())),
        _ => Ok(()),
    };
    let slice = |of: &[u8], from: usize, length: usize| {
        of[from.min(of.len())..(from + length).min(of.len())].to_vec()
    };
    for (_, value) in items.iter().filter(|(name, _)| *name == b"ENVELOPE") {
        envelope(value)?;
    }
    for (name, value) in items {
        match *name {
            b"BODYSTRUCTURE" => structure(value, Extended::Yes)?,
            b"BODY" => structure(value, Extended::No)?,
            _ => {}
        }
    }
    if let Some(size) = item("RFC822.SIZE")
        && size.number() != Some(message.len() as u64)
    {
        return Err(format!("a size of {size:?}, it is {}", message.len()));
    }
    same("BODY[]", message)?;
    same("RFC822", message)?;
    same("BODY[]<7>", &slice(message, 7, 100))?;
    if let (Some(header), Some(text)) = (bytes("BODY[HEADER]"), bytes("BODY[TEXT]")) {
        if [header, text].concat() != message {
            return Err("header and text are not the whole".into());
        }
        same("BODY[TEXT]<3>", &slice(text, 3, 50))?;
    }
    if let (Some(header), Some(text)) = (bytes("RFC822.HEADER"), bytes("RFC822.TEXT"))
        && [header, text].concat() != message
    {
        return Err("RFC822.HEADER and RFC822.TEXT are not the whole".into());
    }
    // Never NIL where a value exists.
    if let Some(fields) = item("ENVELOPE") {
        for (name, at) in [("date", 0), ("subject", 1), ("message-id", 9)] {
            if plainly_has(message, name) && fields.list()[at] == Value::Nil {
                return Err(format!("NIL for {name}"));
            }
        }
    }
    Ok(())
}

/// Whether a header that leaves no doubt where its lines end has this field, with something in it.
fn plainly_has(message: &[u8], name: &str) -> bool {
    let Some(end) = memchr::memmem::find(message, b"\r\n\r\n") else { return false };
    let Ok(header) = std::str::from_utf8(&message[..end]) else { return false };
    if !header.is_ascii() || header.replace("\r\n", "").contains(|c: char| c.is_ascii_control() && c != '\t')
    {
        return false;
    }
    let fields = |line: &str| {
        let (field, value) = line.split_once(':')?;
        let good = field.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !field.is_empty();
        (good).then(|| field.eq_ignore_ascii_case(name) && value.trim().len() > 1)
    };
    // Of a field that comes twice the first counts, whatever is in it.
    let mut named = header.split("\r\n").filter(|l| l.to_ascii_lowercase().starts_with(name));
    let all_are_fields =
        header.split("\r\n").all(|line| line.starts_with([' ', '\t']) || fields(line).is_some());
    all_are_fields && named.next().and_then(fields).unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_messages_come_back_as_they_were() {
    let count: usize = setting("POSTERN_MALFORMED", 500);
    let seed: u64 = setting("POSTERN_SEED", 20_261_124);
    let world = World::new().await;
    let home = crate::demo_process::folder();
    let mut entrance = world.entrance("anna");
    let mut process = None;
    if count >= LONG {
        let gateway = GatewayProcess::start(&world, &home.path().join("gateway")).await;
        entrance = entrance.at(gateway.imap_tls);
        process = Some(gateway);
    }
    let corpus = Arc::new(Corpus::new());
    let done = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut busy = tokio::task::JoinSet::new();
    let probers = if count >= LONG { 4 } else { 2 };
    for number in 0..probers {
        let mut prober = Prober::new(&entrance, number, seed).await;
        let (corpus, done) = (corpus.clone(), done.clone());
        busy.spawn(async move {
            for n in 0..count.div_ceil(BATCH * probers) {
                prober.batch(&corpus, BATCH).await;
                let before = done.fetch_add(BATCH, Ordering::Relaxed);
                if n % 50 == 49 {
                    let each = began.elapsed().as_secs_f64() / before as f64 * 1000.0;
                    println!("{} messages, {each:.2} ms each", before + BATCH);
                }
            }
            prober.expect("CLOSE").await;
        });
    }
    while let Some(finished) = busy.join_next().await {
        if let Err(failed) = finished {
            let log = std::fs::read_to_string(home.path().join("gateway/log")).unwrap_or_default();
            println!(
                "{} messages before the failure; the gateway's log: {log}",
                done.load(Ordering::Relaxed)
            );
            std::panic::resume_unwind(failed.into_panic());
        }
    }
    if let Some(process) = process {
        let log = std::fs::read_to_string(home.path().join("gateway/log")).unwrap();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
        println!(
            "{} messages, the gateway's memory {} KiB",
            done.load(Ordering::Relaxed),
            process.resident()
        );
    }
}

//! A dump of the whole database, and the files it lies in, hold no planted word in any form.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern::service::search::Tender;
use postern::store::{AccountEdit, Messaging, NewNotice, TextDomain};
use postern::types::{Channel, NoticeContent, Phone, Secret};
use sqlx::{Connection as _, PgConnection};

use crate::client::Client;
use crate::harness::{World, execute};

/// Words that stand nowhere else: with letters that encodings treat differently.
const WORDS: [&str; 20] = [
    "Quixbetreff",
    "Quixnäme",
    "Quixtext",
    "Quixhtml",
    "Quixsechzehn",
    "Quixdatei",
    "quixinhalt",
    "Quixordner",
    "quixwort",
    "Quixnotiz",
    "Quixkopf",
    "Quixmüller",
    "Quixunterschrift",
    "2025550173",
    "2025550150",
    "quixlink",
    "Quixabo",
    "Quixverlauf",
    "quixcode4711",
    "QUIXTOTP",
];

/// The word as it may stand somewhere: in each encoding, and without regard to case.
fn forms(word: &str) -> HashSet<Vec<u8>> {
    let mut forms = HashSet::new();
    let upper = word.to_uppercase();
    let folded: String = unicode_normalization::UnicodeNormalization::nfkd(upper.as_str()).collect();
    for text in [word.to_owned(), upper, word.to_lowercase(), folded] {
        let utf8 = text.clone().into_bytes();
        let latin1: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [utf8, latin1, little, big] {
            let quoted: String =
                bytes
                    .iter()
                    .map(|b| {
                        if b.is_ascii_alphanumeric() {
                            char::from(*b).to_string()
                        } else {
                            format!("={b:02X}")
                        }
                    })
                    .collect();
            forms.insert(quoted.into_bytes());
            for hex in [false, true] {
                let hex: String =
                    bytes.iter().map(|b| if hex { format!("{b:02X}") } else { format!("{b:02x}") }).collect();
                forms.insert(hex.into_bytes());
            }
            // As base64 shows it whatever stands before: without the letters that depend on the neighbours.
            for before in 0..3 {
                let padded = [&b"\0\0"[..before], &bytes].concat();
                let encoded = STANDARD.encode(&padded);
                let start = (before * 8).div_ceil(6);
                let end = padded.len() * 8 / 6;
                forms.insert(encoded.as_bytes()[start..end].to_vec());
            }
            forms.insert(bytes);
        }
    }
    forms
}

/// What each zstd frame begins with: nothing here writes any.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

struct Forms {
    all: Vec<(&'static str, memchr::memmem::Finder<'static>)>,
}

impl Forms {
    fn new() -> Self {
        let all = WORDS
            .iter()
            .flat_map(|word| forms(word).into_iter().map(move |form| (*word, form)))
            .map(|(word, form)| (word, memchr::memmem::Finder::new(&form).into_owned()))
            .collect();
        Self { all }
    }

    fn within(&self, bytes: &[u8]) -> Vec<&'static str> {
        self.all.iter().filter(|(_, form)| form.find(bytes).is_some()).map(|(word, _)| *word).collect()
    }

    /// Also where the bytes are compressed, from one of their first bytes on.
    fn within_any(&self, bytes: &[u8]) -> Vec<&'static str> {
        let mut found = self.within(bytes);
        for start in 0..bytes.len().min(24) {
            let rest = &bytes[start..];
            let mut out = Vec::new();
            let _ = flate2::read::DeflateDecoder::new(rest).take(1 << 20).read_to_end(&mut out);
            found.extend(self.within(&out));
            out.clear();
            let _ = flate2::read::ZlibDecoder::new(rest).take(1 << 20).read_to_end(&mut out);
            found.extend(self.within(&out));
            out.clear();
            let _ = flate2::read::GzDecoder::new(rest).take(1 << 20).read_to_end(&mut out);
            found.extend(self.within(&out));
            // What PostgreSQL compresses by itself is in the dump as it was; zstd has a mark of its own.
            if rest.starts_with(&ZSTD) {
                found.push("a zstd frame, which this test does not open");
            }
        }
        found
    }
}

async fn append(wire: &mut Client, mailbox: &str, message: &[u8]) {
    let flags = if mailbox == "INBOX" { "(quixwort)" } else { "()" };
    wire.send(format!("x APPEND {mailbox} {flags} {{{}+}}\r\n", message.len()).as_bytes()).await;
    wire.send(message).await;
    wire.send(b"\r\n").await;
    let answer = wire.imap_until("x").await;
    assert!(answer.last().unwrap().starts_with("x OK"), "{answer:?}");
}

async fn plant(world: &World) {
    let mut wire = world.imap("anna").await;
    let utf16: Vec<u8> = "Text Quixsechzehn Ende".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let message = format!(
        "From: =?utf-8?q?Quixn=C3=A4me?= <a@b.test>\r\nTo: \"Quixmüller\" <b@c.test>\r\n\
         Subject: =?utf-8?b?{}?=\r\nX-Note: Quixkopf\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nDer Quixtext hier\r\n--bb\r\n\
         Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--bb\r\n\
         Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--bb\r\n\
         Content-Type: application/pdf; name=\"Quixdatei.pdf\"\r\n\r\n%PDF quixinhalt\r\n--bb--\r\n",
        STANDARD.encode("Betreff Quixbetreff"),
        STANDARD.encode("<p>Quixhtml</p>"),
        STANDARD.encode(utf16),
    );
    append(&mut wire, "INBOX", message.as_bytes()).await;
    // Large enough to be staged.
    let large = format!("{message}{}", "noch ein Quixtext\r\n".repeat(40_000));
    append(&mut wire, "INBOX", large.as_bytes()).await;
    for command in [
        "CREATE Quixordner",
        "SUBSCRIBE Quixordner",
        "SUBSCRIBE Quixabo",
        "SETMETADATA \"\" (/private/vendor/x/note \"Quixverlauf\")",
        "SETMETADATA Quixordner (/private/comment \"Quixnotiz\")",
        "SELECT INBOX",
        "COPY 1 Quixordner",
    ] {
        let answer = wire.imap("c", command).await;
        assert!(answer.last().unwrap().starts_with("c OK"), "{command}: {answer:?}");
    }
    let answer = wire.imap("f", "SEARCH TEXT Quixbetreff").await;
    assert!(answer[0].contains(" 1 2"), "{answer:?}");
    Tender::new(world.gateway().store().clone()).catch_up(1).await.unwrap();
    // What is kept of people, and what waits to be sent to them.
    let store = world.gateway().store().clone();
    let anna = store.resolve(&world.account("anna").secure.parse().unwrap()).await.unwrap().unwrap().id;
    let messaging = store.messaging(anna).await.unwrap();
    store
        .messaging_set(anna, &Messaging { signature: "Dr. Quixunterschrift".to_owned(), ..messaging })
        .await
        .unwrap();
    let phone = Some(Phone::parse("+12025550173").unwrap());
    assert!(store.account_edit(anna, &AccountEdit { phone, ..AccountEdit::default() }).await.unwrap());
    world.invite("dora@dahl.example").await;
    for content in [
        NoticeContent::ResetLink { link: Secret::new("https://x/quixlink") },
        NoticeContent::PhoneCode { code: Secret::new("quixcode4711") },
    ] {
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(600);
        store.notify(NewNotice::new(anna, content, Channel::Email).not_before(later)).await.unwrap();
    }
    let secret = store.seal_key(anna).await.unwrap().seal_text(TextDomain::Totp, anna, "QUIXTOTP").unwrap();
    let hex: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    let totp = format!("insert into totp (account_id, secret) values ({anna}, '\\x{hex}')");
    execute(&world.database_url, &totp).await;
    // Some of it is expunged, and stays recoverable.
    wire.imap("d", "STORE 1 +FLAGS (\\Deleted)").await;
    wire.imap("e", "EXPUNGE").await;
}

#[test]
fn a_dump_holds_no_planted_word() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let world = World::new().await;
        plant(&world).await;
        let forms = Forms::new();

        let dump = Command::new(pg_dump()).arg(&world.database_url).output().unwrap();
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        let dump = dump.stdout;
        assert!(dump.len() > 1_000_000, "the large message is in it");
        assert_eq!(forms.within(&dump), [] as [&str; 0]);
        // What pg_dump writes in hexadecimal, as bytes.
        let mut values = 0;
        for start in memchr::memmem::find_iter(&dump, b"\\\\x") {
            let digits = &dump[start + 3..];
            let len = digits.iter().take_while(|b| b.is_ascii_hexdigit()).count() / 2;
            let value: Vec<u8> = digits[..len * 2]
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            assert_eq!(forms.within_any(&value), [] as [&str; 0]);
            values += 1;
        }
        assert!(values > 30, "{values}");

        // The files: tables, indexes, the write-ahead log.
        let mut conn = PgConnection::connect(&world.database_url).await.unwrap();
        let (folder, oid): (String, i64) = sqlx::query_as(
            "select current_setting('data_directory'), oid::bigint from pg_database where datname = current_database()",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap();
        execute(&world.database_url, "checkpoint").await;
        let mut bytes = 0;
        for part in [format!("base/{oid}"), "pg_wal".to_owned()] {
            for entry in std::fs::read_dir(Path::new(&folder).join(part)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    // One may be recycled under the test.
                    let content = std::fs::read(&path).unwrap_or_default();
                    assert_eq!(forms.within(&content), [] as [&str; 0], "{}", path.display());
                    bytes += content.len();
                }
            }
        }
        assert!(bytes > 1_000_000);
    });
}

/// The test would find them.
#[test]
fn planted_words_are_found_in_each_form() {
    use std::io::Write as _;
    let forms = Forms::new();
    let word = "Quixmüller";
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(format!("Frau {word} kommt").as_bytes()).unwrap();
    let mut gzipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzipped.write_all(format!("Frau {word} kommt").as_bytes()).unwrap();
    let utf16: Vec<u8> = word.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for hidden in [
        word.as_bytes().to_vec(),
        word.to_uppercase().into_bytes(),
        b"Quixm=C3=BCller".to_vec(),
        STANDARD.encode(format!("x{word} und mehr")).into_bytes(),
        STANDARD.encode(format!("xy{word}")).into_bytes(),
        utf16,
        [b"12345".to_vec(), deflated.finish().unwrap()].concat(),
        gzipped.finish().unwrap(),
    ] {
        assert!(forms.within_any(&hidden).contains(&word), "{}", String::from_utf8_lossy(&hidden));
    }
}

fn pg_dump() -> std::path::PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut all: Vec<_> = debian.map(|e| e.path().join("bin/pg_dump")).filter(|p| p.exists()).collect();
    all.sort();
    all.pop().unwrap_or_else(|| "pg_dump".into())
}

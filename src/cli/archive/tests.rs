use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use super::lines::{ToCrlf, ToLf};
use super::source::{self, Item};
use super::{Folder, Lines, Message, WriteError, maildir, mbox, names};
use crate::types::{Flags, MailboxId, MailboxName, SystemFlag, UidValidity};

fn message(uid: u32, flags: Flags, keywords: &[&str]) -> Message {
    let keywords = keywords.iter().map(|k| (*k).to_owned()).collect();
    Message { uid, internal_date: 1_700_000_000 + i64::from(uid), size: 0, flags, keywords }
}

/// As the export does: with LF lines, and where that cannot be as it is.
fn write(folder: &mut dyn Folder, message: &Message, bytes: &[u8], cut: usize) {
    for lines in [Lines::Lf, Lines::Exact] {
        folder.begin(message, lines).unwrap();
        let pushed = bytes.chunks(cut).try_for_each(|piece| folder.push(piece));
        match pushed.and_then(|()| folder.commit()) {
            Ok(()) => return,
            Err(WriteError::BareLineEnd) => assert_eq!(lines, Lines::Lf),
            Err(error) => panic!("{error}"),
        }
    }
}

fn content(item: &Item) -> Vec<u8> {
    let looked = item.look().unwrap();
    let mut bytes = item.bytes(&looked).unwrap();
    let (mut all, mut piece) = (Vec::new(), Vec::new());
    while bytes.read(&mut piece).unwrap() {
        all.extend_from_slice(&piece);
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &all);
    assert_eq!(looked.digest[..], *digest.as_ref(), "what was hashed is what is stored");
    all
}

fn items(path: &Path) -> Vec<Item> {
    let mut all = source::mailboxes(path, Some(&MailboxName::inbox())).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0).items().unwrap()
}

fn validity() -> UidValidity {
    UidValidity(std::num::NonZero::new(7).unwrap())
}

/// Bytes in which line ends, quotes and `From ` are frequent.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        2 => Just(b"From ".to_vec()),
        2 => Just(b">".to_vec()),
        1 => Just(b"Status: RO".to_vec()),
        1 => Just(b"X-Keywords: a".to_vec()),
        1 => Just(b"X-Postern: uid=1 marks=3 end=open".to_vec()),
        2 => vec(any::<u8>(), 0..4),
        2 => Just(b"Subject: hello".to_vec()),
    ];
    vec(piece, 1..20).prop_map(|pieces| pieces.concat()).prop_filter("empty", |bytes| !bytes.is_empty())
}

/// The same with CRLF alone: what nearly every message is.
fn ordinary() -> impl Strategy<Value = Vec<u8>> {
    tricky()
        .prop_map(|bytes| {
            let text: Vec<u8> = bytes.into_iter().filter(|b| *b != b'\r').collect();
            let mut out = Vec::new();
            ToCrlf::default().push(&text, &mut out);
            out
        })
        .prop_filter("empty", |bytes| !bytes.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// CRLF to LF and back, split anywhere.
    #[test]
    fn lines_come_back(bytes in ordinary(), cut in 1_usize..7) {
        let (mut lf, mut back) = (Vec::new(), Vec::new());
        let mut there = ToLf::default();
        for piece in bytes.chunks(cut) {
            there.push(piece, &mut lf).unwrap();
        }
        there.end().unwrap();
        prop_assert!(!lf.contains(&b'\r'));
        let mut here = ToCrlf::default();
        for piece in lf.chunks(cut) {
            here.push(piece, &mut back);
        }
        prop_assert_eq!(back, bytes);
    }

    /// Whatever the bytes: out of an mbox come the messages that went in, with their flags and dates.
    #[test]
    fn an_mbox_keeps_messages(all in vec(prop_oneof![tricky(), ordinary()], 1..6), cut in 1_usize..9) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mbox");
        let mut writer = mbox::Writer::open(&path).unwrap().unwrap();
        let marks = [
            message(1, Flags::NONE, &[]),
            message(2, Flags::of(SystemFlag::Seen).union(Flags::of(SystemFlag::Draft)), &["Later", "$Junk"]),
            message(3, Flags::of(SystemFlag::Answered), &[]),
            message(4, Flags::of(SystemFlag::Deleted).union(Flags::of(SystemFlag::Flagged)), &["x"]),
            message(5, Flags::of(SystemFlag::Seen), &[]),
        ];
        for (bytes, message) in all.iter().zip(&marks) {
            write(&mut writer, message, bytes, cut);
        }
        Box::new(writer).finish().unwrap();
        let items = items(&path);
        prop_assert_eq!(items.len(), all.len());
        for ((item, bytes), message) in items.iter().zip(&all).zip(&marks) {
            prop_assert_eq!(content(item), bytes.clone());
            prop_assert_eq!((item.flags, &item.keywords), (message.flags, &message.keywords));
            prop_assert_eq!(item.internal_date, message.internal_date);
        }
    }

    /// So does a Maildir.
    #[test]
    fn a_maildir_keeps_messages(bytes in prop_oneof![tricky(), ordinary()], cut in 1_usize..9) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = maildir::Writer::open(folder.path(), "", validity()).unwrap();
        let message = message(9, Flags::of(SystemFlag::Seen), &["Later"]);
        write(&mut writer, &message, &bytes, cut);
        Box::new(writer).finish().unwrap();
        let items = items(folder.path());
        prop_assert_eq!(content(&items[0]), bytes);
        prop_assert_eq!((items[0].flags, &items[0].keywords), (message.flags, &message.keywords));
        prop_assert_eq!(items[0].internal_date, message.internal_date);
    }

    /// Names come back from folders and files, and no two have the same.
    #[test]
    fn names_come_back(name in "[a-zA-Z. &äß漢%/_-]{1,12}", other in "[a-z./]{1,6}") {
        let (Ok(name), Ok(other)) = (MailboxName::new(&name), MailboxName::new(&other)) else { return Ok(()) };
        let id = MailboxId(3);
        let folder = names::maildir(&name, id);
        prop_assert_eq!(names::of_maildir(&folder), Some(name.clone()), "{}", folder);
        let file = names::mbox(&name, id);
        prop_assert!(!file.contains('/') && !file.starts_with('.'));
        prop_assert_eq!(names::of_mbox(file.strip_suffix(names::MBOX).unwrap()), Some(name.clone()));
        if name != other {
            prop_assert_ne!(names::maildir(&name, id), names::maildir(&other, id));
            prop_assert_ne!(names::mbox(&name, id), names::mbox(&other, id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a file holds, it is read to its end, and each message's bytes lie in it.
    #[test]
    fn any_file_is_read(bytes in prop_oneof![tricky(), vec(any::<u8>(), 0..300)], lead in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any");
        let start: &[u8] = if lead { b"From \n" } else { b"From a Mon Sep  7 10:01:02 2026\nX-Postern: marks=9 end=open\n" };
        let all = [start, &bytes].concat();
        std::fs::write(&path, &all).unwrap();
        let items = items(&path);
        prop_assert!(!items.is_empty());
        let read: usize = items.iter().map(|item| content(item).len()).sum();
        prop_assert!(read <= 2 * all.len());
        // As a name of a file, and as one of a folder.
        let name = String::from_utf8_lossy(&bytes);
        maildir::flags(&name);
        maildir::date_of(&name);
        names::of_maildir(&format!(".{name}"));
        names::of_mbox(&name);
    }
}

/// A run that was killed goes on: what lies in `tmp` is no message, what is there is not written again, flags
/// that changed meanwhile are.
#[test]
fn a_maildir_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let open = || maildir::Writer::open(folder.path(), ".Sent", validity()).unwrap();
    let mut writer = open();
    write(&mut writer, &message(1, Flags::NONE, &[]), b"a: b\r\n\r\nc\r\n", 100);
    writer.begin(&message(2, Flags::NONE, &[]), Lines::Lf).unwrap();
    writer.push(b"half").unwrap();
    drop(writer);
    let mut writer = open();
    assert!(!writer.has(&message(2, Flags::NONE, &[])).unwrap());
    assert!(writer.has(&message(1, Flags::of(SystemFlag::Flagged), &["Later"])).unwrap());
    Box::new(writer).finish().unwrap();
    let cur = std::fs::read_dir(folder.path().join(".Sent/cur")).unwrap();
    let names: Vec<_> = cur.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["1700000001.V7U1.postern,S=8:2,Fa"]);
    assert_eq!(std::fs::read_dir(folder.path().join(".Sent/tmp")).unwrap().count(), 0);
    // One that lost bytes is written again.
    std::fs::write(folder.path().join(".Sent/cur").join(&names[0]), "a").unwrap();
    assert!(!open().has(&message(1, Flags::NONE, &[])).unwrap());
}

/// More keywords than there are letters.
#[test]
fn keywords_without_a_letter() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = maildir::Writer::open(folder.path(), "", validity()).unwrap();
    let words: Vec<String> = (0..30).map(|n| format!("k{n}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    write(&mut writer, &message(1, Flags::NONE, &words), b"a: b\r\n\r\n", 100);
    Box::new(writer).finish().unwrap();
    assert_eq!(items(folder.path())[0].keywords, words);
}

/// An mbox goes on where it was on disk, and not before it is complete does it have its name.
#[test]
fn an_mbox_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mbox");
    let big = [b"a: b\r\n\r\n".to_vec(), vec![b'x'; 65 << 20], b"\r\n".to_vec()].concat();
    let mut writer = mbox::Writer::open(&path).unwrap().unwrap();
    write(&mut writer, &message(4, Flags::NONE, &[]), &big, 1 << 20);
    write(&mut writer, &message(5, Flags::NONE, &[]), b"a: lost\r\n\r\n", 100);
    drop(writer);
    assert!(!path.exists());
    let mut writer = mbox::Writer::open(&path).unwrap().unwrap();
    assert!(writer.has(&message(4, Flags::NONE, &[])).unwrap());
    assert!(!writer.has(&message(5, Flags::NONE, &[])).unwrap());
    write(&mut writer, &message(5, Flags::NONE, &[]), b"a: again\r\n\r\n", 100);
    Box::new(writer).finish().unwrap();
    assert!(mbox::Writer::open(&path).unwrap().is_none());
    let items = items(&path);
    assert_eq!(items.len(), 2);
    assert_eq!(content(&items[0]).len(), big.len());
    assert_eq!(content(&items[1]), b"a: again\r\n\r\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// What other programs wrote: their own flag lines are taken out, `>From ` is undone, LF becomes CRLF, and a
/// line that only begins like one of a new message is text.
#[test]
fn an_mbox_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old");
    let text = "From ida@praxis.test Mon Sep  7 10:01:02 2026\nStatus: RO\nSubject: one\nX-Keywords: a\n b\nTo: x\n\
                X-Status: AF\n\ntext\nFrom here on\n>From there\n>>From\n\nFrom - Fri Nov 24 18:00:00 2023\n\
                Subject: two\n\nStatus: is text here\n";
    std::fs::write(&path, text).unwrap();
    let items = items(&path);
    assert_eq!(items.len(), 2);
    assert_eq!(
        String::from_utf8(content(&items[0])).unwrap(),
        "Subject: one\r\nTo: x\r\n\r\ntext\r\nFrom here on\r\nFrom there\r\n>>From\r\n"
    );
    let answered = Flags::of(SystemFlag::Seen).union(Flags::of(SystemFlag::Answered));
    assert_eq!(items[0].flags, answered.union(Flags::of(SystemFlag::Flagged)));
    assert_eq!(items[0].internal_date, 1_788_775_262);
    assert_eq!(items[1].internal_date, 1_700_848_800);
    assert_eq!(
        String::from_utf8(content(&items[1])).unwrap(),
        "Subject: two\r\n\r\nStatus: is text here\r\n"
    );
}

/// Maildirs of others: names of folders in modified UTF-7 or plain, nested folders, `new`, flags with `P`.
#[test]
fn maildirs_of_others() {
    let folder = tempfile::tempdir().unwrap();
    for sub in ["", ".M&APw-ller.2024", "plain/deeper", ".A%2eB"] {
        for part in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(folder.path().join(sub).join(part)).unwrap();
        }
    }
    std::fs::write(folder.path().join("new/1.a.host"), "a: b\n\nc\n").unwrap();
    std::fs::write(folder.path().join("cur/2.b.host:2,PRS"), "a: b\r\n\r\nc\n").unwrap();
    let mut all = source::mailboxes(folder.path(), None).unwrap();
    let names: Vec<_> = all.iter().map(|m| m.name.as_str().to_owned()).collect();
    assert_eq!(names, ["INBOX", "A.B", "Müller/2024", "plain/deeper"]);
    let items = all.remove(0).items().unwrap();
    assert_eq!(content(&items[0]), b"a: b\r\n\r\nc\r\n");
    assert_eq!(items[0].flags, Flags::NONE);
    assert_eq!(content(&items[1]), b"a: b\r\n\r\nc\n", "its line ends are its own");
    assert_eq!(items[1].flags, Flags::of(SystemFlag::Answered).union(Flags::of(SystemFlag::Seen)));
    assert_eq!(items[1].keywords, ["$Forwarded"]);
    assert!(source::mailboxes(&folder.path().join("tmp"), None).is_err());
}

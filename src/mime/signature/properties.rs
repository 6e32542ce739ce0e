//! What holds for every message, and what becomes of each kind of text.

use std::fmt::Write as _;

use base64::Engine as _;
use proptest::prelude::*;

use super::*;
use crate::mime::{Limits, Scan, Scanner, SectionKind, TextDecoder, TransferDecoder};

const TYPED: &str = "Dr. Änne Arnold\nPraxis & Söhne";

fn signature(typed: &str) -> std::sync::Arc<Signature> {
    Signature::new(typed).unwrap().into()
}

fn sign_with(typed: &str, message: &[u8], step: usize) -> (Vec<u8>, Vec<Unsigned>) {
    let mut signing = Signing::new(signature(typed), Limits::default());
    let mut out = Vec::new();
    message.chunks(step.max(1)).for_each(|piece| signing.push(piece, &mut out));
    let unsigned = signing.finish(&mut out);
    (out, unsigned)
}

fn sign(message: &[u8]) -> (Vec<u8>, Vec<Unsigned>) {
    sign_with(TYPED, message, usize::MAX)
}

fn scan(message: &[u8]) -> Scan {
    let mut scanner = Scanner::new(Limits::default());
    scanner.feed(message);
    scanner.finish()
}

/// The decoded texts of a message, by part number.
fn texts(message: &[u8]) -> Vec<(Vec<u32>, String)> {
    let scan = scan(message);
    let leaves = scan.summary.parts.iter().filter(|p| p.kind == SectionKind::Leaf);
    leaves
        .map(|part| {
            let mut bytes = Vec::new();
            let mut decoder = TransferDecoder::new(part.encoding);
            decoder.push(&message[part.encoded.start as usize..part.encoded.end as usize], &mut bytes);
            decoder.finish(&mut bytes);
            (part.path.clone(), TextDecoder::decode(part.charset.as_deref(), &bytes))
        })
        .collect()
}

/// The structure stays, what is not signed stays byte for byte, what was signed begins (and ends) as
/// before, the record says what was there, and the signature is not written twice.
fn check(message: &[u8]) -> Vec<Unsigned> {
    let (out, unsigned) = sign(message);
    if unsigned.is_empty() {
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(message));
    }
    let (before, after) = (scan(message).summary, scan(&out).summary);
    let shape = |summary: &crate::mime::Summary| {
        let of = |p: &crate::mime::PartSummary| {
            (p.path.clone(), p.parent, p.kind, p.media_type.clone(), p.names.clone(), p.disposition.clone())
        };
        summary.parts.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(shape(&before), shape(&after), "{}", String::from_utf8_lossy(&out));
    assert_eq!(
        (before.is_signed, before.encryption, before.limit_hit),
        (after.is_signed, after.encryption, after.limit_hit)
    );
    for (old, new) in before.parts.iter().zip(&after.parts) {
        let changed = unsigned.iter().find(|u| u.path == old.path && old.content.is_some());
        let (Some(content), Some(now)) = (&old.content, &new.content) else { continue };
        match changed {
            None => assert_eq!(content.sha256, now.sha256, "{:?}", old.path),
            Some(unsigned) => {
                assert_eq!((content.sha256, content.decoded_size), (unsigned.sha256, unsigned.decoded_size));
                assert_eq!(old.charset, unsigned.charset);
            }
        }
    }
    for ((path, old), (_, new)) in texts(message).iter().zip(texts(&out)) {
        if unsigned.iter().any(|u| u.path == *path) {
            // Nothing but an insertion.
            let front = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
            let back = old.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
            assert!(front + back >= old.len() && new.len() > old.len(), "{path:?}: {old:?} became {new:?}");
        }
    }
    for step in [1, 2, 3, 7, 70] {
        assert_eq!(sign_with(TYPED, message, step), (out.clone(), unsigned.clone()), "in steps of {step}");
    }
    unsigned
}

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn signed(message: &str) -> String {
    let message = crlf(message);
    check(&message);
    String::from_utf8_lossy(&sign(&message).0).replace("\r\n", "\n")
}

const ID: &str = "Message-ID: <1@x>\n";

#[test]
fn plain_text_in_every_encoding() {
    assert_eq!(
        signed(&format!(
            "{ID}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n"
        )),
        format!(
            "{ID}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n\n-- \nDr. Änne Arnold\nPraxis & Söhne\n"
        )
    );
    // As Thunderbird writes a text that is ASCII so far.
    assert_eq!(
        signed(&format!(
            "{ID}MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: 7bit\n\nA = b \nc\n"
        )),
        format!(
            "{ID}MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8;\n\tformat=flowed\nContent-Transfer-Encoding: quoted-printable\n\nA =3D b=20\nc\n\n=2D-=20\nDr. =C3=84nne Arnold\nPraxis & S=C3=B6hne\n"
        )
    );
    // Without any MIME field.
    assert_eq!(
        signed(&format!("{ID}\nHallo\n")),
        format!(
            "{ID}MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\nHallo\n\n=2D-=20\nDr. =C3=84nne Arnold\nPraxis & S=C3=B6hne\n"
        )
    );
    assert_eq!(
        signed(&format!(
            "{ID}Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\nohne Ende=\n"
        )),
        format!(
            "{ID}Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\nohne Ende=\n\n\n=2D-=20\nDr. =C4nne Arnold\nPraxis & S=F6hne=\n"
        )
    );
    let encoded = base64::engine::general_purpose::STANDARD
        .encode("Hallo, das ist länger als eine Zeile, damit es zwei werden\r\n");
    let (first, second) = encoded.split_at(76);
    let out = signed(&format!(
        "{ID}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{first}\n{second}\n"
    ));
    assert!(out.contains(&format!("\n{first}\n")), "a line before stays: {out}");
    assert_eq!(
        texts(&crlf(&out))[0].1,
        "Hallo, das ist länger als eine Zeile, damit es zwei werden\r\n\r\n-- \r\nDr. Änne Arnold\r\nPraxis & Söhne\r\n"
    );
}

#[test]
fn charsets_that_cannot_hold_it() {
    // Known text becomes UTF-8 ...
    let out = signed(&format!(
        "{ID}MIME-Version: 1.0\nContent-Type: text/plain; charset=\"koi8-r\"; x=\"a b\"\nContent-Transfer-Encoding: quoted-printable\nContent-MD5: x==\n\n=F0=D2=C9\n"
    ));
    assert_eq!(
        out,
        format!(
            "{ID}MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8;\n\tx=\"a b\"\nContent-Transfer-Encoding: quoted-printable\n\n=D0=9F=D1=80=D0=B8\n\n=2D-=20\nDr. =C3=84nne Arnold\nPraxis & S=C3=B6hne\n"
        )
    );
    // ... text that is in doubt does not.
    let doubtful = crlf(&format!("{ID}Content-Type: text/plain\n\nGr"))
        .into_iter()
        .chain(*b"\xfc\xdfe\r\n")
        .collect::<Vec<u8>>();
    let (out, _) = sign(&doubtful);
    assert!(
        out.ends_with("\r\n\r\n-- \r\nDr. ?nne Arnold\r\nPraxis & S?hne\r\n".as_bytes())
            && out.windows(4).any(|w| w == b"r\xfc\xdfe")
    );
    let out = signed(&format!("{ID}Content-Type: text/plain; charset=x-made-up\n\nHallo\n"));
    assert!(out.ends_with("\nHallo\n"), "an unknown charset is left alone");
    assert!(signed(&format!("{ID}Content-Type: text/html; charset=us-ascii\n\n<p>Hallo\n")).ends_with(
        "<p>Hallo\n\n<div><br>-- <br>\nDr. &#196;nne Arnold<br>\nPraxis &amp; S&#246;hne</div>\n"
    ));
}

#[test]
fn both_forms_of_an_alternative() {
    let out = signed(&format!(
        "{ID}Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n\
         --a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n--a\n\
         Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
         <html><body>H=C3=A4llo</body></html>\n--r\nContent-Type: image/png; name=a.png\nContent-ID: <1>\n\nx\n--r--\n--a--\n--m\n\
         Content-Type: text/plain\n\nnot the body\n--m--\n"
    ));
    assert!(out.contains("\nHallo\n\n-- \nDr. Änne Arnold\nPraxis & Söhne\n--a\n"), "{out}");
    assert!(out.contains("<html><body>H=C3=A4llo\n<div><br>-- <br>\nDr. =C3=84nne Arnold<br>\nPraxis &amp; S=C3=B6hne</div>\n</body></html>\n--r\n"), "{out}");
    assert!(out.contains("\nnot the body\n--m--\n"));
}

#[test]
fn an_empty_text() {
    let ascii = |message: &str| {
        let (out, _) = sign_with("Anna", &crlf(message), 1);
        String::from_utf8(out).unwrap().replace("\r\n", "\n")
    };
    assert_eq!(ascii(&format!("{ID}\n")), format!("{ID}\n-- \nAnna\n"));
    let open = format!(
        "{ID}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\nContent-Type: image/png; name=x.png\n\nx\n--b--\n"
    );
    assert!(ascii(&open).contains("--b\n\n-- \nAnna\n\n--b\nContent-Type: image"), "{}", ascii(&open));
    for message in [format!("{ID}\n"), open, ID.to_owned(), String::new()] {
        check(&crlf(&message));
    }
}

#[test]
fn what_is_never_signed() {
    let part = "Content-Type: text/plain\n\nHallo\n";
    for message in [
        format!("Content-Type: multipart/signed; boundary=b\n\n--b\n{part}--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"),
        format!("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/signed; boundary=b\n\n--b\n{part}--b--\n--o\n{part}--o--\n"),
        "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n".to_owned(),
        "Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: base64\n\nMIIB\n".to_owned(),
        "Content-Type: text/plain\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHallo\n-----BEGIN PGP SIGNATURE-----\n".to_owned(),
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n-----BEGIN PGP MESSAGE-----\n--b\nContent-Type: text/html\n\n<p>x\n--b--\n".to_owned(),
        format!("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n{part}--b--\n"),
        "Content-Type: text/plain\nContent-Disposition: attachment\n\nHallo\n".to_owned(),
        "Content-Type: text/plain; name=a.txt\n\nHallo\n".to_owned(),
        "Content-Type: text/plain\nContent-Type: text/html\n\nHallo\n".to_owned(),
        "Content-Type: image/png\n\nHallo\n".to_owned(),
        "Content-Type: multipart/mixed\n\nHallo\n".to_owned(),
        format!("\nHallo\n\n-- \n{TYPED}\n"),
    ] {
        let message = crlf(&format!("{ID}{message}"));
        assert_eq!(check(&message), [], "{}", String::from_utf8_lossy(&message));
    }
}

#[test]
fn no_line_of_a_signature_is_a_delimiter() {
    let message = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/html; name=y\n\ny\n--b--\n",
    );
    for typed in ["--b", "--b--", "x\n--b\nFrom: eve@x"] {
        let (out, unsigned) = sign_with(typed, &message, 1);
        assert_eq!(unsigned.len(), 1);
        assert_eq!(scan(&out).summary.parts.len(), 3, "{}", String::from_utf8_lossy(&out));
    }
    // Text whose lines break where a delimiter would begin.
    let long = format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{}--b\n--b--\n", "x".repeat(75));
    check(&crlf(&long));
}

/// What is held of a text is bounded, and a text longer than that is signed too.
#[test]
fn long_texts() {
    let line = "Ein ganzer Absatz mit vielen Worten, der sich oft wiederholt.\r\n";
    let text = line.repeat(6000);
    let lines = |encoded: String| {
        let lines: Vec<_> = encoded.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
        lines.join("\r\n") + "\r\n"
    };
    let base64 = lines(base64::engine::general_purpose::STANDARD.encode(&text));
    let html = format!("<html><body><p>{text}</body></html>\r\n");
    for (header, body, ends) in [
        (
            "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit",
            &text,
            "Dr. Änne Arnold\r\nPraxis & Söhne\r\n",
        ),
        (
            "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
            &base64,
            "Dr. Änne Arnold\r\nPraxis & Söhne\r\n",
        ),
        (
            "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
            &text,
            "Dr. Änne Arnold\r\nPraxis & Söhne\r\n",
        ),
        ("text/plain; charset=utf-8", &text, "Dr. ?nne Arnold\r\nPraxis & S?hne\r\n"),
        ("text/html; charset=utf-8", &html, "Praxis &amp; S&#246;hne</div>\r\n</body></html>\r\n"),
    ] {
        let message = format!("Message-ID: <1@x>\r\nContent-Type: {header}\r\n\r\n{body}");
        let mut signing = Signing::new(signature(TYPED), Limits::default());
        let (mut out, mut held) = (Vec::new(), 0);
        for (at, piece) in message.as_bytes().chunks(4096).enumerate() {
            signing.push(piece, &mut out);
            held = held.max((at * 4096 + piece.len()).saturating_sub(out.len()));
        }
        assert!(held <= HOLD, "{header}: {held} bytes held");
        let unsigned = signing.finish(&mut out);
        assert_eq!(
            unsigned[0].sha256,
            scan(message.as_bytes()).summary.parts[0].content.as_ref().unwrap().sha256
        );
        let after = &texts(&out)[0].1;
        assert!(after.ends_with(ends), "{header}: {:?}", &after[after.len() - 200..]);
    }
    // Nowhere to cut: it goes on as it came.
    let endless = format!("Content-Transfer-Encoding: base64\r\n\r\n{}\r\n", "QUFB".repeat(100_000));
    assert_eq!(sign(endless.as_bytes()), (endless.clone().into_bytes(), Vec::new()));
}

/// The corpus of the fuzz target, and its messages cut short.
#[test]
fn the_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/mime");
    let mut signed = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let message = std::fs::read(entry.unwrap().path()).unwrap();
        signed += usize::from(!check(&message).is_empty());
        for end in (0..message.len()).step_by(61) {
            check(&message[..end]);
        }
    }
    assert!(signed >= 10, "{signed}");
}

/// A tree of parts, with delimiters that are beginnings of one another.
#[derive(Clone, Debug)]
enum Tree {
    Leaf { media: &'static str, charset: &'static str, encoding: &'static str, text: String, file: bool },
    Multi { subtype: &'static str, parts: Vec<Tree> },
}

fn tree() -> impl Strategy<Value = Tree> {
    let media = prop_oneof![
        4 => Just("text/plain"), 3 => Just("text/html"), 1 => Just("image/png"), 1 => Just("text/calendar"), 1 => Just("application/pdf")
    ];
    let charset = prop_oneof![3 => Just("utf-8"), 2 => Just(""), 1 => Just("iso-8859-1"), 1 => Just("us-ascii"),
        1 => Just("iso-2022-jp"), 1 => Just("utf-16le"), 1 => Just("utf-7"), 1 => Just("gb18030")];
    let encoding =
        prop_oneof![Just(""), Just("7bit"), Just("8bit"), Just("quoted-printable"), Just("base64")];
    let text = prop_oneof![
        "[a-z ]{0,60}(\r\n[a-zäß€=.> -]{0,80}){0,6}(\r\n)?",
        "(<p>|<div>|</body>|</html>|[a-z&;]| |\r\n|<!--|ö){0,30}",
        Just(String::new()),
        "-{0,3}b?-{0,3}\r\n",
        Just(format!("Hallo\r\n{}\r\n", TYPED.replace('\n', "\r\n"))),
    ];
    let leaf = (media, charset, encoding, text, proptest::bool::weighted(0.2)).prop_map(
        |(media, charset, encoding, text, file)| Tree::Leaf { media, charset, encoding, text, file },
    );
    leaf.prop_recursive(4, 16, 4, |inner| {
        let subtype = prop_oneof![3 => Just("mixed"), 3 => Just("alternative"), 2 => Just("related"), 1 => Just("signed"), 1 => Just("x-other")];
        (subtype, proptest::collection::vec(inner, 1..4)).prop_map(|(subtype, parts)| Tree::Multi { subtype, parts })
    })
}

fn write(tree: &Tree, boundary: &str, out: &mut Vec<u8>) {
    match tree {
        Tree::Leaf { media, charset, encoding, text, file } => {
            let mut head = format!("Content-Type: {media}");
            if !charset.is_empty() {
                write!(head, "; charset={charset}").unwrap();
            }
            head.push_str("\r\n");
            if !encoding.is_empty() {
                write!(head, "Content-Transfer-Encoding: {encoding}\r\n").unwrap();
            }
            if *file {
                head.push_str("Content-Disposition: attachment; filename=x\r\n");
            }
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(b"\r\n");
            match *encoding {
                "base64" => {
                    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
                    encoded.as_bytes().chunks(20).for_each(|l| out.extend_from_slice(&[l, b"\r\n"].concat()));
                }
                "quoted-printable" => out.extend_from_slice(&quoted_printable::encode(text)),
                _ => out.extend_from_slice(text.as_bytes()),
            }
        }
        Tree::Multi { subtype, parts } => {
            out.extend_from_slice(
                format!("Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n").as_bytes(),
            );
            for part in parts {
                out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
                write(part, &format!("{boundary}b"), out);
            }
            out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        }
    }
}

proptest! {
    #[test]
    fn any_structure(tree in tree()) {
        let mut message = b"Message-ID: <1@x>\r\nMIME-Version: 1.0\r\n".to_vec();
        write(&tree, "b", &mut message);
        check(&message);
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(prop_oneof![Just(b'-'), Just(b'b'), Just(b'\r'), Just(b'\n'), Just(b'='), any::<u8>()], 0..300), kind in 0..4usize) {
        let head: &str = [
            "",
            "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n",
            "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            "Content-Type: text/plain; charset=iso-8859-15\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        ][kind];
        check(&[head.as_bytes(), &bytes].concat());
    }

    /// A message that is signed already is not signed again: submitted once more, it stays as it is.
    #[test]
    fn not_twice(text in "[a-zäö ]{0,40}(\r\n[a-zäß€> -]{0,80}){0,4}\r\n", encoding in 0..3usize) {
        let encoding = ["8bit", "quoted-printable", "base64"][encoding];
        let tree = Tree::Leaf { media: "text/plain", charset: "utf-8", encoding, text, file: false };
        let mut message = b"MIME-Version: 1.0\r\n".to_vec();
        write(&tree, "b", &mut message);
        let (once, _) = sign(&message);
        let (twice, unsigned) = sign(&once);
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(unsigned, []);
    }
}

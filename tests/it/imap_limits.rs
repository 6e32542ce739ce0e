//! How much a client may bring, where a transcript would be too long.

use crate::client::Client;
use crate::harness::World;

async fn last(wire: &mut Client, tag: &str, command: &str) -> String {
    wire.imap(tag, command).await.pop().unwrap()
}

fn entries(names: impl Iterator<Item = usize>) -> String {
    names.map(|n| format!("/private/n{n} \"x\"")).collect::<Vec<_>>().join(" ")
}

/// RFC 5464 §4.1, §4.3: at least 1024 bytes and 10 entries; what is beyond the limit says so, and then nothing
/// is changed.
#[tokio::test(flavor = "multi_thread")]
async fn annotations_have_a_size_and_a_number() {
    let world = World::new().await;
    let mut wire = world.imap("anna").await;
    for size in [1024, 16 * 1024] {
        let value = "v".repeat(size);
        let set = format!("SETMETADATA INBOX (/private/long {{{size}+}}\r\n{value})");
        assert!(last(&mut wire, "a", &set).await.starts_with("a OK "));
        let got = wire.imap("b", "GETMETADATA INBOX /private/long").await;
        assert!(got[0].ends_with(&format!("{value})")) || got[0].contains(&value), "{}", got[0].len());
    }
    let value = "w".repeat(16 * 1024 + 1);
    let set =
        format!("SETMETADATA INBOX (/private/other \"x\" /private/long {{{}+}}\r\n{value})", value.len());
    let refused = last(&mut wire, "c", &set).await;
    assert!(refused.starts_with("c NO [METADATA MAXSIZE 16384] "), "{refused}");
    let got = wire.imap("d", "GETMETADATA (MAXSIZE 100) INBOX (/private/other /private/long)").await;
    assert_eq!(got[0], "* METADATA \"INBOX\" (/private/other NIL)");
    assert!(got[1].starts_with("d OK [METADATA LONGENTRIES 16384] "), "{got:?}");

    // With the long one these are 100.
    assert!(
        last(&mut wire, "e", &format!("SETMETADATA INBOX ({})", entries(0..99))).await.starts_with("e OK ")
    );
    let refused = last(&mut wire, "f", "SETMETADATA INBOX (/private/n0 \"neu\" /private/n100 \"x\")").await;
    assert!(refused.starts_with("f NO [METADATA TOOMANY] "), "{refused}");
    let got = wire.imap("g", "GETMETADATA INBOX (/private/n0 /private/n100)").await;
    assert_eq!(got[0], "* METADATA \"INBOX\" (/private/n0 \"x\" /private/n100 NIL)");
    for (tag, set) in [
        ("h", "SETMETADATA INBOX (/private/n0 \"neu\")"),
        ("i", "SETMETADATA INBOX (/private/n1 NIL /private/n100 \"x\")"),
        ("j", "SETMETADATA Drafts (/private/n0 \"x\")"),
    ] {
        assert!(last(&mut wire, tag, set).await.starts_with(&format!("{tag} OK ")), "{set}");
    }
}

/// RFC 4469 §4.2: what is put together may become too large, and then nothing is stored.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_catenated_may_be_too_large() {
    let world = World::new().await;
    world.limit("attachments", "anna", 30).await;
    let mut wire = world.imap("anna").await;
    let text = "0123456789abcdef\r\n".repeat(64 * 1024);
    let message = format!("Subject: x\r\n\r\n{text}");
    let append = format!("APPEND Drafts {{{}+}}\r\n{message}", message.len());
    assert!(last(&mut wire, "a", &append).await.starts_with("a OK "));
    let url = "URL \"/Drafts/;UID=1\"";
    let twice = format!("APPEND Archive CATENATE ({url} {url})");
    assert!(last(&mut wire, "b", &twice).await.starts_with("b OK "));
    let often = format!("APPEND Archive CATENATE ({url} {url} {url} {url})");
    let refused = last(&mut wire, "c", &often).await;
    assert!(refused.starts_with("c NO [TOOBIG] "), "{refused}");
    let status = wire.imap("d", "STATUS Archive (MESSAGES UIDNEXT)").await;
    assert_eq!(status[0], "* STATUS \"Archive\" (MESSAGES 1 UIDNEXT 2)");
}

//! What comes before what among the responses to one command: the transcripts leave that free.

use crate::harness::World;

/// Where the response stands that begins so and names this.
fn place(answer: &[String], begin: &str, what: &str) -> usize {
    let fits = |line: &String| line.starts_with(begin) && line.contains(what);
    answer.iter().position(fits).unwrap_or_else(|| panic!("no {begin} with {what}: {answer:#?}"))
}

/// RFC 5819 §2, RFC 8440 §3, RFC 9590.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_response_comes_before_what_belongs_to_it() {
    let world = World::new().await;
    let mut wire = world.imap("anna").await;
    let returns = "(METADATA (/private/comment) MYRIGHTS STATUS (MESSAGES RECENT))";
    let answer = wire.imap("a", &format!("LIST \"\" (Drafts INBOX) RETURN {returns}")).await;
    for name in ["\"INBOX\"", "\"Drafts\""] {
        let list = place(&answer, "* LIST ", name);
        for belongs in ["* STATUS ", "* MYRIGHTS ", "* METADATA "] {
            assert!(list < place(&answer, belongs, name), "{answer:#?}");
        }
    }
}

/// RFC 6851 §4.3, RFC 8508 §4.3: what a message became is said before it goes.
#[tokio::test(flavor = "multi_thread")]
async fn the_new_uid_comes_before_the_expunge() {
    for (enable, gone) in [("CONDSTORE", " EXPUNGE"), ("QRESYNC", "VANISHED ")] {
        let world = World::new().await;
        world.seed("anna", "INBOX", 3).await;
        let mut wire = world.imap("anna").await;
        wire.imap("e", &format!("ENABLE {enable}")).await;
        wire.imap("s", "SELECT INBOX").await;
        let answer = wire.imap("a", "MOVE 1 Archive").await;
        assert!(place(&answer, "* OK [COPYUID ", "") < place(&answer, "* ", gone), "{answer:#?}");
        let answer = wire.imap("b", "REPLACE 1 INBOX {3+}\r\na:b").await;
        assert!(place(&answer, "* OK [APPENDUID ", "") < place(&answer, "* ", gone), "{answer:#?}");
    }
}

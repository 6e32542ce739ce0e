//! SEARCH over what no transcript can write down: bodies of many chunks, and many messages.

use crate::client::Client;
use crate::harness::World;

/// Bytes of plaintext in a stored chunk.
const CHUNK: usize = 128 * 1024;

async fn append(wire: &mut Client, message: &[u8]) {
    wire.send(format!("x APPEND INBOX {{{}+}}\r\n", message.len()).as_bytes()).await;
    wire.send(message).await;
    wire.send(b"\r\n").await;
    assert!(wire.imap_until("x").await.last().unwrap().starts_with("x OK"));
}

async fn search(wire: &mut Client, keys: &str) -> Vec<u32> {
    let answer = wire.imap("y", &format!("SEARCH CHARSET UTF-8 {keys}")).await;
    assert!(answer.last().unwrap().starts_with("y OK"), "{answer:?}");
    let found = answer.iter().find_map(|line| line.strip_prefix("* SEARCH")).unwrap();
    found.split_whitespace().map(|n| n.parse().unwrap()).collect()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

/// A word that lies across the border of two chunks, byte by byte further, plain and in base64.
#[test]
fn words_across_chunks_are_found() {
    use base64::Engine as _;
    run(async {
        let world = World::new().await;
        let mut wire = world.imap("anna").await;
        let head = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
        for shift in 0..8 {
            let mut message = head.as_bytes().to_vec();
            while message.len() < 2 * CHUNK - shift {
                let left = 2 * CHUNK - shift - message.len();
                message.extend(std::iter::repeat_n(b'.', left.min(70)));
                if left > 72 {
                    message.extend_from_slice(b"\r\n");
                }
            }
            message.extend_from_slice("Zähneß\r\n".as_bytes());
            message.extend(std::iter::repeat_n(b'.', 900));
            message.extend_from_slice(b"\r\n");
            append(&mut wire, &message).await;
        }
        let mut encoded =
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
        let text = format!("{} Zähneß {}", "ä".repeat(150_000), "ö".repeat(150_000));
        for line in base64::engine::general_purpose::STANDARD.encode(text).as_bytes().chunks(76) {
            encoded.extend_from_slice(line);
            encoded.extend_from_slice(b"\r\n");
        }
        append(&mut wire, &encoded).await;
        wire.imap("s", "SELECT INBOX").await;
        assert_eq!(search(&mut wire, "BODY \"ZÄHNEß\"").await, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(search(&mut wire, "TEXT \"ä zähneß ö\"").await, [9]);
        assert_eq!(search(&mut wire, "NOT BODY \"zähne\" SMALLER 100").await, [0u32; 0]);
        assert_eq!(search(&mut wire, "BODY \"zähnes\"").await, [0u32; 0]);
    });
}

/// More messages than one batch of facts holds, and bodies than one batch of bodies.
#[test]
fn all_batches_are_searched() {
    run(async {
        let world = World::new().await;
        let mut wire = world.imap("anna").await;
        for n in 1..=450 {
            let filler = "filler text\r\n".repeat(700);
            let text = format!("Subject: number {n}\r\n\r\n{filler}body {} end\r\n", n % 10);
            append(&mut wire, text.as_bytes()).await;
        }
        wire.imap("s", "SELECT INBOX").await;
        let every_tenth: Vec<u32> = (1..=450).filter(|n| n % 10 == 3).collect();
        assert_eq!(search(&mut wire, "BODY \"body 3 end\"").await, every_tenth);
        assert_eq!(search(&mut wire, "SUBJECT \"number 45\"").await, [45, 450]);
        assert_eq!(
            search(&mut wire, "OR SUBJECT \"number 449\" BODY \"body 0 end\" 400:*").await,
            [400, 410, 420, 430, 440, 449, 450]
        );
    });
}

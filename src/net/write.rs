//! Writing to a peer that may have stopped reading, and parting from it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// Writes all of `bytes` and flushes. `limit` is for each piece of progress, not for the whole: a slow
/// client gets its 100 MB, one that stopped reading loses its connection.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when nothing moved for `limit`; else what the stream says.
pub async fn write_all<W: AsyncWrite + Unpin>(
    to: &mut W,
    mut bytes: &[u8],
    limit: Duration,
) -> io::Result<()> {
    while !bytes.is_empty() {
        let n = timeout(limit, to.write(bytes)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if n == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[n..];
    }
    timeout(limit, to.flush()).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// Ends a connection so that the peer can still read what was last written: TLS `close_notify` and FIN,
/// then what the peer goes on sending is read and dropped (no more than `discard` bytes, no longer
/// than `limit`). Closing with unread bytes would reset the connection and lose our last reply.
pub async fn close<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, discard: usize, limit: Duration) {
    let until = Instant::now() + limit;
    // What goes wrong while parting concerns nobody.
    let Ok(Ok(())) = timeout_at(until, stream.shutdown()).await else { return };
    let mut left = discard;
    let mut space = vec![0; 16 * 1024];
    while left > 0 {
        match timeout_at(until, stream.read(&mut space)).await {
            Ok(Ok(n)) if n > 0 => left = left.saturating_sub(n),
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_stops_is_given_up() {
        let (mut ours, mut theirs) = tokio::io::duplex(8);
        let mut some = [0; 8];
        let limit = Duration::from_millis(20);
        let (written, read) =
            tokio::join!(write_all(&mut ours, &[7; 24], limit), theirs.read_exact(&mut some));
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(read.unwrap(), 8);
    }

    #[tokio::test]
    async fn parting_waits_for_the_peer_but_not_for_ever() {
        let (mut ours, theirs) = tokio::io::duplex(8);
        let (start, limit) = (Instant::now(), Duration::from_millis(20));
        close(&mut ours, 1024, limit).await;
        assert!(start.elapsed() >= limit);
        drop(theirs);
    }

    #[tokio::test]
    async fn parting_drops_no_more_than_it_was_told() {
        let (mut ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(&[0; 64]).await.unwrap();
        close(&mut ours, 64, Duration::from_hours(1)).await;
    }
}

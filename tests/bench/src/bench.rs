//! What every row gets: the two servers, how much to do, and where figures go.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::postern::lock;
use crate::server::{Cost, Server, Side};

/// One figure as it was measured.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The row's name.
    pub row: &'static str,
    /// What was measured, with its unit at the end: `cpu_ms`, `per_s`.
    pub metric: &'static str,
    /// Whose.
    pub side: Side,
    /// What it depends on (messages, connections, bytes), where the row asks for that.
    pub x: Option<f64>,
    /// The figure.
    pub value: f64,
}

/// How much is done.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Rounds of each row, the two sides alternating.
    pub rounds: usize,
    /// Messages in the three mailboxes: small, middle, big.
    pub boxes: [u64; 3],
    /// Messages of one round of submissions, ours and the peer's (each about a second of work).
    pub submissions: [usize; 2],
    /// Sign-ins of one round.
    pub sign_ins: usize,
    /// Idle connections that are compared.
    pub idle: usize,
    /// Idle connections that ours must hold.
    pub many_idle: usize,
    /// Repeats of a thing that is quick.
    pub repeats: usize,
    /// APPENDs of one round.
    pub appends: usize,
    /// Submissions at once, for the picture.
    pub at_once: Vec<usize>,
    /// Bytes of a message, for the picture.
    pub sizes: Vec<usize>,
    /// Bytes of the large attachment.
    pub large: usize,
    /// Seconds of overload.
    pub overload_seconds: u64,
    /// Clients of the overload.
    pub overload_clients: usize,
    /// Seconds of the mixed soak.
    pub soak_seconds: u64,
    /// People of the soak.
    pub soak_people: usize,
}

impl Scale {
    /// What `make bench` does.
    pub fn standard() -> Self {
        Self {
            rounds: 3,
            boxes: [1_000, 10_000, 100_000],
            submissions: [3000, 600],
            sign_ins: 400,
            idle: 1000,
            many_idle: 10_000,
            repeats: 40,
            appends: 2000,
            at_once: vec![1, 8, 32, 128],
            sizes: vec![4 << 10, 64 << 10, 1 << 20, 10 << 20, 100 << 20],
            large: 100 << 20,
            overload_seconds: 60,
            overload_clients: 640,
            soak_seconds: 120,
            soak_people: 200,
        }
    }

    /// Everything once and small: whether it works.
    pub fn smoke() -> Self {
        Self {
            rounds: 1,
            boxes: [20, 60, 150],
            submissions: [24, 12],
            sign_ins: 16,
            idle: 20,
            many_idle: 40,
            repeats: 3,
            appends: 16,
            at_once: vec![1, 4],
            sizes: vec![4 << 10, 128 << 10],
            large: 1 << 20,
            overload_seconds: 3,
            overload_clients: 40,
            soak_seconds: 4,
            soak_people: 10,
        }
    }
}

/// Small, middle and big mailbox: the INBOXes of these users.
pub const OWNERS: [usize; 3] = [2, 1, 0];
/// Users from here on send, or append.
pub const SENDERS: usize = 10;
/// Users from here on receive.
pub const RECIPIENTS: usize = 140;
/// How many different ones receive.
pub const RECIPIENT_COUNT: usize = 32;

/// A run.
pub struct Bench {
    /// Ours first.
    pub servers: [Server; 2],
    /// How much.
    pub scale: Scale,
    /// Of all messages.
    pub seed: u64,
    samples: Mutex<Vec<Sample>>,
    next_id: AtomicU64,
    run: u64,
}

impl Bench {
    /// Nothing measured yet. `run` makes Message-IDs differ from those of another run on the same servers.
    pub fn new(servers: [Server; 2], scale: Scale, seed: u64, run: u64) -> Self {
        Self { servers, scale, seed, samples: Mutex::default(), next_id: AtomicU64::new(0), run }
    }

    /// Notes a figure, and says it.
    pub fn note(&self, server: &Server, row: &'static str, metric: &'static str, value: f64) {
        self.note_of(server, row, metric, None, value);
    }

    /// Notes a figure that depends on `x`.
    pub fn note_at(&self, server: &Server, row: &'static str, metric: &'static str, x: f64, value: f64) {
        self.note_of(server, row, metric, Some(x), value);
    }

    fn note_of(&self, server: &Server, row: &'static str, metric: &'static str, x: Option<f64>, value: f64) {
        let at = x.map(|x| format!(" at {x}")).unwrap_or_default();
        eprintln!("  {row:<15} {:<8} {metric:<18} {value:>12.3}{at}", server.side.name());
        lock(&self.samples).push(Sample { row, metric, side: server.side, x, value });
    }

    /// Notes what `count` of something cost: each one's CPU and their rate.
    pub fn note_cost(&self, server: &Server, row: &'static str, cost: Cost, count: usize) {
        self.note(server, row, "per_s", count as f64 / cost.wall);
        self.note(server, row, "cpu_ms", cost.cpu * 1000.0 / count as f64);
    }

    /// All figures so far.
    pub fn samples(&self) -> Vec<Sample> {
        lock(&self.samples).clone()
    }

    /// Ours and the peer's in turn, as often as the scale says; who begins alternates too.
    pub async fn alternate(
        &self,
        act: impl AsyncFn(&Server, usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for round in 0..self.scale.rounds {
            for turn in 0..2 {
                act(&self.servers[(turn + round) % 2], round).await?;
            }
        }
        Ok(())
    }

    /// A Message-ID that no other message has.
    pub fn id(&self) -> String {
        format!("{}.{:x}@bench.example", self.next_id.fetch_add(1, Ordering::Relaxed), self.run)
    }
}

/// The middle one of the values, or the mean of the middle two.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match (values.get(half), half.checked_sub(1).and_then(|below| values.get(below))) {
        (Some(middle), Some(below)) if values.len().is_multiple_of(2) => f64::midpoint(*middle, *below),
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

/// The value below which `part` of them lie.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1) as f64 * part).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]).total_cmp(&2.0), std::cmp::Ordering::Equal);
        assert_eq!(median(&mut [4.0, 1.0]).total_cmp(&2.5), std::cmp::Ordering::Equal);
        assert!(median(&mut []).is_nan());
        assert_eq!(quantile(&mut [1.0, 2.0, 3.0, 4.0, 5.0], 1.0).total_cmp(&5.0), std::cmp::Ordering::Equal);
    }
}

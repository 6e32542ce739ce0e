//! R4, issue 3: whether the time of an answer tells who has an account.

use std::time::{Duration, Instant};

use super::*;

const TRIES: usize = 200;

/// Milliseconds at the given share of the sorted tries.
fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

fn row(name: &str, tries: &mut [f64]) -> f64 {
    tries.sort_by(f64::total_cmp);
    println!(
        "{name:<22} n={} min={:.1} p10={:.1} p50={:.1} p90={:.1} max={:.1} ms",
        tries.len(),
        tries[0],
        at(tries, 0.1),
        at(tries, 0.5),
        at(tries, 0.9),
        tries[tries.len() - 1]
    );
    at(tries, 0.5)
}

/// Unknown, wrong and locked, turn about, with and without the floor. Without it the same work is left to be
/// measured; with it nothing is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_unknown_wrong_and_locked_take_the_same_time() {
    let g = Ground::new().await;
    assert!(g.store.lock(g.carla.id).await.unwrap());
    for floor in [Duration::ZERO, Duration::from_millis(150)] {
        let people = People::new(
            g.store.clone(),
            g.clock.clone(),
            PortalPasswords::default(),
            Settings { refusal_floor: floor, ..settings() },
        );
        let mut times = [const { Vec::new() }; 3];
        let tries = if floor.is_zero() { TRIES } else { TRIES / 8 };
        for n in 0..tries {
            // One mistake however often: Anna is not locked by it.
            for (kind, login) in
                [format!("nobody{n}@praxis.example"), g.anna.email.to_string(), g.carla.email.to_string()]
                    .iter()
                    .enumerate()
            {
                let begin = Instant::now();
                let outcome = people.sign_in(login, secret("wrong"), &visitor()).await;
                times[kind].push(begin.elapsed().as_secs_f64() * 1000.0);
                // The gateway's own limit of tries for one address aside.
                assert!(matches!(outcome, Err(PeopleError::Denied(Denied::SignIn | Denied::TooOften))));
            }
        }
        println!("floor {floor:?}");
        let [unknown, wrong, locked] = &mut times;
        let medians = [row("unknown", unknown), row("wrong", wrong), row("locked", locked)];
        let (low, high) =
            (medians.iter().copied().fold(f64::MAX, f64::min), medians.iter().copied().fold(0.0, f64::max));
        // A hash that is missing in one of them would be a factor; a busy machine is not.
        assert!(high < low * 1.5 + 5.0, "{medians:?}");
        assert!(times.iter().flatten().all(|t| *t >= floor.as_secs_f64() * 1000.0));
    }
}

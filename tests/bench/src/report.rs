//! The page, the pictures and the raw figures.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::bench::{Sample, Scale, median};
use crate::picture::{Line, Picture};
use crate::server::Side;
use crate::targets::{Judge, TARGETS, Target};

/// Between these marks the page is the program's; around them it is people's.
const BEGIN: &str = "<!-- figures: begin -->\n";
const END: &str = "<!-- figures: end -->\n";

/// The middle figure of a side, at the n-th smallest x if the target says so.
fn middle(samples: &[Sample], target: &Target, metric: &str, side: Side, x: Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = samples
        .iter()
        .filter(|s| s.row == target.row && s.metric == metric && s.side == side && (x.is_none() || s.x == x))
        .map(|s| s.value)
        .collect();
    if values.is_empty() { None } else { Some(median(&mut values)) }
}

fn xs(samples: &[Sample], row: &str) -> Vec<f64> {
    let mut xs: Vec<f64> = samples.iter().filter(|s| s.row == row).filter_map(|s| s.x).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    xs
}

/// How one target came out.
struct Outcome {
    ours: f64,
    theirs: Option<f64>,
    /// What the judge compares, with its sign.
    seen: String,
    met: Option<bool>,
}

fn outcome(samples: &[Sample], target: &Target) -> Option<Outcome> {
    let xs = xs(samples, target.row);
    let x = target.x.and_then(|n| xs.get(n).copied());
    if let Judge::Flat(limit) = target.judge {
        let (first, last) = (*xs.first()?, *xs.last()?);
        let of = |side, x| middle(samples, target, target.metric, side, Some(x));
        let (small, ours) = (of(Side::Postern, first)?, of(Side::Postern, last)?);
        let seen = format!("{:.2} × ({} → {})", ours / small, figure(small), figure(ours));
        return Some(Outcome { ours, theirs: of(Side::Peer, last), seen, met: Some(ours <= limit * small) });
    }
    let ours = middle(samples, target, target.metric, Side::Postern, x)?;
    let theirs = middle(samples, target, target.metric, Side::Peer, x);
    let ratio = theirs.map(|t| ours / t);
    let times = ratio.map_or_else(String::new, |r| {
        if r >= 1.0 { format!("{} ×", figure(r)) } else { format!("1/{} ×", figure(1.0 / r)) }
    });
    let (met, seen) = match target.judge {
        Judge::AtLeastTimes(n) => (ratio.map(|r| r >= n), times),
        Judge::AtMostTimes(n) => (ratio.map(|r| r <= n), times),
        Judge::AtMost(n) => (Some(ours <= n), times),
        Judge::AtLeast(n) => (Some(ours >= n), times),
        Judge::AtMostTimesOwn(n, other) => {
            let own = middle(samples, target, other, Side::Postern, x);
            let words = own.map_or_else(String::new, |o| format!("{} × {}", figure(ours / o), figure(o)));
            (own.map(|o| ours <= n * o), words)
        }
        Judge::Flat(_) => (None, times),
    };
    Some(Outcome { ours, theirs, seen, met })
}

/// Three digits that matter.
fn figure(n: f64) -> String {
    match n.abs() {
        a if a >= 100.0 => format!("{n:.0}"),
        a if a >= 10.0 => format!("{n:.1}"),
        a if a >= 1.0 => format!("{n:.2}"),
        _ => format!("{n:.3}"),
    }
}

/// The table of the rows that were measured.
pub fn table(samples: &[Sample]) -> String {
    let mut out = String::from(
        "| what | postern | Dovecot + Postfix | ratio | target | met |\n|---|---|---|---|---|---|\n",
    );
    for target in TARGETS {
        let Some(found) = outcome(samples, target) else { continue };
        let theirs = found.theirs.map_or_else(String::new, |t| format!("{} {}", figure(t), target.unit));
        let met = found.met.map_or("", |m| if m { "yes" } else { "**no**" });
        _ = writeln!(
            out,
            "| {} | {} {} | {theirs} | {} | {} | {met} |",
            target.what,
            figure(found.ours),
            target.unit,
            found.seen,
            target.judge.words(),
        );
    }
    for (row, words) in [("overload", "Overload, ours alone"), ("soak", "Mixed soak, ours alone")] {
        let mut shown: Vec<&Sample> = samples.iter().filter(|s| s.row == row && s.x.is_none()).collect();
        if shown.is_empty() {
            continue;
        }
        shown.dedup_by_key(|s| s.metric);
        _ = writeln!(out, "\n{words}: ");
        for sample in shown {
            _ = writeln!(out, "* {}: {}", sample.metric, figure(sample.value));
        }
    }
    out
}

/// Name of the file, title, x, y, the rows and their metric.
type Drawing =
    (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const DRAWINGS: &[Drawing] = &[
    (
        "growth-cpu",
        "CPU by messages in the mailbox",
        "messages",
        "ms each",
        &[
            ("growth_submit", "cpu_ms"),
            ("growth_append", "cpu_ms"),
            ("growth_fetch", "cpu_ms"),
            ("growth_store", "cpu_ms"),
        ],
    ),
    (
        "growth-time",
        "Time by messages in the mailbox",
        "messages",
        "ms each",
        &[("growth_fetch", "ms"), ("growth_store", "ms"), ("growth_push", "ms")],
    ),
    (
        "search",
        "Search by messages in the mailbox",
        "messages",
        "s",
        &[("search_text", "s"), ("search_subject", "s"), ("search_from", "s"), ("search_since", "s")],
    ),
    ("concurrency", "Submissions by connections", "connections", "messages/s", &[("concurrency", "per_s")]),
    (
        "concurrency-cpu",
        "CPU of a submission by connections",
        "connections",
        "ms",
        &[("concurrency", "cpu_ms")],
    ),
    ("sizes", "A submission by its size", "bytes", "ms", &[("sizes", "ms")]),
    ("sizes-cpu", "CPU of a submission by its size", "bytes", "ms", &[("sizes", "cpu_ms")]),
    (
        "overload",
        "Overload, second by second",
        "seconds",
        "a second",
        &[("overload", "accepted_per_s"), ("overload", "refused_per_s"), ("overload", "gateway_mib")],
    ),
    ("soak-memory", "Memory of the gateway during the soak", "seconds", "MiB", &[("soak", "gateway_mib")]),
];

fn pictures(samples: &[Sample]) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    for (file, title, x_words, y_words, rows) in DRAWINGS {
        let mut lines = Vec::new();
        for (row, metric) in *rows {
            for side in [Side::Postern, Side::Peer] {
                let of: Vec<Sample> = samples.iter().filter(|s| s.metric == *metric).cloned().collect();
                let target = Target { row, metric, what: "", unit: "", x: None, judge: Judge::Flat(1.0) };
                let points: Vec<(f64, f64)> = xs(&of, row)
                    .into_iter()
                    .filter_map(|x| Some((x, middle(&of, &target, metric, side, Some(x))?)))
                    .collect();
                if !points.is_empty() {
                    let name = if rows.len() > 1 {
                        let shown = row.trim_start_matches("growth_").trim_start_matches("search_");
                        let shown = if *row == "overload" { metric } else { shown };
                        format!("{} {shown}", side.name())
                    } else {
                        side.name().to_owned()
                    };
                    lines.push(Line { name, peer: side == Side::Peer, points });
                }
            }
        }
        if !lines.is_empty() {
            let straight = *x_words == "seconds";
            let picture = Picture { title, x_words, y_words, straight, lines };
            out.push((*file, picture.svg()));
        }
    }
    out
}

/// Writes `performance.md` (what stands around the marks stays), the pictures, and the raw figures, which keep
/// rows of earlier runs that this one did not measure.
pub fn write(docs: &Path, samples: &[Sample], scale: &Scale) -> anyhow::Result<()> {
    let folder = docs.join("performance");
    std::fs::create_dir_all(&folder)?;
    let raw = folder.join("raw.json");
    let mut all = samples.to_vec();
    if let Ok(before) = std::fs::read(&raw) {
        let measured: Vec<&str> = samples.iter().map(|s| s.row).collect();
        all.extend(read(&before)?.into_iter().filter(|s| !measured.contains(&s.row)));
    }
    let values: Vec<Value> = all
        .iter()
        .map(|s| json!({"row": s.row, "metric": s.metric, "side": s.side.name(), "x": s.x, "value": s.value}))
        .collect();
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    std::fs::write(&raw, format!("[\n{}\n]\n", lines.join(",\n")))?;
    let mut text = table(&all);
    _ = writeln!(
        text,
        "\nMailboxes of {:?} messages; medians of {} rounds. Raw figures: `performance/raw.json`.\n",
        scale.boxes, scale.rounds
    );
    for (file, svg) in pictures(&all) {
        std::fs::write(folder.join(format!("{file}.svg")), svg)?;
        _ = writeln!(text, "![{file}](performance/{file}.svg)");
    }
    let page = docs.join("performance.md");
    let before = std::fs::read_to_string(&page).unwrap_or_else(|_| format!("# Performance\n\n{BEGIN}{END}"));
    let begin = before.find(BEGIN).context("performance.md has lost its marks")? + BEGIN.len();
    let end = before.find(END).context("performance.md has lost its marks")?;
    std::fs::write(&page, format!("{}{text}{}", &before[..begin], &before[end..]))?;
    Ok(())
}

fn read(bytes: &[u8]) -> anyhow::Result<Vec<Sample>> {
    let values: Vec<Value> = serde_json::from_slice(bytes).context("raw.json")?;
    let mut out = Vec::new();
    for value in values {
        let text = |name: &str| value[name].as_str().context("raw.json");
        out.push(Sample {
            // A few dozen names for the life of the process.
            row: Box::leak(text("row")?.to_owned().into_boxed_str()),
            metric: Box::leak(text("metric")?.to_owned().into_boxed_str()),
            side: if text("side")? == "postern" { Side::Postern } else { Side::Peer },
            x: value["x"].as_f64(),
            value: value["value"].as_f64().context("raw.json")?,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(side: Side, x: Option<f64>, value: f64, row: &'static str, metric: &'static str) -> Sample {
        Sample { row, metric, side, x, value }
    }

    #[test]
    fn a_target_is_met_or_missed_by_medians() {
        let of = |ours: [f64; 3], theirs: f64| {
            let mut samples: Vec<Sample> =
                ours.iter().map(|v| sample(Side::Postern, None, *v, "append", "cpu_ms")).collect();
            samples.push(sample(Side::Peer, None, theirs, "append", "cpu_ms"));
            table(&samples)
        };
        assert!(of([0.4, 9.0, 0.1], 1.0).contains("| ≤ 1/2 × | yes |"), "{}", of([0.4, 9.0, 0.1], 1.0));
        assert!(of([0.6, 0.6, 0.6], 1.0).contains("| **no** |"));
    }

    #[test]
    fn growth_compares_the_ends() {
        let samples: Vec<Sample> = [(1e3, 1.0), (1e4, 5.0), (1e5, 1.1)]
            .iter()
            .map(|(x, v)| sample(Side::Postern, Some(*x), *v, "growth_append", "cpu_ms"))
            .collect();
        assert!(table(&samples).contains("1.10 ×"), "{}", table(&samples));
    }
}

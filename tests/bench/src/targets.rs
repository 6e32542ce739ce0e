//! What the gateway is to reach, row by row.

/// When a row is met; `ours` and `theirs` are medians.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// ours ≥ so many times theirs.
    AtLeastTimes(f64),
    /// ours ≤ so many times theirs.
    AtMostTimes(f64),
    /// ours ≤ this.
    AtMost(f64),
    /// ours ≥ this.
    AtLeast(f64),
    /// ours ≤ so many times another metric of ours in the same row.
    AtMostTimesOwn(f64, &'static str),
    /// ours at the largest x ≤ so many times ours at the smallest.
    Flat(f64),
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Of which row.
    pub row: &'static str,
    /// Which figure.
    pub metric: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    /// Of the figure.
    pub unit: &'static str,
    /// Judged at the n-th smallest x, where figures depend on one.
    pub x: Option<usize>,
    /// All must hold.
    pub judge: Judge,
}

const fn target(
    row: &'static str,
    metric: &'static str,
    what: &'static str,
    unit: &'static str,
    judge: Judge,
) -> Target {
    Target { row, metric, what, unit, x: None, judge }
}

const fn at(x: usize, mut target: Target) -> Target {
    target.x = Some(x);
    target
}

/// All lines, in the order of the table.
pub const TARGETS: &[Target] = {
    use Judge::{AtLeast, AtLeastTimes, AtMost, AtMostTimes, AtMostTimesOwn, Flat};
    &[
        target(
            "submit",
            "per_s",
            "durable submission, 4 KiB, 8 connections, until visible",
            "/s",
            AtLeastTimes(8.0),
        ),
        target(
            "submit",
            "cpu_ms",
            "the same: server CPU each, database included",
            "ms",
            AtMostTimes(1.0 / 8.0),
        ),
        target(
            "submit",
            "settled_cpu_ms",
            "the same, work put off (search index, audit) included",
            "ms",
            AtMostTimes(1.0 / 8.0),
        ),
        target(
            "submit_connect",
            "per_s",
            "submission with connection and sign-in each",
            "/s",
            AtLeastTimes(5.0),
        ),
        target("submit_connect", "cpu_ms", "the same: server CPU each", "ms", AtMostTimes(1.0 / 6.0)),
        target(
            "sign_in",
            "cpu_ms",
            "IMAP sign-in (connect, full TLS handshake, AUTH, LOGOUT): server CPU",
            "ms",
            AtMostTimes(1.0 / 6.0),
        ),
        target(
            "sign_in_resumed",
            "cpu_ms",
            "the same by a client that resumes TLS",
            "ms",
            AtMostTimes(1.0 / 6.0),
        ),
        target(
            "idle",
            "kib_each",
            "memory of an idle IMAP connection over TLS, 1,000 of them, 200 users",
            "KiB",
            AtMostTimes(1.0 / 15.0),
        ),
        target("idle10k", "held", "idle connections held", "", AtLeast(10_000.0)),
        target("idle10k", "kib_each", "memory of each of those", "KiB", AtMost(35.0)),
        target("push", "p50_ms", "push: from 250 to EXISTS in IDLE, p50", "ms", AtMost(10.0)),
        target(
            "select",
            "warm_p50_ms",
            "SELECT of the big mailbox, known to the process, p50",
            "ms",
            AtMostTimes(1.0),
        ),
        target("select", "cold_ms", "the same by a process just started", "ms", AtMost(30.0)),
        target("flags", "s", "UID FETCH 1:* (FLAGS) of the big mailbox", "s", AtMostTimes(0.5)),
        target("flags", "cpu_s", "the same: server CPU", "s", AtMostTimes(0.5)),
        target(
            "headers_cold",
            "cpu_s",
            "first sync of headers as Thunderbird asks, in no cache: server CPU",
            "s",
            AtMostTimes(0.5),
        ),
        target("headers_warm", "s", "the same again", "s", AtMostTimes(1.0)),
        target("headers_warm", "cpu_s", "the same again: server CPU", "s", AtMostTimes(1.0)),
        target(
            "apple_cold",
            "cpu_s",
            "first sync of headers as Apple Mail asks, in no cache: server CPU",
            "s",
            AtMostTimes(0.5),
        ),
        target("apple_warm", "s", "the same again", "s", AtMostTimes(1.0)),
        target("apple_warm", "cpu_s", "the same again: server CPU", "s", AtMostTimes(1.0)),
        target(
            "whole",
            "cpu_s",
            "FETCH of the middle mailbox's messages, whole: server CPU",
            "s",
            AtMostTimes(0.5),
        ),
        target("append", "cpu_ms", "APPEND 4 KiB, 8 connections: server CPU each", "ms", AtMostTimes(0.5)),
        target("append", "per_s", "the same: rate", "/s", AtLeastTimes(1.0)),
        target("store", "all_ms", "STORE +FLAGS on 1:* of the middle mailbox", "ms", AtMost(50.0)),
        target(
            "store",
            "one_p50_ms",
            "one flag, p50 (against one commit of one row)",
            "ms",
            AtMostTimesOwn(2.0, "commit_p50_ms"),
        ),
        at(0, target("search_text", "s", "SEARCH TEXT word, middle mailbox", "s", AtMostTimes(1.0 / 20.0))),
        at(1, target("search_text", "s", "SEARCH TEXT word, big mailbox", "s", AtMostTimes(1.0 / 20.0))),
        at(1, target("search_subject", "s", "SEARCH SUBJECT, big mailbox", "s", AtMostTimes(1.0))),
        at(1, target("search_from", "s", "SEARCH FROM, big mailbox", "s", AtMostTimes(1.0))),
        at(1, target("search_since", "s", "SEARCH SINCE, big mailbox", "s", AtMostTimes(1.0))),
        target("large", "up_s", "100 MiB attachment: from MAIL until visible", "s", AtMostTimes(1.0 / 1.5)),
        target("large", "down_mb_s", "the same, down", "MB/s", AtLeastTimes(1.0)),
        target("large", "gateway_more_mib", "the same: memory of the gateway over idle", "MiB", AtMost(8.0)),
        target(
            "growth_submit",
            "cpu_ms",
            "growth, submission: CPU each, smallest to big mailbox",
            "ms",
            Flat(1.2),
        ),
        target("growth_append", "cpu_ms", "growth, APPEND", "ms", Flat(1.2)),
        target("growth_fetch", "cpu_ms", "growth, FETCH of 100 headers", "ms", Flat(1.2)),
        target("growth_store", "cpu_ms", "growth, STORE on 100", "ms", Flat(1.2)),
        target("growth_push", "ms", "growth, push", "ms", Flat(1.2)),
    ]
};

impl Judge {
    /// As the table says it.
    pub fn words(self) -> String {
        let part = |n: f64| if n < 1.0 { format!("1/{}", round(1.0 / n)) } else { round(n) };
        match self {
            Self::AtLeastTimes(n) => format!("≥ {} ×", part(n)),
            Self::AtMostTimes(n) => format!("≤ {} ×", part(n)),
            Self::AtMost(n) => format!("≤ {}", round(n)),
            Self::AtLeast(n) => format!("≥ {}", round(n)),
            Self::AtMostTimesOwn(n, what) => format!("≤ {} × {what}", round(n)),
            Self::Flat(n) => format!("flat within {} %", round((n - 1.0) * 100.0)),
        }
    }
}

fn round(n: f64) -> String {
    format!("{}", (n * 10.0).round() / 10.0)
}

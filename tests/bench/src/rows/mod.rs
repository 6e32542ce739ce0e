//! The rows of the table, by what they do; each alternates between the two servers and verifies what it reads.

mod connections;
mod growth;
mod large;
mod overload;
mod read;
mod search;
mod soak;
mod submit;
mod write;

use crate::bench::Bench;
use crate::fill;

/// All rows in the order they run: what needs fresh processes first, what makes the machine hot last.
pub const ALL: [&str; 17] = [
    "idle",
    "idle10k",
    "sign_in",
    "submit",
    "submit_connect",
    "push",
    "append",
    "select",
    "flags",
    "headers",
    "whole",
    "store",
    "search",
    "growth",
    "concurrency",
    "sizes",
    "large",
];
/// Run when named only.
pub const NAMED: [&str; 2] = ["overload", "soak"];

/// Rows that read the filled mailboxes.
const FILLED: [&str; 7] = ["select", "flags", "headers", "whole", "store", "search", "growth"];

/// Runs one row.
pub async fn run(bench: &Bench, row: &str) -> anyhow::Result<()> {
    if FILLED.contains(&row) {
        fill::ensure(bench).await?;
    }
    match row {
        "idle" => connections::idle(bench).await,
        "idle10k" => connections::many_idle(bench).await,
        "sign_in" => connections::sign_in(bench).await,
        "push" => connections::push(bench).await,
        "submit" => submit::submit(bench).await,
        "submit_connect" => submit::submit_connect(bench).await,
        "concurrency" => submit::concurrency(bench).await,
        "sizes" => submit::sizes(bench).await,
        "append" => write::append(bench).await,
        "store" => write::store(bench).await,
        "select" => read::select(bench).await,
        "flags" => read::flags(bench).await,
        "headers" => read::headers(bench).await,
        "whole" => read::whole(bench).await,
        "search" => search::search(bench).await,
        "growth" => growth::growth(bench).await,
        "large" => large::large(bench).await,
        "overload" => overload::overload(bench).await,
        "soak" => soak::soak(bench).await,
        other => anyhow::bail!("there is no row {other:?}; there are {ALL:?} and {NAMED:?}"),
    }
}

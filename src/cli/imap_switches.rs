//! `postern user set-imap`: IMAP capabilities that one account is not offered.

use serde::Serialize;

use super::Output;
use crate::imap;
use crate::store::{Account, Store};

/// What is switched off, as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    secure_address: &'a crate::types::Address,
    switched_off: &'a [String],
}

/// Switches and shows; without anything to switch it only shows.
///
/// # Errors
/// A sentence for Support.
pub async fn set(
    store: &Store,
    account: &Account,
    off: &[String],
    on: &[String],
    output: Output,
) -> anyhow::Result<()> {
    let (off, on) = (names(off)?, names(on)?);
    if let Some(both) = off.iter().find(|name| on.contains(name)) {
        anyhow::bail!("{both} cannot be switched off and on at once");
    }
    if !off.is_empty() || !on.is_empty() {
        store.switch_imap(account.id, &off, &on).await?;
    }
    let switched_off = store.imap_switched_off(account.id).await?;
    let text = if switched_off.is_empty() {
        format!("{} is offered every IMAP capability\n", account.secure_address)
    } else {
        format!(
            "{} is not offered, from the next sign-in on: {}\n",
            account.secure_address,
            switched_off.join(", ")
        )
    };
    output.print(&Shown { secure_address: &account.secure_address, switched_off: &switched_off }, text)
}

fn names(words: &[String]) -> anyhow::Result<Vec<String>> {
    let known = |word: &String| {
        imap::switchable(word)
            .ok_or_else(|| anyhow::anyhow!("{word:?} is not an IMAP capability that can be switched"))
    };
    words.iter().map(known).collect()
}

//! Secure addresses (R30): allotted from a person's name, never given to another; and finding the account
//! behind an address.
//!
//! Invariants: an address stays in its table for good, also when it is retired, so a number once used is
//! never used again; the retired no longer lead to an account.

use std::collections::HashMap;

use sqlx::PgConnection;
use unicode_normalization::UnicodeNormalization;

use super::accounts::{Account, AccountError, PersonRow};
use super::{Store, StoreError};
use crate::types::{AccountId, Address, AuditAction, AuditNote};

/// Longest name part of a secure address; leaves room for a number (RFC 5321 §4.5.3.1.1: 64).
const LOCAL_MAX: usize = 50;
/// For a name without one Latin letter.
const NAMELESS: &str = "user";
/// How many numbers beyond those wanted are looked at together.
const WINDOW: usize = 8;

impl Store {
    /// The account that one of its two addresses leads to, in one statement.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resolve(&self, address: &Address) -> Result<Option<Account>, StoreError> {
        sqlx::query_as!(
            PersonRow,
            "select * from account_person
              where account_id = (select account_id from address where address = $1 and retired_at is null)",
            address.as_str()
        )
        .fetch_optional(&self.0.pool)
        .await?
        .map(|row| self.person(row))
        .transpose()
    }

    /// R30: Support gives an account another secure address, one that nobody has ever had. The former stays
    /// taken and leads nowhere; sign-ins under it end, since their mail would come from it (R12).
    ///
    /// # Errors
    /// [`AccountError::AddressNotOurs`], [`AccountError::AddressTaken`]; else our fault. `false`: there is no
    /// such account in service or locked.
    pub async fn secure_address_change(&self, id: AccountId, new: &Address) -> Result<bool, AccountError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
        let local = new.as_str().rsplit_once('@').map_or("", |(local, _)| local);
        if new.domain() != self.domain() || !local.bytes().all(plain) {
            return Err(AccountError::AddressNotOurs(new.clone(), self.domain().to_owned()));
        }
        let mut tx = self.0.pool.begin().await?;
        let epoch = sqlx::query_scalar!(
            "update account set sign_in_epoch = sign_in_epoch + 1
              where id = $1 and state in ('active', 'locked') returning sign_in_epoch",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if epoch.is_none() {
            return Ok(false);
        }
        sqlx::query!(
            "update address set retired_at = to_timestamp($2)
              where account_id = $1 and kind = 'secure' and retired_at is null",
            id.0,
            super::seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        if insert(&mut tx, &[id.0], &[new.as_str().to_owned()], "secure").await?.contains(&true) {
            return Err(AccountError::AddressTaken(new.clone()));
        }
        let note = AuditNote::done(AuditAction::AccountChange).account(id).detail("fields=secure-address");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(self.sessions_end(id, epoch).await?)
    }
}

/// `anna.weber` from Anna Weber: Latin letters without accents, digits and hyphens.
///
/// German letters become what German writers type without them (ä is ae), other accents are dropped;
/// what has no Latin letter is left out.
pub(super) fn local_part(first: &str, last: &str) -> String {
    let words: Vec<String> = [first, last].into_iter().map(latin).filter(|w| !w.is_empty()).collect();
    let mut local = words.join(".");
    local.truncate(LOCAL_MAX);
    let local = local.trim_end_matches(['.', '-']);
    if local.is_empty() { NAMELESS.to_owned() } else { local.to_owned() }
}

fn latin(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.nfc().flat_map(char::to_lowercase) {
        let spelt = match c {
            'ä' | 'æ' => "ae",
            'ö' | 'ø' | 'œ' => "oe",
            'ü' => "ue",
            'å' => "aa",
            'ß' => "ss",
            'ł' => "l",
            'đ' | 'ð' => "d",
            'þ' => "th",
            'ı' => "i",
            c if c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–') => "-",
            _ => {
                out.extend(std::iter::once(c).nfd().filter(char::is_ascii_alphanumeric));
                continue;
            }
        };
        if spelt != "-" || !(out.is_empty() || out.ends_with('-')) {
            out.push_str(spelt);
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The address with the given number; the first bears none.
fn numbered(local: &str, n: usize, domain: &str) -> String {
    if n == 1 { format!("{local}@{domain}") } else { format!("{local}{n}@{domain}") }
}

/// Writes addresses of accounts, and says of each whether it was taken already.
pub(super) async fn insert(
    tx: &mut PgConnection,
    accounts: &[i64],
    addresses: &[String],
    kind: &str,
) -> Result<Vec<bool>, StoreError> {
    // In order, so that two who want the same ones wait for each other instead of forever.
    let written = sqlx::query!(
        "insert into address (address, account_id, kind)
         select u.address, u.account, $3 from unnest($1::text[], $2::bigint[]) u(address, account) order by 1
         on conflict do nothing
         returning address, account_id",
        addresses,
        accounts,
        kind
    )
    .fetch_all(tx)
    .await?;
    let written: HashMap<String, i64> = written.into_iter().map(|r| (r.address, r.account_id)).collect();
    Ok(addresses.iter().zip(accounts).map(|(a, id)| written.get(a) != Some(id)).collect())
}

/// Gives each account the first free address of its name.
pub(super) async fn allot(
    tx: &mut PgConnection,
    accounts: &[i64],
    locals: &[String],
    domain: &str,
) -> Result<Vec<Address>, AccountError> {
    let mut given: Vec<Option<String>> = vec![None; accounts.len()];
    let mut next: HashMap<&str, usize> = HashMap::new();
    let mut open: Vec<usize> = (0..accounts.len()).collect();
    while !open.is_empty() {
        let mut wanted: HashMap<&str, usize> = HashMap::new();
        for i in &open {
            *wanted.entry(locals[*i].as_str()).or_default() += 1;
        }
        let candidates: Vec<String> = wanted
            .iter()
            .flat_map(|(local, count)| {
                let from = next.get(local).copied().unwrap_or(1);
                (from..from + count + WINDOW).map(|n| numbered(local, n, domain))
            })
            .collect();
        let taken = sqlx::query_scalar!("select address from address where address = any($1)", &candidates)
            .fetch_all(&mut *tx)
            .await?;
        let taken: std::collections::HashSet<String> = taken.into_iter().collect();
        let mut tried: Vec<(usize, String)> = Vec::with_capacity(open.len());
        for i in open {
            let local = locals[i].as_str();
            let n = next.entry(local).or_insert(1);
            let mut address = numbered(local, *n, domain);
            *n += 1;
            while taken.contains(&address) {
                address = numbered(local, *n, domain);
                *n += 1;
            }
            tried.push((i, address));
        }
        let ids: Vec<i64> = tried.iter().map(|(i, _)| accounts[*i]).collect();
        let texts: Vec<String> = tried.iter().map(|(_, a)| a.clone()).collect();
        let lost = insert(tx, &ids, &texts, "secure").await?;
        open = Vec::new();
        for ((i, address), lost) in tried.into_iter().zip(lost) {
            if lost {
                open.push(i);
            } else {
                given[i] = Some(address);
            }
        }
    }
    given
        .into_iter()
        .map(|a| {
            a.and_then(|a| Address::parse(&a).ok()).ok_or(AccountError::Store(StoreError::Corrupt("address")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R30
    #[test]
    fn names_become_addresses() {
        for (first, last, local) in [
            ("Anna", "Weber", "anna.weber"),
            ("Jürgen", "Groß", "juergen.gross"),
            ("Ju\u{308}rgen", "Müller-Lüdenscheidt", "juergen.mueller-luedenscheidt"),
            ("José María", "Núñez", "jose-maria.nunez"),
            ("Søren", "Åkesson", "soeren.aakesson"),
            ("Łukasz", "Żółć", "lukasz.zolc"),
            ("Seán", "O'Brien", "sean.obrien"),
            ("load1", "", "load1"),
            ("李", "Chen", "chen"),
            ("李", "王", "user"),
            (" - ", "..", "user"),
        ] {
            assert_eq!(local_part(first, last), local, "{first} {last}");
        }
    }

    #[test]
    fn any_name_gives_a_valid_address() {
        proptest::proptest!(|(first in "\\PC{0,80}", last in "\\PC{0,80}")| {
            let local = local_part(&first, &last);
            let address = Address::parse(&numbered(&local, 1_000_000_000, "portal.example"));
            proptest::prop_assert!(address.is_ok_and(|a| a.is_ascii()), "{local}");
        });
    }
}

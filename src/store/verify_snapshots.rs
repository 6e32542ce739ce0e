//! A verification's look at snapshots: each opens, and with what changed since says the same as the rows.
//!
//! A snapshot and the rows that it is compared with are read in one transaction, and so at one moment of the database.

use super::live::MailboxState;
use super::mailbox_load::{By, Held, Since, open_snapshot};
use super::seal::SnapshotShape;
use super::ties::is_tied;
use super::verify::Fault;
use super::{MailError, Store, StoreError};
use crate::types::{AccountId, MailboxId, ModSeq};

/// Differences of one snapshot that are named.
const NAMED: usize = 10;

impl Store {
    /// Snapshots, of an account's mailboxes or of all, that do not open, or are not what the rows are. Those of a key
    /// that the account has no more are of use to nobody and left out.
    pub async fn verify_snapshots(&self, account: Option<AccountId>) -> Result<Vec<Fault>, StoreError> {
        let all = sqlx::query!(
            "select account_id, mailbox_id from mailbox_snapshot
              where $1::bigint is null or account_id = $1 order by account_id, mailbox_id",
            account.map(|a| a.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut faults = Vec::new();
        for row in all {
            let (account, mailbox) = (AccountId(row.account_id), MailboxId(row.mailbox_id));
            // Its seal key is named already, or its practice was erased.
            if self.seal_key(account).await.is_err() {
                continue;
            }
            let place = format!("account {account}, snapshot of mailbox {mailbox}");
            let found = self.verify_snapshot(account, mailbox).await?;
            faults.extend(found.into_iter().map(|what| Fault { place: place.clone(), what }));
        }
        Ok(faults)
    }

    async fn verify_snapshot(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<Vec<String>, StoreError> {
        let seal = self.seal_key(account).await?;
        let mut tx = self.0.pool.begin().await?;
        sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
        let Some(row) = sqlx::query!(
            r#"select s.id, s.uidvalidity, s.modseq, s.uidnext, s.rows, s.wrapped, s.data,
                      s.uidvalidity = m.uidvalidity and s.uidnext <= m.uidnext
                        and s.modseq > 0 and s.modseq between m.changes_from and m.highestmodseq as "usable!"
                 from mailbox_snapshot s
                 join mailbox m on m.account_id = s.account_id and m.id = s.mailbox_id
                where s.account_id = $1 and s.mailbox_id = $2 and s.seal_key_id = $3"#,
            account.0,
            mailbox.0,
            seal.id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        else {
            return Ok(Vec::new());
        };
        let shape = SnapshotShape {
            id: row.id,
            account,
            mailbox,
            uidvalidity: row.uidvalidity as u32,
            modseq: row.modseq.cast_unsigned(),
            uidnext: row.uidnext as u32,
            rows: row.rows.cast_unsigned(),
        };
        let mut state = match open_snapshot(&seal, shape, &row.wrapped, row.data) {
            Ok(state) => state,
            Err(error) => return Ok(vec![error.to_string()]),
        };
        if !row.usable {
            return Ok(Vec::new());
        }
        let mut since = async |modseq, uidnext| {
            let held = Held { account, mailbox, modseq, uidnext, bit: 0 };
            match self.mailbox_since_in(&mut *tx, held, By::Id).await {
                Ok(Since::Changed(delta)) => Ok(Some(*delta)),
                // The name of a keyword, which is looked at with the other names.
                Ok(_) | Err(MailError::Store(StoreError::Seal(_))) => Ok(None),
                Err(MailError::Store(error)) => Err(error),
                Err(_) => Err(StoreError::Corrupt("mailbox")),
            }
        };
        let changes = since(ModSeq(shape.modseq), shape.uidnext).await?;
        let Some(whole) = since(ModSeq(0), 1).await? else { return Ok(Vec::new()) };
        if let Some(changes) = changes {
            state.apply(changes);
        }
        Ok(differences(&state, &whole.into_state()))
    }
}

/// What differs between the rows by the snapshot and those that are there. An entry that is not tied to its message
/// is named where ties are looked at.
fn differences(by_snapshot: &MailboxState, there: &MailboxState) -> Vec<String> {
    let mut uids: Vec<(u32, &str)> = Vec::new();
    for row in &there.rows {
        match by_snapshot.row(row.uid) {
            None => uids.push((row.uid, "is missing in it")),
            Some(other) if other != row && is_tied(row.body) => uids.push((row.uid, "differs")),
            Some(_) => {}
        }
    }
    let gone = by_snapshot.rows.iter().filter(|row| there.position(row.uid).is_none());
    uids.extend(gone.map(|row| (row.uid, "is only in it")));
    let more = uids.len().saturating_sub(NAMED);
    let mut what: Vec<String> =
        uids.into_iter().take(NAMED).map(|(uid, what)| format!("UID {uid} {what}")).collect();
    if more > 0 {
        what.push(format!("{more} more UIDs differ"));
    }
    what
}

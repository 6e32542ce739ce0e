//! The rest of a verification: names and other sealed texts, counters, records, and what belongs to nothing.
//!
//! Each check is one statement, and so one snapshot; what it finds is damage, whatever is written meanwhile.

use super::verify::Fault;
use super::{Store, StoreError, TextDomain};
use crate::types::{AccountId, AnnotationName, Keyword, MailboxName};

impl Store {
    /// Names of mailboxes, keywords, subscriptions, annotations, notices, phone numbers, signatures and secrets of
    /// authenticator apps open, and what is looked up
    /// stands under its own keyed hash.
    pub async fn verify_names(&self, account: Option<AccountId>) -> Result<Vec<Fault>, StoreError> {
        let rows = sqlx::query!(
            r#"select m.account_id as "account_id!", 'mailbox' as "kind!", m.id as "id!", 0 as "bit!", m.name_key as "name_key!",
                      m.name as "name!"
                 from mailbox m where $1::bigint is null or m.account_id = $1
                union all
               select k.account_id, 'keyword', k.mailbox_id, k.bit, k.name_key, k.name
                 from mailbox_keyword k where $1::bigint is null or k.account_id = $1
                union all
               select s.account_id, 'subscription', 0, 0, s.name_key, s.name
                 from subscription s where $1::bigint is null or s.account_id = $1
                union all
               select a.account_id, 'annotation', coalesce(a.mailbox_id, 0), 0, a.name_key, a.sealed
                 from annotation a where $1::bigint is null or a.account_id = $1
                union all
               select n.account_id, 'notice', 0, 0, ''::bytea, n.payload
                 from notice n where n.payload is not null and ($1::bigint is null or n.account_id = $1)
                union all
               select x.account_id, x.kind, 0, 0, ''::bytea, x.sealed
                 from (select a.id as account_id, 'phone' as kind, a.phone as sealed from account a
                        union all select o.account_id, 'phone', o.phone from account_phone o
                        union all select a.id, 'signature', a.signature from account a
                        union all select i.account_id, 'invitation', i.phone from invitation i
                        union all select c.account_id, 'code', c.phone from phone_code c
                        union all select t.account_id, 'totp', t.secret from totp t
                        union all select t.account_id, 'totp', t.pending from totp t
                        union all select s.account_id, 'access', s.reason from support_access s) x
                where x.sealed is not null and ($1::bigint is null or x.account_id = $1)"#,
            account.map(|a| a.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut faults = Vec::new();
        for row in rows {
            let owner = AccountId(row.account_id);
            let (domain, place) = match row.kind.as_str() {
                "mailbox" => (TextDomain::MailboxName, format!("name of mailbox {}", row.id)),
                "keyword" => (TextDomain::Keyword, format!("keyword {} of mailbox {}", row.bit, row.id)),
                "subscription" => (TextDomain::Subscription, "a subscription".to_owned()),
                "annotation" => (TextDomain::Annotation, format!("an annotation of mailbox {}", row.id)),
                "phone" => (TextDomain::Phone, "a phone number".to_owned()),
                "signature" => (TextDomain::Signature, "the signature".to_owned()),
                "invitation" => (TextDomain::Phone, "the phone number of an invitation".to_owned()),
                "code" => (TextDomain::Phone, "the phone number of a code".to_owned()),
                "totp" => (TextDomain::Totp, "the authenticator app".to_owned()),
                "access" => (TextDomain::AccessReason, "the reason of an access by Support".to_owned()),
                _ => (TextDomain::Notice, "a notice".to_owned()),
            };
            let place = format!("account {owner}, {place}");
            let Ok(seal) = self.seal_key(owner).await else {
                // Its seal key is named already, or its practice was erased.
                continue;
            };
            let plain = match seal.open_bytes(domain, owner, &row.name) {
                Ok(plain) => plain,
                Err(error) => {
                    faults.push(Fault { place, what: error.to_string() });
                    continue;
                }
            };
            if self.name_key(domain, owner, &plain).is_none_or(|key| key[..] != row.name_key[..]) {
                faults.push(Fault { place, what: "it is looked up by another name".to_owned() });
            }
        }
        Ok(faults)
    }

    /// What a name is looked up by; empty for what is not looked up. `None`: it is no such name.
    fn name_key(&self, domain: TextDomain, account: AccountId, plain: &[u8]) -> Option<Vec<u8>> {
        let lookup = self.lookup();
        let name = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let key = match domain {
            TextDomain::Keyword => lookup.keyword(account, &Keyword::new(&name(plain)?).ok()?),
            TextDomain::MailboxName | TextDomain::Subscription => {
                lookup.mailbox_name(account, &MailboxName::new(&name(plain)?).ok()?)
            }
            TextDomain::Annotation => {
                let end = memchr::memchr(0, plain)?;
                lookup.annotation(account, &AnnotationName::new(&name(&plain[..end])?).ok()?)
            }
            _ => return Some(Vec::new()),
        };
        Some(key.to_vec())
    }

    /// Counters, UIDNEXT and HIGHESTMODSEQ of mailboxes agree with what they hold.
    pub async fn verify_counters(&self, account: Option<AccountId>) -> Result<Vec<Fault>, StoreError> {
        let rows = sqlx::query!(
            r#"select m.account_id, m.id,
                      m.messages <> c.messages or m.unseen <> c.unseen or m.deleted <> c.deleted
                        or m.size <> c.size or m.deleted_size <> c.deleted_size as "counters!",
                      c.uid >= m.uidnext as "uidnext!", c.modseq > m.highestmodseq as "modseq!"
                 from mailbox m,
                      lateral (select count(*) as messages, count(*) filter (where e.flags & 1 = 0) as unseen,
                                      count(*) filter (where e.flags & 8 <> 0) as deleted,
                                      coalesce(sum(e.size), 0) as size,
                                      coalesce(sum(e.size) filter (where e.flags & 8 <> 0), 0) as deleted_size,
                                      coalesce(max(e.uid), 0) as uid, coalesce(max(e.modseq), 0) as modseq
                                 from mailbox_message e
                                where e.account_id = m.account_id and e.mailbox_id = m.id) c
                where ($1::bigint is null or m.account_id = $1)
                  and (m.messages <> c.messages or m.unseen <> c.unseen or m.deleted <> c.deleted
                       or m.size <> c.size or m.deleted_size <> c.deleted_size
                       or c.uid >= m.uidnext or c.modseq > m.highestmodseq)"#,
            account.map(|a| a.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut faults = Vec::new();
        for row in rows {
            let place = format!("account {}, mailbox {}", row.account_id, row.id);
            for (wrong, what) in [
                (row.counters, "its counters are not what it holds"),
                (row.uidnext, "it holds a message at or above UIDNEXT"),
                (row.modseq, "it holds a message above HIGHESTMODSEQ"),
            ] {
                if wrong {
                    faults.push(Fault { place: place.clone(), what: what.to_owned() });
                }
            }
        }
        Ok(faults)
    }

    /// Every entry is as it was placed, and has its message, of the same size, and a key that its account can use; every message an
    /// entry; every key and chunk a message; every delivery and submission its accounts.
    pub async fn verify_references(&self, account: Option<AccountId>) -> Result<Vec<Fault>, StoreError> {
        let mut faults = self.verify_ties(account).await?;
        faults.extend(self.verify_entries(account).await?);
        faults.extend(self.verify_orphans(account).await?);
        Ok(faults)
    }

    async fn verify_entries(&self, account: Option<AccountId>) -> Result<Vec<Fault>, StoreError> {
        let rows = sqlx::query!(
            r#"with entry as (
                   select e.account_id, e.mailbox_id, e.uid, e.message_id, e.size from mailbox_message e
                    where $1::bigint is null or e.account_id = $1
                    union all
                   select e.account_id, e.mailbox_id, e.uid, e.message_id, e.size from expunged e
                    where $1::bigint is null or e.account_id = $1)
               select e.account_id as "account_id!", e.mailbox_id as "mailbox_id!", e.uid as "uid!",
                      m.id is null as "gone!", coalesce(m.size <> e.size, false) as "size!",
                      k.message_id is null as "keyless!"
                 from entry e
                 join account a on a.id = e.account_id
                 left join message m on m.id = e.message_id
                 left join seal_key kp on kp.practice_id = a.practice_id
                 left join seal_key ka on ka.account_id = a.id and a.practice_id is null
                 left join message_key k on k.message_id = e.message_id
                                        and k.seal_key_id = coalesce(kp.id, ka.id)
                where coalesce(kp.id, ka.id) is not null
                  and (m.id is null or m.size <> e.size or k.message_id is null)
                limit 1000"#,
            account.map(|a| a.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut faults = Vec::new();
        for row in rows {
            let place = format!("account {}, mailbox {}, UID {}", row.account_id, row.mailbox_id, row.uid);
            let what = match (row.gone, row.size) {
                (true, _) => "its message is gone",
                (false, true) => "its message has another size",
                (false, false) => "its message has no key that the account can use",
            };
            debug_assert!(row.gone || row.size || row.keyless);
            faults.push(Fault { place, what: what.to_owned() });
        }
        Ok(faults)
    }

    async fn verify_orphans(&self, account: Option<AccountId>) -> Result<Vec<Fault>, StoreError> {
        // What belongs to nobody belongs to no account either.
        if account.is_some() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query!(
            r#"select 'message ' || m.id as "place!", 'no mailbox shows it' as "what!"
                 from message m
                where not exists (select from mailbox_message e where e.message_id = m.id)
                  and not exists (select from expunged e where e.message_id = m.id)
                union all
               select 'message ' || k.message_id, 'a key without a message'
                 from message_key k where not exists (select from message m where m.id = k.message_id)
                union all
               select distinct 'message ' || c.message_id, 'chunks without a message'
                 from body_chunk c
                where not exists (select from message m where m.id = c.message_id)
                  and not exists (select from staged s where s.message_id = c.message_id)
                union all
               select 'delivery to account ' || d.account_id, 'the account or the sender does not exist'
                 from delivery d
                where not exists (select from account a where a.id = d.account_id)
                   or not exists (select from account a where a.id = d.sender_id)
                union all
               select 'submission of account ' || d.account_id, 'the account or the recipient does not exist'
                 from submission d
                where not exists (select from account a where a.id = d.account_id)
                   or not exists (select from account a where a.id = d.recipient_id)
                limit 1000"#
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows.into_iter().map(|row| Fault { place: row.place, what: row.what }).collect())
    }
}

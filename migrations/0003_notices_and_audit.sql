-- What leaves the house (R11, R23): notices that hold no subject, no text and no attachment name. And
-- what is written down: the audit log.
--
-- A column whose comment says "sealed" holds AEAD output (src/store/seal.rs), as in 0001. Times come from
-- the gateways' clock, so that nothing depends on the database's.

-- R23. "disconnected": only while none of the account's mail programs is connected.
alter table account
    add column notify text not null default 'email' check (notify in ('email', 'text', 'both', 'none')),
    add column notify_when text not null default 'always' check (notify_when in ('always', 'disconnected')),
    add column phone bytea;                   -- sealed: the verified number, E.164; null: none

-- Which gateways live, and whose mail programs are connected to them. A gateway that was killed is out
-- of the count when its alive_until has passed.
create table gateway (
    id           uuid primary key,
    name         text not null,
    alive_until  timestamptz not null
);
create table presence (
    account_id   bigint not null,
    gateway_id   uuid not null,
    primary key (account_id, gateway_id)
);

-- The id is also the idempotency key that providers get. due_at: when somebody may take it; who takes it
-- moves due_at to the end of the lease, so that after a crash it is due again.
create table notice (
    account_id   bigint not null,             -- no foreign key: each submission may write one
    id           uuid not null default gen_random_uuid(),
    kind         text not null,               -- types::NoticeKind
    channel      text not null check (channel in ('email', 'text', 'voice')),
    payload      bytea,                       -- sealed: link, code, address; null: nothing, or done with
    state        text not null default 'waiting'
                 check (state in ('waiting', 'sent', 'dead', 'cancelled', 'expired', 'skipped')),
    created_at   timestamptz not null,
    due_at       timestamptz not null,
    expires_at   timestamptz not null,        -- not sent later than this
    tries        integer not null default 0,
    taken_by     uuid,                        -- the gateway that is sending it
    last_error   text,                        -- never holds an address or number
    ended_at     timestamptz,
    primary key (account_id, id)
);
create index notice_due on notice (due_at) where state = 'waiting';
create index notice_waiting on notice (account_id, kind, channel) where state = 'waiting';
create index notice_ended on notice (ended_at) where state <> 'waiting';

-- Secure-message notices of an account: the last one's time, so that there is one in 15 minutes.
create table notice_pace (
    account_id   bigint not null,
    channel      text not null,
    last_at      timestamptz not null,
    primary key (account_id, channel)
) with (fillfactor = 50);

-- Puts one notice into the outbox, and takes back those of p_replaces (kinds) that are still waiting.
-- false: a notice of this id is there already, nothing was changed.
create function enqueue_notice(
    p_account bigint, p_id uuid, p_kind text, p_channel text, p_payload bytea,
    p_now double precision, p_due double precision, p_expires double precision, p_replaces text[]
) returns boolean
language plpgsql as $$
begin
    insert into notice (account_id, id, kind, channel, payload, created_at, due_at, expires_at)
    values (p_account, p_id, p_kind, p_channel, p_payload, to_timestamp(p_now), to_timestamp(p_due),
            to_timestamp(p_expires))
        on conflict do nothing;
    if not found then
        return false;
    end if;
    update notice n set state = 'cancelled', payload = null, ended_at = to_timestamp(p_now)
     where n.account_id = p_account and n.kind = any(p_replaces) and n.state = 'waiting' and n.id <> p_id;
    return true;
end $$;

-- R23: "you have a secure message", in the transaction that delivers it. While one is waiting, it speaks
-- for all; after one has gone the next waits until 15 minutes have passed. The caller holds the lock of
-- each recipient's INBOX, so two deliveries to one account come here one after the other.
-- Says for whom one is due now.
create function enqueue_secure_message_notices(p_recipient bigint[], p_date bigint[]) returns bigint[]
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_due bigint[];
begin
    with wanted as (
        select a.id as account_id, c.channel, to_timestamp(r.at) as at,
               greatest(to_timestamp(r.at), p.last_at + interval '15 minutes') as due_at
          from (select u.id, max(u.at) as at from unnest(p_recipient, p_date) u(id, at) group by u.id) r
          join account a on a.id = r.id and a.notify <> 'none' and a.state in ('active', 'locked')
         cross join lateral unnest(case a.notify when 'both' then array['email', 'text']
                                                 else array[a.notify] end) c(channel)
          left join notice_pace p on p.account_id = a.id and p.channel = c.channel
         where not exists (select from notice n
                            where n.account_id = a.id and n.kind = 'secure-message'
                              and n.channel = c.channel and n.state = 'waiting' and n.taken_by is null)
    ), paced as (
        insert into notice_pace (account_id, channel, last_at)
        select w.account_id, w.channel, w.due_at from wanted w
            on conflict (account_id, channel) do update set last_at = excluded.last_at
    ), stored as (
        insert into notice (account_id, kind, channel, created_at, due_at, expires_at)
        select w.account_id, 'secure-message', w.channel, w.at, w.due_at, w.due_at + interval '1 day'
          from wanted w
    )
    select array_agg(w.account_id) into v_due from wanted w where w.due_at <= w.at;
    return coalesce(v_due, '{}');
end $$;

-- What happened, as it is written in the transaction that did it, or by the gateway a moment later. One
-- sealer at a time moves it into audit_entry; until then it can neither be changed nor be taken away.
create table audit_pending (
    id           bigint generated always as identity primary key,
    at           timestamptz not null,
    actor        text not null,               -- account:<id>, support:<name>, system, stranger
    address      text,                        -- where the actor came from, an IP address
    action       text not null,               -- types::AuditAction
    account_id   bigint,                      -- whose account it concerns
    object       text,                        -- what else: mailbox:<id>, practice:<id>, message:<uuid>
    result       text not null check (result in ('done', 'refused')),
    detail       text,                        -- never content, a subject, a name or an address of mail
    gateway      text not null
);

-- The log: seq without a gap, each mac over the row and the mac before it, with a key that is not in the
-- database. Rows go only when audit_prune takes whole years away up to a checkpoint.
create table audit_entry (
    seq          bigint primary key,
    id           bigint not null unique,      -- audit_pending.id
    at           timestamptz not null,
    actor        text not null,
    address      text,
    action       text not null,
    account_id   bigint,
    object       text,
    result       text not null,
    detail       text,
    gateway      text not null,
    mac          bytea not null
);
create index audit_entry_account on audit_entry (account_id, seq) where account_id is not null;
create index audit_entry_at on audit_entry using brin (at);

-- Where the log begins after pruning: the mac of the last row that is gone, and a proof that we wrote it.
create table audit_checkpoint (
    seq          bigint primary key,
    at           timestamptz not null,        -- of that last row
    mac          bytea not null,
    proof        bytea not null,
    pruned_at    timestamptz not null
);

create function audit_is_append_only() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE' and tg_table_name = 'audit_entry'
       and current_setting('postern.audit_prune', true) = 'on' then
        return null;
    end if;
    raise exception 'the audit log is only ever added to' using errcode = 'PM006';
end $$;

create function audit_pending_is_kept() returns trigger
language plpgsql as $$
begin
    if exists (select from gone g where not exists (select from audit_entry e where e.id = g.id)) then
        raise exception 'the audit log is only ever added to' using errcode = 'PM006';
    end if;
    return null;
end $$;

create trigger audit_entry_append_only before update or delete or truncate on audit_entry
    for each statement execute function audit_is_append_only();
create trigger audit_pending_unchanged before update or truncate on audit_pending
    for each statement execute function audit_is_append_only();
create trigger audit_pending_kept after delete on audit_pending referencing old table as gone
    for each statement execute function audit_pending_is_kept();
create trigger audit_checkpoint_append_only before update or delete or truncate on audit_checkpoint
    for each statement execute function audit_is_append_only();

-- R4 as in 0001; a lock also tells the owner and the log, in the same step. The former one, with fewer
-- arguments, stays for gateways of before, until a later migration: expand, then contract.
create function note_failed_sign_in(
    p_account bigint, p_key bytea, p_kind text, p_now double precision, p_address text, p_gateway text
) returns text
language plpgsql as $$
declare
    v_state text;
    v_new bigint;
begin
    perform pg_logical_emit_message(true, 'postern', '');
    select state into v_state from account where id = p_account for no key update;
    if not found then
        return 'unknown';
    elsif v_state <> 'active' then
        return 'locked';
    elsif exists (select from app_password
                   where account_id = p_account and verifier_key = p_key and revoked_at is not null) then
        return 'revoked';
    end if;
    insert into failed_secret (account_id, verifier_key, kind) values (p_account, p_key, p_kind)
        on conflict do nothing;
    get diagnostics v_new = row_count;
    if v_new = 0 then
        return 'again';
    end if;
    if (select count(*) from failed_secret where account_id = p_account) < 5 then
        return 'counted';
    end if;
    update account set state = 'locked', locked_at = to_timestamp(p_now), sign_in_epoch = sign_in_epoch + 1
     where id = p_account;
    perform enqueue_notice(p_account, gen_random_uuid(), 'account-locked', 'email', null,
                           p_now, p_now, p_now + 3 * 86400, '{}');
    insert into audit_pending (at, actor, address, action, account_id, result, detail, gateway)
    values (to_timestamp(p_now), 'system', p_address, 'lock', p_account, 'done', 'rule=R4', p_gateway);
    return 'locked_now';
end $$;

-- Delivers a batch of submissions: message rows, INBOX and Sent entries, delivery and submission
-- records. Member n of the batch is element n of each p_ array. Outcomes: delivered; repeated,
-- conflict (R17: the Message-ID was submitted before, with the same or another content); no_inbox,
-- no_sent (the account has no such mailbox). Only "delivered" leaves anything behind.
-- The lock on the sender's \Sent row is what serialises two submissions of one Message-ID.
-- As in 0002 (which stays for gateways of before); what was delivered also gets its notice (R23), and each
-- accepted submission its audit row. notice_due: the recipient has a notice that can be sent now.
create function submit_batch(
    p_id uuid[], p_size bigint[], p_chunk_size integer[], p_chunks integer[], p_seal_version smallint[],
    p_facts bytea[], p_staged boolean[], p_date bigint[],
    p_sender bigint[], p_recipient bigint[], p_inbox_key bytea[],
    p_sender_msgid bytea[], p_recipient_msgid bytea[], p_fingerprint bytea[],
    k_message uuid[], k_seal_key bigint[], k_wrapped bytea[],
    c_message uuid[], c_idx integer[], c_data bytea[],
    p_address text[], p_gateway text
) returns table (member bigint, outcome text, inbox_id bigint, sent_id bigint, notice_due boolean)
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_accounts bigint[];
    v_boxes   bigint[];
    v_locked  bigint[];
    v_outcome text[];
    v_inbox   bigint[];
    v_sent    bigint[];
    v_failed  uuid[];
    v_noticed bigint[];
begin
    if true = any(p_staged) then
        perform claim_staged(array(select u.id from unnest(p_id, p_staged) u(id, staged) where u.staged));
    end if;
    insert into message (id, size, chunk_size, chunks, seal_version, facts)
        select * from unnest(p_id, p_size, p_chunk_size, p_chunks, p_seal_version, p_facts);
    insert into message_key (message_id, seal_key_id, wrapped)
        select * from unnest(k_message, k_seal_key, k_wrapped);
    insert into body_chunk (message_id, idx, data)
        select * from unnest(c_message, c_idx, c_data);

    select array_agg(x.account_id), array_agg(x.id) into v_accounts, v_boxes
      from (select i.account_id, i.id
              from unnest(p_recipient, p_inbox_key) u(account_id, name_key)
              join mailbox i on i.account_id = u.account_id and i.name_key = u.name_key
            union
            select s.account_id, s.id
              from unnest(p_sender) u(account_id)
              join mailbox s on s.account_id = u.account_id and s.special_use = 'sent') x;
    -- A plain join: whoever waited for a row here has it judged again in its new version, and with
    -- anything more (a semi-join) PostgreSQL would drop it then.
    with locked as (
        select m.id
          from unnest(v_accounts, v_boxes) u(account_id, id)
          join mailbox m on m.account_id = u.account_id and m.id = u.id
         order by m.account_id, m.id
           for no key update of m
    )
    select coalesce(array_agg(locked.id), '{}') into v_locked from locked;

    with member as materialized (
        select u.*, i.id as inbox, s.id as sent, a.uid as client_uid,
               case when i.id is null then 'no_inbox'
                    when s.id is null then 'no_sent'
                    when o.account_id is null then 'delivered'
                    when o.fingerprint_key = u.fingerprint and o.recipient_id = u.recipient then 'repeated'
                    else 'conflict' end as outcome
          from unnest(p_id, p_size, p_date, p_sender, p_recipient, p_inbox_key,
                      p_sender_msgid, p_recipient_msgid, p_fingerprint) with ordinality
               u(id, size, date, sender, recipient, inbox_key, sender_msgid, recipient_msgid, fingerprint, n)
          left join mailbox i on i.account_id = u.recipient and i.name_key = u.inbox_key
                             and i.id = any(v_locked)
          left join mailbox s on s.account_id = u.sender and s.special_use = 'sent'
                             and s.id = any(v_locked)
          left join submission o on o.account_id = u.sender and o.msgid_key = u.sender_msgid
          -- R28: the client's own copy is in \Sent already; then the server saves none.
          left join lateral (
               select c.uid from sent_append c
                 join mailbox_message e on e.account_id = c.account_id and e.mailbox_id = c.mailbox_id
                                       and e.uid = c.uid
                where c.account_id = u.sender and c.msgid_key = u.sender_msgid
                  and c.mailbox_id = s.id and c.fingerprint_key = u.fingerprint
                order by c.uid limit 1) a on true
    ), entry as materialized (
        select n, recipient as account, inbox as mailbox, 0 as flags, id, size, date
          from member where member.outcome = 'delivered'
        union all
        select n, sender, sent, 1, id, size, date
          from member where member.outcome = 'delivered' and client_uid is null
    ), placed as materialized (
        select e.*, m.highestmodseq + 1 as modseq,
               m.uidnext - 1 + row_number() over (partition by e.account, e.mailbox order by e.n) as uid
          from entry e join mailbox m on m.account_id = e.account and m.id = e.mailbox
    ), stored as (
        insert into mailbox_message
               (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id)
        select account, mailbox, uid, modseq, flags, size, date, id from placed
    ), counted as (
        update mailbox m
           set uidnext = m.uidnext + c.n, highestmodseq = c.modseq, messages = m.messages + c.n,
               unseen = m.unseen + c.unseen, size = m.size + c.size
          from (select account, mailbox, max(modseq) as modseq, count(*) as n,
                       count(*) filter (where flags & 1 = 0) as unseen, sum(size)::bigint as size
                  from placed group by account, mailbox) c
         where m.account_id = c.account and m.id = c.mailbox
    ), submitted as (
        insert into submission (account_id, msgid_key, fingerprint_key, recipient_id, message_id,
                                sent_mailbox_id, sent_uid, client_copy_seen)
        select b.sender, b.sender_msgid, b.fingerprint, b.recipient, b.id, b.sent,
               coalesce(b.client_uid, p.uid), b.client_uid is not null
          from member b
          left join placed p on p.n = b.n and p.flags = 1
         where b.outcome = 'delivered'
    ), delivered as (
        insert into delivery (account_id, msgid_key, sender_id, message_id)
        select recipient, recipient_msgid, sender, id from member where member.outcome = 'delivered'
        on conflict do nothing
    ), recognised as (
        delete from sent_append c using member b
         where b.outcome = 'delivered' and b.client_uid is not null
           and c.account_id = b.sender and c.msgid_key = b.sender_msgid
           and c.mailbox_id = b.sent and c.uid = b.client_uid
    )
    select array_agg(b.outcome order by b.n), array_agg(b.inbox order by b.n), array_agg(b.sent order by b.n)
      into v_outcome, v_inbox, v_sent
      from member b;

    if 'delivered' <> any(v_outcome) then
        select array_agg(u.id) into v_failed
          from unnest(p_id, v_outcome) u(id, outcome) where u.outcome <> 'delivered';
        delete from message where id = any(v_failed);
        delete from message_key where message_id = any(v_failed);
        -- What came inside this statement goes with it; staged bytes go back to be claimed or swept.
        delete from body_chunk b using unnest(p_id, p_staged) u(id, staged)
         where u.id = any(v_failed) and not u.staged and b.message_id = u.id;
        insert into staged (message_id)
            select u.id from unnest(p_id, p_staged) u(id, staged) where u.staged and u.id = any(v_failed);
    end if;
    -- To oneself needs no telling.
    v_noticed := enqueue_secure_message_notices(
        array(select u.recipient from unnest(p_recipient, p_sender, v_outcome) u(recipient, sender, outcome)
               where u.outcome = 'delivered' and u.recipient <> u.sender),
        array(select u.date from unnest(p_date, p_recipient, p_sender, v_outcome)
                     u(date, recipient, sender, outcome)
               where u.outcome = 'delivered' and u.recipient <> u.sender));
    insert into audit_pending (at, actor, address, action, account_id, object, result, detail, gateway)
        select to_timestamp(u.date), 'account:' || u.sender, u.address, 'send', u.recipient,
               case u.outcome when 'delivered' then 'message:' || u.id end, 'done',
               case u.outcome when 'repeated' then 'repeated' end, p_gateway
          from unnest(p_id, p_date, p_sender, p_recipient, p_address, v_outcome)
               u(id, date, sender, recipient, address, outcome)
         where u.outcome in ('delivered', 'repeated');
    return query select u.n, u.o, u.i, u.s, u.o = 'delivered' and u.r = any(v_noticed)
                   from unnest(v_outcome, v_inbox, v_sent, p_recipient) with ordinality u(o, i, s, r, n);
end $$;

-- The search index of sealed mail, how far a verification has come, what a rotation of the master key carries
-- over, and what ties an entry to its message.

-- A run of a mailbox's messages, by UID, whose words are in an index (src/service/search/index). Nothing
-- about the words is here: all of it lies sealed in search_block, with a key of the segment's own.
create table search_segment (
    account_id   bigint not null,
    mailbox_id   bigint not null,
    uid_from     bigint not null,
    uid_to       bigint not null,             -- inclusive; runs of one mailbox do not overlap
    id           uuid not null,
    docs         integer not null,            -- messages in it
    blocks       integer[] not null,          -- sealed blocks of each part
    seal_key_id  bigint not null,
    wrapped      bytea not null,              -- the segment's data key, sealed by the seal key
    created_at   timestamptz not null default now(),
    primary key (account_id, mailbox_id, uid_from),
    constraint search_segment_id unique (account_id, id),
    foreign key (account_id, mailbox_id) references mailbox on delete cascade
);

create table search_block (
    account_id   bigint not null,
    segment_id   uuid not null,
    part         smallint not null,
    idx          integer not null,
    data         bytea not null,              -- sealed
    primary key (account_id, segment_id, part, idx),
    foreign key (account_id, segment_id) references search_segment (account_id, id) on delete cascade
) with (toast_tuple_target = 8160);
alter table search_block alter column data set storage external;

-- Mailboxes that have grown past their index since, the most behind first; what is behind by less than
-- p_least UIDs is searched as it is.
create function search_behind(p_least bigint, p_limit integer)
returns table (account_id bigint, mailbox_id bigint, uid_from bigint, uidnext bigint)
language sql stable as $$
    select m.account_id, m.id, coalesce(s.uid_to, 0) + 1, m.uidnext
      from mailbox m
      left join lateral (select max(g.uid_to) as uid_to from search_segment g
                          where g.account_id = m.account_id and g.mailbox_id = m.id) s on true
     where m.selectable and m.messages > 0 and m.uidnext > p_least   -- spares most mailboxes the look at their index
       and m.uidnext - 1 - coalesce(s.uid_to, 0) >= p_least
     order by m.uidnext - coalesce(s.uid_to, 0) desc
     limit p_limit
$$;

-- How far a verification has come, so that one that was interrupted goes on.
create table verify_run (
    scope        bigint primary key,          -- the account, or 0: everybody
    upto         uuid,                        -- messages up to here were looked at
    checked      bigint not null default 0,
    faults       text[] not null default '{}',
    begun_at     timestamptz not null default now(),
    touched_at   timestamptz not null default now()
);

-- The keys of lookups outlive the master key: from the second version on they are carried over, sealed with it.
alter table master_key_check add column carried bytea;   -- sealed

-- A gateway that has not heard of a rotation yet must not leave a seal key behind that nobody can open when
-- the old version is retired.
create function seal_key_is_current() returns trigger
language plpgsql as $$
begin
    if new.master_version < (select max(version) from master_key_check) then
        raise exception 'the master key was rotated' using errcode = 'PM020';
    end if;
    return new;
end $$;
create trigger seal_key_is_current before insert or update of wrapped on seal_key
    for each row execute function seal_key_is_current();

-- What ties an entry of a mailbox to its message: without it a row could be pointed at another message of the
-- same practice, whose key opens both. The account's key is an HMAC that only gateways can make; a statement that
-- places one message brings the message's key alone, one that copies brings the account's. The first 16 bytes of
-- a SHA-256 whose input has one length: nothing can be appended to it. (src/store/ties.rs)
create function message_tie_key(p_account_key bytea, p_message uuid) returns bytea
language sql immutable parallel safe as $$
    select sha256(p_account_key || uuid_send(p_message))
$$;
create function entry_tie(p_message_key bytea, p_mailbox bigint, p_uid bigint, p_size bigint, p_date bigint)
returns uuid
language sql immutable parallel safe as $$
    select encode(substr(sha256(p_message_key || int8send(p_mailbox) || int8send(p_uid) || int8send(p_size)
                                || int8send(p_date)), 1, 16), 'hex')::uuid
$$;

-- uuid: the one type of 16 bytes. Null only in what was there before; the first gateway of this schema ties
-- it and then forbids null (Store::open), since a gateway cannot tell an old entry from one that was tampered with.
alter table mailbox_message add column tie uuid;
alter table expunged add column tie uuid;
do $$ begin
    if not exists (select from mailbox_message) and not exists (select from expunged) then
        alter table mailbox_message alter column tie set not null;
        alter table expunged alter column tie set not null;
    end if;
end $$;

-- Ties what an account had before; how many entries.
create function tie_entries(p_account bigint, p_key bytea) returns bigint
language plpgsql as $$
declare
    v_here bigint;
    v_gone bigint;
begin
    perform from mailbox m where m.account_id = p_account order by m.account_id, m.id for no key update;
    update mailbox_message e
       set tie = entry_tie(message_tie_key(p_key, e.message_id), e.mailbox_id, e.uid, e.size, e.internal_date)
     where e.account_id = p_account and e.tie is null;
    get diagnostics v_here = row_count;
    update expunged e
       set tie = entry_tie(message_tie_key(p_key, e.message_id), e.mailbox_id, e.uid, e.size, e.internal_date)
     where e.account_id = p_account and e.tie is null;
    get diagnostics v_gone = row_count;
    return v_here + v_gone;
end $$;

-- As before (0003, 0004), and each entry is tied: p_inbox_tie and p_sent_tie are the message's keys for the
-- recipient and for the sender. What ties nothing can store nothing any more, and goes.
drop function submit_and_invite(
    uuid[], bigint[], integer[], integer[], smallint[], bytea[], boolean[], bigint[], bigint[], bigint[], bytea[],
    bytea[], bytea[], bytea[], uuid[], bigint[], bytea[], uuid[], integer[], bytea[], text[], text,
    bigint[], bytea[], uuid[], bytea[], double precision, double precision, double precision);
drop function submit_batch(
    uuid[], bigint[], integer[], integer[], smallint[], bytea[], boolean[], bigint[], bigint[], bigint[], bytea[],
    bytea[], bytea[], bytea[], uuid[], bigint[], bytea[], uuid[], integer[], bytea[], text[], text);
drop function submit_batch(
    uuid[], bigint[], integer[], integer[], smallint[], bytea[], boolean[], bigint[], bigint[], bigint[], bytea[],
    bytea[], bytea[], bytea[], uuid[], bigint[], bytea[], uuid[], integer[], bytea[]);
create function submit_batch(
    p_id uuid[], p_size bigint[], p_chunk_size integer[], p_chunks integer[], p_seal_version smallint[],
    p_facts bytea[], p_staged boolean[], p_date bigint[],
    p_sender bigint[], p_recipient bigint[], p_inbox_key bytea[],
    p_sender_msgid bytea[], p_recipient_msgid bytea[], p_fingerprint bytea[],
    k_message uuid[], k_seal_key bigint[], k_wrapped bytea[],
    c_message uuid[], c_idx integer[], c_data bytea[],
    p_address text[], p_gateway text, p_inbox_tie bytea[], p_sent_tie bytea[]
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
                      p_sender_msgid, p_recipient_msgid, p_fingerprint, p_inbox_tie, p_sent_tie) with ordinality
               u(id, size, date, sender, recipient, inbox_key, sender_msgid, recipient_msgid, fingerprint,
                 inbox_tie, sent_tie, n)
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
        select n, recipient as account, inbox as mailbox, 0 as flags, id, size, date, inbox_tie as tie_key
          from member where member.outcome = 'delivered'
        union all
        select n, sender, sent, 1, id, size, date, sent_tie
          from member where member.outcome = 'delivered' and client_uid is null
    ), placed as materialized (
        select e.*, m.highestmodseq + 1 as modseq,
               m.uidnext - 1 + row_number() over (partition by e.account, e.mailbox order by e.n) as uid
          from entry e join mailbox m on m.account_id = e.account and m.id = e.mailbox
    ), stored as (
        insert into mailbox_message
               (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id, tie)
        select account, mailbox, uid, modseq, flags, size, date, id,
               entry_tie(tie_key, mailbox, uid, size, date)
          from placed
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

create function submit_and_invite(
    p_id uuid[], p_size bigint[], p_chunk_size integer[], p_chunks integer[], p_seal_version smallint[],
    p_facts bytea[], p_staged boolean[], p_date bigint[],
    p_sender bigint[], p_recipient bigint[], p_inbox_key bytea[],
    p_sender_msgid bytea[], p_recipient_msgid bytea[], p_fingerprint bytea[],
    k_message uuid[], k_seal_key bigint[], k_wrapped bytea[],
    c_message uuid[], c_idx integer[], c_data bytea[],
    p_address text[], p_gateway text, p_inbox_tie bytea[], p_sent_tie bytea[],
    i_account bigint[], i_token bytea[], i_notice uuid[], i_payload bytea[],
    i_now double precision, i_link_expires double precision, i_notice_expires double precision
) returns table (member bigint, outcome text, inbox_id bigint, sent_id bigint, notice_due boolean)
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
declare
    v_member bigint[];
    v_outcome text[];
    v_inbox bigint[];
    v_sent bigint[];
    v_due boolean[];
    v_invited bigint[];
begin
    if cardinality(i_account) = 0 then
        return query select * from submit_batch(
            p_id, p_size, p_chunk_size, p_chunks, p_seal_version, p_facts, p_staged, p_date, p_sender,
            p_recipient, p_inbox_key, p_sender_msgid, p_recipient_msgid, p_fingerprint, k_message, k_seal_key,
            k_wrapped, c_message, c_idx, c_data, p_address, p_gateway, p_inbox_tie,
            p_sent_tie);
        return;
    end if;
    select array_agg(b.member), array_agg(b.outcome), array_agg(b.inbox_id), array_agg(b.sent_id),
           array_agg(b.notice_due)
      into v_member, v_outcome, v_inbox, v_sent, v_due
      from submit_batch(
            p_id, p_size, p_chunk_size, p_chunks, p_seal_version, p_facts, p_staged, p_date, p_sender,
            p_recipient, p_inbox_key, p_sender_msgid, p_recipient_msgid, p_fingerprint, k_message, k_seal_key,
            k_wrapped, c_message, c_idx, c_data, p_address, p_gateway, p_inbox_tie,
            p_sent_tie) b;
    -- In the order of the accounts, as everybody takes these rows.
    select array_agg(x.account order by x.account) filter (where x.sent) into v_invited
      from (select i.account,
                   send_invitation(i.account, false, i.token, i.notice, i.payload, i_now, i_link_expires,
                                   i_notice_expires) as sent
              from (select distinct on (u.account) u.* from unnest(i_account, i_token, i_notice, i_payload)
                           u(account, token, notice, payload)
                     where exists (select from unnest(v_member, v_outcome) o(n, outcome)
                                    where o.outcome = 'delivered' and p_recipient[o.n] = u.account)
                     order by u.account) i) x;
    return query select u.n, u.o, u.i, u.s, u.d or p_recipient[u.n] = any(coalesce(v_invited, '{}'))
                   from unnest(v_member, v_outcome, v_inbox, v_sent, v_due) u(n, o, i, s, d);
end $$;

-- As before (0002); p_tie is the message's key for the account.
drop function append_message(
    bigint, bigint, uuid, bigint, integer, integer, smallint, bytea, boolean, bigint, bytea, integer[], bytea[],
    bigint, bigint, bytea, bytea);
create function append_message(
    p_account bigint, p_mailbox bigint, p_id uuid, p_size bigint, p_chunk_size integer, p_chunks integer,
    p_seal_version smallint, p_facts bytea, p_staged boolean, p_seal_key bigint, p_wrapped bytea,
    c_idx integer[], c_data bytea[], p_flags bigint, p_date bigint, p_msgid bytea, p_fingerprint bytea,
    p_tie bytea
) returns table (outcome text, uid bigint, uidvalidity bigint)
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_box mailbox;
    v_sub submission;
    v_submitted boolean;
begin
    select * into v_box from mailbox m
     where m.account_id = p_account and m.id = p_mailbox for no key update;
    if not found then
        raise exception 'no such mailbox' using errcode = 'PM002';
    elsif not v_box.selectable then
        raise exception 'the mailbox takes no messages' using errcode = 'PM004';
    end if;
    if p_msgid is not null and v_box.special_use = 'sent' then
        select * into v_sub from submission s where s.account_id = p_account and s.msgid_key = p_msgid;
        v_submitted := found;
        if v_submitted and not v_sub.client_copy_seen and v_sub.fingerprint_key = p_fingerprint
           and v_sub.sent_mailbox_id = p_mailbox
           and exists (select from mailbox_message e where e.account_id = p_account
                          and e.mailbox_id = p_mailbox and e.uid = v_sub.sent_uid) then
            update submission s set client_copy_seen = true
             where s.account_id = p_account and s.msgid_key = p_msgid;
            return query select 'existing', v_sub.sent_uid, v_box.uidvalidity;
            return;
        end if;
        if not v_submitted then
            insert into sent_append (account_id, msgid_key, fingerprint_key, mailbox_id, uid)
            values (p_account, p_msgid, p_fingerprint, p_mailbox, v_box.uidnext);
        end if;
    end if;
    perform check_storage_cap(p_account, p_size);
    if p_staged then
        perform claim_staged(array[p_id]);
    end if;
    insert into message (id, size, chunk_size, chunks, seal_version, facts)
    values (p_id, p_size, p_chunk_size, p_chunks, p_seal_version, p_facts);
    insert into message_key (message_id, seal_key_id, wrapped) values (p_id, p_seal_key, p_wrapped);
    insert into body_chunk (message_id, idx, data) select p_id, u.* from unnest(c_idx, c_data) u;
    insert into mailbox_message (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id,
                                 tie)
    values (p_account, p_mailbox, v_box.uidnext, v_box.highestmodseq + 1, p_flags, p_size, p_date, p_id,
            entry_tie(p_tie, p_mailbox, v_box.uidnext, p_size, p_date));
    update mailbox m
       set uidnext = m.uidnext + 1, highestmodseq = m.highestmodseq + 1, messages = m.messages + 1,
           size = m.size + p_size,
           unseen = m.unseen + case when p_flags & 1 = 0 then 1 else 0 end,
           deleted = m.deleted + case when p_flags & 8 <> 0 then 1 else 0 end,
           deleted_size = m.deleted_size + case when p_flags & 8 <> 0 then p_size else 0 end
     where m.account_id = p_account and m.id = p_mailbox;
    return query select 'stored', v_box.uidnext, v_box.uidvalidity;
end $$;

-- As before (0002); what goes keeps its tie.
create or replace function expunge_messages(p_account bigint, p_mailbox bigint, p_lo bigint[], p_hi bigint[])
returns bigint[]
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_box  mailbox;
    v_uids bigint[];
begin
    select * into v_box from mailbox m
     where m.account_id = p_account and m.id = p_mailbox for no key update;
    if not found then
        raise exception 'no such mailbox' using errcode = 'PM002';
    elsif v_box.deleted = 0 then
        return '{}';
    end if;
    with gone as (
        delete from mailbox_message e
         where e.ctid = any(array(
               select d.tid from unnest(p_lo, p_hi) r(lo, hi),
                      lateral (select m.ctid as tid from mailbox_message m
                                where m.account_id = p_account and m.mailbox_id = p_mailbox
                                  and m.uid between r.lo and r.hi and m.flags & 8 <> 0
                               offset 0) d))
        returning e.*
    ), kept as (
        insert into expunged (account_id, mailbox_id, uid, modseq, flags, size, internal_date, saved_at,
                              message_id, tie)
        select g.account_id, g.mailbox_id, g.uid, v_box.highestmodseq + 1, g.flags, g.size,
               g.internal_date, g.saved_at, g.message_id, g.tie
          from gone g
    ), counted as (
        update mailbox m
           set highestmodseq = v_box.highestmodseq + 1, messages = m.messages - c.n,
               unseen = m.unseen - c.unseen, size = m.size - c.size,
               deleted = m.deleted - c.n, deleted_size = m.deleted_size - c.size
          from (select count(*) as n, count(*) filter (where g.flags & 1 = 0) as unseen,
                       coalesce(sum(g.size), 0)::bigint as size
                  from gone g) c
         where c.n > 0 and m.account_id = p_account and m.id = p_mailbox
    )
    select coalesce(array_agg(g.uid order by g.uid), '{}') into v_uids from gone g;
    if cardinality(v_uids) > 0 then
        insert into mailbox_change (account_id, mailbox_id, modseq, kind, uids)
        values (p_account, p_mailbox, v_box.highestmodseq + 1, 'expunge', uid_ranges(v_uids));
    end if;
    return v_uids;
end $$;

create or replace function remove_entries(p_account bigint, p_mailbox bigint, p_uids bigint[], p_moved boolean)
returns void
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_modseq bigint;
begin
    select m.highestmodseq + 1 into v_modseq from mailbox m
     where m.account_id = p_account and m.id = p_mailbox;
    with gone as (
        delete from mailbox_message e
         where e.ctid = any(array(
               select d.tid from unnest(p_uids) u(uid),
                      lateral (select m.ctid as tid from mailbox_message m
                                where m.account_id = p_account and m.mailbox_id = p_mailbox and m.uid = u.uid
                               offset 0) d))
        returning e.*
    ), kept as (
        insert into expunged (account_id, mailbox_id, uid, modseq, flags, size, internal_date, saved_at,
                              message_id, moved, tie)
        select g.account_id, g.mailbox_id, g.uid, v_modseq, g.flags, g.size, g.internal_date, g.saved_at,
               g.message_id, p_moved, g.tie
          from gone g
    )
    update mailbox m
       set highestmodseq = v_modseq, messages = m.messages - c.n, unseen = m.unseen - c.unseen,
           size = m.size - c.size, deleted = m.deleted - c.deleted,
           deleted_size = m.deleted_size - c.deleted_size
      from (select count(*) as n, count(*) filter (where flags & 1 = 0) as unseen,
                   coalesce(sum(size), 0)::bigint as size,
                   count(*) filter (where flags & 8 <> 0) as deleted,
                   coalesce(sum(size) filter (where flags & 8 <> 0), 0)::bigint as deleted_size
              from gone) c
     where m.account_id = p_account and m.id = p_mailbox;
    insert into mailbox_change (account_id, mailbox_id, modseq, kind, uids)
    values (p_account, p_mailbox, v_modseq, 'expunge', uid_ranges(p_uids));
end $$;

-- As before (0002); p_tie is the account's key. PM021: an entry is not tied to its message.
drop function copy_messages(bigint, bigint, bigint, bigint[], bigint[], boolean);
create function copy_messages(
    p_account bigint, p_from bigint, p_to bigint, p_lo bigint[], p_hi bigint[], p_move boolean, p_tie bytea
) returns table (uidvalidity bigint, src bigint[], dst_first bigint)
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_from  mailbox;
    v_to    mailbox;
    v_src   bigint[];
    v_size  bigint;
    v_used  bigint;
    v_old   bigint[] := '{}';   -- masks of the source's keywords, and what each is in the target
    v_new   bigint[] := '{}';
    v_bit   smallint;
    v_next  smallint;
    v_kw    record;
    v_tied  boolean;
begin
    perform from mailbox m
      where m.account_id = p_account and m.id in (p_from, p_to)
      order by m.account_id, m.id for no key update;
    select * into v_from from mailbox m where m.account_id = p_account and m.id = p_from;
    if not found then
        raise exception 'no such mailbox' using errcode = 'PM002';
    end if;
    select * into v_to from mailbox m where m.account_id = p_account and m.id = p_to;
    if not found then
        raise exception 'no such mailbox' using errcode = 'PM002';
    elsif not v_to.selectable then
        raise exception 'the mailbox takes no messages' using errcode = 'PM004';
    end if;

    select coalesce(array_agg(e.uid order by e.uid), '{}'), coalesce(sum(e.size), 0),
           coalesce(bit_or(e.flags), 0) & ~255::bigint,
           coalesce(bool_and(e.tie = entry_tie(message_tie_key(p_tie, e.message_id), p_from, e.uid, e.size,
                                               e.internal_date)), true)
      into v_src, v_size, v_used, v_tied
      from unnest(p_lo, p_hi) r(lo, hi),
           lateral (select m.* from mailbox_message m
                     where m.account_id = p_account and m.mailbox_id = p_from and m.uid between r.lo and r.hi
                    offset 0) e;
    if cardinality(v_src) = 0 then
        return query select v_to.uidvalidity, v_src, v_to.uidnext;
        return;
    end if;
    if not v_tied then
        -- A copy would be tied anew, and look right.
        raise exception 'an entry was changed or belongs elsewhere' using errcode = 'PM021';
    end if;
    if not p_move then
        perform check_storage_cap(p_account, v_size);
    end if;

    if v_used <> 0 and p_from <> p_to then
        select coalesce(max(k.bit), 7) + 1 into v_next from mailbox_keyword k
         where k.account_id = p_account and k.mailbox_id = p_to;
        for v_kw in select k.bit, k.name_key, k.name from mailbox_keyword k
                     where k.account_id = p_account and k.mailbox_id = p_from
                       and v_used & (1::bigint << k.bit) <> 0 order by k.bit loop
            select k.bit into v_bit from mailbox_keyword k
             where k.account_id = p_account and k.mailbox_id = p_to and k.name_key = v_kw.name_key;
            if not found and v_next <= 62 then
                v_bit := v_next;
                v_next := v_next + 1;
                insert into mailbox_keyword (account_id, mailbox_id, bit, name_key, name)
                values (p_account, p_to, v_bit, v_kw.name_key, v_kw.name);
            end if;
            v_old := v_old || (1::bigint << v_kw.bit);
            v_new := v_new || case when v_bit is null then 0 else 1::bigint << v_bit end;
        end loop;
    end if;

    with copied as materialized (
        select v_to.uidnext - 1 + u.n as uid, e.size, e.internal_date, e.message_id,
               case when p_from = p_to or e.flags & ~255::bigint = 0 then e.flags
                    else (e.flags & 255) | (select coalesce(bit_or(w.new), 0)
                                              from unnest(v_old, v_new) w(old, new)
                                             where e.flags & w.old <> 0) end as flags
          from unnest(v_src) with ordinality u(uid, n),
               lateral (select * from mailbox_message m
                         where m.account_id = p_account and m.mailbox_id = p_from and m.uid = u.uid
                        offset 0) e
    ), stored as (
        insert into mailbox_message
               (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id, tie)
        select p_account, p_to, c.uid, v_to.highestmodseq + 1, c.flags, c.size, c.internal_date, c.message_id,
               entry_tie(message_tie_key(p_tie, c.message_id), p_to, c.uid, c.size, c.internal_date)
          from copied c order by c.uid
    )
    update mailbox m
       set uidnext = m.uidnext + c.n, highestmodseq = m.highestmodseq + 1, messages = m.messages + c.n,
           unseen = m.unseen + c.unseen, size = m.size + c.size,
           deleted = m.deleted + c.deleted, deleted_size = m.deleted_size + c.deleted_size
      from (select count(*) as n, count(*) filter (where flags & 1 = 0) as unseen, sum(size)::bigint as size,
                   count(*) filter (where flags & 8 <> 0) as deleted,
                   coalesce(sum(size) filter (where flags & 8 <> 0), 0)::bigint as deleted_size
              from copied) c
     where m.account_id = p_account and m.id = p_to;

    if p_move then
        perform remove_entries(p_account, p_from, v_src, true);
    end if;
    return query select v_to.uidvalidity, v_src, v_to.uidnext;
end $$;

-- As before (0002), with the ties.
drop function mailbox_delta(bigint, bigint, bigint, bigint, smallint);
create function mailbox_delta(
    p_account bigint, p_mailbox bigint, p_modseq bigint, p_uidnext bigint, p_bit smallint
) returns table (
    uidvalidity bigint, uidnext bigint, highestmodseq bigint, whole boolean,
    uids bigint[], flags bigint[], modseqs bigint[], sizes bigint[], dates bigint[], bodies uuid[], ties uuid[],
    gone_modseqs bigint[], gone_lo bigint[], gone_hi bigint[],
    keyword_bits smallint[], keyword_names bytea[]
)
language plpgsql stable
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_box mailbox;
begin
    select * into v_box from mailbox m where m.account_id = p_account and m.id = p_mailbox;
    if not found then
        return;
    end if;
    uidvalidity := v_box.uidvalidity;
    uidnext := v_box.uidnext;
    highestmodseq := v_box.highestmodseq;
    whole := p_modseq < v_box.changes_from or p_modseq = 0 or p_modseq > v_box.highestmodseq;
    if p_modseq = v_box.highestmodseq and not whole then
        return next;
        return;
    end if;
    if whole then
        select array_agg(e.uid), array_agg(e.flags), array_agg(e.modseq), array_agg(e.size),
               array_agg(e.internal_date), array_agg(e.message_id), array_agg(e.tie)
          into uids, flags, modseqs, sizes, dates, bodies, ties
          from mailbox_message e where e.account_id = p_account and e.mailbox_id = p_mailbox;
        p_bit := 0;
    else
        select array_agg(x.uid), array_agg(x.flags), array_agg(x.modseq), array_agg(x.size),
               array_agg(x.internal_date), array_agg(x.message_id), array_agg(x.tie)
          into uids, flags, modseqs, sizes, dates, bodies, ties
          from (select e.* from mailbox_message e
                 where e.account_id = p_account and e.mailbox_id = p_mailbox and e.uid >= p_uidnext
                union all
                -- A message is found under its last change alone.
                select e.*
                  from mailbox_change c, generate_series(1, cardinality(c.uids), 2) i,
                       lateral (select * from mailbox_message m
                                 where m.account_id = p_account and m.mailbox_id = p_mailbox
                                   and m.uid between c.uids[i] and c.uids[i + 1]
                                   and m.uid < p_uidnext and m.modseq = c.modseq
                                offset 0) e
                 where c.account_id = p_account and c.mailbox_id = p_mailbox and c.modseq > p_modseq
                   and c.kind = 'flags') x;
        select array_agg(c.modseq order by c.modseq, i), array_agg(c.uids[i] order by c.modseq, i),
               array_agg(c.uids[i + 1] order by c.modseq, i)
          into gone_modseqs, gone_lo, gone_hi
          from mailbox_change c, generate_series(1, cardinality(c.uids), 2) i
         where c.account_id = p_account and c.mailbox_id = p_mailbox and c.modseq > p_modseq
           and c.kind = 'expunge';
    end if;
    select array_agg(k.bit order by k.bit), array_agg(k.name order by k.bit)
      into keyword_bits, keyword_names
      from mailbox_keyword k
     where k.account_id = p_account and k.mailbox_id = p_mailbox and k.bit > p_bit;
    return next;
end $$;

-- Messages older than this expire, into what is recoverable; null: never. And what is held for the law: nothing
-- of the account expires or ends being recoverable.
alter table practice add column expire_days integer check (expire_days > 0);
alter table account add column legal_hold_at timestamptz;

-- Brings expunged messages back, as new messages of a mailbox; those that went on into another mailbox, or
-- are back already, are left out. Keywords stay only in the mailbox that they came from.
-- p_tie is the account's key. PM021: as copy_messages.
create function restore_messages(p_account bigint, p_mailboxes bigint[], p_uids bigint[], p_to bigint,
                                 p_tie bytea)
returns integer
language plpgsql as $$
declare
    v_box mailbox;
    v_count integer;
begin
    select * into v_box from mailbox m where m.account_id = p_account and m.id = p_to for no key update;
    if not found then
        raise exception 'no such mailbox' using errcode = 'PM002';
    elsif not v_box.selectable then
        raise exception 'the mailbox takes no messages' using errcode = 'PM004';
    end if;
    if exists (select from unnest(p_mailboxes, p_uids) w(mailbox_id, uid)
                 join expunged e on e.account_id = p_account and e.mailbox_id = w.mailbox_id and e.uid = w.uid
                where e.tie is distinct from entry_tie(message_tie_key(p_tie, e.message_id), e.mailbox_id, e.uid,
                                                       e.size, e.internal_date)) then
        raise exception 'an entry was changed or belongs elsewhere' using errcode = 'PM021';
    end if;
    with gone as materialized (
        -- Marked as moved on, so that it is brought back once, whoever else is at it.
        update expunged e set moved = true
          from unnest(p_mailboxes, p_uids) w(mailbox_id, uid)
         where e.account_id = p_account and e.mailbox_id = w.mailbox_id and e.uid = w.uid and not e.moved
        returning e.*
    ), placed as materialized (
        select v_box.uidnext - 1 + row_number() over (order by g.internal_date, g.mailbox_id, g.uid) as uid,
               case when g.mailbox_id = p_to then g.flags & ~8::bigint else g.flags & 247 end as flags,
               g.size, g.internal_date, g.message_id
          from gone g
    ), stored as (
        insert into mailbox_message (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id,
                                     tie)
        select p_account, p_to, p.uid, v_box.highestmodseq + 1, p.flags, p.size, p.internal_date, p.message_id,
               entry_tie(message_tie_key(p_tie, p.message_id), p_to, p.uid, p.size, p.internal_date)
          from placed p order by p.uid
    ), counted as (
        update mailbox m
           set uidnext = m.uidnext + c.n, highestmodseq = m.highestmodseq + 1, messages = m.messages + c.n,
               unseen = m.unseen + c.unseen, size = m.size + c.size
          from (select count(*) as n, count(*) filter (where p.flags & 1 = 0) as unseen,
                       coalesce(sum(p.size), 0)::bigint as size from placed p) c
         where c.n > 0 and m.account_id = p_account and m.id = p_to
    )
    select count(*) into v_count from placed;
    return v_count;
end $$;

-- Expires what is older than its practice keeps, in one mailbox: how many went, and where. Ids of messages are
-- in the order of time (UUID version 7), so the id tells how old a message is, whoever dated it.
create function expire_messages(p_now double precision)
returns table (account_id bigint, mailbox_id bigint, expired bigint)
language plpgsql as $$
declare
    v record;
    v_uids bigint[];
begin
    if not pg_try_advisory_xact_lock(7064003) then
        return;
    end if;
    for v in
        select m.account_id, m.id, (lpad(to_hex(((p_now - p.expire_days * 86400.0) * 1000)::bigint), 12, '0')
                                    || '70008000000000000000')::uuid as before
          from practice p
          join account a on a.practice_id = p.id and a.legal_hold_at is null
          join mailbox m on m.account_id = a.id and m.messages > 0
         where p.expire_days is not null
         order by m.account_id, m.id
    loop
        perform from mailbox_message e
          where e.account_id = v.account_id and e.mailbox_id = v.id and e.message_id < v.before limit 1;
        continue when not found;
        perform from mailbox m where m.account_id = v.account_id and m.id = v.id for no key update;
        v_uids := array(select e.uid from mailbox_message e
                         where e.account_id = v.account_id and e.mailbox_id = v.id and e.message_id < v.before
                         order by e.uid limit 1000);
        continue when cardinality(v_uids) = 0;
        perform remove_entries(v.account_id, v.id, v_uids, false);
        account_id := v.account_id; mailbox_id := v.id; expired := cardinality(v_uids);
        return next;
        return;
    end loop;
end $$;

-- As before, but that what is held for the law stays.
create or replace function sweep(p_staged double precision, p_changes double precision, p_expunged double precision,
                      p_sent_append double precision)
returns table (staged bigint, changes bigint, expunged bigint, messages bigint, sent_appends bigint)
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_ids uuid[];
    v_box record;
    v_upto bigint;
begin
    staged := 0; changes := 0; expunged := 0; messages := 0; sent_appends := 0;
    if not pg_try_advisory_xact_lock(7064001) then
        return next;
        return;
    end if;

    -- First, and one mailbox per step: the row lock must be the only thing others could wait for.
    select c.account_id, c.mailbox_id into v_box from mailbox_change c
     where c.changed_at < now() - make_interval(secs => p_changes) limit 1;
    if found then
        perform from mailbox m where m.account_id = v_box.account_id and m.id = v_box.mailbox_id
            for no key update;
        with gone as (
            delete from mailbox_change c
             where c.account_id = v_box.account_id and c.mailbox_id = v_box.mailbox_id
               and c.changed_at < now() - make_interval(secs => p_changes)
            returning c.modseq
        ) select count(*), max(modseq) into changes, v_upto from gone;
        update mailbox m set changes_from = greatest(m.changes_from, v_upto)
         where m.account_id = v_box.account_id and m.id = v_box.mailbox_id;
        return next;
        return;
    end if;

    -- Who stages, or claims, holds the row: it is passed over.
    select array_agg(d.message_id) into v_ids
      from (select s.message_id from staged s
             where s.touched_at < now() - make_interval(secs => p_staged)
             limit 10 for update skip locked) d;
    if v_ids is not null then
        delete from staged s where s.message_id = any(v_ids);
        delete from body_chunk b where b.message_id = any(v_ids);
        staged := cardinality(v_ids);
    end if;

    with gone as (
        delete from expunged e
         where e.ctid = any(array(
               select x.ctid from expunged x
                where x.expunged_at < now() - make_interval(secs => p_expunged)
                  and not exists (select from account a where a.id = x.account_id and a.legal_hold_at is not null)
                limit 200))
        returning e.message_id
    ) select count(*), array_agg(distinct message_id) into expunged, v_ids from gone;
    if expunged > 0 then
        with gone as (
            delete from message m
             where m.id = any(v_ids)
               and not exists (select from mailbox_message e where e.message_id = m.id)
               and not exists (select from expunged e where e.message_id = m.id)
            returning m.id
        ) select array_agg(id) into v_ids from gone;
        delete from message_key k where k.message_id = any(v_ids);
        delete from body_chunk b where b.message_id = any(v_ids);
        messages := coalesce(cardinality(v_ids), 0);
    end if;

    delete from sent_append a
     where a.ctid = any(array(
           select x.ctid from sent_append x
            where x.appended_at < now() - make_interval(secs => p_sent_append)
            limit 1000 for update skip locked));
    get diagnostics sent_appends = row_count;
    return next;
end $$;

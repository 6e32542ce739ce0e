-- What changes mailboxes, each in one statement from the gateway and one transaction of its own.
--
-- All of them lock the mailbox rows they touch first, in (account_id, id) order, and look at messages
-- only in later statements, whose snapshots (read committed) are younger than the locks: so uid and
-- modseq are assigned in commit order, and nobody who reads "greater than mine" misses a change.
-- They wait for each other's row locks; they never fail because of each other.
--
-- Planned once per connection (force_generic_plan): planning costs more than running them, and there is
-- one sensible way to run them, whatever the statistics say.
--
-- Joins from a list of uids to their messages are written "lateral (... offset 0)": nobody but us knows
-- how many messages a mailbox has, and a planner that guesses few would walk all of them for each uid.
-- Rows found so are changed by ctid: under the mailbox's lock nobody else moves them.
--
-- Errors: PM001 the staged bytes are gone, PM002 no such mailbox, PM003 no room for a keyword,
-- PM004 the mailbox takes no messages, PM005 over the account's storage cap.

-- Delivers a batch of submissions: message rows, INBOX and Sent entries, delivery and submission
-- records. Member n of the batch is element n of each p_ array. Outcomes: delivered; repeated,
-- conflict (R17: the Message-ID was submitted before, with the same or another content); no_inbox,
-- no_sent (the account has no such mailbox). Only "delivered" leaves anything behind.
-- The lock on the sender's \Sent row is what serialises two submissions of one Message-ID.
create function submit_batch(
    p_id uuid[], p_size bigint[], p_chunk_size integer[], p_chunks integer[], p_seal_version smallint[],
    p_facts bytea[], p_staged boolean[], p_date bigint[],
    p_sender bigint[], p_recipient bigint[], p_inbox_key bytea[],
    p_sender_msgid bytea[], p_recipient_msgid bytea[], p_fingerprint bytea[],
    k_message uuid[], k_seal_key bigint[], k_wrapped bytea[],
    c_message uuid[], c_idx integer[], c_data bytea[]
) returns table (member bigint, outcome text, inbox_id bigint, sent_id bigint)
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
    return query select u.n, u.o, u.i, u.s
                   from unnest(v_outcome, v_inbox, v_sent) with ordinality u(o, i, s, n);
end $$;

-- Takes staged chunks over; from here on the sweeper leaves them alone.
create function claim_staged(p_ids uuid[]) returns void
language plpgsql as $$
declare
    v_taken bigint;
begin
    delete from staged where message_id = any(p_ids);
    get diagnostics v_taken = row_count;
    if v_taken <> cardinality(p_ids) then
        raise exception 'the staged bytes are gone' using errcode = 'PM001';
    end if;
end $$;

-- Refuses what would go beyond the account's storage cap (R20); for free where there is none.
create function check_storage_cap(p_account bigint, p_more bigint) returns void
language plpgsql as $$
declare
    v_cap bigint;
begin
    select storage_cap into v_cap from account where id = p_account;
    if v_cap is not null
       and v_cap < p_more + (select coalesce(sum(size), 0) from mailbox where account_id = p_account) then
        raise exception 'over the storage cap' using errcode = 'PM005';
    end if;
end $$;

-- APPEND. Outcomes: stored; existing (R28: it is the client's copy of a submission that is in this
-- \Sent already; p_msgid and p_fingerprint are null where that is not to be looked for).
create function append_message(
    p_account bigint, p_mailbox bigint, p_id uuid, p_size bigint, p_chunk_size integer, p_chunks integer,
    p_seal_version smallint, p_facts bytea, p_staged boolean, p_seal_key bigint, p_wrapped bytea,
    c_idx integer[], c_data bytea[], p_flags bigint, p_date bigint, p_msgid bytea, p_fingerprint bytea
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
    insert into mailbox_message (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id)
    values (p_account, p_mailbox, v_box.uidnext, v_box.highestmodseq + 1, p_flags, p_size, p_date, p_id);
    update mailbox m
       set uidnext = m.uidnext + 1, highestmodseq = m.highestmodseq + 1, messages = m.messages + 1,
           size = m.size + p_size,
           unseen = m.unseen + case when p_flags & 1 = 0 then 1 else 0 end,
           deleted = m.deleted + case when p_flags & 8 <> 0 then 1 else 0 end,
           deleted_size = m.deleted_size + case when p_flags & 8 <> 0 then p_size else 0 end
     where m.account_id = p_account and m.id = p_mailbox;
    return query select 'stored', v_box.uidnext, v_box.uidvalidity;
end $$;

-- Ascending uids as lo, hi, lo, hi, ...
create function uid_ranges(p_uids bigint[]) returns bigint[]
language sql immutable as $$
    select coalesce(array_agg(x.b order by x.lo, x.b), '{}')
      from (select min(u) as lo, max(u) as hi
              from (select u, u - row_number() over (order by u) as island from unnest(p_uids) u) i
             group by island) r,
           lateral (values (r.lo, r.lo), (r.lo, r.hi)) x(lo, b)
$$;

-- STORE. The messages are those of the ranges p_lo[n]..p_hi[n]. How: add, remove, replace. Arrays of
-- the same length, ascending by uid, an element for each message found; outcome 1: changed; 0: the same
-- (it had these flags: it keeps its modseq); 2: modified (its modseq is above p_unchanged, RFC 7162
-- section 3.1.3: left alone).
create function store_flags(
    p_account bigint, p_mailbox bigint, p_lo bigint[], p_hi bigint[], p_how text, p_flags bigint,
    p_unchanged bigint
) returns table (uids bigint[], flags bigint[], modseqs bigint[], outcomes smallint[])
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_modseq bigint;
    v_clear  bigint := case p_how when 'add' then 0 when 'remove' then p_flags else -1 end;
    v_set    bigint := case p_how when 'remove' then 0 else p_flags end;
begin
    select m.highestmodseq + 1 into v_modseq from mailbox m
     where m.account_id = p_account and m.id = p_mailbox for no key update;
    if not found then
        raise exception 'no such mailbox' using errcode = 'PM002';
    end if;
    with judged as materialized (
        select e.*, e.old & ~v_clear | v_set as new,
               case when e.modseq > p_unchanged then 2
                    when e.old & ~v_clear | v_set = e.old then 0 else 1 end::smallint as outcome
          from unnest(p_lo, p_hi) r(lo, hi),
               lateral (select m.ctid as tid, m.uid, m.flags as old, m.modseq, m.size
                          from mailbox_message m
                         where m.account_id = p_account and m.mailbox_id = p_mailbox
                           and m.uid between r.lo and r.hi
                        offset 0) e
    ), stored as (
        update mailbox_message e set flags = e.flags & ~v_clear | v_set, modseq = v_modseq
         where e.ctid = any(array(select j.tid from judged j where j.outcome = 1))
    ), counted as (
        update mailbox m
           set highestmodseq = v_modseq, unseen = m.unseen + c.unseen, deleted = m.deleted + c.deleted,
               deleted_size = m.deleted_size + c.deleted_size
          from (select count(*) as n,
                       coalesce(sum((j.old & 1) - (j.new & 1)), 0)::bigint as unseen,
                       coalesce(sum(((j.new & 8) - (j.old & 8)) / 8), 0)::bigint as deleted,
                       coalesce(sum(((j.new & 8) - (j.old & 8)) / 8 * j.size), 0)::bigint as deleted_size
                  from judged j where j.outcome = 1) c
         where c.n > 0 and m.account_id = p_account and m.id = p_mailbox
    ), noted as (
        insert into mailbox_change (account_id, mailbox_id, modseq, kind, uids)
        select p_account, p_mailbox, v_modseq, 'flags', uid_ranges(array_agg(j.uid))
          from judged j where j.outcome = 1 having count(*) > 0
    )
    select array_agg(j.uid), array_agg(case j.outcome when 2 then j.old else j.new end),
           array_agg(case j.outcome when 1 then v_modseq else j.modseq end), array_agg(j.outcome)
      into uids, flags, modseqs, outcomes
      from judged j;
    return next;
end $$;

-- EXPUNGE, UID EXPUNGE: the \Deleted messages of the ranges go to expunged. Their uids, ascending.
create function expunge_messages(p_account bigint, p_mailbox bigint, p_lo bigint[], p_hi bigint[])
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
                              message_id)
        select g.account_id, g.mailbox_id, g.uid, v_box.highestmodseq + 1, g.flags, g.size,
               g.internal_date, g.saved_at, g.message_id
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

-- COPY and MOVE within one account. Keywords follow by name; one for which the target has no room is
-- left behind. src[n] became uid dst_first + n - 1 (src ascending, so that dst keeps the order).
create function copy_messages(
    p_account bigint, p_from bigint, p_to bigint, p_lo bigint[], p_hi bigint[], p_move boolean
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
           coalesce(bit_or(e.flags), 0) & ~255::bigint
      into v_src, v_size, v_used
      from unnest(p_lo, p_hi) r(lo, hi),
           lateral (select m.uid, m.size, m.flags from mailbox_message m
                     where m.account_id = p_account and m.mailbox_id = p_from and m.uid between r.lo and r.hi
                    offset 0) e;
    if cardinality(v_src) = 0 then
        return query select v_to.uidvalidity, v_src, v_to.uidnext;
        return;
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
               (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id)
        select p_account, p_to, c.uid, v_to.highestmodseq + 1, c.flags, c.size, c.internal_date, c.message_id
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

-- Takes entries out of a mailbox that the caller has locked; they stay recoverable in expunged.
create function remove_entries(p_account bigint, p_mailbox bigint, p_uids bigint[], p_moved boolean)
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
                              message_id, moved)
        select g.account_id, g.mailbox_id, g.uid, v_modseq, g.flags, g.size, g.internal_date, g.saved_at,
               g.message_id, p_moved
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

-- The bits of keywords, given by key; those not there yet get the next ones. p_names are the sealed names.
create function create_keywords(p_account bigint, p_mailbox bigint, p_keys bytea[], p_names bytea[])
returns bigint
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_next smallint;
    v_bit  smallint;
    v_bits bigint := 0;
begin
    perform from mailbox m where m.account_id = p_account and m.id = p_mailbox for no key update;
    if not found then
        raise exception 'no such mailbox' using errcode = 'PM002';
    end if;
    select coalesce(max(k.bit), 7) + 1 into v_next from mailbox_keyword k
     where k.account_id = p_account and k.mailbox_id = p_mailbox;
    for i in 1 .. cardinality(p_keys) loop
        select k.bit into v_bit from mailbox_keyword k
         where k.account_id = p_account and k.mailbox_id = p_mailbox and k.name_key = p_keys[i];
        if not found then
            if v_next > 62 then
                raise exception 'no room for another keyword' using errcode = 'PM003';
            end if;
            v_bit := v_next;
            v_next := v_next + 1;
            insert into mailbox_keyword (account_id, mailbox_id, bit, name_key, name)
            values (p_account, p_mailbox, v_bit, p_keys[i], p_names[i]);
        end if;
        v_bits := v_bits | (1::bigint << v_bit);
    end loop;
    return v_bits;
end $$;

-- \Recent (RFC 3501 section 2.3.2): the caller owns the uids from the answer up to p_upto.
create function claim_recent(p_account bigint, p_mailbox bigint, p_upto bigint) returns bigint
language plpgsql as $$
declare
    v_from bigint;
begin
    insert into mailbox_recent (account_id, mailbox_id)
    select m.account_id, m.id from mailbox m where m.account_id = p_account and m.id = p_mailbox
    on conflict do nothing;
    select r.recent_from into v_from from mailbox_recent r
     where r.account_id = p_account and r.mailbox_id = p_mailbox for no key update;
    if v_from < p_upto then
        update mailbox_recent r set recent_from = p_upto
         where r.account_id = p_account and r.mailbox_id = p_mailbox;
    end if;
    return coalesce(v_from, p_upto);
end $$;

-- What is new in a mailbox for somebody who knows it up to p_modseq, with all messages below p_uidnext
-- and all keywords up to bit p_bit. "whole": everything is answered, because nothing is known (p_modseq
-- 0) or the change log does not reach back that far. Stable: all of it is one snapshot, the caller's.
-- Nothing new costs one look at the mailbox row.
create function mailbox_delta(
    p_account bigint, p_mailbox bigint, p_modseq bigint, p_uidnext bigint, p_bit smallint
) returns table (
    uidvalidity bigint, uidnext bigint, highestmodseq bigint, whole boolean,
    uids bigint[], flags bigint[], modseqs bigint[], sizes bigint[], dates bigint[], bodies uuid[],
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
               array_agg(e.internal_date), array_agg(e.message_id)
          into uids, flags, modseqs, sizes, dates, bodies
          from mailbox_message e where e.account_id = p_account and e.mailbox_id = p_mailbox;
        p_bit := 0;
    else
        select array_agg(x.uid), array_agg(x.flags), array_agg(x.modseq), array_agg(x.size),
               array_agg(x.internal_date), array_agg(x.message_id)
          into uids, flags, modseqs, sizes, dates, bodies
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

-- Moves all that a mailbox holds to expunged before its row goes; the caller has locked the row.
create function empty_mailbox(p_account bigint, p_mailbox bigint) returns void
language plpgsql as $$
begin
    perform remove_entries(p_account, p_mailbox,
                           array(select e.uid from mailbox_message e
                                  where e.account_id = p_account and e.mailbox_id = p_mailbox), false);
    delete from mailbox_change where account_id = p_account and mailbox_id = p_mailbox;
    delete from sent_append where account_id = p_account and mailbox_id = p_mailbox;
end $$;

-- One small step of the sweeper in each of its fields; ages in seconds. All zero: nothing is due, or
-- another gateway is sweeping. Mailbox rows are locked one at a time, with nothing else held.
create function sweep(p_staged double precision, p_changes double precision, p_expunged double precision,
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
                where x.expunged_at < now() - make_interval(secs => p_expunged) limit 200))
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

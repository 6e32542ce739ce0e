-- What was imported, who of Support looked into whose mail, and expiry that costs little.
--
-- Conventions as in 0001.

-- An imported message, by mailbox, content, date and which of equal ones it is (src/service/import.rs): so that
-- an import that was interrupted, or is run again, doubles nothing that is still there.
create table imported_message (
    account_id   bigint not null,
    item_key     bytea not null,
    message_id   uuid not null,               -- no foreign key: it may be swept
    primary key (account_id, item_key)
);

-- Break-glass: a person of Support asks to see a mailbox's list or one message, another one approves, and for a
-- while the first may look. An export is noted here too, and needs no approval.
create table support_access (
    id           bigint generated always as identity primary key,
    account_id   bigint not null references account,
    kind         text not null check (kind in ('list', 'message', 'export')),
    mailbox_id   bigint,                      -- null: all
    uid          bigint,                      -- null: the list
    reason       bytea not null,              -- sealed
    asked_by     text not null,
    asked_key    text not null,               -- the name, folded: who is the same person
    asked_login  bigint,                      -- the login uid that the kernel knows; null: it knows none
    asked_at     timestamptz not null,
    lapses_at    timestamptz not null,        -- not approved later
    approved_by  text,
    approved_key text,
    approved_login bigint,
    approved_at  timestamptz,
    open_until   timestamptz,
    ended_by     text,
    ended_at     timestamptz,                 -- refused, or given up
    used_at      timestamptz,                 -- the first time
    constraint support_access_two_people
        check (approved_key <> asked_key and approved_login is distinct from coalesce(asked_login, -1)),
    check (num_nulls(approved_by, approved_key, approved_at, open_until) in (0, 4)),
    check ((kind = 'message') = (uid is not null) and (kind = 'export') = (mailbox_id is null))
);
create index support_access_account on support_access (account_id);

-- When a practice's mailboxes were last gone through for what has expired; null: they are to be.
alter table practice add column expiry_swept_at timestamptz;

-- Which practice is to be gone through next: one whose last time is longer ago than p_every seconds.
create function expiry_due(p_now double precision, p_every double precision) returns bigint
language sql stable as $$
    select p.id from practice p
     where p.expire_days is not null
       and (p.expiry_swept_at is null or p.expiry_swept_at < to_timestamp(p_now - p_every))
     order by p.expiry_swept_at nulls first, p.id
     limit 1
$$;

-- Expires a mailbox's next messages, p_limit at most. Ids of messages are in the order of time (UUID version 7), so
-- the id tells how old a message is, whoever dated it. Whether the account is held is asked again under the lock
-- that setting a hold waits for.
create function expire_mailbox(p_account bigint, p_mailbox bigint, p_now double precision, p_limit integer)
returns bigint
language plpgsql as $$
declare
    v_before uuid;
    v_uids bigint[];
begin
    perform pg_advisory_xact_lock_shared(7064010);
    select (lpad(to_hex(((p_now - p.expire_days * 86400.0) * 1000)::bigint), 12, '0')
            || '70008000000000000000')::uuid
      into v_before
      from account a join practice p on p.id = a.practice_id
     where a.id = p_account and a.legal_hold_at is null and p.expire_days * 86400.0 < p_now;
    if v_before is null then
        return 0;
    end if;
    perform from mailbox m where m.account_id = p_account and m.id = p_mailbox for no key update;
    v_uids := array(select e.uid from mailbox_message e
                     where e.account_id = p_account and e.mailbox_id = p_mailbox and e.message_id < v_before
                     order by e.uid limit p_limit);
    if cardinality(v_uids) > 0 then
        perform remove_entries(p_account, p_mailbox, v_uids, false);
    end if;
    return cardinality(v_uids);
end $$;
drop function expire_messages(double precision);

-- As in 0007, but under a lock that setting a hold waits for: when a hold has been set, no sweep goes on that
-- began before it.
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

    perform pg_advisory_xact_lock_shared(7064010);

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

-- After a backup has been restored, mail programs know more of a mailbox than it does: messages that came, and
-- changes that were made, after the backup. So that no UID and no modseq is ever given a second meaning, all of
-- the account's mailboxes go far ahead of both, and whoever knows less than that is told everything anew.
-- UIDVALIDITY stays: what mail programs have stays good.
create function mailboxes_after_restore(p_account bigint) returns bigint
language plpgsql as $$
declare
    v_box mailbox;
    v_count bigint := 0;
    v_modseq bigint;
begin
    for v_box in select * from mailbox m where m.account_id = p_account order by m.id for no key update loop
        v_modseq := v_box.highestmodseq + 1000000000;
        update mailbox_message e set modseq = v_modseq where e.account_id = p_account and e.mailbox_id = v_box.id;
        delete from mailbox_change c where c.account_id = p_account and c.mailbox_id = v_box.id;
        update mailbox m
           set highestmodseq = v_modseq, changes_from = v_modseq,
               uidnext = greatest(m.uidnext, least(m.uidnext + 1000000, 4294000000))
         where m.account_id = p_account and m.id = v_box.id;
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;

-- As in 0007; but a mailbox whose UIDs only went ahead, without messages, is not behind: it would be looked at again
-- every few seconds.
create or replace function search_behind(p_least bigint, p_limit integer)
returns table (account_id bigint, mailbox_id bigint, uid_from bigint, uidnext bigint)
language sql stable as $$
    select m.account_id, m.id, coalesce(s.uid_to, 0) + 1, m.uidnext
      from mailbox m
      left join lateral (select max(g.uid_to) as uid_to from search_segment g
                          where g.account_id = m.account_id and g.mailbox_id = m.id) s on true
     where m.selectable and m.messages > 0 and m.uidnext > p_least
       and m.uidnext - 1 - coalesce(s.uid_to, 0) >= p_least
       and exists (select from mailbox_message e
                    where e.account_id = m.account_id and e.mailbox_id = m.id and e.uid > coalesce(s.uid_to, 0))
     order by m.uidnext - coalesce(s.uid_to, 0) desc
     limit p_limit
$$;

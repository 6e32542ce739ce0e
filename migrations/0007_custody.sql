-- The search index of sealed mail, how far a verification has come, and what a rotation of the master key carries
-- over.

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
     where m.selectable and m.messages > 0 and m.uidnext - 1 - coalesce(s.uid_to, 0) >= p_least
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

-- Messages older than this expire, into what is recoverable; null: never. And what is held for the law: nothing
-- of the account expires or ends being recoverable.
alter table practice add column expire_days integer check (expire_days > 0);
alter table account add column legal_hold_at timestamptz;

-- Brings expunged messages back, as new messages of a mailbox; those that went on into another mailbox, or
-- are back already, are left out. Keywords stay only in the mailbox that they came from.
create function restore_messages(p_account bigint, p_mailboxes bigint[], p_uids bigint[], p_to bigint)
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
        insert into mailbox_message (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id)
        select p_account, p_to, p.uid, v_box.highestmodseq + 1, p.flags, p.size, p.internal_date, p.message_id
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

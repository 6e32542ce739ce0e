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

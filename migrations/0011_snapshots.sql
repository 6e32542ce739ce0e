-- Snapshots of mailboxes' rows, for opening a large one that no gateway has in memory.
--
-- Conventions as in 0001.

-- What mailbox_message held for a mailbox at a modseq, packed and sealed as one value (src/store/snapshots.rs).
-- Derived: may be deleted at any time. Of use only while the change log reaches back to its modseq. It goes with the
-- key that wraps its own.
create table mailbox_snapshot (
    account_id   bigint not null,
    mailbox_id   bigint not null,
    id           uuid not null,               -- another one each time
    uidvalidity  bigint not null,
    modseq       bigint not null,             -- complete up to here
    uidnext      bigint not null,             -- as it was then
    rows         bigint not null,
    seal_key_id  bigint not null references seal_key on delete cascade,
    wrapped      bytea not null,              -- its data key, sealed by the seal key
    data         bytea not null,              -- sealed
    made_at      timestamptz not null default now(),
    primary key (account_id, mailbox_id),
    foreign key (account_id, mailbox_id) references mailbox on delete cascade
);
alter table mailbox_snapshot alter column data set storage external;

-- How many UIDs the change log names after a modseq: about what it costs to go through it.
create function changes_after(p_account bigint, p_mailbox bigint, p_modseq bigint) returns bigint
language sql stable as $$
    select coalesce(sum(c.uids[i + 1] - c.uids[i] + 1), 0)::bigint
      from mailbox_change c, generate_series(1, cardinality(c.uids), 2) i
     where c.account_id = p_account and c.mailbox_id = p_mailbox and c.modseq > p_modseq
$$;

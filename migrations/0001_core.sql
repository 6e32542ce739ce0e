-- The core of postern: who exists, their mailboxes, and the sealed messages in them.
--
-- Conventions. Every row that belongs to an account starts its key with account_id, so that these
-- tables can later be partitioned or distributed by account. A column whose comment says "sealed"
-- holds AEAD output (src/store/seal.rs); one that ends in _key holds a keyed hash (HMAC), never a bare one.
-- Order of locks: account row (only where mailbox names change), staged rows, mailbox rows in
-- (account_id, id) order; then only rows that belong to a locked mailbox or are new.
-- Tables that each submission writes have no foreign keys: a check costs a lock and a trigger per
-- row, and what they would catch cannot happen (ids are never reused, accounts never deleted,
-- message rows are removed by the sweeper alone, when nothing can refer to them any more).

create table master_key_check (
    version      integer primary key,
    proof        bytea not null,              -- sealed constant: a wrong master key is noticed at start
    created_at   timestamptz not null default now()
);

create table practice (
    id           bigint generated always as identity primary key,
    name         text not null constraint practice_name_unique unique,
    attachment_limit bigint check (attachment_limit > 0),   -- R18, bytes; null: the gateway's setting
    created_at   timestamptz not null default now()
);

create table account (
    id           bigint generated always as identity primary key,
    practice_id  bigint references practice,
    first_name   text not null,
    last_name    text not null,
    role         text not null check (role in ('doctor', 'staff')),
    tier         text not null check (tier in ('paid', 'free')),                 -- R7
    user_manager boolean not null default false,                                 -- R8
    state        text not null default 'active' check (state in ('active', 'locked', 'closed')),
    locked_at    timestamptz,
    portal_password text,                                                        -- argon2id, PHC string
    time_zone    text not null default 'UTC',                                    -- R24
    storage_cap  bigint check (storage_cap > 0),                                 -- R20, bytes; null: none
    sign_in_epoch bigint not null default 0,                                     -- grows when a lock, a close or a revocation ends sessions
    uidvalidity_last bigint not null default 0,
    created_at   timestamptz not null default now()
);
create index account_practice on account (practice_id);

-- R30: a secure address and an email address lead to one account; an address is never given to another.
create table address (
    address      text primary key,            -- normalised, see types::Address
    account_id   bigint not null references account,
    kind         text not null check (kind in ('secure', 'email')),
    retired_at   timestamptz,
    created_at   timestamptz not null default now()
);
create unique index address_one_current on address (account_id, kind) where retired_at is null;

-- The keys that wrap the messages' data keys: one per practice, one per account without a practice.
create table seal_key (
    id           bigint generated always as identity primary key,
    practice_id  bigint unique references practice,
    account_id   bigint unique references account,
    master_version integer not null,
    wrapped      bytea not null,
    created_at   timestamptz not null default now(),
    check (num_nonnulls(practice_id, account_id) = 1)
);

-- R29. verifier = HMAC(server key, account || secret)
create table app_password (
    account_id   bigint not null references account,
    id           bigint generated always as identity,
    name         text not null,
    verifier_key bytea not null,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,
    last_used_from text,
    revoked_at   timestamptz,
    primary key (account_id, id),
    constraint app_password_verifier unique (account_id, verifier_key)
);

-- R4: the distinct wrong secrets since the last right one of the same kind.
create table failed_secret (
    account_id   bigint not null references account,
    verifier_key bytea not null,
    kind         text not null check (kind in ('app', 'portal')),
    failed_at    timestamptz not null default now(),
    primary key (account_id, verifier_key)
);

-- One person as the gateway works with them: both addresses, the practice's limits, the seal key.
create view account_person as
    select a.id as account_id, a.practice_id, p.name as practice_name, a.first_name, a.last_name, a.role, a.tier,
           a.user_manager, a.state, a.sign_in_epoch, a.storage_cap, p.attachment_limit,
           (extract(epoch from a.locked_at) * 1000000)::bigint as locked_at,          -- microseconds
           (extract(epoch from a.created_at) * 1000000)::bigint as created_at,
           a.portal_password is not null as has_portal_password,
           s.address as secure_address, e.address as email,
           coalesce(kp.id, ka.id) as seal_key_id,
           coalesce(kp.master_version, ka.master_version) as master_version,
           coalesce(kp.wrapped, ka.wrapped) as wrapped
      from account a
      left join practice p on p.id = a.practice_id
      join address s on s.account_id = a.id and s.kind = 'secure' and s.retired_at is null
      join address e on e.account_id = a.id and e.kind = 'email' and e.retired_at is null
      left join seal_key kp on kp.practice_id = a.practice_id
      left join seal_key ka on ka.account_id = a.id and a.practice_id is null;

-- R4 in one atomic step. Says what the failure was: unknown, locked, revoked, again, counted, locked_now.
-- Every outcome costs the same durable write, so that the time of an answer tells nothing; an account that
-- is locked, or that does not exist, remembers no secret.
create function note_failed_sign_in(p_account bigint, p_key bytea, p_kind text) returns text
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
    update account set state = 'locked', locked_at = now(), sign_in_epoch = sign_in_epoch + 1 where id = p_account;
    return 'locked_now';
end $$;

create table mailbox (
    account_id   bigint not null references account,
    id           bigint generated always as identity,
    name_key     bytea not null,
    name         bytea not null,              -- sealed
    special_use  text check (special_use in ('sent', 'drafts', 'trash', 'junk', 'archive', 'flagged', 'all')),
    uidvalidity  bigint not null,
    uidnext      bigint not null default 1,
    highestmodseq bigint not null default 1,
    messages     bigint not null default 0,
    unseen       bigint not null default 0,
    deleted      bigint not null default 0,
    size         bigint not null default 0,   -- bytes, sum of RFC822.SIZE
    deleted_size bigint not null default 0,
    selectable   boolean not null default true,             -- false: \Noselect, kept for its children
    changes_from bigint not null default 0,   -- rows of mailbox_change up to this modseq may be gone
    created_at   timestamptz not null default now(),
    primary key (account_id, id),
    constraint mailbox_name_unique unique (account_id, name_key)
) with (fillfactor = 50);
create unique index mailbox_one_use on mailbox (account_id, special_use) where special_use is not null;

-- \Recent goes to exactly one session: who raises recent_from owns the UIDs it passed.
create table mailbox_recent (
    account_id   bigint not null,
    mailbox_id   bigint not null,
    recent_from  bigint not null default 1,
    primary key (account_id, mailbox_id),
    foreign key (account_id, mailbox_id) references mailbox on delete cascade
) with (fillfactor = 50);

create table mailbox_keyword (
    account_id   bigint not null,
    mailbox_id   bigint not null,
    bit          smallint not null check (bit between 8 and 62),
    name_key     bytea not null,
    name         bytea not null,              -- sealed
    primary key (account_id, mailbox_id, bit),
    constraint mailbox_keyword_unique unique (account_id, mailbox_id, name_key),
    foreign key (account_id, mailbox_id) references mailbox on delete cascade
);

-- Subscriptions outlive mailboxes (RFC 9051 section 6.3.7).
create table subscription (
    account_id   bigint not null references account,
    name_key     bytea not null,
    name         bytea not null,              -- sealed
    primary key (account_id, name_key)
);

-- Immutable; shared by the sender's Sent copy and the delivered copy.
create table message (
    id           uuid primary key,
    size         bigint not null,             -- bytes of plaintext
    chunk_size   integer not null,            -- plaintext bytes per chunk
    chunks       integer not null,
    seal_version smallint not null,
    facts        bytea not null,              -- sealed: envelope, structure, header block, sections
    created_at   timestamptz not null default now()
) with (toast_tuple_target = 8160);
alter table message alter column facts set storage external;

create table message_key (
    message_id   uuid not null,
    seal_key_id  bigint not null,
    wrapped      bytea not null,              -- the data key, sealed by the seal key
    primary key (message_id, seal_key_id)
);

create table body_chunk (
    message_id   uuid not null,               -- no foreign key: staged before its message exists
    idx          integer not null,
    data         bytea not null,              -- sealed
    primary key (message_id, idx)
) with (toast_tuple_target = 8160);
alter table body_chunk alter column data set storage external;

-- Messages on their way in whose chunks are already here; the sweeper removes what nobody claims.
create table staged (
    message_id   uuid primary key,
    touched_at   timestamptz not null default now()
);

create table mailbox_message (
    account_id   bigint not null,
    mailbox_id   bigint not null,
    uid          bigint not null,
    modseq       bigint not null,
    flags        bigint not null,             -- types::Flags: system flags, then the mailbox's keywords
    size         bigint not null,             -- RFC822.SIZE
    internal_date bigint not null,            -- Unix seconds
    saved_at     timestamptz not null default now(),
    message_id   uuid not null,
    primary key (account_id, mailbox_id, uid)
) with (fillfactor = 85);
create index mailbox_message_message on mailbox_message (message_id);

-- What was expunged: for QRESYNC, for sessions not told yet, and recoverable until retention ends.
create table expunged (
    account_id   bigint not null,
    mailbox_id   bigint not null,
    uid          bigint not null,
    modseq       bigint not null,
    flags        bigint not null,
    size         bigint not null,
    internal_date bigint not null,            -- Unix seconds
    saved_at     timestamptz not null,
    expunged_at  timestamptz not null default now(),
    moved        boolean not null default false,            -- it went on into another mailbox
    message_id   uuid not null,
    primary key (account_id, mailbox_id, uid)
);
create index expunged_message on expunged (message_id);
create index expunged_at on expunged (expunged_at);

-- Which UIDs changed at which modseq: what other sessions read instead of an index on modseq
-- (which would make each flag change a non-HOT update). New messages are found by uid, not here.
create table mailbox_change (
    account_id   bigint not null,
    mailbox_id   bigint not null,
    modseq       bigint not null,
    kind         text not null check (kind in ('flags', 'expunge')),
    uids         bigint[] not null,           -- lo, hi, lo, hi, ...
    changed_at   timestamptz not null default now(),
    primary key (account_id, mailbox_id, modseq, kind)
);
create index mailbox_change_at on mailbox_change (changed_at);

-- R14: who delivered which Message-ID to whom; outlives the message.
create table delivery (
    account_id   bigint not null,          -- the recipient
    msgid_key    bytea not null,
    sender_id    bigint not null,
    message_id   uuid not null,
    delivered_at timestamptz not null default now(),
    primary key (account_id, msgid_key, sender_id)
);

-- R17: a retry is answered again, not delivered again. R28: the client's own copy is recognised once.
create table submission (
    account_id   bigint not null,          -- the sender
    msgid_key    bytea not null,
    fingerprint_key bytea not null,
    recipient_id bigint not null,
    message_id   uuid not null,
    sent_mailbox_id bigint not null,
    sent_uid     bigint not null,
    client_copy_seen boolean not null default false,
    submitted_at timestamptz not null default now(),
    primary key (account_id, msgid_key)
);

-- R28, the other order: the client's APPEND to \Sent came before its submission was answered.
create table sent_append (
    account_id   bigint not null,
    msgid_key    bytea not null,
    fingerprint_key bytea not null,
    mailbox_id   bigint not null,
    uid          bigint not null,
    appended_at  timestamptz not null default now(),
    primary key (account_id, msgid_key, mailbox_id, uid)
);
create index sent_append_at on sent_append (appended_at);

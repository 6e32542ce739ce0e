-- People: invitations, web sign-ins, second steps, links, profiles.
--
-- An invited person is an account from the start (state invited: no address, no password, its own seal key,
-- its mailboxes), so that what is sent to it can wait in its INBOX (R15). An invitation row points at it.
-- Order of locks goes on from 0001: account row, staged rows, mailbox rows in (account_id, id) order, then
-- the invitation rows of those accounts, then links, codes, sessions. Who holds an invitation's row takes
-- no mailbox's any more.
-- Secrets (links, session ids, codes, recovery codes) are stored as keyed hashes, phone numbers, TOTP
-- secrets and signatures sealed.

alter table account drop constraint account_state_check;
alter table account
    add constraint account_state_check check (state in ('invited', 'active', 'locked', 'closed')),
    add column two_step      boolean not null default true,           -- R2
    add column password_long boolean not null default true,           -- false: only good together with a factor
    add column web_epoch     bigint not null default 0,               -- grows when web sign-ins must end
    add column ada_number    text not null default '',                -- R6
    add column specialties   text[] not null default '{}',            -- R6
    add column signature     bytea;                                   -- sealed (R22)

alter table practice
    add column two_step_enforced boolean not null default false,      -- R2
    add column street   text not null default '',                     -- R6: the record, changed by Support alone
    add column place    text not null default '',
    add column phone    text not null default '',
    add column website  text not null default '';

-- R1: what a practice has bought.
create table practice_product (
    practice_id  bigint not null references practice,
    product      text not null check (product in ('secure-mail', 'collaborator', 'truform')),
    since        timestamptz not null default now(),
    primary key (practice_id, product)
);
insert into practice_product (practice_id, product) select id, 'secure-mail' from practice;

-- R4, R5: whatever takes an account out of service ends its web sign-ins for good, whoever does it.
create function account_left_service() returns trigger
language plpgsql as $$
begin
    new.web_epoch := old.web_epoch + 1;
    return new;
end $$;
create trigger account_left_service before update of state on account
    for each row when (old.state = 'active' and new.state <> 'active')
    execute function account_left_service();

-- R15, R8, R16. Open until the person has registered, Support has revoked it, or the person turned out to
-- have an account already (joined: what waited is in that account's INBOX). joining: it is being moved.
create table invitation (
    id           bigint generated always as identity primary key,
    account_id   bigint not null constraint invitation_account unique references account,
    practice_id  bigint references practice,            -- the inviter's; null: the inviter has none
    inviter_id   bigint not null references account,
    email        text not null,                         -- normalised
    phone        bytea not null,                        -- sealed with the invited account's key
    state        text not null default 'open' check (state in ('open', 'registered', 'revoked', 'joining', 'joined')),
    token_key    bytea constraint invitation_token unique,  -- the newest link; null: none is out
    link_made_at timestamptz,
    link_expires_at timestamptz,
    opened_at    timestamptz,                           -- the newest link was opened
    needs_link   boolean not null default true,         -- the next message sends one (R8, R15)
    stuck        text check (stuck in ('code_not_answered', 'code_wrong', 'code_expired', 'phone_wrong')),
    pending_password text,                              -- argon2id; chosen, the phone not yet proved
    pending_long boolean,
    pending_first_name text,
    pending_last_name  text,
    joined_account bigint references account,
    created_at   timestamptz not null,
    closed_at    timestamptz
);
create unique index invitation_open_of_practice on invitation (practice_id, email)
    where state in ('open', 'revoked') and practice_id is not null;
create unique index invitation_open_of_person on invitation (inviter_id, email)
    where state in ('open', 'revoked') and practice_id is null;
create index invitation_email on invitation (email) where state in ('open', 'joining');
create index invitation_inviter on invitation (inviter_id, created_at);

-- Web sign-ins (R5). The cookie's 256 random bits are stored as HMAC(server key, id).
create table web_session (
    id_key       bytea primary key,
    account_id   bigint not null references account,
    stage        text not null check (stage in ('registering', 'resetting', 'second_step', 'full')),
    epoch        bigint not null,                       -- account.web_epoch at its beginning
    created_at   timestamptz not null,
    active_at    timestamptz not null,
    factor_at    timestamptz,                           -- when a code or TOTP was last proved
    from_address text not null,
    user_agent   text not null
);
create index web_session_account on web_session (account_id);

-- R2: reset and email-change links; one of each kind, so that a newer one voids the older.
create table account_link (
    account_id   bigint not null references account,
    kind         text not null check (kind in ('reset', 'email')),
    token_key    bytea not null constraint account_link_token unique,
    new_email    text,
    made_at      timestamptz not null,
    expires_at   timestamptz not null,
    pending_password text,                              -- reset: chosen, the second step not yet taken
    pending_long boolean,
    primary key (account_id, kind)
);

-- R3: the newest code sent for each purpose. It is void after 5 wrong answers, and so is one sent again
-- within its ten minutes (that of a registration until there is a new link).
create table phone_code (
    account_id   bigint not null references account,
    purpose      text not null check (purpose in ('register', 'reset', 'sign_in', 'factor', 'phone', 'accept')),
    code_key     bytea not null,
    phone        bytea,                                 -- sealed; purpose phone: the new number
    sent_at      timestamptz not null,
    expires_at   timestamptz not null,
    failures     smallint not null default 0,
    primary key (account_id, purpose)
);

-- What went out lately, for the limits per account that hold on all gateways together.
create table sent_lately (
    account_id   bigint not null references account,
    kind         text not null check (kind in ('code', 'reset', 'email', 'correction')),
    sent_at      timestamptz not null
);
create index sent_lately_account on sent_lately (account_id, kind, sent_at);

-- R3. pending: shown to be scanned, not yet proved.
create table totp (
    account_id   bigint primary key references account,
    secret       bytea,                                 -- sealed
    last_step    bigint not null default 0,             -- steps up to this one are used up
    enrolled_at  timestamptz,
    pending      bytea,                                 -- sealed
    pending_at   timestamptz
);

create table recovery_code (
    account_id   bigint not null references account,
    code_key     bytea not null,
    used_at      timestamptz,
    primary key (account_id, code_key)
);

-- R3: answers a code in one atomic step: right (and used up), wrong,
-- fifth (wrong, and void now), void, expired, none.
-- sent: when the code was made, which tells it from the other codes of the account.
create function answer_phone_code(
    p_account bigint, p_purpose text, p_code_key bytea, p_now double precision,
    out verdict text, out sent bigint, out phone bytea
)
language plpgsql as $$
declare
    v_code phone_code;
begin
    select * into v_code from phone_code c
     where c.account_id = p_account and c.purpose = p_purpose for update;
    if not found then
        verdict := 'none';
        return;
    end if;
    sent := (extract(epoch from v_code.sent_at) * 1000000)::bigint;
    phone := v_code.phone;
    if v_code.failures >= 5 then
        verdict := 'void';
    elsif v_code.expires_at <= to_timestamp(p_now) then
        verdict := 'expired';
    elsif v_code.code_key = p_code_key then
        delete from phone_code c where c.account_id = p_account and c.purpose = p_purpose;
        verdict := 'right';
    else
        update phone_code c set failures = c.failures + 1
         where c.account_id = p_account and c.purpose = p_purpose;
        verdict := case when v_code.failures + 1 >= 5 then 'fifth' else 'wrong' end;
    end if;
end $$;

-- The limits per account: whether one more of the kind may be sent now; counted if so. The account's row
-- is locked first, so that many gateways count together.
create function note_sent(p_account bigint, p_kind text, p_now double precision, p_most integer) returns boolean
language plpgsql as $$
begin
    perform from account where id = p_account for no key update;
    delete from sent_lately
     where account_id = p_account and kind = p_kind and sent_at <= to_timestamp(p_now) - interval '1 hour';
    if (select count(*) from sent_lately where account_id = p_account and kind = p_kind) >= p_most then
        return false;
    end if;
    insert into sent_lately (account_id, kind, sent_at) values (p_account, p_kind, to_timestamp(p_now));
    return true;
end $$;

-- R15, R8: puts the invitation's notice with a new link into the outbox, unless a good one is out already
-- (p_again: even then). Older links stop working, and whatever was begun with them.
create function send_invitation(
    p_account bigint, p_again boolean, p_token bytea, p_notice uuid, p_payload bytea,
    p_now double precision, p_link_expires double precision, p_notice_expires double precision
) returns boolean
language plpgsql as $$
begin
    update invitation i
       set token_key = p_token, link_made_at = to_timestamp(p_now), link_expires_at = to_timestamp(p_link_expires),
           opened_at = null, needs_link = false, stuck = null, pending_password = null, pending_long = null,
           pending_first_name = null, pending_last_name = null
     where i.account_id = p_account and i.state = 'open'
       and (p_again or i.needs_link or i.link_expires_at <= to_timestamp(p_now));
    if not found then
        return false;
    end if;
    delete from phone_code where account_id = p_account;
    delete from web_session where account_id = p_account;
    perform enqueue_notice(p_account, p_notice, 'invitation', 'email', p_payload, p_now, p_now,
                           p_notice_expires, array['invitation']);
    return true;
end $$;

-- submit_batch, and for each member that went to an invited person (i_account: one element for each of
-- them, however many members it has) the invitation, in the same transaction. The lock on the INBOX row that
-- submit_batch holds by then is what two deliveries to one invited person wait for.
create function submit_and_invite(
    p_id uuid[], p_size bigint[], p_chunk_size integer[], p_chunks integer[], p_seal_version smallint[],
    p_facts bytea[], p_staged boolean[], p_date bigint[],
    p_sender bigint[], p_recipient bigint[], p_inbox_key bytea[],
    p_sender_msgid bytea[], p_recipient_msgid bytea[], p_fingerprint bytea[],
    k_message uuid[], k_seal_key bigint[], k_wrapped bytea[],
    c_message uuid[], c_idx integer[], c_data bytea[],
    p_address text[], p_gateway text,
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
            k_wrapped, c_message, c_idx, c_data, p_address, p_gateway);
        return;
    end if;
    select array_agg(b.member), array_agg(b.outcome), array_agg(b.inbox_id), array_agg(b.sent_id),
           array_agg(b.notice_due)
      into v_member, v_outcome, v_inbox, v_sent, v_due
      from submit_batch(
            p_id, p_size, p_chunk_size, p_chunks, p_seal_version, p_facts, p_staged, p_date, p_sender,
            p_recipient, p_inbox_key, p_sender_msgid, p_recipient_msgid, p_fingerprint, k_message, k_seal_key,
            k_wrapped, c_message, c_idx, c_data, p_address, p_gateway) b;
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

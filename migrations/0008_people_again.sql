-- People, again: browsers that an account is known by, more than one phone number, when a password was last
-- typed, and passwords that Support has made.
--
-- Order of locks as in 0004: the account's row first, then these.

-- A browser that has signed in to an account before carries a random value in a cookie; here is its keyed hash.
-- It opens nothing: it only keeps the notice of a new sign-in back.
create table known_browser (
    account_id   bigint not null references account,
    browser_key  bytea not null,                        -- keyed with the account
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    primary key (account_id, browser_key)
);
create index known_browser_last on known_browser (last_at);

-- R6: the account's other proved numbers; codes and text notices go to account.phone.
create table account_phone (
    id           bigint generated always as identity primary key,
    account_id   bigint not null references account,
    phone        bytea not null,                        -- sealed
    proved_at    timestamptz not null
);
create index account_phone_account on account_phone (account_id);

-- When the password was last typed in this sign-in; null: before there was this column.
alter table web_session add column password_at timestamptz;

-- Support has made or been told the password: its first use leads to choosing another one, and to nothing else.
alter table account add column password_initial boolean not null default false;

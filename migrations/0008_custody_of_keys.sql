-- How far a verification has come, so that one that was interrupted goes on.
create table verify_run (
    scope        bigint primary key,          -- the account, or 0: everybody
    upto         uuid,                        -- messages up to here were looked at
    checked      bigint not null default 0,
    faults       text[] not null default '{}',
    begun_at     timestamptz not null default now(),
    touched_at   timestamptz not null default now()
);

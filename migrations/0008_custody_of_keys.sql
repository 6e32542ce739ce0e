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

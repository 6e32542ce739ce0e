-- R21: contacts. A person is in a paid account's address book when the account has composed to them and
-- they have registered.
--
-- A row is made when the first message is sent, whoever receives it; it is shown while the person is
-- registered, which the readers decide. Each change of a book, and of a card in it, raises the book's
-- revision under the lock of the book's row, so that revision order is commit order and "all after mine"
-- (RFC 6578) misses nothing. Order of locks: books come after everything else, in account order.

create table contact_book (
    account_id   bigint primary key references account,
    revision     bigint not null
) with (fillfactor = 50);

create table contact (
    account_id   bigint not null,             -- whose book
    contact_id   bigint not null,             -- the person
    uid          uuid not null default gen_random_uuid(),    -- the card's name; tells nothing about the account
    revision     bigint not null,             -- of the book, when the card last changed
    added_at     timestamptz not null default now(),
    primary key (account_id, contact_id),
    constraint contact_uid unique (account_id, uid)
) with (fillfactor = 80);
create index contact_person on contact (contact_id);
create index contact_revision on contact (account_id, revision);

create function add_contact(p_account bigint, p_contact bigint) returns void
language plpgsql as $$
declare
    v_revision bigint;
begin
    insert into contact_book as b (account_id, revision) values (p_account, 1)
        on conflict (account_id) do update set revision = b.revision + 1
        returning b.revision into v_revision;
    insert into contact (account_id, contact_id, revision) values (p_account, p_contact, v_revision)
        on conflict do nothing;
end $$;

-- Once for each statement that submits, however many messages it holds; nearly always it finds nothing new.
create function note_contacts() returns trigger
language plpgsql as $$
declare
    v record;
begin
    for v in select distinct s.account_id, s.recipient_id
               from arrived s join account a on a.id = s.account_id
              where a.tier = 'paid' and s.recipient_id <> s.account_id
                and not exists (select from contact c
                                 where c.account_id = s.account_id and c.contact_id = s.recipient_id)
              order by 1, 2
    loop
        perform add_contact(v.account_id, v.recipient_id);
    end loop;
    return null;
end $$;
create trigger submission_contact after insert on submission
    referencing new table as arrived for each statement execute function note_contacts();

-- What a card shows has changed: in every book that has it.
create function contact_changed(p_contact bigint) returns void
language plpgsql as $$
begin
    perform from contact_book b
      where b.account_id in (select c.account_id from contact c where c.contact_id = p_contact)
      order by b.account_id for no key update;
    update contact_book b set revision = b.revision + 1
     where b.account_id in (select c.account_id from contact c where c.contact_id = p_contact);
    update contact c set revision = b.revision
      from contact_book b where c.contact_id = p_contact and b.account_id = c.account_id;
end $$;

create function account_card_changed() returns trigger
language plpgsql as $$
begin
    perform contact_changed(new.id);
    return null;
end $$;

create function address_card_changed() returns trigger
language plpgsql as $$
begin
    perform contact_changed(new.account_id);
    return null;
end $$;

-- At the end of the transaction, so that books are locked last. A lock (R4) shows in no card.
create constraint trigger account_card_changed after update on account
    deferrable initially deferred for each row
    when ((old.first_name, old.last_name, old.role) is distinct from (new.first_name, new.last_name, new.role)
          or old.practice_id is distinct from new.practice_id
          or (old.state in ('active', 'locked')) <> (new.state in ('active', 'locked')))
    execute function account_card_changed();
create constraint trigger address_card_changed after insert or update on address
    deferrable initially deferred for each row
    when (new.kind = 'secure')
    execute function address_card_changed();

-- R15: an invited person who turned out to have an account: who wrote to the one has written to the other.
create function contact_joined() returns trigger
language plpgsql as $$
declare
    v record;
begin
    for v in select c.account_id from contact c
              where c.contact_id = new.account_id and c.account_id <> new.joined_account
              order by c.account_id
    loop
        perform add_contact(v.account_id, new.joined_account);
    end loop;
    delete from contact where contact_id = new.account_id;
    return null;
end $$;
create constraint trigger contact_joined after update on invitation
    deferrable initially deferred for each row
    when (new.joined_account is not null and new.joined_account is distinct from old.joined_account)
    execute function contact_joined();

-- R29: what the device's mail program calls itself (IMAP ID, RFC 2971), for the list of devices.
alter table app_password add column last_client text;

-- One-time links from which a phone takes its profile. The app password is made when the link is used, so
-- none is ever stored. token_key = HMAC(server key, token).
create table device_link (
    token_key    bytea primary key,
    account_id   bigint not null references account,
    name         text not null,               -- of the device
    expires_at   timestamptz not null
);
create index device_link_account on device_link (account_id);

-- Those who were written to before there were books.
do $$
declare
    v record;
begin
    for v in select distinct s.account_id, s.recipient_id
               from submission s join account a on a.id = s.account_id
              where a.tier = 'paid' and s.recipient_id <> s.account_id order by 1, 2
    loop
        perform add_contact(v.account_id, v.recipient_id);
    end loop;
end $$;

-- What IMAP extensions keep: annotations (RFC 5464), and what is switched off for an account.

-- An annotation of a mailbox, or of the account as a whole (the "server" of RFC 5464, mailbox_id null).
-- Name and value are one sealed text, found by the keyed hash of the name.
create table annotation (
    account_id   bigint not null references account,
    mailbox_id   bigint,
    name_key     bytea not null,
    sealed       bytea not null,              -- sealed: the name, a NUL, the value
    constraint annotation_unique unique nulls not distinct (account_id, mailbox_id, name_key),
    foreign key (account_id, mailbox_id) references mailbox on delete cascade
);
alter table annotation alter column sealed set storage external;

-- IMAP capabilities that this account's programs are not offered: a mail program that has a fault with one
-- works again, and nobody else loses it.
create table imap_switched_off (
    account_id   bigint not null references account,
    capability   text not null,               -- in upper case
    primary key (account_id, capability)
);

-- What is stored at the same time is stored together: submissions and messages that mail programs append.
--
-- The functions of before (0007) find out in the database what the gateway mostly knows: which mailbox is an
-- account's INBOX, which its \Sent, how much each of them grows. With a dozen statements for a batch, starting
-- statements was what a message cost. Here the gateway says what it knows, and it is checked under the locks;
-- what does not hold, or is not plain (a Message-ID that was used before, a storage cap), is left to them.

-- Places messages: their rows, keys and chunks (m_, k_, c_), entries in mailboxes (e_), records of submissions and
-- deliveries (s_), notices (n_), audit entries. b_: the mailboxes, distinct, in (account, id) order; what each must be
-- (b_role, bits: 1 the INBOX, which has this b_key; 2 the \Sent; 4 one that takes messages and is no \Sent; 8 one that
-- takes messages) and how much it grows. e_box and s_sent_box count the b_ from 1; offsets count from 0.
-- placed = false: nothing was done. uidnext, uidvalidity: of each mailbox, as it was. noticed: whose notice is due now.
-- a_account: the accounts that append (R20).
create function place_messages(
    b_account bigint[], b_id bigint[], b_role smallint[], b_key bytea[], b_count bigint[], b_unseen bigint[],
    b_deleted bigint[], b_size bigint[], b_deleted_size bigint[],
    m_id uuid[], m_size bigint[], m_chunk_size integer[], m_chunks integer[], m_seal_version smallint[],
    m_facts bytea[], m_staged uuid[],
    k_message uuid[], k_seal_key bigint[], k_wrapped bytea[],
    c_message uuid[], c_idx integer[], c_data bytea[],
    e_box integer[], e_offset bigint[], e_flags bigint[], e_message uuid[], e_size bigint[], e_date bigint[],
    e_tie bytea[],
    s_sender bigint[], s_sender_msgid bytea[], s_fingerprint bytea[], s_recipient bigint[],
    s_recipient_msgid bytea[], s_message uuid[], s_sent_box integer[], s_sent_offset bigint[], s_date bigint[],
    s_address text[],
    n_recipient bigint[], n_date bigint[], a_account bigint[], p_gateway text
) returns table (placed boolean, uidnext bigint[], uidvalidity bigint[], noticed bigint[])
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_modseq bigint[];
begin
    placed := false;
    -- A plain join, so that whoever waited for a row has it judged again in its new version (as in 0007).
    select array_agg(l.uidnext), array_agg(l.uidvalidity), array_agg(l.highestmodseq + 1)
      into uidnext, uidvalidity, v_modseq
      from (select m.uidnext, m.uidvalidity, m.highestmodseq
              from unnest(b_account, b_id, b_role, b_key) with ordinality u(account_id, id, role, name_key, n)
              join mailbox m on m.account_id = u.account_id and m.id = u.id
             where (u.role & 1 = 0 or m.name_key = u.name_key)
               and (u.role & 2 = 0 or m.special_use = 'sent')
               and (u.role & 4 = 0 or m.special_use is distinct from 'sent')
               and (u.role & 12 = 0 or m.selectable)
             order by u.n
               for no key update of m) l;
    if cardinality(uidnext) is distinct from cardinality(b_id)
       or exists (select from unnest(s_sender, s_sender_msgid) u(account_id, msgid_key)
                    join submission o on o.account_id = u.account_id and o.msgid_key = u.msgid_key)
       or exists (select from unnest(s_sender, s_sender_msgid) u(account_id, msgid_key)
                    join sent_append c on c.account_id = u.account_id and c.msgid_key = u.msgid_key)
       or exists (select from unnest(a_account) u(id) join account a on a.id = u.id
                   where a.storage_cap is not null) then
        return next;
        return;
    end if;
    if cardinality(m_staged) > 0 then
        perform claim_staged(m_staged);
    end if;
    with stored as (
        insert into message (id, size, chunk_size, chunks, seal_version, facts)
        select * from unnest(m_id, m_size, m_chunk_size, m_chunks, m_seal_version, m_facts)
    ), wrapped as (
        insert into message_key (message_id, seal_key_id, wrapped)
        select * from unnest(k_message, k_seal_key, k_wrapped)
    ), chunk as (
        insert into body_chunk (message_id, idx, data)
        select * from unnest(c_message, c_idx, c_data)
    ), entry as (
        insert into mailbox_message
               (account_id, mailbox_id, uid, modseq, flags, size, internal_date, message_id, tie)
        select b_account[e.box], b_id[e.box], uidnext[e.box] + e.at, v_modseq[e.box], e.flags, e.size, e.date,
               e.message, entry_tie(e.tie_key, b_id[e.box], uidnext[e.box] + e.at, e.size, e.date)
          from unnest(e_box, e_offset, e_flags, e_message, e_size, e_date, e_tie)
               e(box, at, flags, message, size, date, tie_key)
    ), submitted as (
        insert into submission (account_id, msgid_key, fingerprint_key, recipient_id, message_id,
                                sent_mailbox_id, sent_uid)
        select s.sender, s.msgid, s.fingerprint, s.recipient, s.message, b_id[s.box], uidnext[s.box] + s.at
          from unnest(s_sender, s_sender_msgid, s_fingerprint, s_recipient, s_message, s_sent_box, s_sent_offset)
               s(sender, msgid, fingerprint, recipient, message, box, at)
    ), delivered as (
        insert into delivery (account_id, msgid_key, sender_id, message_id)
        select * from unnest(s_recipient, s_recipient_msgid, s_sender, s_message)
            on conflict do nothing
    ), noted as (
        insert into audit_pending (at, actor, address, action, account_id, object, result, gateway)
        select to_timestamp(s.date), 'account:' || s.sender, s.address, 'send', s.recipient,
               'message:' || s.message, 'done', p_gateway
          from unnest(s_date, s_sender, s_address, s_recipient, s_message)
               s(date, sender, address, recipient, message)
    )
    update mailbox m
       set uidnext = m.uidnext + g.count, highestmodseq = m.highestmodseq + 1, messages = m.messages + g.count,
           unseen = m.unseen + g.unseen, deleted = m.deleted + g.deleted, size = m.size + g.size,
           deleted_size = m.deleted_size + g.deleted_size
      from unnest(b_account, b_id, b_count, b_unseen, b_deleted, b_size, b_deleted_size)
           g(account_id, id, count, unseen, deleted, size, deleted_size)
     where m.account_id = g.account_id and m.id = g.id;
    -- R23: mostly one is waiting already, and speaks for all.
    if exists (select from unnest(n_recipient) u(id)
                 join account a on a.id = u.id and a.notify <> 'none' and a.state in ('active', 'locked')
                cross join lateral unnest(case a.notify when 'both' then array['email', 'text']
                                                        else array[a.notify] end) c(channel)
                where not exists (select from notice n
                                   where n.account_id = a.id and n.kind = 'secure-message'
                                     and n.channel = c.channel and n.state = 'waiting' and n.taken_by is null))
    then
        noticed := enqueue_secure_message_notices(n_recipient, n_date);
    end if;
    placed := true;
    return next;
end $$;

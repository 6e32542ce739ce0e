-- STORE by a gateway that knows the mailbox as it is: one row and one commit cost what they must.

-- A changed flag is a new version of its row. Where the page has room for it no index is touched (a "HOT"
-- update); a mailbox whose messages all get a flag needs room for every row once more. Pages that are there
-- already fill up as they did.
alter table mailbox_message set (fillfactor = 50);

-- STORE, given by somebody who knows the mailbox at p_modseq: the flags of all messages in p_ranges (lo, hi,
-- lo, hi, ..., each range holding only messages that really change) become flags & ~p_clear | p_set, and the
-- mailbox's mod-sequence the next one. p_count is how many they are, the rest by how much the mailbox's
-- counters change. False, and nothing is done, when the mailbox is not there or has gone on: then
-- store_flags decides. Without ranges: whether p_modseq is what the mailbox has.
--
-- Why one look will do: whoever knows p_modseq has seen the commit that made it, so the statement's snapshot
-- has it too; the update waits for the mailbox's row, and compares again when it was waited for; rows of
-- mailbox_message change with the mod-sequence alone.
--
-- PM022: there are other messages than the caller believes.
create function store_flags_known(
    p_account bigint, p_mailbox bigint, p_modseq bigint, p_ranges bigint[], p_clear bigint, p_set bigint,
    p_count bigint, p_unseen bigint, p_deleted bigint, p_deleted_size bigint
) returns boolean
language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_count bigint;
begin
    if p_count = 0 then
        return exists (select from mailbox m
                        where m.account_id = p_account and m.id = p_mailbox and m.highestmodseq = p_modseq);
    end if;
    update mailbox m
       set highestmodseq = p_modseq + 1, unseen = m.unseen + p_unseen, deleted = m.deleted + p_deleted,
           deleted_size = m.deleted_size + p_deleted_size
     where m.account_id = p_account and m.id = p_mailbox and m.highestmodseq = p_modseq;
    if not found then
        return false;
    end if;
    if cardinality(p_ranges) = 2 then
        update mailbox_message e set flags = e.flags & ~p_clear | p_set, modseq = p_modseq + 1
         where e.account_id = p_account and e.mailbox_id = p_mailbox
           and e.uid between p_ranges[1] and p_ranges[2];
    else
        update mailbox_message e set flags = e.flags & ~p_clear | p_set, modseq = p_modseq + 1
         where e.ctid = any(array(
               select d.tid from generate_series(1, cardinality(p_ranges), 2) i,
                      lateral (select m.ctid as tid from mailbox_message m
                                where m.account_id = p_account and m.mailbox_id = p_mailbox
                                  and m.uid between p_ranges[i] and p_ranges[i + 1]
                               offset 0) d));
    end if;
    get diagnostics v_count = row_count;
    if v_count <> p_count then
        raise exception 'the mailbox holds other messages' using errcode = 'PM022';
    end if;
    insert into mailbox_change (account_id, mailbox_id, modseq, kind, uids)
    values (p_account, p_mailbox, p_modseq + 1, 'flags', p_ranges);
    return true;
end $$;

-- An order of yesterday's binary lacks its sale also when it was invoiced since: the invoice took its
-- goods from 1250, where nothing had put them. Only an order that was invoiced as it was made, in one
-- transaction and so at one time, has its goods in the invoice's entry.
DO $$
DECLARE
    now_reads text := pg_get_functiondef('post_what_lacks_its_entry()'::regprocedure);
    reads text := regexp_replace(now_reads,
        '\s+AND to_jsonb\(o\) ->> ''invoiced_on'' IS NULL AND to_jsonb\(o\) ->> ''cancelled_at'' IS NULL', '');
BEGIN
    IF reads = now_reads THEN
        RAISE EXCEPTION 'post_what_lacks_its_entry is not what it was';
    END IF;
    EXECUTE reads;
END
$$;

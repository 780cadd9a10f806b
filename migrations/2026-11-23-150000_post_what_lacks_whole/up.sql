-- The whole function once more: the migrations that changed parts of its text gave another one where they
-- had come in another order.
CREATE OR REPLACE FUNCTION public.post_what_lacks_its_entry()
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    posted bigint;
BEGIN
    WITH locked AS MATERIALIZED (
        SELECT c.tenant_id, c.last_number FROM journal_counters c ORDER BY c.tenant_id FOR NO KEY UPDATE
    ), lacking AS (
        SELECT m.tenant_id, m.id AS source_id, 'stock' AS source, '1200' AS debit,
               CASE m.kind WHEN 'opening' THEN '3900' ELSE '2000' END AS credit, m.value_minor AS amount,
               CASE m.kind WHEN 'opening' THEN 'Opening stock' ELSE 'Purchase' END AS memo, m.created_by, m.created_at
            FROM stock_movements m
            WHERE m.kind IN ('opening', 'purchase') AND m.value_minor <> 0 AND NOT EXISTS (
                SELECT FROM journal_entries e
                    WHERE e.tenant_id = m.tenant_id AND e.source_id = m.id AND e.source = 'stock')
        UNION ALL
        SELECT o.tenant_id, o.id, 'sale', '1250', '1200', o.cost_minor, 'Order SO-' || lpad(o.number::text, 6, '0'),
               o.created_by, o.created_at
            FROM orders o
            WHERE NOT EXISTS (SELECT FROM invoices i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id AND i.created_at = o.created_at) AND o.cost_minor <> 0 AND NOT EXISTS (
                SELECT FROM journal_entries e
                    WHERE e.tenant_id = o.tenant_id AND e.source_id = o.id AND e.source = 'sale')
    ), numbered AS MATERIALIZED (
        SELECT l.*, t.currency, (l.created_at AT TIME ZONE t.time_zone)::date AS date,
               c.last_number + row_number() OVER (PARTITION BY l.tenant_id ORDER BY l.created_at, l.source_id) AS number
            FROM lacking l JOIN tenants t ON t.id = l.tenant_id JOIN locked c ON c.tenant_id = l.tenant_id
    ), counted AS (
        UPDATE journal_counters c SET last_number = n.last_number
            FROM (SELECT tenant_id, max(number) AS last_number FROM numbered GROUP BY tenant_id) n
            WHERE c.tenant_id = n.tenant_id
    ), entered AS (
        -- The id is a UUIDv7 of the moment: its first six bytes are milliseconds, two bits the version.
        INSERT INTO journal_entries
                (tenant_id, id, number, date, currency, memo, source, source_id, created_by, created_at)
            SELECT n.tenant_id,
                   encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
                       substring(int8send((extract(epoch FROM n.created_at) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
                       52, 1), 53, 1), 'hex')::uuid,
                   n.number, n.date, n.currency, n.memo, n.source, n.source_id, n.created_by, n.created_at
                FROM numbered n
    )
    INSERT INTO journal_lines (tenant_id, entry_number, position, account, date, amount_minor)
        SELECT n.tenant_id, n.number, l.position, l.account, n.date, l.amount
            FROM numbered n
            CROSS JOIN LATERAL (VALUES (1, n.debit, n.amount), (2, n.credit, -n.amount)) l (position, account, amount);
    GET DIAGNOSTICS posted = ROW_COUNT;
    RETURN posted / 2;
END
$function$;

COMMENT ON COLUMN jobs.payload_version IS 'Of which form the payload is. A binary that does not know it fails the job, which is tried again and in the end given up for dead.';

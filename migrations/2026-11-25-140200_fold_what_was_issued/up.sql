-- The sums by day of what was issued before. Nobody draws a number meanwhile; sums that were begun since the
-- trigger is there are made anew.

DO $$
BEGIN
    PERFORM FROM invoice_counters FOR UPDATE;
    INSERT INTO product_daily_sales AS t (tenant_id, date, product_id, kind, quantity, net_minor, discount_minor, cost_minor)
        SELECT i.tenant_id, i.date, g.product, i.kind, sum(g.quantity), sum(g.net), sum(g.discount), sum(g.cost)
            FROM invoice_counters c
            JOIN invoices i ON i.tenant_id = c.tenant_id AND i.kind = c.kind AND i.number <= folded_through(c.last_number)
            CROSS JOIN jsonb_to_recordset(i.goods) AS g (product uuid, quantity bigint, net bigint, discount bigint, cost bigint)
            GROUP BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, date, product_id, kind) DO UPDATE SET quantity = excluded.quantity,
            net_minor = excluded.net_minor, discount_minor = excluded.discount_minor, cost_minor = excluded.cost_minor;
END
$$;

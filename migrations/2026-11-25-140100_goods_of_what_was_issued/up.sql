-- What was issued before notes its goods too. What a line that an edit took away had cost is not known any
-- more: it counts as nothing in its invoice, and in the credit note that took the invoice back. So each product
-- comes to what it should.

UPDATE invoices i SET goods = goods_of_return(i.tenant_id, i.id, i.lines)
    FROM returns r
    WHERE r.tenant_id = i.tenant_id AND r.credit_note_id = i.id AND i.goods = '[]';

UPDATE invoices i SET goods = g.goods
    FROM invoices j
    CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('product', p.id, 'quantity', (x.line ->> 'quantity')::bigint,
            'net', printed_minor(x.line ->> 'line_total'), 'discount', printed_minor(x.line ->> 'discount'),
            'cost', coalesce(l.cost_minor, 0)) ORDER BY x.place) AS goods
        FROM jsonb_array_elements(j.lines) WITH ORDINALITY x (line, place)
        LEFT JOIN order_lines l ON l.tenant_id = j.tenant_id AND l.id = (x.line ->> 'order_line_id')::uuid
        JOIN products p ON p.tenant_id = j.tenant_id
            AND (p.id = l.product_id OR (l.product_id IS NULL AND p.sku = x.line ->> 'sku'))) g
    WHERE i.tenant_id = j.tenant_id AND i.id = j.id AND j.goods = '[]' AND g.goods IS NOT NULL
        AND NOT EXISTS (SELECT FROM returns r WHERE r.tenant_id = j.tenant_id AND r.credit_note_id = j.id);

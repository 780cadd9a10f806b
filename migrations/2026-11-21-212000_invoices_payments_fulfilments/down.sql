DO $$
BEGIN
    EXECUTE replace(pg_get_functiondef('post_what_lacks_its_entry()'::regprocedure),
        'NOT EXISTS (SELECT FROM invoices i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id '
            'AND i.created_at = o.created_at) AND',
        'o.status = ''placed'' AND');
END
$$;
DROP TABLE fulfilment_lines, fulfilments, payments, invoices, invoice_counters;

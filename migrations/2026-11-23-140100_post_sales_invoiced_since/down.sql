DO $$
BEGIN
    EXECUTE replace(pg_get_functiondef('post_what_lacks_its_entry()'::regprocedure),
        'o.cost_minor <> 0',
        'o.cost_minor <> 0' || E'\n                '
            'AND to_jsonb(o) ->> ''invoiced_on'' IS NULL AND to_jsonb(o) ->> ''cancelled_at'' IS NULL');
END
$$;

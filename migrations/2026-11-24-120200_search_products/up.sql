-- Row-level security switches text indexes off, since their operators are not leakproof. So search is
-- done by functions that row-level security does not hold up: owned by a role that nobody logs in as
-- and that may read the catalogue only, and bound to the tenant that the transaction is in.

CREATE POLICY search_all ON products FOR SELECT TO countinghouse_search USING (true);
GRANT SELECT (tenant_id, id, sku, name, barcode, description, active, created_at) ON products TO countinghouse_search;

-- One page of what has each of these parts in it, newest first. The part that narrows it down most
-- comes first, for the index; the others are looked at row by row. No limit gives all.
CREATE FUNCTION products_with(parts text[], is_active boolean, before_time timestamptz, before_id uuid, most bigint)
RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public
SET plan_cache_mode = force_custom_plan
AS $$
    SELECT id FROM products
    WHERE tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid
        AND active = is_active
        AND ((sku || ' ' || name || ' ' || coalesce(barcode, '')) ILIKE parts[1] OR description ILIKE parts[1])
        AND (sku || ' ' || name || ' ' || coalesce(barcode, '') || ' ' || coalesce(description, '')) ILIKE ALL (parts)
        AND (before_time IS NULL OR (created_at, id) < (before_time, before_id))
    ORDER BY created_at DESC, id DESC
    LIMIT most
$$;
COMMENT ON FUNCTION products_with IS 'The products of this transaction''s tenant that have all these parts in them (patterns of ILIKE).';

-- What is most like this text, best first: by how much of the text's trigrams a run of words has, and
-- among equals by how little else is in them. What is hardly like it at all is looked for only where
-- nothing is more like it, and in descriptions only where names have nothing as much like it. Of a short
-- word, one error leaves a single trigram.
CREATE FUNCTION products_like(wanted text, is_active boolean, most bigint) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public
SET plan_cache_mode = force_custom_plan
SET pg_trgm.word_similarity_threshold = 0.7
AS $$
DECLARE
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    threshold text;
BEGIN
    FOREACH threshold IN ARRAY ARRAY['0.7', '0.5', '0.3', '0.2'] LOOP
        PERFORM set_config('pg_trgm.word_similarity_threshold', threshold, true);
        RETURN QUERY
            SELECT p.id FROM products p,
                LATERAL (SELECT p.sku || ' ' || p.name || ' ' || coalesce(p.barcode, '') AS names) n
            WHERE p.tenant_id = tenant AND p.active = is_active
                AND wanted <% (p.sku || ' ' || p.name || ' ' || coalesce(p.barcode, ''))
            ORDER BY word_similarity(wanted, n.names) DESC, strict_word_similarity(wanted, n.names) DESC, p.id DESC
            LIMIT most;
        EXIT WHEN FOUND OR threshold < '0.3' OR threshold = '0.3' AND length(wanted) > 4;
        RETURN QUERY
            SELECT p.id FROM products p
            WHERE p.tenant_id = tenant AND p.active = is_active AND wanted <% p.description
            ORDER BY word_similarity(wanted, p.description) DESC,
                strict_word_similarity(wanted, p.description) DESC, p.id DESC
            LIMIT most;
        EXIT WHEN FOUND;
    END LOOP;
END
$$;
COMMENT ON FUNCTION products_like IS 'The products of this transaction''s tenant whose words are most like this text, best first.';

REVOKE ALL ON FUNCTION products_with(text[], boolean, timestamptz, uuid, bigint), products_like(text, boolean, bigint)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION products_with(text[], boolean, timestamptz, uuid, bigint), products_like(text, boolean, bigint)
    TO countinghouse_app;
-- Who is given a function must be allowed to make one there, for that moment.
GRANT CREATE ON SCHEMA public TO countinghouse_search;
ALTER FUNCTION products_with(text[], boolean, timestamptz, uuid, bigint) OWNER TO countinghouse_search;
ALTER FUNCTION products_like(text, boolean, bigint) OWNER TO countinghouse_search;
REVOKE CREATE ON SCHEMA public FROM countinghouse_search;

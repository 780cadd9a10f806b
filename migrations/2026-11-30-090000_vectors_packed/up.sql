-- A search reads vectors from their index, twice as fast where its pages are full. They come to be half empty: new
-- vectors of a client are put at the end of its own, in the midst of the index, where PostgreSQL halves a full page.
-- Workers pack it now and then.
ALTER INDEX image_vectors_pkey SET (fillfactor = 100);

-- PostgreSQL 16 lets nobody but the owner do that.
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN
        EXECUTE 'GRANT MAINTAIN ON image_vectors TO countinghouse_worker';
    END IF;
END
$$;

CREATE FUNCTION vectors_need_packing() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    page CONSTANT int := current_setting('block_size')::int;
    rows_now real;
    on_a_page int;
BEGIN
    IF current_setting('server_version_num')::int < 170000 THEN
        RETURN false;
    END IF;
    -- Nor where the database was one of PostgreSQL 16 when this was granted.
    IF NOT has_table_privilege(session_user, 'image_vectors', 'MAINTAIN') THEN
        RETURN false;
    END IF;
    SELECT reltuples INTO rows_now FROM pg_class WHERE oid = 'image_vectors_pkey'::regclass;
    -- A row has 588 bytes beside the name of its model.
    SELECT (page - 40) / (588 + coalesce(avg(octet_length(m.model)), 0))::int INTO on_a_page
        FROM (SELECT model FROM image_vectors LIMIT 100) m;
    RETURN pg_relation_size('image_vectors_pkey') > greatest(2097152, 1.25 * page * rows_now / on_a_page);
END
$$;
COMMENT ON FUNCTION vectors_need_packing IS 'Whether a quarter of the vectors'' index is empty.';
REVOKE ALL ON FUNCTION vectors_need_packing() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vectors_need_packing() TO countinghouse_worker;

CREATE FUNCTION drop_half_packed_vectors() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET lock_timeout = '200ms' AS $$
DECLARE
    half_packed name;
BEGIN
    FOR half_packed IN
        SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = 'image_vectors'::regclass AND NOT i.indisvalid
            AND starts_with(c.relname, 'image_vectors_pkey_cc')
    LOOP
        EXECUTE format('DROP INDEX public.%I', half_packed);
    END LOOP;
END
$$;
COMMENT ON FUNCTION drop_half_packed_vectors IS 'Drops what a packing of the vectors'' index that died left behind. It gives up where one is under way.';
REVOKE ALL ON FUNCTION drop_half_packed_vectors() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_half_packed_vectors() TO countinghouse_worker;

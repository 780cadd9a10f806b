DROP FUNCTION drop_half_packed_vectors();
DROP FUNCTION vectors_need_packing();
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN
        EXECUTE 'REVOKE MAINTAIN ON image_vectors FROM countinghouse_worker';
    END IF;
END
$$;
ALTER INDEX image_vectors_pkey RESET (fillfactor);

DROP FUNCTION next_order_number(uuid, uuid, bigint, bigint, timestamptz, text, text);
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_tenant_id_order_id_fkey;
DROP TABLE order_lines;
DROP TABLE orders;
DROP TABLE order_counters;

ALTER TABLE session_events DROP COLUMN order_id;

-- Returned goods are forgotten; so are the movements that brought them back.
DELETE FROM stock_movements WHERE kind = 'return';
ALTER TABLE stock_movements
    DROP COLUMN return_id,
    DROP CONSTRAINT stock_movements_kind_known,
    ADD CONSTRAINT stock_movements_kind_known
        CHECK (kind IN ('opening', 'purchase', 'sale', 'damage', 'correction', 'count'));
DROP TABLE return_lines, returns;
DROP FUNCTION count_returned_units();
ALTER TABLE order_lines
    DROP COLUMN returned_quantity,
    DROP COLUMN returned_unfulfilled,
    DROP COLUMN restocked_minor;

-- Stock is damaged, corrected and counted. A count that finds what the books say moves nothing, and
-- is kept all the same.

ALTER TABLE stock_movements
    DROP CONSTRAINT stock_movements_kind_known,
    ADD CONSTRAINT stock_movements_kind_known
        CHECK (kind IN ('opening', 'purchase', 'sale', 'damage', 'correction', 'count')) NOT VALID,
    DROP CONSTRAINT stock_movements_move_something,
    ADD CONSTRAINT stock_movements_move_something CHECK (quantity <> 0 OR kind = 'count') NOT VALID;
ALTER TABLE stock_movements VALIDATE CONSTRAINT stock_movements_kind_known;
ALTER TABLE stock_movements VALIDATE CONSTRAINT stock_movements_move_something;

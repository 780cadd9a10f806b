-- Fails while movements of the new kinds stand there: history is not deleted.
ALTER TABLE stock_movements
    DROP CONSTRAINT stock_movements_move_something,
    ADD CONSTRAINT stock_movements_move_something CHECK (quantity <> 0),
    DROP CONSTRAINT stock_movements_kind_known,
    ADD CONSTRAINT stock_movements_kind_known CHECK (kind IN ('opening', 'purchase', 'sale'));

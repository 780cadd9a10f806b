-- How many orders all clients had in each minute. Orders are stored as they come, so the blocks of the last hour are
-- found by their times, and an order pays next to nothing for it.
CREATE INDEX CONCURRENTLY orders_newest_of_all ON orders USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);

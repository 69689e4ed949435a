-- What tells an optimization that ends its runners from one that waits for somebody who is needed.
-- Both counts are of tries since its last better plan; the time is a real one, the database's.
ALTER TABLE optimizations
    ADD COLUMN lost_count integer NOT NULL DEFAULT 0, -- runners whose lease ran out
    ADD COLUMN away_count integer NOT NULL DEFAULT 0, -- tries that ended as somebody was away
    ADD COLUMN wait_until timestamptz;                -- not claimed before; at once where unset

-- The store of meshkit's own tests.
CREATE TABLE entries (
    tenant   text NOT NULL,
    entry_id text NOT NULL,
    text     text NOT NULL,
    PRIMARY KEY (tenant, entry_id)
);
SELECT doorstep_protect('entries');

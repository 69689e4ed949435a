-- Imports of zones from files: a stored operation that survives a restart. Whoever works on one holds
-- a lease by the database's clock and an epoch, so that a process that was thought dead writes no more.
CREATE TABLE zone_imports (
    tenant          text        NOT NULL,
    import_id       text        NOT NULL,
    format          text        NOT NULL,
    source          text        NOT NULL,
    effective_start timestamptz,                    -- NULL: as the contract says
    validate_only   boolean     NOT NULL,
    state           text        NOT NULL,
    zone_count      integer     NOT NULL DEFAULT 0,
    unchanged_count integer     NOT NULL DEFAULT 0,
    faults          jsonb       NOT NULL DEFAULT '[]', -- the domain's Remarks, by cattrs
    notices         jsonb       NOT NULL DEFAULT '[]',
    create_time     timestamptz NOT NULL,           -- business time, as `end_time`
    end_time        timestamptz,
    epoch           integer     NOT NULL DEFAULT 0,
    lease_until     timestamptz,                    -- real time, as `queued_at`
    queued_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, import_id)
);
CREATE INDEX zone_imports_open ON zone_imports (tenant) WHERE state = 'RUNNING';
SELECT doorstep_protect('zone_imports');

-- The file, until the import is over.
CREATE TABLE zone_import_files (
    tenant    text  NOT NULL,
    import_id text  NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (tenant, import_id)
);
SELECT doorstep_protect('zone_import_files');

-- What WatchRuleChanges tells after a rules version, as `rule_sets_order` does for zones.
CREATE INDEX closures_order ON closures (tenant, rules_version);

-- Numbers without rows: whoever waits for an import, or for work, hears by the pulse that one changed.
INSERT INTO feed_head (feed, shard) VALUES ('zone_imports', 0) ON CONFLICT DO NOTHING;

-- What the past is learned from, one row a piece: a fold of the journal (and of files that were
-- imported), kept up to date in the transactions that append to it.
CREATE TABLE past (
    tenant    text        NOT NULL DEFAULT doorstep_tenant(),
    key       text        NOT NULL, -- the first piece of a key stays
    kind      text        NOT NULL, -- Visit, Try, Driven, Start, Judged
    at        timestamptz NOT NULL, -- business time
    import_id text        NOT NULL DEFAULT '',
    withdrawn boolean     NOT NULL DEFAULT false, -- with its import
    judged    boolean     NOT NULL DEFAULT false, -- of a Judged: taken into the calibration
    body      jsonb       NOT NULL, -- the domain's piece
    PRIMARY KEY (tenant, key)
);
CREATE INDEX past_kind ON past (tenant, kind, at DESC) WHERE NOT withdrawn;
CREATE INDEX past_import ON past (tenant, import_id) WHERE import_id <> '';
CREATE INDEX past_waiting ON past (tenant, at) WHERE kind = 'Judged' AND NOT judged;
SELECT doorstep_protect('past');

-- Versions of what was learned. A row never changes.
CREATE TABLE learned_versions (
    tenant     text        NOT NULL DEFAULT doorstep_tenant(),
    version    bigint      NOT NULL,
    learned_at timestamptz NOT NULL, -- business time
    body       jsonb       NOT NULL, -- the domain's Version
    PRIMARY KEY (tenant, version)
);
SELECT doorstep_protect('learned_versions');

CREATE TABLE learned_places (
    tenant  text   NOT NULL DEFAULT doorstep_tenant(),
    version bigint NOT NULL,
    subject text   NOT NULL,
    body    jsonb  NOT NULL, -- the domain's Place
    PRIMARY KEY (tenant, version, subject)
);
SELECT doorstep_protect('learned_places');

-- What ticks go by: the version in force, today's traffic, the widths of intervals.
CREATE TABLE learning (
    tenant     text        NOT NULL DEFAULT doorstep_tenant(),
    version    bigint      NOT NULL, -- 0: nothing was learned yet
    stamp      bigint      NOT NULL, -- one more with each change
    looked_at  timestamptz NOT NULL DEFAULT '-infinity', -- real time of the last look
    body       jsonb       NOT NULL, -- the domain's Today
    PRIMARY KEY (tenant)
);
SELECT doorstep_protect('learning');

-- Imports of past attempts: a stored operation that survives a restart.
CREATE TABLE attempt_imports (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    import_id   text        NOT NULL,
    state       text        NOT NULL, -- QUEUED, RUNNING, DONE, FAILED, CANCELLED
    body        jsonb       NOT NULL, -- the domain's AttemptImport
    epoch       integer     NOT NULL DEFAULT 0,
    lease_until timestamptz,          -- real time, as `queued_at`
    queued_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, import_id)
);
CREATE INDEX attempt_imports_open ON attempt_imports (queued_at)
    WHERE state IN ('QUEUED', 'RUNNING');
SELECT doorstep_protect('attempt_imports');

-- The file, until the import is over.
CREATE TABLE attempt_import_files (
    tenant    text  NOT NULL DEFAULT doorstep_tenant(),
    import_id text  NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (tenant, import_id)
);
SELECT doorstep_protect('attempt_import_files');


-- Risks are ranked by what is at stake.
ALTER TABLE risks ADD COLUMN stake double precision NOT NULL DEFAULT 0;
CREATE INDEX risks_stake ON risks (tenant, stake DESC, task_id);

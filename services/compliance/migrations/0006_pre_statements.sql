-- Reports written as files. Who writes one holds a lease by the database's clock and a number, the
-- epoch: a claim raises it, so that whoever had it before writes no more.
CREATE TABLE emission_exports (
    tenant       text        NOT NULL,
    export_id    text        NOT NULL,
    state        text        NOT NULL,
    format       text        NOT NULL,
    dimension    text        NOT NULL,
    period_start timestamptz NOT NULL,
    period_end   timestamptz NOT NULL,
    create_time  timestamptz NOT NULL,              -- business time, as the next one
    end_time     timestamptz,
    failure      text        NOT NULL DEFAULT '',
    content      bytea,
    epoch        integer     NOT NULL DEFAULT 0,
    lost_count   integer     NOT NULL DEFAULT 0,    -- how often its writer was lost
    lease_until  timestamptz,                       -- real time, as those below
    queued_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    over_at      timestamptz,
    PRIMARY KEY (tenant, export_id)
);
CREATE INDEX emission_exports_open ON emission_exports (queued_at) WHERE state = 'RUNNING';
CREATE INDEX emission_exports_over ON emission_exports (over_at) WHERE over_at IS NOT NULL;
SELECT doorstep_protect('emission_exports');

-- For which of a delivery's tasks was the last one.
CREATE INDEX task_outcomes_delivery ON task_outcomes (tenant, delivery_id);

-- Published scores never change.
CREATE TABLE emission_scores (
    tenant            text        NOT NULL,
    emission_score_id text        NOT NULL,
    publish_time      timestamptz NOT NULL,         -- business time
    key_id            text        NOT NULL,
    score             jsonb       NOT NULL,         -- the domain's Score, by cattrs
    PRIMARY KEY (tenant, emission_score_id)
);
CREATE INDEX emission_scores_time
    ON emission_scores (tenant, publish_time DESC, emission_score_id DESC);
SELECT doorstep_protect('emission_scores');

-- The public keys that signed a tenant's scores, since when and until when.
CREATE TABLE score_keys (
    tenant      text        NOT NULL,
    key_id      text        NOT NULL,
    jwk         text        NOT NULL,
    create_time timestamptz NOT NULL,               -- business time, of its first signature
    retire_time timestamptz,                        -- of the first one by the key after it
    PRIMARY KEY (tenant, key_id)
);
SELECT doorstep_protect('score_keys');

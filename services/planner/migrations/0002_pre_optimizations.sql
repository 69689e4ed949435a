-- Optimizations and batches, and what it takes to repeat any solve. The first migration said that
-- the problem itself is never kept; from here on it is, for a bounded time: positions and ids, and
-- nothing else of persons, since requests name nobody.
CREATE TABLE batches (
    tenant       text        NOT NULL,
    batch_id     text        NOT NULL,
    state        text        NOT NULL,
    is_cancelled boolean     NOT NULL DEFAULT false,
    create_time  timestamptz NOT NULL, -- business time, as all but those below that say otherwise
    end_time     timestamptz,
    PRIMARY KEY (tenant, batch_id)
);
SELECT doorstep_protect('batches');

CREATE TABLE optimizations (
    tenant                text        NOT NULL,
    optimization_id       text        NOT NULL,
    batch_id              text        NOT NULL DEFAULT '',
    part_id               text        NOT NULL DEFAULT '',
    part_rank             integer     NOT NULL DEFAULT 0,
    title                 text        NOT NULL,
    state                 text        NOT NULL,
    create_time           timestamptz NOT NULL,
    end_time              timestamptz,
    progress_percent      integer     NOT NULL DEFAULT 0,
    plan_count            integer     NOT NULL DEFAULT 0,
    cost_micros           bigint      NOT NULL DEFAULT 0,
    costs                 jsonb       NOT NULL DEFAULT '[]', -- the domain's Costs
    bound_micros          bigint,
    unassigned_count      integer     NOT NULL DEFAULT 0,
    task_count            integer     NOT NULL,
    record                jsonb,                             -- the domain's SolveRecord
    failure_reason        text        NOT NULL DEFAULT '',
    revision              bigint      NOT NULL DEFAULT 1,    -- grows with every change
    -- Who works on it. A claim raises the epoch, so that whoever had it before writes no more. These
    -- times are real ones, and the database's.
    epoch                 integer     NOT NULL DEFAULT 0,
    lease_until           timestamptz,
    queued_at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    claimed_at            timestamptz,
    over_at               timestamptz,
    searched_milliseconds bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, optimization_id)
);
CREATE INDEX optimizations_time ON optimizations (tenant, create_time DESC, optimization_id DESC);
CREATE INDEX optimizations_batch ON optimizations (tenant, batch_id) WHERE batch_id <> '';
CREATE INDEX optimizations_claims ON optimizations (tenant, claimed_at);
CREATE INDEX optimizations_open ON optimizations (tenant) WHERE state IN ('QUEUED', 'RUNNING');
SELECT doorstep_protect('optimizations');

-- The best plan of an optimization so far: as it is sent, compressed, and as sequences to go on from.
CREATE TABLE best_plans (
    tenant          text  NOT NULL,
    optimization_id text  NOT NULL,
    plan            bytea NOT NULL,
    sequences       jsonb NOT NULL,
    PRIMARY KEY (tenant, optimization_id)
);
SELECT doorstep_protect('best_plans');

-- What was asked, compressed, of optimizations and of solves while the caller waited; and, when it is
-- over, the trail by which it can be repeated.
CREATE TABLE requests (
    tenant          text        NOT NULL,
    optimization_id text        NOT NULL,
    request         bytea       NOT NULL, -- an OptimizeRoutesRequest
    trail           jsonb,                -- the domain's Trail
    stored_at       timestamptz NOT NULL DEFAULT clock_timestamp(), -- real time, for retention only
    PRIMARY KEY (tenant, optimization_id)
);
CREATE INDEX requests_age ON requests (tenant, stored_at);
SELECT doorstep_protect('requests');

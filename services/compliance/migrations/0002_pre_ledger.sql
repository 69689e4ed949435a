-- The carbon ledger. Append-only; a correction marks the record it replaces.
CREATE TABLE emission_records (
    tenant             text        NOT NULL,
    emission_record_id text        NOT NULL,
    leg_id             text        NOT NULL,
    route_id           text        NOT NULL,
    stop_id            text        NOT NULL,
    carrier_id         text        NOT NULL,
    vehicle_id         text        NOT NULL,
    end_time           timestamptz NOT NULL,        -- of the leg, by which reports select
    record_time        timestamptz NOT NULL,        -- business time
    distance_meters    bigint      NOT NULL,
    empty              boolean     NOT NULL,
    wtt_milligrams     bigint      NOT NULL,
    ttw_milligrams     bigint      NOT NULL,
    data_quality       text        NOT NULL,
    basis              jsonb       NOT NULL,        -- the domain's Basis, by cattrs
    replaced           boolean     NOT NULL DEFAULT false,
    record             jsonb       NOT NULL,        -- the domain's EmissionRecord, by cattrs
    PRIMARY KEY (tenant, emission_record_id)
);
-- Exactly once: a leg has one record that counts.
CREATE UNIQUE INDEX emission_records_leg ON emission_records (tenant, leg_id) WHERE NOT replaced;
CREATE INDEX emission_records_time ON emission_records (tenant, end_time);
CREATE INDEX emission_records_route ON emission_records (tenant, route_id);
SELECT doorstep_protect('emission_records');

CREATE TABLE emission_shares (
    tenant             text   NOT NULL,
    emission_record_id text   NOT NULL,
    rank               integer NOT NULL,
    delivery_id        text   NOT NULL,
    task_id            text   NOT NULL,
    route_id           text   NOT NULL,
    mass_grams         bigint NOT NULL,
    wtt_milligrams     bigint NOT NULL,
    ttw_milligrams     bigint NOT NULL,
    PRIMARY KEY (tenant, emission_record_id, rank)
);
CREATE INDEX emission_shares_delivery ON emission_shares (tenant, delivery_id);
CREATE INDEX emission_shares_route ON emission_shares (tenant, route_id);
SELECT doorstep_protect('emission_shares');

-- How attempts ended, by tracking's feed: what reports divide by. The first outcome of a task stays.
CREATE TABLE task_outcomes (
    tenant       text        NOT NULL,
    task_id      text        NOT NULL,
    delivery_id  text        NOT NULL,
    route_id     text        NOT NULL,
    stop_id      text        NOT NULL,
    vehicle_id   text        NOT NULL,
    carrier_id   text        NOT NULL,
    succeeded    boolean     NOT NULL,
    mass_grams   bigint      NOT NULL,
    outcome_time timestamptz NOT NULL,
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX task_outcomes_time ON task_outcomes (tenant, outcome_time);
SELECT doorstep_protect('task_outcomes');

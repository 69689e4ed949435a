-- Read models: folds of the journal, kept up to date in the transactions that append to it.

CREATE TABLE deliveries (
    tenant      text  NOT NULL DEFAULT doorstep_tenant(),
    delivery_id text  NOT NULL,
    state       text  NOT NULL,
    route_id    text  NOT NULL,
    body        jsonb NOT NULL, -- the domain's Delivery
    PRIMARY KEY (tenant, delivery_id)
);
CREATE INDEX deliveries_route ON deliveries (tenant, route_id) WHERE route_id <> '';
SELECT doorstep_protect('deliveries');

-- Where each task is: what a fact about it is judged by.
CREATE TABLE tasks (
    tenant      text    NOT NULL DEFAULT doorstep_tenant(),
    task_id     text    NOT NULL,
    delivery_id text    NOT NULL,
    route_id    text    NOT NULL DEFAULT '',
    cancelled   boolean NOT NULL DEFAULT false,
    closed      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX tasks_delivery ON tasks (tenant, delivery_id);
SELECT doorstep_protect('tasks');

CREATE TABLE parcels (
    tenant      text NOT NULL DEFAULT doorstep_tenant(),
    parcel_id   text NOT NULL,
    barcode     text NOT NULL,
    delivery_id text NOT NULL,
    PRIMARY KEY (tenant, parcel_id)
);
CREATE INDEX parcels_barcode ON parcels (tenant, barcode) WHERE barcode <> '';
SELECT doorstep_protect('parcels');

CREATE TABLE routes (
    tenant     text        NOT NULL DEFAULT doorstep_tenant(),
    route_id   text        NOT NULL,
    revision   bigint      NOT NULL,
    state      text        NOT NULL, -- PUBLISHED, ACTIVE, COMPLETED, WITHDRAWN
    shift_id   text        NOT NULL,
    driver_id  text        NOT NULL,
    vehicle_id text        NOT NULL,
    carrier_id text        NOT NULL,
    starts_at  timestamptz NOT NULL, -- as planned
    ticked_at  timestamptz NOT NULL DEFAULT '-infinity', -- real time of the last tick
    plan       jsonb       NOT NULL, -- the domain's Route
    progress   jsonb       NOT NULL, -- the domain's Progress
    etas       jsonb       NOT NULL DEFAULT '[]', -- the domain's Etas of the last tick
    PRIMARY KEY (tenant, route_id)
) WITH (fillfactor = 70);
CREATE INDEX routes_due ON routes (ticked_at) WHERE state IN ('PUBLISHED', 'ACTIVE');
CREATE INDEX routes_shift ON routes (tenant, shift_id) WHERE shift_id <> '';
CREATE INDEX routes_driver ON routes (tenant, driver_id) WHERE driver_id <> '';
SELECT doorstep_protect('routes');

CREATE TABLE risks (
    tenant      text             NOT NULL DEFAULT doorstep_tenant(),
    task_id     text             NOT NULL,
    route_id    text             NOT NULL,
    probability double precision NOT NULL,
    level       smallint         NOT NULL, -- 1 low to 4 certain
    body        jsonb            NOT NULL, -- the domain's Risk
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX risks_order ON risks (tenant, probability DESC, task_id);
CREATE INDEX risks_route ON risks (tenant, route_id);
SELECT doorstep_protect('risks');

CREATE TABLE incidents (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    incident_id text        NOT NULL,
    dedupe_key  text        NOT NULL,
    type        text        NOT NULL,
    state       text        NOT NULL,
    ended       boolean     NOT NULL,
    route_id    text        NOT NULL,
    delivery_id text        NOT NULL,
    driver_id   text        NOT NULL,
    carrier_id  text        NOT NULL,
    open_time   timestamptz NOT NULL,
    body        jsonb       NOT NULL, -- the domain's Incident
    PRIMARY KEY (tenant, incident_id)
);
CREATE UNIQUE INDEX incidents_open ON incidents (tenant, dedupe_key) WHERE NOT ended;
CREATE INDEX incidents_order ON incidents (tenant, open_time DESC, incident_id DESC);
SELECT doorstep_protect('incidents');

CREATE TABLE links (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    link_id     text        NOT NULL,
    token_hash  bytea       NOT NULL, -- SHA-256; the token itself is nowhere
    delivery_id text        NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    body        jsonb       NOT NULL, -- the domain's Link
    PRIMARY KEY (tenant, link_id)
);
CREATE UNIQUE INDEX links_token ON links (token_hash);
SELECT doorstep_protect('links');

CREATE TABLE weather (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    report_id   text        NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    body        jsonb       NOT NULL, -- the domain's Weather
    PRIMARY KEY (tenant, report_id)
);
SELECT doorstep_protect('weather');

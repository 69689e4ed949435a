-- What is reported, what came of it, and the journal that every number is computed from.

CREATE TABLE facts (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    event_id    uuid        NOT NULL, -- the reporter's
    no          bigint      GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL, -- as in the oneof of TrackingEvent
    status      text        NOT NULL, -- RECORDED, PENDING, CONTESTED
    event_time  timestamptz NOT NULL,
    record_time timestamptz NOT NULL, -- business time
    stored_at   timestamptz NOT NULL DEFAULT clock_timestamp(), -- real time: how long it may pend
    device_id   text        NOT NULL,
    driver_id   text        NOT NULL,
    carrier_id  text        NOT NULL,
    route_id    text        NOT NULL,
    stop_id     text        NOT NULL,
    task_id     text        NOT NULL,
    delivery_id text        NOT NULL,
    digest      bytea       NOT NULL, -- SHA-256 of what was sent
    body        jsonb       NOT NULL, -- the domain's Fact
    PRIMARY KEY (tenant, event_id)
);
CREATE UNIQUE INDEX facts_order ON facts (tenant, no);
CREATE INDEX facts_task ON facts (tenant, task_id) WHERE task_id <> '';
CREATE INDEX facts_delivery ON facts (tenant, delivery_id) WHERE delivery_id <> '';
CREATE INDEX facts_route ON facts (tenant, route_id) WHERE route_id <> '';
CREATE INDEX facts_pending ON facts (tenant, stored_at) WHERE status = 'PENDING';
SELECT doorstep_protect('facts');

CREATE TABLE journal (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    no          bigint      GENERATED ALWAYS AS IDENTITY,
    type        text        NOT NULL, -- the class of the domain's event
    at          timestamptz NOT NULL, -- when it happened
    due_at      timestamptz,          -- of a delivery: the start of its promise
    recorded_at timestamptz NOT NULL, -- business time
    route_id    text        NOT NULL,
    driver_id   text        NOT NULL,
    vehicle_id  text        NOT NULL,
    carrier_id  text        NOT NULL,
    body        jsonb       NOT NULL, -- the domain's event
    PRIMARY KEY (tenant, no)
);
CREATE INDEX journal_time ON journal (tenant, at);
CREATE INDEX journal_due ON journal (tenant, due_at) WHERE due_at IS NOT NULL;
SELECT doorstep_protect('journal');

CREATE TABLE timeline (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    entry_id    text        NOT NULL,
    delivery_id text        NOT NULL,
    at          timestamptz NOT NULL,
    body        jsonb       NOT NULL, -- the domain's MilestoneReached
    PRIMARY KEY (tenant, entry_id)
);
CREATE INDEX timeline_delivery ON timeline (tenant, delivery_id, at, entry_id);
SELECT doorstep_protect('timeline');

CREATE TABLE comments (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    comment_id  text        NOT NULL,
    entry_id    text        NOT NULL,
    delivery_id text        NOT NULL,
    created_at  timestamptz NOT NULL,
    author      text        NOT NULL,
    audience    text        NOT NULL,
    words       text        NOT NULL,
    PRIMARY KEY (tenant, comment_id)
);
CREATE INDEX comments_delivery ON comments (tenant, delivery_id, created_at);
SELECT doorstep_protect('comments');

-- Dispatch's own tables. Each noun is one row: what is asked by stands in columns, the whole domain
-- value in `body`. `revision` is the compare-and-set of every write.

CREATE TABLE tenants (
    tenant   text   NOT NULL PRIMARY KEY,
    revision bigint NOT NULL,
    body     jsonb  NOT NULL
);

CREATE TABLE users (
    tenant   text   NOT NULL,
    user_id  text   NOT NULL,
    revision bigint NOT NULL,
    body     jsonb  NOT NULL,
    PRIMARY KEY (tenant, user_id)
);

CREATE TABLE keys (
    tenant        text        NOT NULL,
    key_id        text        NOT NULL,
    body          jsonb       NOT NULL,
    secret_salt   bytea       NOT NULL,
    secret_digest bytea       NOT NULL,
    secret_cost   integer     NOT NULL,
    last_use_time timestamptz,
    PRIMARY KEY (tenant, key_id)
);
-- A token is asked for by key alone, before anybody knows the tenant.
CREATE UNIQUE INDEX keys_by_id ON keys (key_id);

CREATE TABLE places (
    tenant   text   NOT NULL,
    place_id text   NOT NULL,
    revision bigint NOT NULL,
    kind     text   NOT NULL,
    body     jsonb  NOT NULL,
    PRIMARY KEY (tenant, place_id)
);

CREATE TABLE territories (
    tenant       text   NOT NULL,
    territory_id text   NOT NULL,
    revision     bigint NOT NULL,
    body         jsonb  NOT NULL,
    PRIMARY KEY (tenant, territory_id)
);

CREATE TABLE rate_cards (
    tenant       text   NOT NULL,
    rate_card_id text   NOT NULL,
    revision     bigint NOT NULL,
    body         jsonb  NOT NULL,
    PRIMARY KEY (tenant, rate_card_id)
);

CREATE TABLE drivers (
    tenant    text   NOT NULL,
    driver_id text   NOT NULL,
    revision  bigint NOT NULL,
    state     text   NOT NULL,
    body      jsonb  NOT NULL,
    PRIMARY KEY (tenant, driver_id)
);

CREATE TABLE vehicles (
    tenant     text   NOT NULL,
    vehicle_id text   NOT NULL,
    revision   bigint NOT NULL,
    state      text   NOT NULL,
    body       jsonb  NOT NULL,
    PRIMARY KEY (tenant, vehicle_id)
);

-- Neither a driver nor a vehicle has two shifts at one time.
CREATE TABLE shifts (
    tenant     text      NOT NULL,
    shift_id   text      NOT NULL,
    revision   bigint    NOT NULL,
    state      text      NOT NULL,
    driver_id  text      NOT NULL,
    vehicle_id text      NOT NULL,
    period     tstzrange NOT NULL,
    body       jsonb     NOT NULL,
    PRIMARY KEY (tenant, shift_id),
    CONSTRAINT shifts_of_driver EXCLUDE USING gist
        (tenant WITH =, driver_id WITH =, period WITH &&)
        WHERE (state IN ('SCHEDULED', 'STARTED', 'ON_BREAK')),
    CONSTRAINT shifts_of_vehicle EXCLUDE USING gist
        (tenant WITH =, vehicle_id WITH =, period WITH &&)
        WHERE (state IN ('SCHEDULED', 'STARTED', 'ON_BREAK'))
);

-- Append-only: the one column that changes says which record replaced this one.
CREATE TABLE duty_records (
    tenant           text        NOT NULL,
    duty_record_id   text        NOT NULL,
    driver_id        text        NOT NULL,
    event_time       timestamptz NOT NULL,
    superseded_by_id text        NOT NULL,
    body             jsonb       NOT NULL,
    PRIMARY KEY (tenant, duty_record_id)
);
CREATE INDEX duty_records_log ON duty_records (tenant, driver_id, event_time, duty_record_id);

CREATE TABLE deliveries (
    tenant          text   NOT NULL,
    delivery_id     text   NOT NULL,
    revision        bigint NOT NULL,
    state           text   NOT NULL,
    origin_place_id text   NOT NULL,
    promise_start   timestamptz,
    body            jsonb  NOT NULL,
    PRIMARY KEY (tenant, delivery_id)
);

CREATE TABLE parcels (
    tenant      text NOT NULL,
    parcel_id   text NOT NULL,
    delivery_id text NOT NULL,
    PRIMARY KEY (tenant, parcel_id)
);
CREATE INDEX parcels_of_delivery ON parcels (tenant, delivery_id);

-- `route_id` names the one binding route that carries the task; an empty one, none. So no task is on
-- two routes.
CREATE TABLE tasks (
    tenant      text   NOT NULL,
    task_id     text   NOT NULL,
    revision    bigint NOT NULL,
    state       text   NOT NULL,
    delivery_id text   NOT NULL,
    route_id    text   NOT NULL,
    body        jsonb  NOT NULL,
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX tasks_of_delivery ON tasks (tenant, delivery_id);
CREATE INDEX tasks_of_route ON tasks (tenant, route_id) WHERE route_id <> '';
CREATE INDEX tasks_open ON tasks (tenant, task_id) WHERE state = 'OPEN' AND route_id = '';

CREATE TABLE route_plans (
    tenant        text        NOT NULL,
    route_plan_id text        NOT NULL,
    revision      bigint      NOT NULL,
    state         text        NOT NULL,
    period        tstzrange   NOT NULL,
    create_time   timestamptz NOT NULL,
    body          jsonb       NOT NULL,
    PRIMARY KEY (tenant, route_plan_id)
);
CREATE INDEX route_plans_newest ON route_plans (tenant, create_time, route_plan_id);

-- The present revision of each route. A driver or vehicle is on one binding route at a time.
CREATE TABLE routes (
    tenant                text      NOT NULL,
    route_id              text      NOT NULL,
    revision              bigint    NOT NULL,
    state                 text      NOT NULL,
    route_plan_id         text      NOT NULL,
    shift_id              text      NOT NULL,
    driver_id             text      NOT NULL,
    vehicle_id            text      NOT NULL,
    carrier_id            text      NOT NULL,
    tender_id             text      NOT NULL,
    acknowledged_revision bigint    NOT NULL,
    period                tstzrange NOT NULL,
    body                  jsonb     NOT NULL,
    PRIMARY KEY (tenant, route_id),
    CONSTRAINT routes_of_driver EXCLUDE USING gist
        (tenant WITH =, driver_id WITH =, period WITH &&)
        WHERE (driver_id <> '' AND state IN ('PUBLISHED', 'ACTIVE')),
    CONSTRAINT routes_of_vehicle EXCLUDE USING gist
        (tenant WITH =, vehicle_id WITH =, period WITH &&)
        WHERE (vehicle_id <> '' AND state IN ('PUBLISHED', 'ACTIVE'))
);
CREATE INDEX routes_of_plan ON routes (tenant, route_plan_id);
CREATE INDEX routes_of_shift ON routes (tenant, shift_id) WHERE shift_id <> '';
CREATE INDEX routes_of_carrier ON routes (tenant, carrier_id) WHERE carrier_id <> '';
CREATE INDEX routes_unacknowledged ON routes (tenant, route_id)
    WHERE state IN ('PUBLISHED', 'ACTIVE') AND acknowledged_revision < revision;

-- Every revision of every route as it was told; rows never change.
CREATE TABLE route_revisions (
    tenant   text   NOT NULL,
    route_id text   NOT NULL,
    revision bigint NOT NULL,
    body     jsonb  NOT NULL,
    PRIMARY KEY (tenant, route_id, revision)
);

-- How far the vehicle has come, as tracking reported it; laid over the route when it is read.
CREATE TABLE stop_progress (
    tenant   text  NOT NULL,
    route_id text  NOT NULL,
    stop_id  text  NOT NULL,
    body     jsonb NOT NULL,
    PRIMARY KEY (tenant, route_id, stop_id)
);

-- Revisions whose silence was told, so that each is told once.
CREATE TABLE silences (
    tenant   text   NOT NULL,
    route_id text   NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant, route_id, revision)
);

CREATE TABLE carriers (
    tenant     text   NOT NULL,
    carrier_id text   NOT NULL,
    revision   bigint NOT NULL,
    body       jsonb  NOT NULL,
    PRIMARY KEY (tenant, carrier_id)
);

CREATE TABLE quotes (
    tenant      text        NOT NULL,
    quote_id    text        NOT NULL,
    revision    bigint      NOT NULL,
    state       text        NOT NULL,
    carrier_id  text        NOT NULL,
    task_ids    text[]      NOT NULL,
    create_time timestamptz NOT NULL,
    body        jsonb       NOT NULL,
    PRIMARY KEY (tenant, quote_id)
);
CREATE INDEX quotes_newest ON quotes (tenant, create_time, quote_id);

-- `carrier_ids` are those to whom it was offered so far: who may see it.
CREATE TABLE tenders (
    tenant      text        NOT NULL,
    tender_id   text        NOT NULL,
    revision    bigint      NOT NULL,
    state       text        NOT NULL,
    carrier_ids text[]      NOT NULL,
    expire_time timestamptz,
    create_time timestamptz NOT NULL,
    body        jsonb       NOT NULL,
    PRIMARY KEY (tenant, tender_id)
);
CREATE INDEX tenders_newest ON tenders (tenant, create_time, tender_id);
CREATE INDEX tenders_open ON tenders (expire_time) WHERE state = 'OFFERED';

SELECT doorstep_protect('tenants');
SELECT doorstep_protect('users');
SELECT doorstep_protect('keys');
SELECT doorstep_protect('places');
SELECT doorstep_protect('territories');
SELECT doorstep_protect('rate_cards');
SELECT doorstep_protect('drivers');
SELECT doorstep_protect('vehicles');
SELECT doorstep_protect('shifts');
SELECT doorstep_protect('duty_records');
SELECT doorstep_protect('deliveries');
SELECT doorstep_protect('parcels');
SELECT doorstep_protect('tasks');
SELECT doorstep_protect('route_plans');
SELECT doorstep_protect('routes');
SELECT doorstep_protect('route_revisions');
SELECT doorstep_protect('stop_progress');
SELECT doorstep_protect('silences');
SELECT doorstep_protect('carriers');
SELECT doorstep_protect('quotes');
SELECT doorstep_protect('tenders');

-- Rules. A change of a zone is a new row, never an update: old decisions are explained by old rows.

-- Counts every change of a tenant's rules; its row lock puts them in one order.
CREATE TABLE rules_head (
    tenant        text   NOT NULL PRIMARY KEY,
    rules_version bigint NOT NULL CHECK (rules_version > 0)
);
SELECT doorstep_protect('rules_head');

CREATE TABLE rule_sets (
    tenant          text        NOT NULL,
    rule_set_id     text        NOT NULL,
    zone_id         text        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    rules_version   bigint      NOT NULL,
    record_time     timestamptz NOT NULL,           -- business time
    create_time     timestamptz NOT NULL,           -- of the zone
    effective_start timestamptz,                    -- NULL: since always
    effective_end   timestamptz,                    -- NULL: for ever
    retired         boolean     NOT NULL,
    zone            jsonb       NOT NULL,           -- the domain's Zone, by cattrs
    PRIMARY KEY (tenant, rule_set_id),
    UNIQUE (tenant, zone_id, version)
);
CREATE INDEX rule_sets_order ON rule_sets (tenant, rules_version);
SELECT doorstep_protect('rule_sets');

CREATE TABLE closures (
    tenant        text        NOT NULL,
    closure_id    text        NOT NULL,
    revision      bigint      NOT NULL CHECK (revision > 0),
    rules_version bigint      NOT NULL,
    record_time   timestamptz NOT NULL,             -- business time
    create_time   timestamptz NOT NULL,
    starts        timestamptz NOT NULL,
    ends          timestamptz,                      -- NULL: until it is ended
    closure       jsonb       NOT NULL,             -- the domain's Closure, by cattrs
    PRIMARY KEY (tenant, closure_id, revision)
);
SELECT doorstep_protect('closures');

-- Append-only. `zone_ids` are those of its findings, for the question what a rule change touches.
CREATE TABLE decisions (
    tenant        text        NOT NULL,
    decision_id   text        NOT NULL,
    route_plan_id text        NOT NULL,
    route_id      text        NOT NULL,
    vehicle_id    text        NOT NULL,
    verdict       text        NOT NULL,
    zone_ids      text[]      NOT NULL,
    decided       timestamptz NOT NULL,             -- business time
    decision      jsonb       NOT NULL,             -- the domain's Decision, by cattrs
    PRIMARY KEY (tenant, decision_id)
);
CREATE INDEX decisions_time ON decisions (tenant, decided DESC, decision_id DESC);
CREATE INDEX decisions_plan ON decisions (tenant, route_plan_id) WHERE route_plan_id <> '';
CREATE INDEX decisions_route ON decisions (tenant, route_id);
SELECT doorstep_protect('decisions');

-- Curb zones and idling rules. A change is a new row, never an update of what it says: what an
-- answer rested on stays. `replaced` marks every row but the last of an id.

-- Counts every change of a tenant's curb zones and idling rules; its row lock puts them in one order.
CREATE TABLE streets_head (
    tenant         text   NOT NULL PRIMARY KEY,
    street_version bigint NOT NULL CHECK (street_version > 0)
);
SELECT doorstep_protect('streets_head');

CREATE TABLE curb_zones (
    tenant         text        NOT NULL,
    curb_zone_id   text        NOT NULL,
    revision       bigint      NOT NULL CHECK (revision > 0),
    street_version bigint      NOT NULL,
    create_time    timestamptz NOT NULL,            -- of the first revision
    record_time    timestamptz NOT NULL,            -- business time
    replaced       boolean     NOT NULL DEFAULT false,
    curb_zone      jsonb       NOT NULL,            -- the domain's CurbZone, by cattrs
    PRIMARY KEY (tenant, curb_zone_id, revision)
);
CREATE UNIQUE INDEX curb_zones_present ON curb_zones (tenant, curb_zone_id) WHERE NOT replaced;
CREATE INDEX curb_zones_order ON curb_zones (tenant, street_version);
SELECT doorstep_protect('curb_zones');

-- The box around the area, in ten-millionths of a degree, finds the few rules of a place.
CREATE TABLE idling_rules (
    tenant         text        NOT NULL,
    idling_rule_id text        NOT NULL,
    revision       bigint      NOT NULL CHECK (revision > 0),
    street_version bigint      NOT NULL,
    create_time    timestamptz NOT NULL,            -- of the first revision
    record_time    timestamptz NOT NULL,            -- business time
    replaced       boolean     NOT NULL DEFAULT false,
    south_e7       bigint      NOT NULL,
    west_e7        bigint      NOT NULL,
    north_e7       bigint      NOT NULL,
    east_e7        bigint      NOT NULL,
    idling_rule    jsonb       NOT NULL,            -- the domain's IdlingRule, by cattrs
    PRIMARY KEY (tenant, idling_rule_id, revision)
);
CREATE UNIQUE INDEX idling_rules_present ON idling_rules (tenant, idling_rule_id)
    WHERE NOT replaced;
SELECT doorstep_protect('idling_rules');

-- Append-only. Exactly once: one fact of tracking makes one episode.
CREATE TABLE idling_episodes (
    tenant            text        NOT NULL,
    idling_episode_id text        NOT NULL,
    event_id          text        NOT NULL,         -- of tracking's change
    vehicle_id        text        NOT NULL,
    starts            timestamptz NOT NULL,
    episode           jsonb       NOT NULL,         -- the domain's IdlingEpisode, by cattrs
    PRIMARY KEY (tenant, idling_episode_id),
    UNIQUE (tenant, event_id)
);
CREATE INDEX idling_episodes_time ON idling_episodes (tenant, starts DESC, idling_episode_id DESC);
SELECT doorstep_protect('idling_episodes');

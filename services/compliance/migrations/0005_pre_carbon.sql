-- Factor sets that a tenant loaded. They never change: a correction is another set.
CREATE TABLE factor_sets (
    tenant        text        NOT NULL,
    factor_set_id text        NOT NULL,
    country_code  text        NOT NULL,             -- '': of no one country
    year          integer     NOT NULL,
    create_time   timestamptz NOT NULL,             -- business time
    factor_set    jsonb       NOT NULL,             -- the domain's FactorSet, by cattrs
    PRIMARY KEY (tenant, factor_set_id)
);
CREATE INDEX factor_sets_country ON factor_sets (tenant, country_code, year);
SELECT doorstep_protect('factor_sets');

-- Depots and hubs stand among the legs; '' is a leg.
ALTER TABLE emission_records ADD COLUMN hub_id text NOT NULL DEFAULT '';

-- By what a share was weighed, so that an empty leg after it can be weighed alike. 0: not known.
ALTER TABLE emission_shares ADD COLUMN item_count bigint NOT NULL DEFAULT 0;
ALTER TABLE emission_shares ADD COLUMN shortest_distance_meters bigint NOT NULL DEFAULT 0;

-- What a change of rules touches is found among the decisions about its place and time: where and
-- when each is about, in plain numbers, because row-level security lets an index answer only what
-- leaks nothing, which boxes do not promise. Decisions that were stored before this do not say it
-- and are all looked at.
ALTER TABLE decisions
    ADD COLUMN rules_version bigint  GENERATED ALWAYS AS ((decision ->> 'rules_version')::bigint) STORED,
    ADD COLUMN backdated     boolean GENERATED ALWAYS AS
                                     ((decision ->> 'as_of') <> (decision ->> 'decided')) STORED,
    ADD COLUMN starts        timestamptz NOT NULL DEFAULT '-infinity',  -- of the first presence
    ADD COLUMN ends          timestamptz NOT NULL DEFAULT 'infinity',   -- of the last one
    ADD COLUMN south         bigint  NOT NULL DEFAULT -900000000,       -- in 1e-7 degrees, as all four
    ADD COLUMN west          bigint  NOT NULL DEFAULT -1800000000,
    ADD COLUMN north         bigint  NOT NULL DEFAULT 900000000,
    ADD COLUMN east          bigint  NOT NULL DEFAULT 1800000000,
    ADD COLUMN batch_id      text    NOT NULL DEFAULT '',  -- the first decision of the request
    ADD COLUMN batch_rank    integer NOT NULL DEFAULT 0;
-- Most changes hold from now on, and few decisions are about what is still to come.
CREATE INDEX decisions_ends ON decisions (tenant, ends) INCLUDE (south, west, north, east);
CREATE INDEX decisions_batch ON decisions (tenant, batch_id) WHERE batch_id <> '';

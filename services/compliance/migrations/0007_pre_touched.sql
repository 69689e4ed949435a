-- What a change of rules touches is found among the decisions about its place and time: where and
-- when each is about. Decisions that were stored before this have no area and are all looked at.
ALTER TABLE decisions
    ADD COLUMN rules_version bigint  GENERATED ALWAYS AS ((decision ->> 'rules_version')::bigint) STORED,
    ADD COLUMN backdated     boolean GENERATED ALWAYS AS
                                     ((decision ->> 'as_of') <> (decision ->> 'decided')) STORED,
    ADD COLUMN starts        timestamptz,           -- of the first presence
    ADD COLUMN ends          timestamptz,           -- of the last one
    ADD COLUMN area          box,                   -- longitude and latitude in 1e-7 degrees
    ADD COLUMN batch_id      text    NOT NULL DEFAULT '',  -- the first decision of the request
    ADD COLUMN batch_rank    integer NOT NULL DEFAULT 0;
CREATE INDEX decisions_area ON decisions USING gist (area);
CREATE INDEX decisions_batch ON decisions (tenant, batch_id) WHERE batch_id <> '';

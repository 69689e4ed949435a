-- Custody: through whose hands each parcel went, a fold of the journal. Files may lie in a store of
-- objects. Handovers wait for the proof that they owe. The journal says whom it is about, and under
-- which trace.

CREATE TABLE custody (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    step_id     text        NOT NULL,
    parcel_id   text        NOT NULL, -- or its barcode, when nobody knows its id
    delivery_id text        NOT NULL,
    at          timestamptz NOT NULL,
    body        jsonb       NOT NULL, -- the domain's Step
    PRIMARY KEY (tenant, step_id)
);
CREATE INDEX custody_delivery ON custody (tenant, delivery_id, at) WHERE delivery_id <> '';
CREATE INDEX custody_parcel ON custody (tenant, parcel_id, at);
SELECT doorstep_protect('custody');

CREATE TABLE proofs_owed (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    task_id     text        NOT NULL,
    delivery_id text        NOT NULL,
    since       timestamptz NOT NULL DEFAULT clock_timestamp(), -- real time
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX proofs_owed_since ON proofs_owed (since);
SELECT doorstep_protect('proofs_owed');

-- Whether the whole file lies in the store of objects, and no more in media_pieces.
ALTER TABLE media ADD COLUMN stored_outside boolean NOT NULL DEFAULT false;

ALTER TABLE journal
    ADD COLUMN about    text[] NOT NULL DEFAULT '{}', -- deliveries or decisions: for the audit
    ADD COLUMN trace_id text   NOT NULL DEFAULT '';
CREATE INDEX journal_about ON journal USING gin (about) WHERE about <> '{}';

CREATE INDEX incidents_delivery ON incidents (tenant, delivery_id, open_time DESC)
    WHERE delivery_id <> '';
CREATE INDEX proofs_media ON proofs USING gin (media) WHERE delivery_id <> '';

-- Proofs, and the files they rest on: named by content, kept once per tenant, in pieces.

CREATE TABLE proofs (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    proof_id    uuid        NOT NULL, -- the reporter's
    task_id     text        NOT NULL,
    delivery_id text        NOT NULL,
    state       text        NOT NULL,
    record_time timestamptz NOT NULL,
    digest      bytea       NOT NULL, -- SHA-256 of what was sent
    media       text[]      NOT NULL, -- hashes of the files it names
    body        jsonb       NOT NULL, -- the domain's Proof
    PRIMARY KEY (tenant, proof_id)
);
CREATE INDEX proofs_task ON proofs (tenant, task_id, record_time DESC);
CREATE INDEX proofs_delivery ON proofs (tenant, delivery_id, record_time DESC);
CREATE INDEX proofs_waiting ON proofs USING gin (media) WHERE state = 'PENDING';
SELECT doorstep_protect('proofs');

CREATE TABLE media (
    tenant         text        NOT NULL DEFAULT doorstep_tenant(),
    sha256         text        NOT NULL,
    total_bytes    bigint      NOT NULL,
    content_type   text        NOT NULL,
    received_bytes bigint      NOT NULL DEFAULT 0,
    completed_at   timestamptz,
    PRIMARY KEY (tenant, sha256)
);
SELECT doorstep_protect('media');

CREATE TABLE media_pieces (
    tenant text   NOT NULL DEFAULT doorstep_tenant(),
    sha256 text   NOT NULL,
    start  bigint NOT NULL,
    data   bytea  NOT NULL,
    PRIMARY KEY (tenant, sha256, start)
);
SELECT doorstep_protect('media_pieces');

-- Who is told what, what waits to be sent, and how each try went. Moments are real time unless said
-- otherwise: a receiver's patience does not follow a simulated clock. What belongs to a subscription is
-- named by its number, so that one made anew under an old id inherits nothing.

CREATE TABLE subscriptions (
    tenant           text        NOT NULL DEFAULT doorstep_tenant(),
    subscription_id  text        NOT NULL,
    no               bigint      GENERATED ALWAYS AS IDENTITY,
    kind             text        NOT NULL, -- WEBHOOK, NOTICE
    state            text        NOT NULL,
    owner_carrier_id text        NOT NULL,
    place            jsonb       NOT NULL, -- how far it has read the feed: shard -> sequence
    failing_since    timestamptz,          -- the first failure since the last success
    body             jsonb       NOT NULL, -- the domain's Subscription
    PRIMARY KEY (tenant, subscription_id)
);
CREATE UNIQUE INDEX subscriptions_no ON subscriptions (tenant, no);
SELECT doorstep_protect('subscriptions');

-- Signing secrets under a seal. Whoever answers requests cannot read them back.
CREATE TABLE subscription_secrets (
    tenant          text        NOT NULL DEFAULT doorstep_tenant(),
    subscription_no bigint      NOT NULL,
    sealed          text        NOT NULL,
    previous        text        NOT NULL DEFAULT '', -- signs beside it
    previous_until  timestamptz,
    PRIMARY KEY (tenant, subscription_no)
);
SELECT doorstep_protect('subscription_secrets');

-- Puts a secret in the place of the present one, which signs beside it until a moment. It runs as the
-- owner, for who answers requests may change secrets and not read them.
CREATE FUNCTION subscription_secret_put(of_no bigint, fresh text, overlap_until timestamptz)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO subscription_secrets AS s (subscription_no, sealed) VALUES (of_no, fresh)
    ON CONFLICT (tenant, subscription_no) DO UPDATE SET
        previous = s.sealed, previous_until = overlap_until, sealed = EXCLUDED.sealed
$$;

-- What was taken from the feed for a webhook. Bodies are kept, for a try must repeat every byte.
CREATE TABLE webhook_messages (
    tenant          text        NOT NULL,
    subscription_no bigint      NOT NULL,
    event_id        text        NOT NULL,
    subject         text        NOT NULL,
    shard           integer     NOT NULL,
    sequence        bigint      NOT NULL, -- rank on the shard: the order within a subject
    record_time     timestamptz NOT NULL, -- business time
    body            text        NOT NULL, -- the envelope
    state           text        NOT NULL, -- PENDING, DELIVERED, EXHAUSTED
    attempt_count   integer     NOT NULL DEFAULT 0,
    queued_after    integer     NOT NULL DEFAULT 0, -- tries before it was queued last
    tried_at        timestamptz,          -- first, since then
    delivered_at    timestamptz,          -- first answered with 2xx
    exhausted_at    timestamptz,
    redelivery_id   text        NOT NULL DEFAULT '',
    stored_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant, subscription_no, event_id)
);
CREATE INDEX webhook_messages_waiting
    ON webhook_messages (tenant, subscription_no, subject, shard, sequence) WHERE state = 'PENDING';
CREATE INDEX webhook_messages_age ON webhook_messages (stored_at);
SELECT doorstep_protect('webhook_messages');

-- One row for each subject that something waits for. Whoever holds its lease sends, so one message of
-- a subject is under way at a time, and a subject that fails holds up no other.
CREATE TABLE webhook_lanes (
    tenant          text        NOT NULL,
    subscription_no bigint      NOT NULL,
    subject         text        NOT NULL,
    due_at          timestamptz NOT NULL,
    lease_until     timestamptz,
    holder          uuid,
    PRIMARY KEY (tenant, subscription_no, subject)
);
CREATE INDEX webhook_lanes_due ON webhook_lanes (due_at);
SELECT doorstep_protect('webhook_lanes');

CREATE TABLE webhook_attempts (
    tenant          text        NOT NULL DEFAULT doorstep_tenant(),
    attempt_id      text        NOT NULL,
    subscription_no bigint      NOT NULL,
    event_id        text        NOT NULL,
    state           text        NOT NULL,
    sent_at         timestamptz NOT NULL,
    body            jsonb       NOT NULL, -- the domain's Attempt
    PRIMARY KEY (tenant, attempt_id)
);
CREATE INDEX webhook_attempts_order
    ON webhook_attempts (tenant, subscription_no, sent_at DESC, attempt_id DESC);
CREATE INDEX webhook_attempts_age ON webhook_attempts (sent_at);
SELECT doorstep_protect('webhook_attempts');

-- The arrival told last, for subscriptions that want to hear of changes only beyond a threshold.
CREATE TABLE arrivals_told (
    tenant          text        NOT NULL,
    subscription_no bigint      NOT NULL,
    delivery_id     text        NOT NULL,
    arrival         timestamptz NOT NULL, -- business time
    stored_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, subscription_no, delivery_id)
);
CREATE INDEX arrivals_told_age ON arrivals_told (stored_at);
SELECT doorstep_protect('arrivals_told');

CREATE TABLE redeliveries (
    tenant          text        NOT NULL DEFAULT doorstep_tenant(),
    redelivery_id   text        NOT NULL,
    subscription_no bigint      NOT NULL,
    state           text        NOT NULL, -- QUEUED: events are looked up; RUNNING: they are sent
    total           bigint      NOT NULL DEFAULT 0,
    delivered       bigint      NOT NULL DEFAULT 0,
    failed          bigint      NOT NULL DEFAULT 0,
    end_time        timestamptz,          -- business time
    place_shard     integer     NOT NULL DEFAULT -1, -- how far the feed was looked through
    place_sequence  bigint      NOT NULL DEFAULT 0,
    over_at         timestamptz,
    body            jsonb       NOT NULL, -- the domain's Redelivery as ordered
    PRIMARY KEY (tenant, redelivery_id)
);
CREATE INDEX redeliveries_open ON redeliveries (state) WHERE state IN ('QUEUED', 'RUNNING');
SELECT doorstep_protect('redeliveries');

-- How a recipient is reached, under dispatch's seal; gone some days after the delivery has ended.
CREATE TABLE contacts (
    tenant        text        NOT NULL DEFAULT doorstep_tenant(),
    delivery_id   text        NOT NULL,
    sealed        bytea       NOT NULL,
    language_code text        NOT NULL,
    place_id      text        NOT NULL, -- where the goods lie: its zone is the recipient's
    stored_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at      timestamptz,
    PRIMARY KEY (tenant, delivery_id)
);
CREATE INDEX contacts_age ON contacts (stored_at);
SELECT doorstep_protect('contacts');

-- Who wants no messages: a keyed hash of the address, for the address itself is not kept.
CREATE TABLE refused_notices (
    tenant       text        NOT NULL,
    channel      text        NOT NULL,
    address_hash bytea       NOT NULL,
    refused_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, channel, address_hash)
);
SELECT doorstep_protect('refused_notices');

-- The next message of a delivery by a subscription, and the last one sent. News that comes before it is
-- sent takes its place.
CREATE TABLE notices (
    tenant          text        NOT NULL,
    subscription_no bigint      NOT NULL,
    delivery_id     text        NOT NULL,
    event_id        text        NOT NULL, -- of what waits; empty: nothing does
    milestone       text        NOT NULL,
    happened_at     timestamptz NOT NULL, -- business time, as the next two
    due_at          timestamptz NOT NULL,
    sent_at         timestamptz,
    attempt_count   integer     NOT NULL DEFAULT 0,
    retry_at        timestamptz NOT NULL DEFAULT '-infinity', -- real time: not before
    lease_until     timestamptz,          -- real time
    holder          uuid,
    outcome         text        NOT NULL DEFAULT '', -- of the last one: SENT, REFUSED, NO_CONTACT, ...
    stored_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, subscription_no, delivery_id)
);
CREATE INDEX notices_due ON notices (due_at) WHERE event_id <> '';
CREATE INDEX notices_age ON notices (stored_at);
SELECT doorstep_protect('notices');

-- IANA zones: of places, and under '' the tenant's.
CREATE TABLE civil_zones (
    tenant    text NOT NULL DEFAULT doorstep_tenant(),
    place_id  text NOT NULL,
    time_zone text NOT NULL,
    PRIMARY KEY (tenant, place_id)
);
SELECT doorstep_protect('civil_zones');

-- Secrets and contacts go in by whoever answers requests and follows feeds; only the worker reads them.
DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE format('REVOKE ALL ON subscription_secrets, contacts FROM %I', app);
    EXECUTE format('GRANT DELETE, SELECT (tenant, subscription_no) ON subscription_secrets TO %I', app);
    EXECUTE format('GRANT INSERT, UPDATE, DELETE, SELECT (tenant, delivery_id) ON contacts TO %I', app);
END $$;

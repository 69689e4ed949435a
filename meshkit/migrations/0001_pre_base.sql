-- What every schema of the mesh has, whatever its service does. Applied by meshkit/migrate.py before
-- the service's own files, as the schema's owner, with the schema first in the search path.

-- The tenant of this transaction. It raises where there is none: a query that forgot to say for whom
-- it works must fail, for an empty answer would look like the truth.
CREATE FUNCTION doorstep_tenant() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    tenant text := current_setting('doorstep.tenant', true);
BEGIN
    IF tenant IS NULL OR tenant = '' THEN
        RAISE EXCEPTION 'no tenant is set in this transaction' USING ERRCODE = '42501';
    END IF;
    RETURN tenant;
END $$;

-- Separates the tenants of a table that has a column "tenant": SELECT doorstep_protect('routes').
-- FORCE holds the owner to it too. Call it for each partition as well: a partition that is read by
-- its own name does not ask its parent's policy.
CREATE FUNCTION doorstep_protect(named regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', named);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', named);
    EXECUTE format('CREATE POLICY own_tenant ON %s USING (tenant = doorstep_tenant())'
                   ' WITH CHECK (tenant = doorstep_tenant())', named);
END $$;

-- How far each shard of a feed has come. A transaction takes these rows last and in ascending order,
-- so numbers become visible in the order in which they were given, without gaps.
CREATE TABLE feed_head (
    feed     text    NOT NULL,
    shard    integer NOT NULL CHECK (shard >= 0),
    sequence bigint  NOT NULL DEFAULT 0, -- of the last change; 0 before the first
    oldest   bigint  NOT NULL DEFAULT 1, -- the first that is still kept
    PRIMARY KEY (feed, shard)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Gives `counts[i]` numbers of the shard `wanted[i]` and returns the first of each.
CREATE FUNCTION feed_advance(named text, wanted integer[], counts bigint[])
RETURNS TABLE (advanced integer, first_sequence bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM feed_head h
        WHERE h.feed = named AND h.shard = ANY (wanted) ORDER BY h.shard FOR UPDATE;
    RETURN QUERY
        UPDATE feed_head h SET sequence = h.sequence + w.many
        FROM unnest(wanted, counts) AS w (shard, many)
        WHERE h.feed = named AND h.shard = w.shard
        RETURNING h.shard, h.sequence - w.many + 1;
END $$;

-- The changes of this service, in the order of their commits within a shard.
CREATE TABLE feed (
    tenant      text        NOT NULL,
    shard       integer     NOT NULL,
    sequence    bigint      NOT NULL,
    type        text        NOT NULL, -- the name of the event's field in the contract's Change
    subject     text        NOT NULL, -- the id of what changed
    event_id    text        NOT NULL,
    event_time  timestamptz NOT NULL, -- when it happened, in business time
    record_time timestamptz NOT NULL, -- when it was recorded, in business time
    traceparent text        NOT NULL,
    payload     bytea       NOT NULL, -- the event's message, serialised
    stored_at   timestamptz NOT NULL DEFAULT clock_timestamp(), -- real time, for retention only
    PRIMARY KEY (tenant, shard, sequence)
);
CREATE UNIQUE INDEX feed_order ON feed (shard, sequence);
SELECT doorstep_protect('feed');

-- Appends changes: one call, so that the head rows are held for one statement and the commit.
CREATE FUNCTION feed_append(
    shards integer[], tenants text[], types text[], subjects text[], event_ids text[],
    event_times timestamptz[], record_times timestamptz[], traceparents text[], payloads bytea[]
) RETURNS TABLE (advanced integer, last_sequence bigint) LANGUAGE plpgsql AS $$
DECLARE
    wanted integer[];
    counts bigint[];
    firsts bigint[];
BEGIN
    SELECT array_agg(s.shard ORDER BY s.shard), array_agg(s.many ORDER BY s.shard)
        INTO wanted, counts
        FROM (SELECT u.shard, count(*) AS many FROM unnest(shards) AS u (shard) GROUP BY 1) s;
    SELECT array_agg(a.first_sequence ORDER BY a.advanced) INTO firsts
        FROM feed_advance('events', wanted, counts) a;
    IF coalesce(cardinality(firsts), 0) <> cardinality(wanted) THEN
        RAISE EXCEPTION 'the feed lacks one of the shards %', wanted;
    END IF;
    INSERT INTO feed (tenant, shard, sequence, type, subject, event_id, event_time, record_time,
                      traceparent, payload)
        SELECT d.tenant, d.shard,
               f.start - 1 + row_number() OVER (PARTITION BY d.shard ORDER BY d.place),
               d.type, d.subject, d.event_id, d.event_time, d.record_time, d.traceparent, d.payload
        FROM unnest(shards, tenants, types, subjects, event_ids, event_times, record_times,
                    traceparents, payloads) WITH ORDINALITY
             AS d (shard, tenant, type, subject, event_id, event_time, record_time, traceparent,
                   payload, place)
        JOIN unnest(wanted, firsts) AS f (shard, start) ON f.shard = d.shard;
    RETURN QUERY SELECT u.shard, u.start + u.many - 1
        FROM unnest(wanted, firsts, counts) AS u (shard, start, many);
END $$;

-- Moves the oldest kept number behind `through[i]` of the shard `wanted[i]`, never backwards.
CREATE FUNCTION feed_forget(wanted integer[], through bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM feed_head h
        WHERE h.feed = 'events' AND h.shard = ANY (wanted) ORDER BY h.shard FOR UPDATE;
    UPDATE feed_head h SET oldest = greatest(h.oldest, w.last + 1)
        FROM unnest(wanted, through) AS w (shard, last)
        WHERE h.feed = 'events' AND h.shard = w.shard;
END $$;

-- How far this service has followed the feeds of others; moved in the transaction of the effect.
CREATE TABLE feed_cursor (
    consumer text        NOT NULL PRIMARY KEY, -- who follows which feed, such as `tracking.dispatch`
    cursor   text        NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Changes of others that could not be taken in after several tries, whole, for a person to look at.
CREATE TABLE feed_dead_letter (
    tenant   text        NOT NULL,
    consumer text        NOT NULL,
    shard    integer     NOT NULL,
    sequence bigint      NOT NULL,
    type     text        NOT NULL,
    subject  text        NOT NULL,
    change   bytea       NOT NULL, -- the Change message of the feed it came from
    error    text        NOT NULL,
    died_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, consumer, shard, sequence)
);
SELECT doorstep_protect('feed_dead_letter');

-- What was answered to a request id, so that a repeated request has one effect and one answer.
CREATE TABLE idempotency (
    tenant     text        NOT NULL,
    subject    text        NOT NULL,
    method     text        NOT NULL,
    request_id uuid        NOT NULL,
    digest     bytea       NOT NULL, -- SHA-256 of the request without its id
    response   bytea       NOT NULL,
    stored_at  timestamptz NOT NULL DEFAULT clock_timestamp(), -- real time, for retention only
    PRIMARY KEY (tenant, subject, method, request_id)
);
CREATE INDEX idempotency_age ON idempotency (stored_at);
SELECT doorstep_protect('idempotency');

-- What was told and what was answered is never changed; only the worker forgets it, in time.
DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON feed, idempotency FROM %I',
                   current_schema() || '_app');
END $$;

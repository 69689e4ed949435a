-- Positions as chunks: one row holds what a batch of a device brought, each property an array. A
-- position costs a fortieth of a row, a fortieth of an index entry, and a tenth of the space.
--
-- The ranges in `epochs.received` say what was answered and so what is a duplicate; they change under
-- the lock of the epoch's row, in the transaction that stores the chunk.

DROP FUNCTION positions_commit;
DROP FUNCTION positions_forget;
DROP TABLE position_commits;
ALTER TABLE positions RENAME TO positions_before;

CREATE TABLE position_chunks (
    tenant         text        NOT NULL,
    device_id      text        NOT NULL,
    epoch          uuid        NOT NULL,
    last_sequence  bigint      NOT NULL, -- chunks of an epoch share no sequence
    first_sequence bigint      NOT NULL,
    shard          smallint    NOT NULL,
    feed_sequence  bigint      NOT NULL, -- place in the shard's feed; 0: from before there were chunks
    lane           smallint    NOT NULL, -- 1 live, 2 backfill
    record_time    timestamptz NOT NULL, -- business time
    first_time     timestamptz NOT NULL, -- the least and the greatest of the times within
    last_time      timestamptz NOT NULL,
    sequences      bigint[],             -- ascending; null: from first to last without a gap
    times          bigint[]    NOT NULL, -- microseconds since 1970 by the device's clock, a rollover corrected
    qualities      smallint[],           -- of the times; null: all good
    latitudes      float8[]    NOT NULL,
    longitudes     float8[]    NOT NULL,
    accuracies     integer[]   NOT NULL, -- meters; 0: not known
    speeds         integer[],            -- centimeters per second; null here and below: none was sent
    headings       real[],               -- degrees
    uptimes        bigint[],             -- milliseconds
    ignitions      smallint[],           -- 0 not read, 1 off, 2 on
    odometers      bigint[],             -- meters
    charges        real[],               -- 0 to 1
    auxiliaries    boolean[],
    PRIMARY KEY (tenant, device_id, epoch, last_sequence)
) PARTITION BY RANGE (epoch);
CREATE INDEX position_chunks_feed ON position_chunks (shard, feed_sequence);

-- Compression would cost more time than the space is worth.
ALTER TABLE position_chunks
    ALTER sequences SET STORAGE EXTERNAL, ALTER times SET STORAGE EXTERNAL,
    ALTER qualities SET STORAGE EXTERNAL, ALTER latitudes SET STORAGE EXTERNAL,
    ALTER longitudes SET STORAGE EXTERNAL, ALTER accuracies SET STORAGE EXTERNAL,
    ALTER speeds SET STORAGE EXTERNAL, ALTER headings SET STORAGE EXTERNAL,
    ALTER uptimes SET STORAGE EXTERNAL, ALTER ignitions SET STORAGE EXTERNAL,
    ALTER odometers SET STORAGE EXTERNAL, ALTER charges SET STORAGE EXTERNAL,
    ALTER auxiliaries SET STORAGE EXTERNAL;

-- The latest position of an epoch that was sent live and whose time is good, and in which chunk it is.
-- Both are looked up together, and written when a chunk is stored.
ALTER TABLE epochs
    ADD COLUMN latest_time timestamptz,
    ADD COLUMN latest_sequence bigint,
    ADD COLUMN latest_chunk bigint; -- its last_sequence

-- A chunk on its way in; group is the place of its epoch among the arguments beside it.
CREATE TYPE position_chunk AS (
    group_ integer, last_sequence bigint, first_sequence bigint, lane smallint,
    first_time timestamptz, last_time timestamptz,
    sequences bigint[], times bigint[], qualities smallint[], latitudes float8[], longitudes float8[],
    accuracies integer[], speeds integer[], headings real[], uptimes bigint[], ignitions smallint[],
    odometers bigint[], charges real[], auxiliaries boolean[]
);

-- Positions one by one, for whoever reads few of them. Name the chunk's columns in the condition as
-- well (last_sequence, last_time), or all chunks of the device are opened.
CREATE VIEW positions WITH (security_invoker = true) AS
    SELECT c.tenant, c.device_id, c.epoch,
           coalesce(p.sequence, c.first_sequence + p.place - 1) AS sequence,
           c.shard, c.lane, c.record_time,
           timestamptz 'epoch' + p.micros * interval '1 microsecond' AS device_time,
           coalesce(p.quality, 1::smallint) AS time_quality,
           p.latitude, p.longitude, p.accuracy, p.speed, p.heading, p.uptime,
           coalesce(p.ignition, 0::smallint) AS ignition, p.odometer, p.charge,
           coalesce(p.auxiliary, false) AS auxiliary,
           c.first_sequence, c.last_sequence, c.first_time, c.last_time
    FROM position_chunks c
    CROSS JOIN LATERAL unnest(
        c.times, c.sequences, c.qualities, c.latitudes, c.longitudes, c.accuracies, c.speeds,
        c.headings, c.uptimes, c.ignitions, c.odometers, c.charges, c.auxiliaries
    ) WITH ORDINALITY AS p (
        micros, sequence, quality, latitude, longitude, accuracy, speed, heading, uptime, ignition,
        odometer, charge, auxiliary, place);

-- Makes the partition of a day (UTC) if it is missing. Only the owner can, so it runs as the owner.
CREATE OR REPLACE FUNCTION positions_open(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    named text := 'position_chunks_' || to_char(day, 'YYYYMMDD');
    start timestamptz := day::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(named) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('positions_open', 0));
    IF to_regclass(named) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF position_chunks FOR VALUES FROM (%L) TO (%L)'
                       ' WITH (toast_tuple_target = 8160)', -- a page: most chunks stay in one piece
                       named, epoch_floor(start), epoch_floor(start + interval '1 day'));
        PERFORM doorstep_protect(named::regclass);
    END IF;
END $$;

-- Stores chunks, notes what was answered, moves the latest position of each epoch and takes numbers of
-- the feed; one statement, one fsync. Groups are the (tenant, device, epoch) that the rest belongs to,
-- sorted. A group that brings a sequence which was answered before is left out as a whole: `again`
-- says which of its sequences, and the caller comes again without them. An epoch with more than some
-- ten thousand gaps is `full`: its device counts wrongly, and each commit would rewrite all of them.
CREATE FUNCTION positions_commit(
    tenants text[], devices text[], epochs_ uuid[], shards smallint[],                 -- per group
    latest_times timestamptz[], latest_sequences bigint[], latest_chunks bigint[],     -- per group
    run_group integer[], run_first bigint[], run_last bigint[],  -- sequences answered, both ends included
    chunks position_chunk[], recorded timestamptz,
    OUT again text[],    -- per group: what was answered before; null where nothing was
    OUT ranges text[],   -- per group: the first ranges that are answered now; null where it was left out
    OUT advanced integer[], OUT heads bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    touched integer[];
    counts bigint[];
    firsts bigint[];
BEGIN
    WITH known AS (
        SELECT k.g, e.received, pg_column_size(e.received) > 65536 AS is_full
        FROM unnest(tenants, devices, epochs_) WITH ORDINALITY AS k (tenant, device_id, epoch, g)
        JOIN epochs e USING (tenant, device_id, epoch)
        ORDER BY e.tenant, e.device_id, e.epoch FOR UPDATE OF e
    ), sent AS (
        SELECT u.g, range_agg(int8range(u.first, u.last + 1)) AS runs
        FROM unnest(run_group, run_first, run_last) AS u (g, first, last) GROUP BY u.g
    )
    SELECT array_agg(CASE WHEN known.is_full THEN 'full'
                          ELSE nullif((known.received * sent.runs)::text, '{}') END ORDER BY g)
        INTO again
        FROM known JOIN sent USING (g);
    IF cardinality(again) <> cardinality(tenants) THEN
        RAISE EXCEPTION 'an epoch is missing';
    END IF;

    WITH sent AS (
        SELECT u.g, range_agg(int8range(u.first, u.last + 1)) AS runs
        FROM unnest(run_group, run_first, run_last) AS u (g, first, last)
        WHERE again[u.g] IS NULL GROUP BY u.g
    ), noted AS (
        UPDATE epochs e SET
            received = e.received + s.runs,
            (latest_time, latest_sequence, latest_chunk) = (
                SELECT l.at, l.sequence, l.chunk FROM (VALUES
                    (e.latest_time, e.latest_sequence, e.latest_chunk),
                    (latest_times[s.g], latest_sequences[s.g], latest_chunks[s.g])
                ) AS l (at, sequence, chunk)
                ORDER BY l.at DESC NULLS LAST, l.sequence DESC LIMIT 1)
        FROM sent s
        WHERE e.tenant = tenants[s.g] AND e.device_id = devices[s.g] AND e.epoch = epochs_[s.g]
        RETURNING s.g, e.received
    )
    SELECT array_agg(
            (SELECT range_agg(r)::text FROM (SELECT r FROM unnest(n.received) AS r LIMIT 33) AS s)
            ORDER BY g)
        INTO ranges
        FROM generate_series(1, cardinality(tenants)) AS g LEFT JOIN noted n USING (g);

    SELECT array_agg(t.shard ORDER BY t.shard), array_agg(t.many ORDER BY t.shard)
        INTO touched, counts
        FROM (SELECT shards[c.group_] AS shard, count(*) AS many FROM unnest(chunks) AS c
              WHERE again[c.group_] IS NULL GROUP BY 1) AS t;
    IF touched IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(a.advanced ORDER BY a.advanced), array_agg(a.first_sequence ORDER BY a.advanced)
        INTO advanced, firsts FROM feed_advance('positions', touched, counts) AS a;
    SELECT array_agg(u.start + u.many - 1 ORDER BY u.place) INTO heads
        FROM unnest(firsts, counts) WITH ORDINALITY AS u (start, many, place);
    INSERT INTO position_chunks (
            tenant, device_id, epoch, last_sequence, first_sequence, shard, feed_sequence, lane,
            record_time, first_time, last_time, sequences, times, qualities, latitudes, longitudes,
            accuracies, speeds, headings, uptimes, ignitions, odometers, charges, auxiliaries)
        SELECT tenants[c.group_], devices[c.group_], epochs_[c.group_], c.last_sequence,
               c.first_sequence, f.shard,
               f.start - 1 + row_number() OVER (PARTITION BY f.shard ORDER BY c.place), c.lane,
               recorded, c.first_time, c.last_time, c.sequences, c.times, c.qualities, c.latitudes,
               c.longitudes, c.accuracies, c.speeds, c.headings, c.uptimes, c.ignitions,
               c.odometers, c.charges, c.auxiliaries
        FROM unnest(chunks) WITH ORDINALITY AS c (
            group_, last_sequence, first_sequence, lane, first_time, last_time, sequences, times,
            qualities, latitudes, longitudes, accuracies, speeds, headings, uptimes, ignitions,
            odometers, charges, auxiliaries, place)
        JOIN unnest(advanced, firsts) AS f (shard, start) ON f.shard = shards[c.group_]
        WHERE again[c.group_] IS NULL;
END $$;

-- Drops the partition of a day. Only the owner can. Whoever reads or writes does not wait long for it.
CREATE FUNCTION positions_drop(named text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '1s' AS $$
BEGIN
    IF named !~ '^position_chunks_[0-9]{8}$' THEN
        RAISE EXCEPTION 'no partition of positions: %', named;
    END IF;
    EXECUTE format('DROP TABLE %I', named);
END $$;

-- Forgets the partitions of the days before one and tells how many; a worker calls it. A reader of
-- the feed that has not come past what goes is told so: the oldest of each shard moves behind it.
CREATE FUNCTION positions_forget(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    gone integer := 0;
BEGIN
    FOR old IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'position_chunks'::regclass
          AND c.relname < 'position_chunks_' || to_char(before, 'YYYYMMDD')
        ORDER BY c.relname
    LOOP
        PERFORM 1 FROM feed_head h WHERE h.feed = 'positions' ORDER BY h.shard FOR UPDATE;
        EXECUTE format(
            'UPDATE feed_head h SET oldest = greatest(h.oldest, f.through + 1)'
            ' FROM (SELECT shard, max(feed_sequence) AS through FROM %I GROUP BY shard) f'
            ' WHERE h.feed = ''positions'' AND h.shard = f.shard', old.relname);
        PERFORM positions_drop(old.relname);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;

-- What was kept before goes into chunks, one per commit and epoch; its feed begins anew. The owner
-- sees all tenants only while row-level security is not forced on it.
DO $$
DECLARE
    old record;
BEGIN
    FOR old IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'positions_before'::regclass
    LOOP
        PERFORM positions_open(to_date(right(old.relname, 8), 'YYYYMMDD'));
    END LOOP;
END $$;
ALTER TABLE positions_before NO FORCE ROW LEVEL SECURITY;
ALTER TABLE epochs NO FORCE ROW LEVEL SECURITY;
INSERT INTO position_chunks (
        tenant, device_id, epoch, last_sequence, first_sequence, shard, feed_sequence, lane,
        record_time, first_time, last_time, sequences, times, qualities, latitudes, longitudes,
        accuracies, speeds, headings, uptimes, ignitions, odometers, charges, auxiliaries)
    SELECT tenant, device_id, epoch, max(sequence), min(sequence), min(shard), 0, 1,
           min(record_time), min(device_time), max(device_time), array_agg(sequence ORDER BY sequence),
           array_agg((extract(epoch FROM device_time) * 1000000)::bigint ORDER BY sequence),
           array_agg(time_quality ORDER BY sequence), array_agg(latitude ORDER BY sequence),
           array_agg(longitude ORDER BY sequence), array_agg(accuracy ORDER BY sequence),
           array_agg(speed ORDER BY sequence), array_agg(heading ORDER BY sequence),
           array_agg(uptime ORDER BY sequence), array_agg(ignition ORDER BY sequence),
           array_agg(odometer ORDER BY sequence), array_agg(charge ORDER BY sequence),
           array_agg(auxiliary ORDER BY sequence)
    FROM positions_before GROUP BY tenant, device_id, epoch, commit_id;
UPDATE epochs e SET latest_time = l.device_time, latest_sequence = l.sequence, latest_chunk = l.last_sequence
    FROM (SELECT DISTINCT ON (p.tenant, p.device_id, p.epoch)
                 p.tenant, p.device_id, p.epoch, p.device_time, p.sequence, c.last_sequence
          FROM positions_before p
          JOIN position_chunks c ON (c.tenant, c.device_id, c.epoch) = (p.tenant, p.device_id, p.epoch)
               AND p.sequence = ANY (c.sequences)
          WHERE p.time_quality <> 2
          ORDER BY p.tenant, p.device_id, p.epoch, p.device_time DESC, p.sequence DESC) l
    WHERE (e.tenant, e.device_id, e.epoch) = (l.tenant, l.device_id, l.epoch);
UPDATE feed_head SET oldest = sequence + 1 WHERE feed = 'positions';
ALTER TABLE epochs FORCE ROW LEVEL SECURITY;
SELECT doorstep_protect('position_chunks');
DROP TABLE positions_before;
DROP SEQUENCE position_commit_ids;

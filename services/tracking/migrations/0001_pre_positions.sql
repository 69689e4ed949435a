-- Devices and their positions: appended by group commits, partitioned by the day of their epoch.

CREATE TABLE devices (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    device_id   text        NOT NULL,
    kind        text        NOT NULL,
    driver_id   text        NOT NULL,
    vehicle_id  text        NOT NULL,
    shift_id    text        NOT NULL,
    route_id    text        NOT NULL,
    carrier_id  text        NOT NULL,
    software    text        NOT NULL,
    epoch       uuid        NOT NULL, -- the one open now
    created_at  timestamptz NOT NULL, -- business time
    opened_at   timestamptz NOT NULL, -- business time
    PRIMARY KEY (tenant, device_id)
);
CREATE INDEX devices_shift ON devices (tenant, shift_id) WHERE shift_id <> '';
CREATE INDEX devices_route ON devices (tenant, route_id) WHERE route_id <> '';
CREATE INDEX devices_driver ON devices (tenant, driver_id) WHERE driver_id <> '';
SELECT doorstep_protect('devices');

-- What came of each epoch. `received` holds every sequence that was answered, kept or rejected.
CREATE TABLE epochs (
    tenant     text           NOT NULL DEFAULT doorstep_tenant(),
    device_id  text           NOT NULL,
    epoch      uuid           NOT NULL,
    driver_id  text           NOT NULL,
    vehicle_id text           NOT NULL,
    expires_at timestamptz    NOT NULL, -- real time, for it bounds a partition
    received   int8multirange NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant, device_id, epoch)
) WITH (fillfactor = 70);
SELECT doorstep_protect('epochs');

CREATE TABLE positions (
    tenant       text        NOT NULL,
    device_id    text        NOT NULL,
    epoch        uuid        NOT NULL,
    sequence     bigint      NOT NULL,
    commit_id    bigint      NOT NULL, -- which group commit stored it
    shard        smallint    NOT NULL,
    device_time  timestamptz NOT NULL, -- by the device's clock, a rollover corrected
    record_time  timestamptz NOT NULL, -- business time
    time_quality smallint    NOT NULL,
    latitude     float8      NOT NULL,
    longitude    float8      NOT NULL,
    accuracy     integer     NOT NULL, -- meters; 0: not known
    speed        integer,              -- centimeters per second
    heading      real,                 -- degrees
    uptime       bigint,               -- milliseconds
    ignition     smallint    NOT NULL, -- 0 not read, 1 off, 2 on
    odometer     bigint,               -- meters
    charge       real,                 -- 0 to 1
    auxiliary    boolean     NOT NULL,
    PRIMARY KEY (tenant, device_id, epoch, sequence)
) PARTITION BY RANGE (epoch);
CREATE INDEX positions_commit ON positions (commit_id);
SELECT doorstep_protect('positions');

CREATE SEQUENCE position_commit_ids CACHE 1;

-- Which group commits each shard of positions saw, in commit order, without gaps.
CREATE TABLE position_commits (
    shard     integer NOT NULL,
    sequence  bigint  NOT NULL,
    commit_id bigint  NOT NULL,
    row_count integer NOT NULL, -- positions of this shard in the commit
    PRIMARY KEY (shard, sequence)
);

-- The first UUIDv7 of a moment (RFC 9562, 5.7): 48 bits of milliseconds.
CREATE FUNCTION epoch_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partition of a day (UTC) if it is missing. Only the owner can, so it runs as the owner.
CREATE FUNCTION positions_open(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    named text := 'positions_' || to_char(day, 'YYYYMMDD');
    start timestamptz := day::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(named) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('positions_open', 0));
    IF to_regclass(named) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF positions FOR VALUES FROM (%L) TO (%L)',
                       named, epoch_floor(start), epoch_floor(start + interval '1 day'));
        PERFORM doorstep_protect(named::regclass);
    END IF;
END $$;

-- Drops the partitions of the days before one, and what belongs to their epochs; tells how many.
CREATE FUNCTION positions_forget(before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    old record;
    gone integer := 0;
BEGIN
    FOR old IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'positions'::regclass
          AND c.relname < 'positions_' || to_char(before, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', old.relname);
        gone := gone + 1;
    END LOOP;
    IF gone > 0 THEN
        DELETE FROM position_commits
            WHERE commit_id < (SELECT coalesce(min(commit_id), 0) FROM positions);
        UPDATE feed_head h SET oldest = k.oldest
            FROM (SELECT shard, min(sequence) AS oldest FROM position_commits GROUP BY shard) k
            WHERE h.feed = 'positions' AND h.shard = k.shard;
    END IF;
    RETURN gone;
END $$;

-- One group commit. Rows come sorted by key; groups are the (tenant, device, epoch) they belong to.
-- Stores what is new, notes what was received, moves the latest position of each device, and last of
-- all takes the head rows of the shards touched. Duplicates are looked at only when there are any.
CREATE FUNCTION positions_commit(
    groups integer[], tenants text[], devices text[], epochs_ uuid[], -- one per group
    row_group integer[], sequences bigint[], shards smallint[],       -- one per row
    device_times timestamptz[], qualities smallint[], latitudes float8[], longitudes float8[],
    accuracies integer[], speeds integer[], headings real[], uptimes bigint[], ignitions smallint[],
    odometers bigint[], charges real[], auxiliaries boolean[],
    run_group integer[], run_first bigint[], run_last bigint[],       -- ranges answered, per group
    recorded timestamptz,
    OUT stored integer, OUT duplicates integer[], OUT conflicts integer[],
    OUT acked bigint[], OUT gaps text[],
    OUT advanced integer[], OUT heads bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    this_commit bigint := nextval('position_commit_ids');
    touched integer[];
    counts integer[];
BEGIN
    INSERT INTO positions (tenant, device_id, epoch, sequence, commit_id, shard, device_time,
                           record_time, time_quality, latitude, longitude, accuracy, speed, heading,
                           uptime, ignition, odometer, charge, auxiliary)
        SELECT tenants[r.g], devices[r.g], epochs_[r.g], r.seq, this_commit, r.shard, r.at,
               recorded, r.quality, r.lat, r.lng, r.accuracy, r.speed, r.heading,
               r.uptime, r.ignition, r.odometer, r.charge, r.auxiliary
        FROM unnest(row_group, sequences, shards, device_times, qualities, latitudes, longitudes,
                    accuracies, speeds, headings, uptimes, ignitions, odometers, charges, auxiliaries)
             AS r (g, seq, shard, at, quality, lat, lng, accuracy, speed, heading, uptime, ignition,
                   odometer, charge, auxiliary)
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS stored = ROW_COUNT;

    IF stored < cardinality(sequences) THEN
        SELECT array_agg(d.place::integer ORDER BY d.place),
               array_agg(d.place::integer ORDER BY d.place) FILTER (WHERE d.differs)
            INTO duplicates, conflicts
            FROM (
                SELECT r.place,
                       (p.device_time, p.latitude, p.longitude) <> (r.at, r.lat, r.lng) AS differs,
                       p.commit_id = this_commit AND row_number() OVER (
                           PARTITION BY r.g, r.seq ORDER BY r.place) = 1 AS is_new
                FROM unnest(row_group, sequences, device_times, latitudes, longitudes)
                     WITH ORDINALITY AS r (g, seq, at, lat, lng, place)
                JOIN positions p ON p.tenant = tenants[r.g] AND p.device_id = devices[r.g]
                     AND p.epoch = epochs_[r.g] AND p.sequence = r.seq
            ) d WHERE NOT d.is_new;
    END IF;

    PERFORM 1 FROM unnest(tenants, devices, epochs_) AS k (tenant, device_id, epoch)
        JOIN epochs e USING (tenant, device_id, epoch)
        ORDER BY e.tenant, e.device_id, e.epoch FOR UPDATE OF e;
    WITH noted AS (
        UPDATE epochs e SET received = e.received + n.runs
        FROM (SELECT g, range_agg(int8range(first, last + 1)) AS runs
              FROM unnest(run_group, run_first, run_last) AS u (g, first, last) GROUP BY g) n
        WHERE e.tenant = tenants[n.g] AND e.device_id = devices[n.g] AND e.epoch = epochs_[n.g]
        RETURNING n.g, e.received
    )
    SELECT array_agg(CASE WHEN lower(received) = 1
                          THEN (SELECT upper(r) - 1 FROM unnest(received) r LIMIT 1)
                          ELSE 0 END ORDER BY g),
           array_agg((int8multirange(int8range(1, upper(received))) - received)::text ORDER BY g)
        INTO acked, gaps FROM noted;

    IF stored > 0 THEN
        IF duplicates IS NULL THEN
            SELECT array_agg(t.s ORDER BY t.s), array_agg(t.many ORDER BY t.s) INTO touched, counts
                FROM (SELECT s, count(*) AS many FROM unnest(shards) s GROUP BY s) t;
        ELSE
            SELECT array_agg(t.s ORDER BY t.s), array_agg(t.many ORDER BY t.s) INTO touched, counts
                FROM (SELECT p.shard AS s, count(*) AS many FROM positions p
                      WHERE p.commit_id = this_commit GROUP BY p.shard) t;
        END IF;
        WITH moved AS (
            INSERT INTO position_commits (shard, sequence, commit_id, row_count)
                SELECT a.advanced, a.first_sequence, this_commit, c.many
                FROM feed_advance('positions', touched,
                                  array_fill(1::bigint, ARRAY[cardinality(touched)])) a
                JOIN unnest(touched, counts) AS c (shard, many) ON c.shard = a.advanced
                RETURNING shard, sequence
        )
        SELECT array_agg(shard ORDER BY shard), array_agg(sequence ORDER BY shard)
            INTO advanced, heads FROM moved;
    END IF;
END $$;

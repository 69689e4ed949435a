-- Reports for download, and the order in which bookings were made.

CREATE TABLE report_exports (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    export_id   text        NOT NULL,
    state       text        NOT NULL, -- QUEUED, RUNNING, DONE, FAILED, CANCELLED
    progress    integer     NOT NULL DEFAULT 0, -- in a thousand
    sha256      text        NOT NULL DEFAULT '', -- of the file, in media
    failure     text        NOT NULL DEFAULT '',
    end_time    timestamptz,                     -- business time
    queued_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until timestamptz,                     -- real time; NULL: nobody makes it
    epoch       integer     NOT NULL DEFAULT 0,  -- of the claim: nothing arrives from an older one
    lost_count  integer     NOT NULL DEFAULT 0,
    over_at     timestamptz,
    body        jsonb       NOT NULL,            -- the domain's ReportExport as ordered
    PRIMARY KEY (tenant, export_id)
);
CREATE INDEX report_exports_open ON report_exports (queued_at)
    WHERE state IN ('QUEUED', 'RUNNING');
CREATE INDEX report_exports_age ON report_exports (over_at) WHERE over_at IS NOT NULL;
SELECT doorstep_protect('report_exports');

CREATE INDEX journal_bookings ON journal (tenant, recorded_at, no)
    WHERE type IN ('TenderPriced', 'RouteStarted', 'RouteCompleted', 'AmountCollected');

-- Revisions of a route, whenever they were.

CREATE INDEX journal_placed ON journal (tenant, route_id) WHERE type = 'RoutePlaced';

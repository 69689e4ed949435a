-- Looking on: whether zones charge a route later, so that what access was planned to cost is not
-- counted besides.

CREATE INDEX journal_charges ON journal (tenant, route_id) WHERE type = 'ZoneCharged';

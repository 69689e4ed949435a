-- When an epoch was given, in business time: a scorecard counts positions by it, without reading them.
ALTER TABLE epochs ADD COLUMN opened_at timestamptz NOT NULL DEFAULT clock_timestamp();

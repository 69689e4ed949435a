-- Tenants' own geofences. Each has an upright box of degrees, by which a way finds those it may touch.

CREATE TABLE geofences (
    tenant      text  NOT NULL DEFAULT doorstep_tenant(),
    geofence_id text  NOT NULL,
    around      box   NOT NULL, -- x longitude, y latitude
    body        jsonb NOT NULL, -- the domain's Fence
    PRIMARY KEY (tenant, geofence_id)
);
CREATE INDEX geofences_around ON geofences USING gist (around);
SELECT doorstep_protect('geofences');

-- Legs of tracking's feed are shared by great-circle distances, which a reader must be able to tell
-- from the shortest ones by road. Empty legs take both from what their route has carried.
ALTER TABLE emission_shares ADD COLUMN great_circle boolean NOT NULL DEFAULT false;

"""Curb zones and idling rules in PostgreSQL, as X_app: each sees one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshkit.postgres import Snapshot, Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.curb_zone import CurbZone, CurbZoneVersion
from services.compliance.domain.episode import IdlingRuleVersion
from services.compliance.domain.geometry import E7, Area, Point, Polygon
from services.compliance.domain.idling import IdlingRule
from services.compliance.domain.proximity import Stretch
from services.compliance.domain.shapes import area_shape, contains

VERSION_COLUMNS = "revision, street_version, create_time, record_time"


def _sql(statement: str) -> str:
    """A statement with its columns written out."""
    return statement.replace("{version}", VERSION_COLUMNS)


NEXT_STREET_VERSION = """
    INSERT INTO streets_head (tenant, street_version) VALUES (doorstep_tenant(), 1)
    ON CONFLICT (tenant) DO UPDATE SET street_version = streets_head.street_version + 1
    RETURNING street_version"""

STREET_VERSION = "SELECT street_version FROM streets_head"

CURB_ZONE = _sql("""
    SELECT curb_zone, {version} FROM curb_zones WHERE curb_zone_id = $1 AND NOT replaced""")

CURB_ZONES = _sql("""
    SELECT curb_zone, {version} FROM curb_zones WHERE curb_zone_id > $1 AND NOT replaced
    ORDER BY curb_zone_id LIMIT $2""")

CURB_ZONE_REVISIONS = _sql("""
    SELECT c.curb_zone, {version} FROM curb_zones c
    JOIN unnest($1::text[], $2::bigint[]) AS wanted (curb_zone_id, number)
      ON wanted.curb_zone_id = c.curb_zone_id AND wanted.number = c.revision""")

STRETCHES = """
    SELECT curb_zone_id, revision, curb_zone -> 'polygon' AS polygon FROM curb_zones
    WHERE street_version > $1 AND NOT replaced"""

REPLACE_CURB_ZONE = """
    UPDATE curb_zones SET replaced = true WHERE curb_zone_id = $1 AND NOT replaced"""

ADD_CURB_ZONE = """
    INSERT INTO curb_zones (tenant, curb_zone_id, revision, street_version, create_time,
                            record_time, curb_zone)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6)"""

IDLING_RULE = _sql("""
    SELECT idling_rule, {version} FROM idling_rules WHERE idling_rule_id = $1 AND NOT replaced""")

IDLING_RULES = _sql("""
    SELECT idling_rule, {version} FROM idling_rules WHERE idling_rule_id > $1 AND NOT replaced
    ORDER BY idling_rule_id LIMIT $2""")

IDLING_RULES_OF = _sql("""
    SELECT idling_rule, {version} FROM idling_rules
    WHERE NOT replaced AND south_e7 <= $1 AND north_e7 >= $1 AND west_e7 <= $2 AND east_e7 >= $2
    ORDER BY idling_rule_id""")

REPLACE_IDLING_RULE = """
    UPDATE idling_rules SET replaced = true WHERE idling_rule_id = $1 AND NOT replaced"""

ADD_IDLING_RULE = """
    INSERT INTO idling_rules (tenant, idling_rule_id, revision, street_version, create_time,
                              record_time, south_e7, west_e7, north_e7, east_e7, idling_rule)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""


class PostgresStreets:
    """Implements `ports.StreetStore` in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def next_street_version(self) -> int:
        return int(await self._tx.fetchval(NEXT_STREET_VERSION))

    async def curb_zone(self, curb_zone_id: str) -> CurbZoneVersion | None:
        row = await self._tx.fetchrow(CURB_ZONE, curb_zone_id)
        return None if row is None else _curb_zone(row)

    async def curb_zones(self, after: str, limit: int) -> Sequence[CurbZoneVersion]:
        return [_curb_zone(row) for row in await self._tx.fetch(CURB_ZONES, after, limit)]

    async def curb_zone_revisions(
        self, wanted: Sequence[tuple[str, int]]
    ) -> Mapping[str, CurbZoneVersion]:
        ids, revisions = [name for name, _ in wanted], [number for _, number in wanted]
        rows = await self._tx.fetch(CURB_ZONE_REVISIONS, ids, revisions)
        return {version.zone.curb_zone_id: version for version in map(_curb_zone, rows)}

    async def add_curb_zone(self, version: CurbZoneVersion) -> None:
        curb_zone_id = version.zone.curb_zone_id
        await self._tx.execute(REPLACE_CURB_ZONE, curb_zone_id)
        row = (curb_zone_id, *_counts(version), pack(version.zone))
        await self._tx.execute(ADD_CURB_ZONE, *row)

    async def idling_rule(self, idling_rule_id: str) -> IdlingRuleVersion | None:
        row = await self._tx.fetchrow(IDLING_RULE, idling_rule_id)
        return None if row is None else _idling_rule(row)

    async def idling_rules(self, after: str, limit: int) -> Sequence[IdlingRuleVersion]:
        return [_idling_rule(row) for row in await self._tx.fetch(IDLING_RULES, after, limit)]

    async def idling_rules_of(self, place: Point) -> Sequence[IdlingRuleVersion]:
        rows = await self._tx.fetch(IDLING_RULES_OF, place.lat_e7, place.lng_e7)
        found = [_idling_rule(row) for row in rows]
        return [version for version in found if contains(version.rule.area, place)]

    async def add_idling_rule(self, version: IdlingRuleVersion) -> None:
        rule = version.rule
        await self._tx.execute(REPLACE_IDLING_RULE, rule.idling_rule_id)
        row = (rule.idling_rule_id, *_counts(version), *_box(rule.area), pack(rule))
        await self._tx.execute(ADD_IDLING_RULE, *row)


async def street_version(on: Snapshot) -> int:
    """The version of all curb zones and idling rules; 0 when there never was one."""
    return int(await on.fetchval(STREET_VERSION) or 0)


async def outlines_since(on: Snapshot, version: int) -> Sequence[Any]:
    """Rows of the stretches of curb that were changed after a version; `stretch` reads one."""
    return list(await on.fetch(STRETCHES, version))


def stretch(row: Any) -> Stretch:
    """Where a stretch of curb is."""
    return Stretch(row["curb_zone_id"], row["revision"], unpack(row["polygon"], Polygon))


def _counts(version: CurbZoneVersion | IdlingRuleVersion) -> tuple[Any, ...]:
    counts = version.revision, version.street_version
    return (*counts, version.create_time, version.record_time)


def _box(area: Area) -> tuple[int, int, int, int]:
    """South, west, north, east."""
    west, south, east, north = area_shape(area).bounds
    return round(south * E7), round(west * E7), round(north * E7), round(east * E7)


def _curb_zone(row: Any) -> CurbZoneVersion:
    return CurbZoneVersion(unpack(row["curb_zone"], CurbZone), *_read(row))


def _idling_rule(row: Any) -> IdlingRuleVersion:
    return IdlingRuleVersion(unpack(row["idling_rule"], IdlingRule), *_read(row))


def _read(row: Any) -> tuple[Any, ...]:
    return row["revision"], row["street_version"], row["create_time"], row["record_time"]

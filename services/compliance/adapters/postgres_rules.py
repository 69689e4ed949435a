"""Zones, their versions and closures in PostgreSQL, as X_app: each sees one tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from meshkit.feed import Draft
from meshkit.postgres import Snapshot, Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.geometry import Box
from services.compliance.domain.shapes import area_shape, polygon_shape
from services.compliance.domain.zone import Closure, ClosureVersion, RuleSet, Zone

RULE_SET_COLUMNS = """rule_set_id, version, rules_version, record_time, create_time,
        effective_start, effective_end, zone"""
CLOSURE_COLUMNS = "revision, rules_version, create_time, record_time, closure"


def _sql(statement: str) -> str:
    """A statement with its columns written out."""
    named = statement.replace("{rule_set}", RULE_SET_COLUMNS)
    return named.replace("{closure}", CLOSURE_COLUMNS)


NEXT_RULES_VERSION = """
    INSERT INTO rules_head (tenant, rules_version) VALUES (doorstep_tenant(), 1)
    ON CONFLICT (tenant) DO UPDATE SET rules_version = rules_head.rules_version + 1
    RETURNING rules_version"""

RULES_VERSION = "SELECT rules_version FROM rules_head"

ZONE = _sql("""
    SELECT {rule_set} FROM rule_sets WHERE zone_id = $1 ORDER BY version DESC LIMIT 1""")

ZONES = _sql("""
    SELECT {rule_set} FROM (
        SELECT DISTINCT ON (zone_id) zone_id, retired, {rule_set} FROM rule_sets
        WHERE zone_id > $1 ORDER BY zone_id, version DESC
    ) AS present
    WHERE $2 OR NOT retired ORDER BY zone_id LIMIT $3""")

RULE_SETS = _sql("SELECT {rule_set} FROM rule_sets WHERE rule_set_id = ANY ($1)")

VERSIONS = _sql("""
    SELECT {rule_set} FROM rule_sets
    WHERE ($1 = '' OR zone_id = $1) AND ($2::bigint IS NULL OR rules_version < $2)
    ORDER BY rules_version DESC LIMIT $3""")

KNOWN = _sql("""
    SELECT {rule_set} FROM rule_sets
    WHERE $1::bigint IS NULL OR rules_version <= $1 ORDER BY zone_id, version""")

VERSION_AS_OF = """
    SELECT greatest((SELECT max(rules_version) FROM rule_sets WHERE record_time <= $1),
                    (SELECT max(rules_version) FROM closures WHERE record_time <= $1))"""

CHANGED = _sql("""
    SELECT {rule_set} FROM rule_sets WHERE rules_version > $1 ORDER BY rules_version LIMIT $2""")

CHANGED_CLOSURES = _sql("""
    SELECT {closure} FROM closures WHERE rules_version > $1 ORDER BY rules_version LIMIT $2""")

ADD_RULE_SET = """
    INSERT INTO rule_sets (tenant, rule_set_id, zone_id, version, rules_version, record_time,
                           create_time, effective_start, effective_end, retired, zone)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""

CLOSURE = _sql("""
    SELECT {closure} FROM closures WHERE closure_id = $1 ORDER BY revision DESC LIMIT 1""")

CLOSURE_REVISIONS = _sql("""
    SELECT {closure} FROM closures WHERE closure_id = $1 ORDER BY revision DESC LIMIT $2""")

CLOSURES = _sql("""
    SELECT {closure} FROM (
        SELECT DISTINCT ON (closure_id) closure_id, starts, ends, {closure} FROM closures
        WHERE closure_id > $1 ORDER BY closure_id, revision DESC
    ) AS present
    WHERE ($2::timestamptz IS NULL OR ends IS NULL OR ends > $2)
      AND ($3::timestamptz IS NULL OR starts < $3)
    ORDER BY closure_id LIMIT $4""")

KNOWN_CLOSURES = _sql("""
    SELECT DISTINCT ON (closure_id) {closure} FROM closures
    WHERE $1::bigint IS NULL OR rules_version <= $1 ORDER BY closure_id, revision DESC""")

ADD_CLOSURE = """
    INSERT INTO closures (tenant, closure_id, revision, rules_version, record_time, create_time,
                          starts, ends, closure)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8)"""

Encode = Callable[[RuleSet | ClosureVersion], Draft]


class PostgresRules:
    """Implements `ports.RuleStore` in one transaction; `encode` makes the feed's drafts."""

    def __init__(self, tx: Transaction, encode: Encode) -> None:
        self._tx = tx
        self._encode = encode

    async def next_rules_version(self) -> int:
        return int(await self._tx.fetchval(NEXT_RULES_VERSION))

    async def zone(self, zone_id: str) -> RuleSet | None:
        return _rule_set_or_none(await self._tx.fetchrow(ZONE, zone_id))

    async def zones(
        self, after: str, limit: int, box: Box | None, with_retired: bool
    ) -> Sequence[RuleSet]:
        if box is None:
            rows = await self._tx.fetch(ZONES, after, with_retired, limit)
            return [_rule_set(row) for row in rows]
        rows = await self._tx.fetch(ZONES, after, with_retired, None)
        found = (_rule_set(row) for row in rows)
        return [rule_set for rule_set in found if _touches(rule_set, box)][:limit]

    async def rule_set(self, rule_set_id: str) -> RuleSet | None:
        return (await self.rule_sets([rule_set_id])).get(rule_set_id)

    async def rule_sets(self, ids: Sequence[str]) -> Mapping[str, RuleSet]:
        rows = await self._tx.fetch(RULE_SETS, list(ids))
        return {row["rule_set_id"]: _rule_set(row) for row in rows}

    async def versions(self, zone_id: str, before: int | None, limit: int) -> Sequence[RuleSet]:
        return [_rule_set(row) for row in await self._tx.fetch(VERSIONS, zone_id, before, limit)]

    async def add_rule_set(self, rule_set: RuleSet) -> None:
        await self._tx.execute(
            ADD_RULE_SET,
            rule_set.rule_set_id,
            rule_set.zone.zone_id,
            rule_set.version,
            rule_set.rules_version,
            rule_set.record_time,
            rule_set.create_time,
            rule_set.start,
            rule_set.end,
            rule_set.zone.retired,
            pack(rule_set.zone),
        )
        self._tx.append(self._encode(rule_set))

    async def closure(self, closure_id: str) -> ClosureVersion | None:
        row = await self._tx.fetchrow(CLOSURE, closure_id)
        return None if row is None else _closure(row)

    async def closures(
        self, after: str, limit: int, start: datetime | None, end: datetime | None
    ) -> Sequence[ClosureVersion]:
        return [_closure(row) for row in await self._tx.fetch(CLOSURES, after, start, end, limit)]

    async def closure_revisions(self, closure_id: str, limit: int) -> Sequence[ClosureVersion]:
        return [_closure(row) for row in await self._tx.fetch(CLOSURE_REVISIONS, closure_id, limit)]

    async def add_closure(self, version: ClosureVersion) -> None:
        await self._tx.execute(
            ADD_CLOSURE,
            version.closure.closure_id,
            version.revision,
            version.rules_version,
            version.record_time,
            version.create_time,
            version.closure.start,
            version.closure.end,
            pack(version.closure),
        )
        self._tx.append(self._encode(version))


async def changed_rule_sets(on: Snapshot, after: int, limit: int) -> list[RuleSet]:
    """Versions that were recorded after a rules version, in order."""
    return [_rule_set(row) for row in await on.fetch(CHANGED, after, limit)]


async def changed_closures(on: Snapshot, after: int, limit: int) -> list[ClosureVersion]:
    """Revisions of closures that were recorded after a rules version, in order."""
    return [_closure(row) for row in await on.fetch(CHANGED_CLOSURES, after, limit)]


async def rules_version(on: Snapshot) -> int:
    """The version of all rules; 0 when there never was one."""
    return int(await on.fetchval(RULES_VERSION) or 0)


async def rules_version_as_of(on: Snapshot, moment: datetime) -> int:
    """The version of all rules that were recorded by a moment; 0 when none was."""
    return int(await on.fetchval(VERSION_AS_OF, moment) or 0)


async def known_rule_sets(on: Snapshot, up_to: int | None) -> list[RuleSet]:
    """Every version of every zone up to a rules version; None is all."""
    return [_rule_set(row) for row in await on.fetch(KNOWN, up_to)]


async def known_closures(on: Snapshot, up_to: int | None) -> list[ClosureVersion]:
    """The last revision of every closure up to a rules version; None is all."""
    rows = await on.fetch(KNOWN_CLOSURES, up_to)
    return [_closure(row) for row in rows]


def _rule_set_or_none(row: Any | None) -> RuleSet | None:
    return None if row is None else _rule_set(row)


def _rule_set(row: Any) -> RuleSet:
    return RuleSet(
        row["rule_set_id"],
        unpack(row["zone"], Zone),
        row["version"],
        row["rules_version"],
        row["record_time"],
        row["create_time"],
        row["effective_start"],
        row["effective_end"],
    )


def _closure(row: Any) -> ClosureVersion:
    return ClosureVersion(
        unpack(row["closure"], Closure),
        row["revision"],
        row["rules_version"],
        row["create_time"],
        row["record_time"],
    )


def _touches(rule_set: RuleSet, box: Box) -> bool:
    return bool(area_shape(rule_set.zone.area).intersects(polygon_shape(box.polygon)))

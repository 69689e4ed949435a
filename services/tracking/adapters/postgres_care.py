"""Incidents, tracking links, and reports of the weather."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.incident import Incident
from services.tracking.domain.link import Link
from services.tracking.domain.note import Weather

UNDER = "SELECT body FROM incidents WHERE dedupe_key = $1 AND NOT ended FOR UPDATE"

LOCK_INCIDENT = "SELECT body FROM incidents WHERE incident_id = $1 FOR UPDATE"

SAVE_INCIDENT = """
    INSERT INTO incidents (incident_id, dedupe_key, type, state, ended, route_id, delivery_id,
                           driver_id, carrier_id, open_time, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (tenant, incident_id) DO UPDATE SET state = $4, ended = $5, body = $11"""

LIST_INCIDENTS = """
    SELECT body FROM incidents
    WHERE (cardinality($1::text[]) = 0 OR state = ANY ($1))
      AND (cardinality($2::text[]) = 0 OR type = ANY ($2))
      AND ($3 = '' OR route_id = $3) AND ($4 = '' OR delivery_id = $4)
      AND ($5 = '' OR driver_id = $5) AND ($6 = '' OR carrier_id = $6)
      AND ($7::timestamptz IS NULL OR (open_time, incident_id) < ($7, $8))
    ORDER BY open_time DESC, incident_id DESC LIMIT $9"""

OF_DELIVERY = """
    SELECT body FROM incidents WHERE delivery_id = $1
    ORDER BY open_time DESC, incident_id DESC LIMIT $2"""

ADD_LINK = """
    INSERT INTO links (link_id, token_hash, delivery_id, expires_at, body)
    VALUES ($1, $2, $3, $4, $5)"""

LOCK_LINK = "SELECT body FROM links WHERE link_id = $1 FOR UPDATE"

SAVE_LINK = "UPDATE links SET revoked_at = $2, body = $3 WHERE link_id = $1"

# Of every tenant, as the worker: the token is all that its holder knows.
FIND_LINK = "SELECT tenant, body FROM links WHERE token_hash = $1"

ADD_REPORT = """
    INSERT INTO weather (report_id, starts_at, ends_at, recorded_at, body)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"""

GET_REPORT = "SELECT body FROM weather WHERE report_id = $1"

HOLDING = """
    SELECT body FROM weather
    WHERE ends_at > $1 AND starts_at < $1 + interval '1 day' ORDER BY report_id"""

LIST_REPORTS = """
    SELECT body FROM weather
    WHERE ($1::timestamptz IS NULL OR ($1 >= starts_at AND $1 < ends_at))
      AND ($2::timestamptz IS NULL OR (recorded_at, report_id) < ($2, $3))
    ORDER BY recorded_at DESC, report_id DESC LIMIT $4"""


class PostgresIncidents:
    """Implements `ports.Incidents`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def under(self, key: str) -> Incident | None:
        """The one of a key that is not ended, held until the transaction ends."""
        return _incident(await self._tx.fetchval(UNDER, key))

    async def lock(self, incident_id: str) -> Incident | None:
        """One by name, held until the transaction ends."""
        return _incident(await self._tx.fetchval(LOCK_INCIDENT, incident_id))

    async def save(self, incident: Incident) -> None:
        """Keeps it."""
        one, about = incident, incident.about
        who = (about.route_id, about.delivery_id, about.driver_id, about.carrier_id)
        what = (one.incident_id, one.dedupe_key, one.type, one.state, one.ended)
        await self._tx.execute(SAVE_INCIDENT, *what, *who, one.open_time, pack(one))

    async def of_delivery(self, delivery_id: str, limit: int) -> Sequence[Incident]:
        """The latest about a delivery, latest first."""
        rows = await self._tx.fetch(OF_DELIVERY, delivery_id, limit)
        return [unpack(row["body"], Incident) for row in rows]

    async def page(
        self,
        states: Collection[str],
        types: Collection[str],
        whose: tuple[str, str, str, str],
        after: tuple[Any, ...],
        limit: int,
    ) -> Sequence[Incident]:
        """Incidents, latest first; `whose` are route, delivery, driver and carrier."""
        conditions = (list(states), list(types), *whose)
        rows = await self._tx.fetch(LIST_INCIDENTS, *conditions, *after, limit)
        return [unpack(row["body"], Incident) for row in rows]


class PostgresLinks:
    """Implements `ports.Links`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, link: Link, token_hash: bytes) -> None:
        """Keeps a link."""
        await self._tx.execute(
            ADD_LINK, link.link_id, token_hash, link.delivery_id, link.expire_time, pack(link)
        )

    async def lock(self, link_id: str) -> Link | None:
        """One by name, held until the transaction ends."""
        text = await self._tx.fetchval(LOCK_LINK, link_id)
        return unpack(text, Link) if text else None

    async def save(self, link: Link) -> None:
        """Keeps its state."""
        await self._tx.execute(SAVE_LINK, link.link_id, link.revoke_time, pack(link))


async def find_link(tx: Transaction, token_hash: bytes) -> tuple[str, Link] | None:
    """The link of a token with its tenant, on a worker's transaction."""
    row = await tx.fetchrow(FIND_LINK, token_hash)
    return (row["tenant"], unpack(row["body"], Link)) if row else None


class PostgresReports:
    """Implements `ports.Reports`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, report: Weather) -> Weather:
        """Keeps a report; the one that has its id, if there is one."""
        span, one = report.window, report
        row = (one.report_id, span.start, span.end, one.record_time, pack(one))
        if await self._tx.execute(ADD_REPORT, *row):
            return report
        return unpack(await self._tx.fetchval(GET_REPORT, report.report_id), Weather)

    async def holding(self, at: datetime) -> tuple[Weather, ...]:
        """Those that hold at a moment or begin within a day."""
        return tuple(unpack(row["body"], Weather) for row in await self._tx.fetch(HOLDING, at))

    async def page(
        self, at: datetime | None, after: tuple[Any, ...], limit: int
    ) -> Sequence[Weather]:
        """Reports, latest first."""
        rows = await self._tx.fetch(LIST_REPORTS, at, *after, limit)
        return [unpack(row["body"], Weather) for row in rows]


def _incident(text: Any) -> Incident | None:
    return unpack(text, Incident) if text else None

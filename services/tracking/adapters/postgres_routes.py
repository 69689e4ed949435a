"""Routes as driven, and where each task is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, pack_all, unpack
from services.tracking.domain.event import Eta, Risk
from services.tracking.domain.progress import Progress
from services.tracking.domain.risk import RANK
from services.tracking.domain.route import Route
from services.tracking.ports import Driven, TaskPlace

PLANS_MAX = 1_024  # plans kept structured; a plan never changes under its revision

COLUMNS = "route_id, revision, plan, progress, etas"
GET = f"SELECT {COLUMNS} FROM routes WHERE route_id = $1"  # noqa: S608 - constant
LOCK = f"{GET} FOR UPDATE"
GET_MANY = f"""
    SELECT {COLUMNS} FROM routes WHERE route_id = ANY ($1) ORDER BY route_id"""  # noqa: S608

LIST = f"""
    SELECT {COLUMNS} FROM routes
    WHERE state = ANY ($1) AND (cardinality($2::text[]) = 0 OR route_id = ANY ($2))
      AND (cardinality($3::text[]) = 0 OR vehicle_id = ANY ($3))
    ORDER BY route_id"""  # noqa: S608 - constant

ADD = """
    INSERT INTO routes (route_id, revision, state, shift_id, driver_id, vehicle_id, carrier_id,
                        starts_at, plan, progress)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""

REVISE = """
    UPDATE routes SET revision = $2, state = $3, shift_id = $4, driver_id = $5, vehicle_id = $6,
                      carrier_id = $7, starts_at = $8, plan = $9, progress = $10
    WHERE route_id = $1"""

SAVE = "UPDATE routes SET state = $2, progress = $3 WHERE route_id = $1"

EXPECT = "UPDATE routes SET etas = $2 WHERE route_id = $1"

FORGET_RISKS = "DELETE FROM risks WHERE route_id = $1 AND NOT (task_id = ANY ($2))"

EXPECT_RISKS = """
    INSERT INTO risks (task_id, route_id, probability, stake, level, body)
    SELECT u.task_id, $1, u.probability, u.stake, u.level, u.body::jsonb
    FROM unnest($2::text[], $3::float8[], $4::float8[], $5::smallint[], $6::text[])
         AS u (task_id, probability, stake, level, body)
    ON CONFLICT (tenant, task_id) DO UPDATE SET
        route_id = EXCLUDED.route_id, probability = EXCLUDED.probability, stake = EXCLUDED.stake,
        level = EXCLUDED.level, body = EXCLUDED.body"""

LIST_RISKS = """
    SELECT body FROM risks
    WHERE level >= $1 AND ($2 = '' OR route_id = $2)
      AND ($3::float8 IS NULL OR (-stake, task_id) > ($3, $4))
    ORDER BY -stake, task_id LIMIT $5"""

OF_SHIFT = """
    SELECT route_id FROM routes
    WHERE shift_id = $1 AND $1 <> '' AND state IN ('PUBLISHED', 'ACTIVE') ORDER BY route_id"""

WITH_STOP = """
    SELECT route_id FROM routes
    WHERE ((driver_id = $1 AND $1 <> '') OR (carrier_id = $2 AND $2 <> '') OR ($1 = '' AND $2 = ''))
      AND plan @> jsonb_build_object(
              'stops', jsonb_build_array(jsonb_build_object('stop_id', $3::text)))
    ORDER BY state = 'ACTIVE' DESC, starts_at DESC LIMIT 1"""

FIND_TASK = """
    SELECT task_id, delivery_id, route_id, cancelled, closed FROM tasks WHERE task_id = $1"""

KNOW = """
    INSERT INTO tasks (task_id, delivery_id) VALUES ($1, $2)
    ON CONFLICT (tenant, task_id) DO UPDATE SET delivery_id = $2"""

MOVE = """
    INSERT INTO tasks (task_id, delivery_id, route_id)
    SELECT u.task_id, u.delivery_id, $3
    FROM unnest($1::text[], $2::text[]) AS u (task_id, delivery_id) ORDER BY u.task_id
    ON CONFLICT (tenant, task_id) DO UPDATE SET route_id = $3"""

RELEASE = "UPDATE tasks SET route_id = '' WHERE task_id = ANY ($1) AND route_id = $2 AND NOT closed"

CANCEL = "UPDATE tasks SET cancelled = true WHERE task_id = $1"

CLOSE = "UPDATE tasks SET closed = true WHERE task_id = $1"

PARCEL = """
    SELECT parcel_id, delivery_id FROM parcels
    WHERE (parcel_id = $1 AND $1 <> '') OR (barcode = $2 AND $2 <> '') LIMIT 1"""


class PostgresRoutes:
    """Implements `ports.Routes`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def lock(self, route_id: str) -> Driven | None:
        """A route that nobody else changes until the transaction ends; None if not known."""
        return self._driven(await self._tx.fetchrow(LOCK, route_id))

    async def get(self, route_id: str) -> Driven | None:
        """A route to look at."""
        return self._driven(await self._tx.fetchrow(GET, route_id))

    async def get_many(self, route_ids: Collection[str]) -> Sequence[Driven]:
        """Several, to look at."""
        rows = await self._tx.fetch(GET_MANY, list(route_ids))
        return [found for row in rows if (found := self._driven(row))]

    async def page(
        self, states: Collection[str], route_ids: Collection[str], vehicle_ids: Collection[str]
    ) -> Sequence[Driven]:
        """Routes in some states."""
        rows = await self._tx.fetch(LIST, list(states), list(route_ids), list(vehicle_ids))
        return [found for row in rows if (found := self._driven(row))]

    async def add(self, route: Route, progress: Progress) -> None:
        """Keeps a new route."""
        await self._tx.execute(ADD, *_row(route, progress))

    async def revise(self, route: Route, progress: Progress) -> None:
        """Keeps a new revision."""
        await self._tx.execute(REVISE, *_row(route, progress))

    async def save(self, progress: Progress) -> None:
        """Keeps progress."""
        await self._tx.execute(SAVE, progress.route_id, progress.state, pack(progress))

    async def expect(self, route_id: str, etas: Sequence[Eta], risks: Sequence[Risk]) -> None:
        """Keeps what is expected now."""
        await self._tx.execute(EXPECT, route_id, pack_all(etas, Eta))
        names = [risk.task.task_id for risk in risks]
        await self._tx.execute(FORGET_RISKS, route_id, names)
        if risks:
            chances = [risk.probability for risk in risks]
            stakes = [risk.stake for risk in risks]
            levels = [RANK[risk.level] for risk in risks]
            bodies = [pack(risk) for risk in risks]
            await self._tx.execute(EXPECT_RISKS, route_id, names, chances, stakes, levels, bodies)

    async def list_risks(
        self, level: int, route_id: str, after: tuple[Any, ...], limit: int
    ) -> Sequence[Risk]:
        """Risks from a level on, those with most at stake first."""
        rows = await self._tx.fetch(LIST_RISKS, level, route_id, *after, limit)
        return [unpack(row["body"], Risk) for row in rows]

    async def of_shift(self, shift_id: str) -> Sequence[str]:
        """Routes of a shift that are not over."""
        return [row["route_id"] for row in await self._tx.fetch(OF_SHIFT, shift_id)]

    async def with_stop(self, driver_id: str, carrier_id: str, stop_id: str) -> str:
        """The route of a driver or carrier that has a stop; empty when none does."""
        return await self._tx.fetchval(WITH_STOP, driver_id, carrier_id, stop_id) or ""

    def _driven(self, row: Any) -> Driven | None:
        if row is None:
            return None
        key = (self._tx.tenant or "", row["route_id"], row["revision"])
        etas = unpack(row["etas"], tuple[Eta, ...])
        return Driven(_plan(*key, row["plan"]), unpack(row["progress"], Progress), etas)


class PostgresTasks:
    """Implements `ports.Tasks`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def find(self, task_id: str) -> TaskPlace | None:
        """None if dispatch has not told of it."""
        row = await self._tx.fetchrow(FIND_TASK, task_id)
        return TaskPlace(**dict(row)) if row else None

    async def know(self, task_id: str, delivery_id: str) -> None:
        """Notes that a task exists."""
        await self._tx.execute(KNOW, task_id, delivery_id)

    async def move(self, task_ids: Collection[str], delivery_ids: Sequence[str], to: str) -> None:
        """Puts tasks onto a route."""
        await self._tx.execute(MOVE, list(task_ids), list(delivery_ids), to)

    async def release(self, task_ids: Collection[str], off: str) -> None:
        """Takes tasks off a route, unless they are on another one by now."""
        await self._tx.execute(RELEASE, list(task_ids), off)

    async def cancel(self, task_id: str) -> None:
        """Notes that a task was called off."""
        await self._tx.execute(CANCEL, task_id)

    async def close(self, task_id: str) -> None:
        """Notes that a task has an outcome."""
        await self._tx.execute(CLOSE, task_id)

    async def parcel(self, parcel_id: str, barcode: str) -> tuple[str, str]:
        """The id and the delivery of a parcel; both empty when it is not known."""
        row = await self._tx.fetchrow(PARCEL, parcel_id, barcode)
        return (row["parcel_id"], row["delivery_id"]) if row else ("", "")


def _row(route: Route, progress: Progress) -> tuple[Any, ...]:
    return (
        route.route_id,
        route.revision,
        progress.state,
        route.shift_id,
        route.driver_id,
        route.vehicle.vehicle_id,
        route.carrier_id,
        route.start_time,
        pack(route),
        pack(progress),
    )


@lru_cache(maxsize=PLANS_MAX)
def _plan(tenant: str, route_id: str, revision: int, text: str) -> Route:
    """The text is part of the key, so that a restored database cannot meet a plan of before."""
    return unpack(text, Route)

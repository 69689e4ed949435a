"""Route plans, routes at their present revision, all revisions, and the progress of stops."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import asyncpg

from meshkit.errors import Conflict, NotReady
from meshkit.postgres import Transaction
from services.dispatch.adapters.documents import Documents, Noun, Statements, pack, unpack
from services.dispatch.adapters.postgres_fleet import after_name, ends
from services.dispatch.domain.route import Progress, Route, laid_over
from services.dispatch.domain.route_plan import RoutePlan, RoutePlanState
from services.dispatch.domain.values import Window
from services.dispatch.ports import RouteFilter, Slice

ROUTE_PLANS = Noun(
    kind=RoutePlan,
    exists="ROUTE_PLAN_EXISTS",
    name=lambda plan: plan.route_plan_id,
    columns=lambda plan: (
        plan.route_plan_id,
        plan.revision,
        plan.state.value,
        plan.interval.start_time,
        plan.interval.end_time,
        plan.create_time,
    ),
    sql=Statements(
        find="SELECT body FROM route_plans WHERE route_plan_id = $1",
        find_all="""
            SELECT body FROM route_plans WHERE route_plan_id = ANY ($1::text[])
            ORDER BY route_plan_id""",
        add="""
            INSERT INTO route_plans (tenant, route_plan_id, revision, state, period, create_time,
                                     body)
            VALUES ($1, $2, $3, $4, tstzrange($5, $6), $7, $8) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE route_plans SET revision = $3, state = $4, period = tstzrange($5, $6),
                                   create_time = $7, body = $8
            WHERE tenant = $1 AND route_plan_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_ROUTE_PLANS = """
    SELECT body FROM route_plans
    WHERE ($1::timestamptz IS NULL OR (create_time, route_plan_id) < ($1, $2))
      AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
      AND ($4::timestamptz IS NULL OR period && tstzrange($4, $5))
    ORDER BY create_time DESC, route_plan_id DESC LIMIT $6"""

ROUTES = Noun(
    kind=Route,
    exists="ROUTE_EXISTS",
    name=lambda route: route.route_id,
    columns=lambda route: (
        route.route_id,
        route.revision,
        route.state.value,
        route.route_plan_id,
        route.shift_id,
        route.driver_id,
        route.vehicle_id,
        route.carrier_id,
        route.tender_id,
        route.acknowledged_revision,
        route.interval.start_time,
        route.interval.end_time,
    ),
    sql=Statements(
        find="SELECT body FROM routes WHERE route_id = $1",
        find_all="SELECT body FROM routes WHERE route_id = ANY ($1::text[]) ORDER BY route_id",
        add="""
            INSERT INTO routes (tenant, route_id, revision, state, route_plan_id, shift_id,
                                driver_id, vehicle_id, carrier_id, tender_id,
                                acknowledged_revision, period, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, tstzrange($12, $13), $14)
            ON CONFLICT (tenant, route_id) DO NOTHING""",
        save="""
            UPDATE routes SET revision = $3, state = $4, route_plan_id = $5, shift_id = $6,
                              driver_id = $7, vehicle_id = $8, carrier_id = $9, tender_id = $10,
                              acknowledged_revision = $11, period = tstzrange($12, $13), body = $14
            WHERE tenant = $1 AND route_id = $2 AND revision = $3 - 1""",
    ),
)
NOTE_ROUTE = """
    UPDATE routes SET state = $4, route_plan_id = $5, shift_id = $6, driver_id = $7,
                      vehicle_id = $8, carrier_id = $9, tender_id = $10,
                      acknowledged_revision = $11, period = tstzrange($12, $13), body = $14
    WHERE tenant = $1 AND route_id = $2 AND revision = $3"""
ADD_REVISION = """
    INSERT INTO route_revisions (tenant, route_id, revision, body) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING"""
REVISION = "SELECT body FROM route_revisions WHERE route_id = $1 AND revision = $2"
LIST_ROUTES = """
    SELECT body FROM routes
    WHERE route_id > $1
      AND ($2 = '' OR route_plan_id = $2)
      AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
      AND ($4 = '' OR shift_id = $4)
      AND ($5 = '' OR carrier_id = $5)
      AND ($6 = '' OR driver_id = $6)
    ORDER BY route_id LIMIT $7"""
ROUTES_OF_PLAN = "SELECT body FROM routes WHERE route_plan_id = $1 ORDER BY route_id"
PROGRESS = "SELECT body FROM stop_progress WHERE route_id = $1 AND stop_id = $2 FOR UPDATE"
PROGRESS_OF_ROUTES = """
    SELECT route_id, stop_id, body FROM stop_progress WHERE route_id = ANY ($1::text[])"""
SAVE_PROGRESS = """
    INSERT INTO stop_progress (tenant, route_id, stop_id, body) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant, route_id, stop_id) DO UPDATE SET body = $4"""


class PostgresRoutePlans(Documents[RoutePlan]):
    """Implements `ports.RoutePlans`."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, ROUTE_PLANS)

    async def list_page(
        self, states: Sequence[RoutePlanState], window: Window | None, page: Slice
    ) -> Sequence[RoutePlan]:
        after = page.after or (None, None)
        wanted = [state.value for state in states]
        return await self.fetch(LIST_ROUTE_PLANS, *after, wanted, *ends(window), page.limit)


class PostgresRoutes(Documents[Route]):
    """
    Implements `ports.Routes`: what is read has the progress of its stops laid over.

    The store itself forbids a driver or vehicle on two binding routes at one time.
    """

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, ROUTES)

    async def find(self, name: str) -> Route | None:
        return await self._current(await super().find(name))

    async def claim(self, name: str) -> Route | None:
        return await self._current(await super().claim(name))

    async def find_all(self, names: Collection[str]) -> Mapping[str, Route]:
        return await self._all_current(await super().find_all(names))

    async def claim_all(self, names: Collection[str]) -> Mapping[str, Route]:
        return await self._all_current(await super().claim_all(names))

    async def add(self, *values: Route) -> None:
        await super().add(*values)
        await self._keep(values)

    async def save(self, *values: Route) -> None:
        try:
            await super().save(*values)
        except asyncpg.ExclusionViolationError as error:
            raise taken() from error
        except Conflict as error:
            raise Conflict("REVISION_STALE", str(error), route_id=error.metadata["name"]) from error
        await self._keep(values)

    async def list_page(self, which: RouteFilter, page: Slice) -> Sequence[Route]:
        found = await self.fetch(
            LIST_ROUTES,
            after_name(page),
            which.route_plan_id,
            [state.value for state in which.states],
            which.shift_id,
            which.carrier_id,
            which.driver_id,
            page.limit,
        )
        return await self._laid_over(found)

    async def of_plan(self, route_plan_id: str) -> Sequence[Route]:
        return await self._laid_over(await self.fetch(ROUTES_OF_PLAN, route_plan_id))

    async def at_revision(self, route_id: str, revision: int) -> Route | None:
        found = await self.fetch(REVISION, route_id, revision)
        return found[0] if found else None

    async def acknowledge(self, route: Route) -> None:
        await self.note(route)

    async def note(self, route: Route) -> None:
        try:
            changed = await self._tx.execute(NOTE_ROUTE, *self._row(route))
        except asyncpg.ExclusionViolationError as error:
            raise taken() from error
        if not changed:
            raise Conflict("REVISION_STALE", "the route moved on", route_id=route.route_id)

    async def progress(self, route_id: str, stop_id: str) -> Progress | None:
        row = await self._tx.fetchrow(PROGRESS, route_id, stop_id)
        return None if row is None else unpack(Progress, row["body"])

    async def save_progress(self, progress: Progress) -> None:
        where = (self._tx.tenant, progress.route_id, progress.stop_id)
        await self._tx.execute(SAVE_PROGRESS, *where, pack(progress))

    async def _keep(self, routes: Sequence[Route]) -> None:
        for route in routes:
            where = (self._tx.tenant, route.route_id, route.revision)
            await self._tx.execute(ADD_REVISION, *where, pack(route))

    async def _current(self, route: Route | None) -> Route | None:
        return None if route is None else (await self._laid_over([route]))[0]

    async def _all_current(self, routes: Mapping[str, Route]) -> Mapping[str, Route]:
        current = await self._laid_over(list(routes.values()))
        return {route.route_id: route for route in current}

    async def _laid_over(self, routes: Sequence[Route]) -> list[Route]:
        names = [route.route_id for route in routes]
        of: dict[str, dict[str, Progress]] = {name: {} for name in names}
        for row in await self._tx.fetch(PROGRESS_OF_ROUTES, names):
            of[row["route_id"]][row["stop_id"]] = unpack(Progress, row["body"])
        return [laid_over(route, of[route.route_id]) for route in routes]


def taken() -> NotReady:
    """The driver or vehicle is on another binding route at that time."""
    return NotReady("RESOURCE_TAKEN", "the driver or vehicle is on another route at that time")

"""
The asking of the planner beside the ticks: what they wish is asked for in one call per tenant.

A tick never waits for the planner. While it is away, expectations rest on the plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from meshkit.errors import MeshError
from meshkit.postgres import Database, Transaction
from services.tracking.domain.retiming import Wish
from services.tracking.domain.route import Leg

STOPS_MAX = 1_500  # of one call; what is left waits for the next
WISHES_MAX = 2_000  # routes that wait; a tick wishes again for what has no place
AWAY_SECONDS = 10.0  # before the planner is asked again when it did not answer

log = structlog.get_logger()

Take = Callable[[Transaction, Wish, Mapping[str, Leg] | None], Awaitable[None]]


class Planner(Protocol):
    """Who times routes."""

    async def legs(self, tenant: str, wishes: Sequence[Wish]) -> Mapping[str, Mapping[str, Leg]]:
        """The ways of routes, by route and by the stop that they lead to."""


class Retimer:
    """Collects wishes, and asks."""

    def __init__(self, db: Database, planner: Planner, take: Take) -> None:
        self._db, self._planner, self._take = db, planner, take
        self._wishes: dict[tuple[str, str], Wish] = {}
        self._rung = asyncio.Event()

    def wish(self, tenant: str, wish: Wish) -> None:
        """Asks for a route soon; the latest wish of a route counts."""
        key = tenant, wish.route_id
        if key in self._wishes or len(self._wishes) < WISHES_MAX:
            self._wishes[key] = wish
            self._rung.set()

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            await self._rung.wait()
            if not await self.ask():
                await asyncio.sleep(AWAY_SECONDS)

    async def ask(self) -> bool:
        """Asks for everything that waits, and tells whether the planner answered."""
        wishes, self._wishes = self._wishes, {}
        self._rung.clear()
        answered = True
        for tenant in {tenant for tenant, _ in wishes}:
            ours = [wish for (of, _), wish in wishes.items() if of == tenant]
            answered &= await self._ask_for(tenant, _fitting(ours))
        return answered

    async def _ask_for(self, tenant: str, wishes: Sequence[Wish]) -> bool:
        found: Mapping[str, Mapping[str, Leg]] | None = None
        try:
            found = await self._planner.legs(tenant, wishes)
        except MeshError as error:
            log.warning("routes_not_retimed", reason=error.reason, route_count=len(wishes))
        for wish in wishes:
            legs = None if found is None else found.get(wish.route_id, {})
            try:
                async with self._db.transaction(tenant) as tx:
                    await self._take(tx, wish, legs)
            except MeshError as error:
                log.warning("retiming_lost", route_id=wish.route_id, reason=error.reason)
        return found is not None


def _fitting(wishes: Sequence[Wish]) -> list[Wish]:
    """As many as one call may carry; the others are wished for again by the next tick."""
    found, stops = list[Wish](), 0
    for wish in wishes:
        stops += len(wish.halts)
        if found and stops > STOPS_MAX:
            break
        found.append(wish)
    return found

"""
The tick: for each route under way, take in new positions, settle legs, renew what is expected.

One transaction per route, its row locked, so two processes that tick at once share the work and
do not double it. A tick is a function of what is stored and of the moment; a missed one is made up
for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from meshkit.ids import NewId
from services.tracking.domain.fact import Fact
from services.tracking.domain.fence import around
from services.tracking.domain.legs import settle
from services.tracking.domain.observing import guard, observe
from services.tracking.domain.passing import Boxed, boxed
from services.tracking.domain.progress import RunState
from services.tracking.domain.retiming import Wish, asked, miss, retime
from services.tracking.domain.route import Leg
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.ticking import tick
from services.tracking.ports import World
from services.tracking.usecases.learning import outlook_of
from services.tracking.usecases.recording import keep
from services.tracking.usecases.side_facts import Now

FIXES_MAX = 2_000  # per route and tick; a longer backlog takes several
FIXES_AT_ONCE = 20  # then others have their turn
FACTS_MAX = 100
GRACE_SECONDS = 30.0  # real time that a fact waits for dispatch's news of what it names


async def tick_route(
    world: World, route_id: str, now: Now, limits: Thresholds, new_id: NewId
) -> Wish | None:
    """One tick of one route; what the planner is to be asked about it, if anything."""
    driven = await world.routes.lock(route_id)
    if driven is None or driven.progress.state not in (RunState.PUBLISHED, RunState.ACTIVE):
        return None
    device_id = await world.devices.serving(driven.route)
    run = Run(driven.route, driven.progress, now[1])
    if device_id:
        await _take_in_fixes(world, run, device_id)
    settle(run, tracked=bool(device_id))
    outlook = await outlook_of(world, run, now[0])
    etas, risks = tick(run, now[0], limits, outlook)
    wish = asked(run, now[0])
    await keep(world, run, now[0], new_id)
    await world.routes.expect(route_id, etas, risks)
    return wish


async def take_legs(world: World, wish: Wish, legs: Mapping[str, Leg] | None, now: Now) -> None:
    """Goes by what the planner said of a route; None when it did not answer."""
    driven = await world.routes.lock(wish.route_id)
    if driven is None or driven.progress.state is not RunState.ACTIVE:
        return
    run = Run(driven.route, driven.progress, now[1])
    if legs is None:
        miss(run, wish)
    else:
        retime(run, wish, legs)
    await world.routes.save(run.progress)


async def overdue(world: World) -> Sequence[Fact]:
    """Facts whose task or route never came."""
    return await world.facts.overdue(GRACE_SECONDS, FACTS_MAX)


async def _take_in_fixes(world: World, run: Run, device_id: str) -> None:
    place = run.progress.epoch, run.progress.sequence
    fixes = await world.devices.fixes(device_id, *place, FIXES_MAX)
    before = [run.progress.fix] if run.progress.fix else []
    fences: Sequence[Boxed] = ()
    if fixes:
        way = around([fix.point for fix in (*before, *fixes)])
        fences = boxed(await world.fences.near(way, run.progress.passing.fence_ids))
    for count, fix in enumerate(fixes, 1):
        observe(run, fix)
        guard(run, fences)
        if count % FIXES_AT_ONCE == 0:
            await asyncio.sleep(0)

"""
What looks suspicious in a problem: in itself, and to compliance and the road engine.

The road engine is asked about places in small groups: what it says of one does not depend on the
others, and a table of all pairs would take seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from services.planner.domain.lint import lint
from services.planner.domain.places import places_of
from services.planner.domain.plan import Notice
from services.planner.domain.problem import Problem
from services.planner.domain.travel import TravelNotice, TravelQuestion
from services.planner.ports import AccessRules, TravelTimes
from services.planner.usecases.world import (
    Blocks,
    access_notices,
    ask_access,
    tables_asked,
    travel_notices,
)

GROUP = 100  # places asked about at once


async def suspicions(
    travel: TravelTimes, access: AccessRules, problem: Problem
) -> tuple[Notice, ...]:
    """The notices that a plan of the problem would carry."""
    own = await asyncio.to_thread(lambda: tuple(lint(problem)))
    places = await asyncio.to_thread(places_of, problem)
    known = await ask_access(access, problem.shifts)
    blocks: Blocks = (frozenset(),) * len(problem.shifts)
    tables = await asyncio.to_thread(tables_asked, problem, places, known, blocks)
    told = [notice for asked in tables.questions async for notice in about(travel, asked)]
    return (*own, *access_notices(known), *travel_notices(problem, places, told))


async def about(travel: TravelTimes, question: TravelQuestion) -> AsyncIterator[TravelNotice]:
    """What the road engine says about each place of a question."""
    for first in range(0, len(question.points), GROUP):
        group = replace(question, points=question.points[first : first + GROUP])
        for notice in (await travel.matrix(group)).notices:
            if notice.other is None:
                yield replace(notice, point=first + notice.point)

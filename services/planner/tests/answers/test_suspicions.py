"""
LintProblem tells what a plan would: also what the road engine says of places.

Method: roads on a plane that know of no road beyond a line, for more places than are asked at once.
"""

from __future__ import annotations

from services.planner.adapters.no_compliance import NoCompliance
from services.planner.domain.problem import Problem
from services.planner.domain.travel import (
    TravelMatrix,
    TravelNotice,
    TravelQuestion,
    TravelReason,
)
from services.planner.ports import AccessRules
from services.planner.tests.near import Hall, Plane
from services.planner.tests.problems import shift, task
from services.planner.usecases.suspicions import GROUP, suspicions
from services.planner.usecases.world import prepare

FAR = 9_000  # no road beyond so many meters to the east


class Coast(Plane):
    """Straight lines for roads, and none beyond the coast."""

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """The table, with what is to be said of places at sea."""
        found = await super().matrix(question)
        told = tuple(
            TravelNotice(TravelReason.NO_ROAD, rank, message="no road within reach")
            for rank, point in enumerate(question.points)
            if point.longitude > 24 + FAR / 100_000
        )
        return TravelMatrix(found.seconds, found.meters, found.snaps, told, found.map_id)


TASKS = tuple(task(f"t{rank}", 40 * rank, 0) for rank in range(2 * GROUP + 50))
PROBLEM = Problem(TASKS, (shift("van"),))


async def told(access: AccessRules) -> list[tuple[str, str]]:
    found = await suspicions(Coast(), access, PROBLEM)
    return [(notice.code, notice.subject_id) for notice in found]


async def test_places_without_a_road_are_told_as_by_a_plan() -> None:
    planned = await prepare(Coast(), Hall(), PROBLEM, omit_access=False)
    at_sea = [own.task_id for rank, own in enumerate(TASKS) if 40 * rank > FAR]

    assert [own for own in await told(Hall()) if own[0] == "NO_ROAD"] == [
        ("NO_ROAD", name) for name in at_sea
    ]
    assert {(notice.code, notice.subject_id) for notice in planned.notices} <= set(
        await told(Hall())
    )


async def test_it_says_when_compliance_is_away() -> None:
    assert ("ACCESS_NOT_CHECKED", "") in await told(NoCompliance())


async def test_no_table_of_all_places_is_asked_for() -> None:
    roads = Coast()
    await suspicions(roads, Hall(), PROBLEM)

    assert max(len(question.points) for question in roads.questions) <= GROUP

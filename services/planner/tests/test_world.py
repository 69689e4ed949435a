"""What a problem asks of the world: each table once, and nothing big in the event loop."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from services.planner.domain.access import AccessArea, AccessSpan, Verdict
from services.planner.domain.places import places_of
from services.planner.domain.problem import Problem
from services.planner.domain.shift import AccessAttributes, Shift, Vehicle
from services.planner.domain.travel import BlockedArea, Profile, TravelMatrix, TravelQuestion
from services.planner.tests.problems import HOUR, at, city, shift, spot, task
from services.planner.usecases.world import NOT_ASKED, Access, Blocks, tables_asked, with_travel

LOOP_SECONDS_MAX = 0.005  # nothing that others wait for takes longer
NOTHING = np.zeros((1, 1), np.int32)
RING = (spot(0, 0), spot(100, 0), spot(100, 100))


@dataclass
class Roads:
    """Answers every question with the same small table, and keeps it."""

    asked: list[TravelQuestion] = field(default_factory=list)

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """No time at all."""
        self.asked.append(question)
        return TravelMatrix(NOTHING, NOTHING, (), (), "map")

    async def legs(self, *_: object) -> list[object]:
        """None."""
        return []

    async def map_info(self) -> object:
        """None."""
        return None


def van(shift_id: str, profile: Profile = Profile.VAN, **more: object) -> Shift:
    vehicle = Vehicle(f"v-{shift_id}", profile, (500_000, 0, 0), access=AccessAttributes())
    return shift(shift_id, vehicle=vehicle, **more)


def closed(area_id: str, first: float, last: float) -> AccessArea:
    span = AccessSpan(at(first), at(last), Verdict.DENY)
    return AccessArea(area_id, (BlockedArea(area_id, (RING,)),), (span,))


def tables(shifts: tuple[Shift, ...], access: Access, blocks: Blocks) -> tuple[int, ...]:
    problem = Problem((task("t0", 500, 0),), shifts)
    return tables_asked(problem, places_of(problem), access, blocks).table_of_shift


async def test_ten_thousand_tasks_on_450_shifts_hold_up_nobody() -> None:
    problem, roads = city(1, 10_000, 450), Roads()
    blocks: Blocks = (frozenset(),) * 450
    before = time.thread_time()
    prepared = await with_travel(roads, problem, NOT_ASKED, blocks)  # type: ignore[arg-type]
    spent = time.thread_time() - before

    assert spent < LOOP_SECONDS_MAX
    assert len(roads.asked) == len(prepared.questions) == 1
    assert prepared.instance.places == places_of(problem)


def test_shifts_share_a_table_where_travel_cannot_tell_them_apart() -> None:
    late = van("late", start_second=at(12), end_second=at(12) + 8 * HOUR)
    shifts = (van("a"), van("b", Profile.E_VAN), late, van("c", Profile.TRUCK), van("d"))
    blocks: Blocks = (frozenset(),) * 5

    assert tables(shifts, NOT_ASKED, blocks) == (0, 0, 1, 2, 0)


def test_a_table_of_its_own_goes_round_what_is_closed_to_a_shift() -> None:
    early = replace(van("early"), end_second=at(12))
    shifts = (van("day"), early, replace(early, shift_id="twin"), van("blocked"))
    areas = (closed("morning", 8, 12),)
    access = Access((areas,) * 4, is_known=True, rules_version=1)
    blocks: Blocks = (frozenset(), frozenset(), frozenset(), frozenset({"morning"}))

    assert tables(shifts, access, blocks) == (0, 1, 1, 2)

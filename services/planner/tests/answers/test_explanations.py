"""
Explanations end when their time is up: reasons first, then what blocks and what would mend it.

Method: full vans on a plane; time is a count of how often it may be asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat

from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.rules.verify import route_violations
from services.planner.search.explanations import Explanation, explain_tasks
from services.planner.tests.problems import on_plane, shift, task

FLEET = tuple(shift(f"s{rank}", capacity=(1_000, 0, 0)) for rank in range(3))
EVERY_SHIFT = frozenset(own.shift_id for own in FLEET)
TASKS = tuple(task(f"t{rank}", 500 + 100 * rank, 0) for rank in range(5))
ROUTES = [((0, 0),), ((1, 0),), ((2, 0),)]  # each van is full with one


def asked(go_on: Callable[[], bool]) -> tuple[Explanation, ...]:
    """What is told of the two tasks that are left out."""
    _, told = explain_tasks(
        on_plane(Problem(TASKS, FLEET)), ROUTES, (3, 4), route_violations, go_on
    )
    return told


def lasting(times: int) -> Callable[[], bool]:
    """Time that is up after it was asked for so often."""
    left = chain(repeat(True, times), repeat(False))
    return lambda: next(left)


def reasons(told: Explanation) -> dict[Reason, frozenset[str]]:
    """The shifts of each reason."""
    return {why.reason: frozenset(why.shift_ids) for why in told.unassigned.reasons}


def test_with_time_all_is_told() -> None:
    for told in asked(lasting(1_000_000)):
        assert reasons(told) == {Reason.NO_ROOM: EVERY_SHIFT}
        assert {name for block in told.blocks for name in block.shift_ids} == EVERY_SHIFT
        assert told.relaxed
        assert not told.is_cut


def test_without_time_no_shift_is_tried_and_all_are_named() -> None:
    for told in asked(lasting(0)):
        assert reasons(told) == {Reason.TIME: EVERY_SHIFT}
        assert (told.blocks, told.relaxed, told.is_cut) == ((), (), True)


def test_the_reasons_of_all_tasks_come_before_the_changes_of_the_first() -> None:
    per_task = 1 + len(FLEET)
    for told in asked(lasting(2 * per_task)):
        assert reasons(told) == {Reason.NO_ROOM: EVERY_SHIFT}
        assert (told.blocks, told.relaxed, told.is_cut) == ((), (), True)


def test_shifts_are_looked_through_as_long_as_there_is_time() -> None:
    first, second = asked(lasting(2 * (1 + len(FLEET)) + 2))

    assert [block.shift_ids for block in first.blocks] == [("s0",), ("s1",)]
    assert (first.is_cut, second.blocks) == (True, ())

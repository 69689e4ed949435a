"""
Soft windows: a start outside the preferred part of its window costs by the second.

Method: one valid plan, one change at a time; the verifier must name the missing cost and no other
rule, and tells the miss softly.
"""

from __future__ import annotations

import pytest

from services.planner.domain.reason import Reason
from services.planner.domain.task import Window
from services.planner.rules.verify import verify
from services.planner.tests.problems import at
from services.planner.tests.rules.valid import Change, told, valid, with_option

HOUR_COST = 3_600  # a micro each second
DEAR = {"early_cost_micros_per_hour": HOUR_COST, "late_cost_micros_per_hour": 2 * HOUR_COST}


def preferred(first: int | None, last: int | None) -> Change:
    """The early task, served at 10:00, with a preferred time."""
    window = Window(at(9), at(11), first, last, **DEAR)
    return with_option("early", windows=(window,))


TABLE = [
    (preferred(at(10), at(10)), []),
    (preferred(None, None), []),
    (preferred(at(10) + 30, None), [("COST", "", "SOFT_WINDOW", -30)]),
    (preferred(None, at(10) - 30), [("COST", "", "SOFT_WINDOW", -60)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_a_miss_that_is_not_paid_is_told_as_that_cost_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected


def test_a_start_outside_the_preferred_part_is_told_and_is_not_hard() -> None:
    soft = Window(at(9), at(11), soft_last_second=at(10) - 30)
    instance, plan = with_option("early", windows=(soft,))(*valid())
    found = verify(instance, plan)

    assert [(one.reason, one.hard, one.excess_seconds) for one in found] == [
        (Reason.WINDOW, False, 30)
    ]

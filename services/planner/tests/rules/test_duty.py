"""
Duty: no clock passes its limit; exactly at the limit is legal.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from services.planner.domain.shift import DutyClock, DutyLimit
from services.planner.rules.timeline import Activity, timeline
from services.planner.rules.walk import Walk
from services.planner.tests.problems import MINUTE
from services.planner.tests.rules.valid import Change, told, valid, with_shift

SPANS = list(timeline(Walk(valid()[0], valid()[1].routes[0])))
DRIVEN = sum(span.seconds for span in SPANS if span.activity is Activity.DRIVING)
WHOLE = sum(span.seconds for span in SPANS)
LUNCH = 30 * MINUTE
BEFORE_LUNCH = sum(
    span.seconds
    for span in SPANS[: [span.activity for span in SPANS].index(Activity.BREAK)]
    if span.activity is Activity.DRIVING
)


def limited(clock: DutyClock, seconds: int, **more: object) -> Change:
    """The shift under one limit."""
    return with_shift(duty_limits=(DutyLimit("one", clock, seconds, **more),))  # type: ignore[arg-type]


DRIVING, WORK, SPAN = DutyClock.DRIVING, DutyClock.WORK, DutyClock.SPAN
TABLE = [
    (limited(DRIVING, DRIVEN), []),
    (limited(DRIVING, DRIVEN - 1), [("DUTY", "", "one", 1)]),
    (limited(DRIVING, DRIVEN, used_seconds=1), [("DUTY", "", "one", 1)]),
    (limited(DRIVING, BEFORE_LUNCH, reset_seconds=LUNCH), []),
    (limited(DRIVING, BEFORE_LUNCH - 1, reset_seconds=LUNCH), [("DUTY", "", "one", 1)]),
    (limited(DRIVING, DRIVEN - 1, reset_seconds=LUNCH + 1), [("DUTY", "", "one", 1)]),
    (limited(DRIVING, BEFORE_LUNCH, split_reset_seconds=(900, LUNCH), split_taken_count=1), []),
    (
        limited(DRIVING, DRIVEN - 1, split_reset_seconds=(900, LUNCH)),
        [("DUTY", "", "one", 1)],
    ),
    (limited(WORK, WHOLE - LUNCH), []),
    (limited(WORK, WHOLE - LUNCH - 1), [("DUTY", "", "one", 1)]),
    (limited(SPAN, WHOLE), []),
    (limited(SPAN, WHOLE - 1), [("DUTY", "", "one", 1)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_duty_is_told_as_duty_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected


def test_a_timeline_has_no_gaps_and_all_the_driving() -> None:
    instance, plan = valid()
    route = plan.routes[0]
    places = [0, *(instance.place((v.task, v.option)) for v in route.visits), 0]
    pairs = pairwise(places)

    assert [span.end_second for span in SPANS[:-1]] == [span.start_second for span in SPANS[1:]]
    assert (SPANS[0].start_second, SPANS[-1].end_second) == (route.start_second, route.end_second)
    assert sum(instance.travel_seconds(0, here, there) for here, there in pairs) == DRIVEN

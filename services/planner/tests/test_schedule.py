"""
The single-route scheduler: earliest end, least waiting, breaks where they hurt least.

Method: routes of a few stops on a line, ten minutes apart, so that a reader can follow with a
clock; and an exhaustive search over where breaks can lie, which must not find an earlier end.
"""

from __future__ import annotations

import itertools
import random

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.shift import BreakRule, StartState
from services.planner.domain.task import Window
from services.planner.search.schedule import Timing, schedule
from services.planner.search.view import ShiftView
from services.planner.tests.problems import DEPOT, MINUTE, at, lunch, on_plane, shift, task

TEN_MINUTES = 4_800  # meters at 8 m/s


def line(*windows: tuple[Window, ...], **more: object) -> Instance:
    """Stops of ten minutes, ten minutes apart, on a line that leads away from the depot."""
    tasks = tuple(
        task(f"t{n}", TEN_MINUTES * (n + 1), 0, windows=own, service=600, setup=0)
        for n, own in enumerate(windows)
    )
    return on_plane(Problem(tasks, (shift("s0", **more),)))


def timed(instance: Instance) -> Timing:
    nodes = [(rank, 0) for rank in range(len(instance.problem.tasks))]
    return schedule(ShiftView(instance, 0), nodes)


def clock(second: int) -> str:
    minutes = (second - at(0)) // MINUTE
    return f"{minutes // 60:02}:{minutes % 60:02}"


def starts(timing: Timing) -> list[str]:
    return [clock(visit.start_second) for visit in timing.route.visits]


def test_it_leaves_as_late_as_its_end_allows() -> None:
    timing = timed(line((), (Window(at(12), at(13)),)))

    assert starts(timing) == ["11:40", "12:00"]
    assert clock(timing.route.start_second) == "11:30"


def test_who_is_under_way_does_not_wait_before_leaving() -> None:
    instance = line((), (Window(at(12), at(13)),), start_state=StartState(at(9), DEPOT))

    assert starts(timed(instance)) == ["09:10", "12:00"]


def test_a_second_window_is_used_when_the_first_is_over() -> None:
    timing = timed(line((Window(at(8), at(8) + 60), Window(at(10), at(11)))))

    assert starts(timing) == ["10:00"]
    assert timing.late_seconds == 0


def test_what_cannot_hold_is_timed_late_and_says_by_how_much() -> None:
    timing = timed(line((Window(at(8), at(8) + 60),)))

    assert starts(timing) == ["08:10"]
    assert timing.late_seconds == 9 * MINUTE


def test_a_break_fills_waiting_before_it_costs_time() -> None:
    windows = ((Window(at(11), at(11)),), (Window(at(12), at(13)),))
    timing = timed(line(*windows, breaks=(lunch(11, 12),)))

    assert starts(timing) == ["11:00", "12:00"]
    assert [clock(held.start_second) for held in timing.route.breaks] == ["11:10"]


def test_a_break_interrupts_driving_when_its_window_opens() -> None:
    windows = ((Window(at(8.5), at(8.5)),), (Window(at(8), at(10)),))
    timing = timed(line(*windows, breaks=(lunch(8.75, 8.75),)))

    assert [clock(held.start_second) for held in timing.route.breaks] == ["08:45"]
    assert starts(timing) == ["08:30", "09:20"]


def test_a_route_that_is_over_in_time_has_no_break() -> None:
    assert timed(line((), breaks=(lunch(11, 14),))).route.breaks == ()


@pytest.mark.parametrize("seed", range(30))
def test_no_other_place_for_the_breaks_ends_earlier(seed: int) -> None:
    dice = random.Random(seed)
    windows = [
        dice.choice([(), (Window(at(dice.choice([9, 10])), at(dice.choice([11, 12]))),)])
        for _ in range(4)
    ]
    breaks = (
        BreakRule("first", at(9), at(10.5), 15 * MINUTE),
        BreakRule("second", at(11), at(12), 30 * MINUTE),
    )
    instance = line(*windows, breaks=breaks, end_second=at(17))
    timing = timed(instance)
    ends = [
        end for taken in itertools.product(range(3), repeat=5) if sum(taken) == len(breaks)
        for end in [end_with(instance, taken)] if end is not None
    ]  # fmt: skip

    assert timing.late_seconds == 0
    if timing.route.breaks[1:]:
        assert timing.route.end_second == min(ends)


def advance(depart: int, travel: int, breaks: list[tuple[int, int, int, int]]) -> tuple[int, int]:
    """When a leg is over that holds some breaks, each as early as it can, and how late they are."""
    now, left, late = depart, travel, 0
    for _, first, last, length in breaks:
        driven = min(left, max(0, first - now))
        now, left = max(now + driven, first), left - driven
        late += max(0, now - last)
        now += length
    return now + left, late


def end_with(instance: Instance, taken: tuple[int, ...]) -> int | None:
    """When the line ends with so many breaks in each leg; None when a window or break is missed."""
    now, number = at(8), 0
    breaks = [
        (rank, rule.first_second, rule.last_second, rule.length_seconds)
        for rank, rule in enumerate(instance.problem.shifts[0].breaks)
    ]
    places = [instance.places.starts[0], *(instance.place((n, 0)) for n in range(4)), 0]
    for leg, (here, there) in enumerate(itertools.pairwise(places)):
        held = breaks[number : number + taken[leg]]
        number += taken[leg]
        now, late = advance(now, instance.travel_seconds(0, here, there), held)
        if leg < 4:
            window = (*instance.option((leg, 0)).windows, Window(at(0), at(24)))[0]
            if now > window.last_second:
                return None
            now = max(now, window.first_second) + 600
        if late:
            return None
    return now

"""Gaps and integrals, by hand."""

from __future__ import annotations

import pytest

from services.planner.formats.goal import Goal
from tests.benchmarks.trace import Trace, gap_at, primal_integral

GOAL = Goal(1_000)


def test_a_gap_is_percent_over_the_best_known() -> None:
    assert GOAL.gap(1_010) == pytest.approx(1.0)


def test_where_vehicles_come_first_equal_vehicles_leave_the_gap_of_distance() -> None:
    goal = Goal(10 * 1_000 + 500, vehicle_cost=1_000)

    assert goal.gap(10 * 1_000 + 510) == pytest.approx(2.0)
    assert goal.gap(11 * 1_000 + 500) == pytest.approx(10.0)


@pytest.mark.parametrize(("second", "gap"), [(0.5, None), (1, 5.0), (3, 5.0), (4.5, 1.0)])
def test_the_gap_at_a_moment_is_that_of_the_incumbent(second: float, gap: float | None) -> None:
    points = [(1.0, 1_050), (4.0, 1_010)]

    assert gap_at(points, second, GOAL) == (None if gap is None else pytest.approx(gap))


def test_without_a_best_known_value_there_is_no_gap() -> None:
    assert gap_at([(0.0, 7)], 1, None) is None
    assert primal_integral([(0.0, 7)], 1, None) is None


@pytest.mark.parametrize(
    ("points", "integral"),
    [
        ([], 10.0),
        ([(0.0, 1_000)], 0.0),
        ([(0.0, 1_200)], 10.0),  # no worse than 110 % counts
        ([(5.0, 1_020)], 6.0),  # half at 10, half at 2
        ([(2.0, 1_050), (8.0, 1_010)], 2.0 + 3.0 + 0.2),
        ([(5.0, 1_020), (20.0, 1_000)], 6.0),  # too late to count
    ],
)
def test_the_primal_integral_is_the_mean_gap_over_the_budget(
    points: list[tuple[float, int]], integral: float
) -> None:
    assert primal_integral(points, 10, GOAL) == pytest.approx(integral)


def test_a_trace_keeps_improvements_only() -> None:
    moments = iter([10.0, 11.0, 12.5])
    trace = Trace(clock=lambda: next(moments))
    trace.start()
    for cost in (9, 9, 8):
        trace.tell(cost)

    assert trace.points == [(1.0, 9), (2.5, 8)]

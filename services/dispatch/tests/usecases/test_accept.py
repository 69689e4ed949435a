"""When a carrier's run may be: around the windows of its tasks, and never in the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from services.dispatch.domain.planning import PlanTask
from services.dispatch.domain.values import Window
from services.dispatch.tests.domain.samples import at, plan_task, stop_task, window
from services.dispatch.usecases.accept import _interval

HOURS = 60
NOW = at(0)


def tasks(*windows: Window) -> list[PlanTask]:
    """One task for each window."""
    return [
        plan_task(f"t{n}", stop_task=replace(stop_task(f"t{n}"), windows=(one,)))
        for n, one in enumerate(windows)
    ]


@pytest.mark.parametrize(
    ("found", "start_time", "start", "end"),
    [
        # At most two hours before the first window; twelve hours after the last one ends.
        (tasks(window(300, 360)), None, 180, 360 + 12 * HOURS),
        (tasks(window(300, 360), window(200, 500)), None, 80, 500 + 12 * HOURS),
        (tasks(window(60, 90)), None, 0, 90 + 12 * HOURS),
        (tasks(window(-90, -60)), None, 0, 12 * HOURS),  # late, but not in the past
        (tasks(window(300, 360)), at(30), 30, 360 + 12 * HOURS),  # as the carrier says
        (tasks(window(300, 360)), at(-30), 0, 360 + 12 * HOURS),
        (tasks(window(60, 90)), at(200), 200, 200 + 12 * HOURS),
        ([plan_task("t0")], None, 0, 12 * HOURS),  # at any time
        ([plan_task("t0")], at(45), 45, 45 + 12 * HOURS),
    ],
)
def test_a_run_begins_in_time_for_its_windows_and_never_in_the_past(
    found: list[PlanTask], start_time: datetime | None, start: float, end: float
) -> None:
    assert _interval(found, start_time, NOW) == window(start, end)

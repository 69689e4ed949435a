"""
Routes, and how far their stops have come: PENDING -> EN_ROUTE -> ARRIVED -> SERVICING -> DEPARTED,
or SKIPPED before service began.

Method: the machine of a stop as a square of letters, one row for each state and one column for each
report; roads as strings, one letter for each stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.domain.route import (
    Progress,
    Route,
    RouteState,
    StopState,
    advanced,
    ahead_of,
    frozen_count,
    laid_over,
)
from services.dispatch.domain.values import Unsound, Window
from services.dispatch.tests.domain.samples import (
    STOP_STATES,
    TICK,
    at,
    leg,
    place,
    route,
    stop,
)

# Contract, StopState: service begun ends with departure, and what has ended stays ended.
SQUARE = {
    #     .eASDx
    ".": ".eASDx",
    "e": "eeASDx",
    "A": "AAASDx",
    "S": "SSSSDS",
    "D": "DDDDDD",
    "x": "xxxxxx",
}


def told(state: StopState, **times: Any) -> Progress:
    return Progress("r", "s0", state, **times)


@pytest.mark.parametrize("reported", STOP_STATES)
@pytest.mark.parametrize("before", STOP_STATES)
def test_a_stop_goes_forward_only_and_what_has_ended_stays(before: str, reported: str) -> None:
    old = told(STOP_STATES[before])
    expected = STOP_STATES[SQUARE[before]["".join(STOP_STATES).index(reported)]]

    after = advanced(old, told(STOP_STATES[reported]))

    assert (after or old).state is expected
    assert (after is None) == (expected is old.state), "what tells nothing new is no news"


@pytest.mark.parametrize("state", StopState)
def test_the_same_report_twice_is_no_news(state: StopState) -> None:
    first = advanced(None, told(state, arrival_time=at(1)))

    assert first == told(state, arrival_time=at(1))
    assert advanced(first, told(state, arrival_time=at(1))) is None
    assert advanced(first, told(state, arrival_time=at(9))) is None, "the first time holds"


def test_a_departure_that_comes_first_waits_for_its_arrival() -> None:
    left = advanced(None, told(StopState.DEPARTED, departure_time=at(9)))

    both = advanced(left, told(StopState.ARRIVED, arrival_time=at(3)))

    assert both == told(StopState.DEPARTED, arrival_time=at(3), departure_time=at(9))


@pytest.mark.parametrize(
    ("road", "frozen"),
    [
        ("", 0),
        ("...", 0),
        ("e..", 0),  # on its way: it can still be sent elsewhere
        ("A..", 1),
        ("S..", 1),
        ("D..", 1),
        ("x..", 1),
        ("Ae.", 1),
        ("DDA", 3),
        (".D.", 2),  # what was passed by is behind too
        ("..x", 3),
    ],
)
def test_what_the_vehicle_reached_is_frozen_with_all_before_it(road: str, frozen: int) -> None:
    found = route(road)

    assert frozen_count(found) == frozen
    assert ahead_of(found) == found.stops[frozen:]


def test_progress_is_laid_over_the_stops_it_names_and_over_no_others() -> None:
    found = route("...")

    after = laid_over(
        found, {"s1": Progress("r", "s1", StopState.ARRIVED), "s9": told(StopState.DEPARTED)}
    )

    assert after == route(".A.")
    assert laid_over(after, {}) == after


SOUND: dict[str, Callable[[], Any]] = {
    "a stop that takes no time": lambda: stop(
        0, arrival_time=at(1), service_start_time=at(1), departure_time=at(1)
    ),
    "a route without stops": lambda: route(""),
    "a route that takes no time": lambda: route("", end_time=at(0)),
}
UNSOUND: dict[str, Callable[[], Any]] = {
    "a stop without a task": lambda: replace(stop(0), tasks=()),
    "served before arrival": lambda: stop(0, service_start_time=at(2) - TICK),
    "left before service": lambda: stop(0, departure_time=at(2) - TICK),
    "a leg too few": lambda: route("..", legs=(leg(0), leg(1))),
    "a leg too many": lambda: route("..", legs=tuple(map(leg, range(4)))),
    "back before it left": lambda: route("", end_time=at(0) - TICK),
}


@pytest.mark.parametrize("what", SOUND)
def test_what_can_be_driven_exists(what: str) -> None:
    assert SOUND[what]()


@pytest.mark.parametrize("what", UNSOUND)
def test_what_cannot_be_driven_does_not_exist(what: str) -> None:
    with pytest.raises(Unsound):
        UNSOUND[what]()


@pytest.mark.parametrize("state", RouteState)
def test_a_route_binds_while_it_is_published_or_driven(state: RouteState) -> None:
    binds = state in (RouteState.PUBLISHED, RouteState.ACTIVE)

    assert route(state=state).is_binding is binds


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 1), (10, 600)])
def test_a_route_takes_a_second_at_least(minutes: float, seconds: int) -> None:
    interval = route("", end_time=at(minutes)).interval

    assert interval == Window(at(0), at(0) + timedelta(seconds=seconds))


def test_tasks_are_named_in_order_and_deliveries_once() -> None:
    found: Route = replace(
        route(".."), stops=(stop(0, "t2", "t1"), stop(1, "t1b")), legs=tuple(map(leg, range(3)))
    )
    found = replace(
        found,
        stops=(
            found.stops[0],
            replace(found.stops[1], tasks=(replace(found.stops[1].tasks[0], delivery_id="d1"),)),
        ),
    )

    assert found.task_ids == ("t2", "t1", "t1b")
    assert found.delivery_ids == ("d2", "d1")


@pytest.mark.parametrize(("task_id", "stop_id"), [("t0", "s0"), ("t2", "s2"), ("t9", None)])
def test_a_task_is_found_at_its_stop(task_id: str, stop_id: str | None) -> None:
    found = route("...").stop_of(task_id)

    assert (found.stop_id if found else None) == stop_id


def test_no_place_on_a_route_shows_in_a_repr() -> None:
    found = route(".", start_location=place(3))

    for coordinate in ("60.17", "24.9"):
        assert coordinate not in repr(found)
    assert leg(0).polyline not in repr(found)

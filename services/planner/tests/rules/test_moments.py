"""
No moment of a plan can be moved unnoticed, and nothing that it names can be exchanged.

Method: each moment of two valid plans moved by a second or a minute, both ways; each pair of visits
exchanged, each visit dropped or doubled. An arrival may be later while the vehicle waits anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route, Visit
from services.planner.rules.verify import verify
from services.planner.tests.rules import trips, valid

PLANS = (valid.valid, trips.valid)
STEPS = (-60, -1, 1, 60)


def with_visit(route: Route, rank: int, *visits: Visit) -> Route:
    """The route with other visits in the place of one."""
    return replace(route, visits=(*route.visits[:rank], *visits, *route.visits[rank + 1 :]))


def moved(route: Route) -> Iterator[Route]:
    """The route with one moment moved."""
    for step in STEPS:
        for name in ("start_second", "end_second"):
            yield replace(route, **{name: getattr(route, name) + step})
        for rank, visit in enumerate(route.visits):
            for name in ("ready_second", "start_second", "end_second"):
                other = replace(visit, **{name: getattr(visit, name) + step})
                yield with_visit(route, rank, other)
            if step < 0:
                earlier = replace(visit, arrival_second=visit.arrival_second + step)
                yield with_visit(route, rank, earlier)


def exchanged(route: Route) -> Iterator[Route]:
    """The route with two visits in each other's place, or one dropped or doubled."""
    for one, other in combinations(range(len(route.visits)), 2):
        visits = list(route.visits)
        visits[one], visits[other] = visits[other], visits[one]
        yield replace(route, visits=tuple(visits))
    for rank, visit in enumerate(route.visits):
        yield with_visit(route, rank)
        yield with_visit(route, rank, visit, visit)


@pytest.mark.parametrize("change", [moved, exchanged])
@pytest.mark.parametrize("make", PLANS)
def test_nothing_changes_unnoticed(
    make: Callable[[], tuple[Instance, Plan]], change: Callable[[Route], Iterator[Route]]
) -> None:
    instance, plan = make()
    tried = list(change(plan.routes[0]))
    unnoticed = [
        route for route in tried if not any(v.hard for v in verify(instance, Plan((route,))))
    ]

    assert len(tried) > 10
    assert unnoticed == []

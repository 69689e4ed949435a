"""A change is overtaken by a vehicle that reached another stop than the one that comes next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshkit.errors import NotReady
from services.dispatch.tests.domain.samples import leg, route
from services.dispatch.usecases.catching_up import goes_on, overtaken


@pytest.mark.parametrize(
    ("road", "order", "holds"),
    [
        ("...", "s2 s1 s0", True),  # nothing reached: anything may come
        ("A..", "s0 s2 s1", True),
        ("A..", "s1 s0 s2", False),
        ("DA.", "s0 s1 s2", True),
        ("DA.", "s0 s2 s1", False),
        ("DA.", "s0", False),  # reached, and not in it any more
        ("DDD", "s0 s1 s2", True),
        ("e..", "s1 s0 s2", True),  # on the way is not there
        ("", "", True),
    ],
)
def test_a_revision_holds_while_all_that_was_reached_comes_first(
    road: str, order: str, holds: bool
) -> None:
    by_name = {stop.stop_id: stop for stop in route("...").stops}
    stops = tuple(by_name[name] for name in order.split())
    legs = tuple(leg(n) for n in range(len(stops) + 1))

    assert goes_on(route(road), replace(route(""), stops=stops, legs=legs)) is holds


def test_what_was_overtaken_says_by_what() -> None:
    error = overtaken(NotReady("STOP_FROZEN", "'t1' was reached"))

    assert (error.code, error.reason) == ("ABORTED", "REVISION_STALE")
    assert "STOP_FROZEN" in str(error)

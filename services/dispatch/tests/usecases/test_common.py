"""
What use-cases have in common: a thing that must exist, a revision that was seen, whose things are
whose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from meshkit.caller import Caller, Role
from meshkit.errors import Conflict, MeshError, NotFound, NotReady
from services.dispatch.domain.route import RouteState
from services.dispatch.domain.task import TaskState
from services.dispatch.tests.domain.samples import reason, route, shift, task
from services.dispatch.usecases import quotes, routes, shifts
from services.dispatch.usecases.common import (
    all_required,
    own_carrier,
    own_driver,
    require_etag,
    required,
)

ADA = Caller("ada", Role.DRIVER, "acme", driver_id="ada")
BIKES = Caller("bikes", Role.CARRIER, "acme", carrier_id="bikes")
DESK = Caller("desk", Role.DISPATCHER, "acme")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("TASK_UNKNOWN", "no task 'x'"),
        ("RATE_CARD_UNKNOWN", "no rate card 'x'"),
        ("ROUTE_PLAN_UNKNOWN", "no route plan 'x'"),
        ("DUTY_RECORD_UNKNOWN", "no duty record 'x'"),
    ],
)
def test_what_must_exist_is_missed_by_its_name(why: str, words: str) -> None:
    assert required("here", why, "x") == "here"
    with pytest.raises(NotFound) as caught:
        required(None, why, "x")

    assert (reason(caught.value), str(caught.value)) == (why, words)


def test_values_come_in_the_order_of_their_names_or_not_at_all() -> None:
    known = {"a": 1, "b": 2}

    assert all_required(known, ["b", "a", "b"], "TASK_UNKNOWN") == [2, 1, 2]
    with pytest.raises(NotFound) as caught:
        all_required(known, ["a", "c", "d"], "TASK_UNKNOWN")
    assert caught.value.metadata == {"name": "c"}


@pytest.mark.parametrize(("etag", "seen"), [("7", True), ("", True), ("6", False), ("x", False)])
def test_who_saw_another_revision_is_refused(etag: str, seen: bool) -> None:
    if seen:
        require_etag(etag, 7, "d")
        return
    with pytest.raises(Conflict) as caught:
        require_etag(etag, 7, "d")
    assert reason(caught.value) == "ETAG_STALE"


@pytest.mark.parametrize(
    ("caller", "drivers", "carriers"),
    [(DESK, "ada bob", "bikes vans"), (ADA, "ada", "bikes vans"), (BIKES, "ada bob", "bikes")],
)
def test_a_driver_sees_its_own_and_a_carrier_its_own(
    caller: Caller, drivers: str, carriers: str
) -> None:
    assert [d for d in ("ada", "bob") if own_driver(caller, d)] == drivers.split()
    assert [c for c in ("bikes", "vans") if own_carrier(caller, c)] == carriers.split()


OURS: dict[str, Any] = {"driver_id": "ada"}
THEIRS: dict[str, Any] = {"driver_id": "", "shift_id": "", "carrier_id": "bikes"}


@pytest.mark.parametrize("state", RouteState)
@pytest.mark.parametrize(
    ("caller", "fields", "whose"),
    [
        (DESK, OURS, "anybody's"),
        (DESK, THEIRS, "anybody's"),
        (ADA, OURS, "mine"),
        (ADA, OURS | {"driver_id": "bob"}, "another's"),
        (ADA, THEIRS, "another's"),
        (BIKES, THEIRS, "mine"),
        (BIKES, OURS, "another's"),
        (BIKES, THEIRS | {"carrier_id": "vans"}, "another's"),
    ],
)
def test_a_route_is_seen_by_its_own_once_it_is_told_and_by_the_office_always(
    caller: Caller, fields: dict[str, Any], whose: str, state: RouteState
) -> None:
    found = route(".", state=state, **fields)
    is_told = state is not RouteState.PLANNED
    if whose == "anybody's" or (whose == "mine" and is_told):
        assert routes.seen(found, caller, "r") is found
        return
    with pytest.raises(NotFound) as caught:
        routes.seen(found, caller, "r")
    assert reason(caught.value) == "ROUTE_UNKNOWN"


REFUSALS: dict[str, Callable[[], object]] = {
    "another driver's shift": lambda: shifts.seen(shift(driver_id="bob"), ADA, "shift"),
    "no shift at all": lambda: shifts.seen(None, ADA, "shift"),
}


def test_another_s_shift_and_no_shift_read_the_same() -> None:
    told = set()
    for refuse in REFUSALS.values():
        with pytest.raises(MeshError) as caught:
            refuse()
        told.add((caught.value.code, caught.value.reason, str(caught.value)))

    assert len(told) == 1
    assert shifts.seen(shift(driver_id="ada"), ADA, "shift")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"state": TaskState.CLOSED}, "TASK_CLOSED"),
        ({"route_id": "r"}, "TASK_TAKEN"),
        ({"tender_id": "x"}, "TASK_TAKEN"),
        ({"state": TaskState.CLOSED, "route_id": "r"}, "TASK_CLOSED"),
    ],
)
def test_a_task_is_offered_while_it_is_open_and_with_nobody(
    fields: dict[str, Any], why: str
) -> None:
    found = task(**fields)
    if not why:
        quotes.require_free(found)
        return
    with pytest.raises(NotReady) as caught:
        quotes.require_free(found)
    assert reason(caught.value) == why

"""
The gate: what the planner found in our names, and what is not free any more.

Method: tables over every state of a task, a delivery, a driver and a vehicle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.dispatch.domain.delivery import DeliveryState
from services.dispatch.domain.fleet import (
    Driver,
    DriverState,
    Place,
    PlaceKind,
    Vehicle,
    VehicleState,
)
from services.dispatch.domain.planning import Crew, Problem, Proposal
from services.dispatch.domain.route_plan import Clearance, PlanViolation, PlanViolationKind
from services.dispatch.domain.task import TaskState
from services.dispatch.tests.domain.samples import (
    VAN,
    delivery,
    place,
    plan_task,
    route,
    shift,
    task,
    timed,
)
from services.dispatch.usecases import gate

K = PlanViolationKind


def found(route_id: str = "", task_id: str = "") -> PlanViolation:
    return PlanViolation(K.VERIFIER, "window", route_id=route_id, task_id=task_id, excess=60)


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (found("shift", "t1"), PlanViolation(K.VERIFIER, "window", "r", "s1", "t1", excess=60)),
        (found("shift"), PlanViolation(K.VERIFIER, "window", "r", excess=60)),
        (found("shift", "t9"), PlanViolation(K.VERIFIER, "window", "r", "", "t9", excess=60)),
        (found("other", "t1"), PlanViolation(K.VERIFIER, "window", "", "", "t1", excess=60)),
        (found("", "t1"), PlanViolation(K.VERIFIER, "window", "", "", "t1", excess=60)),
    ],
)
def test_what_the_planner_says_of_a_shift_is_said_of_its_route(
    told: PlanViolation, named: PlanViolation
) -> None:
    carrier_s = route("", route_id="c", shift_id="")

    assert gate.named([told], [carrier_s, route("..")]) == (named,)


@pytest.mark.parametrize(
    ("routes", "left"),
    [
        ([], ["t0", "t1", "t2"]),
        ([timed(["t0 t2"])], ["t1"]),
        ([timed(["t2"]), timed(["t1", "t0"])], []),
    ],
)
def test_what_stands_on_no_route_is_left_out(routes: list[Any], left: list[str]) -> None:
    problem = Problem(tuple(map(plan_task, ("t0", "t1", "t2"))), ())

    assert gate.left_out(Proposal(tuple(routes)), problem) == left


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"state": TaskState.CLOSED}, "closed"),
        ({"route_id": "other"}, "on another route"),
        ({"tender_id": "x"}, "on another route"),
        ({"state": TaskState.CLOSED, "route_id": "other"}, "closed"),
    ],
)
def test_a_task_is_free_while_it_is_open_and_with_nobody(fields: dict[str, Any], why: str) -> None:
    violations = gate.taken_tasks(
        [route(".")], {"t0": task("t0", **fields)}, {"d0": delivery("d0")}
    )

    assert [v.detail for v in violations] == ([why] if why else [])


@pytest.mark.parametrize("state", DeliveryState)
def test_a_task_is_free_while_its_delivery_waits_to_go(state: DeliveryState) -> None:
    waits = state in (DeliveryState.CREATED, DeliveryState.PLANNED, DeliveryState.ASSIGNED)
    known = {"d0": delivery("d0", state=state)}

    violations = gate.taken_tasks([route(".")], {"t0": task("t0")}, known)

    if waits:
        assert violations == []
        return
    (violation,) = violations
    assert violation == PlanViolation(
        K.TASK_TAKEN, route_id="r", stop_id="s0", task_id="t0", detail=state.value.lower()
    )


@pytest.mark.parametrize(
    ("tasks", "deliveries"),
    [({}, {"d0": delivery("d0")}), ({"t0": task("t0")}, {})],
)
def test_what_is_not_known_is_not_free(tasks: dict[str, Any], deliveries: dict[str, Any]) -> None:
    (violation,) = gate.taken_tasks([route(".")], tasks, deliveries)

    assert violation.detail == "unknown"


def crew(driver: DriverState = DriverState.ACTIVE, vehicle: VehicleState | None = None) -> Crew:
    depot = Place("depot", PlaceKind.DEPOT, place(-1))
    van = Vehicle("van", VAN, state=vehicle or VehicleState.AVAILABLE)
    return Crew(shift(), Driver("ada", state=driver), van, depot, depot)


@pytest.mark.parametrize(
    ("known", "busy", "why"),
    [
        (crew(), [], ""),
        (crew(), ["other"], ""),
        (crew(), ["shift"], "the shift has a route"),
        (crew(DriverState.INACTIVE), [], "the driver is inactive"),
        (crew(vehicle=VehicleState.OUT_OF_SERVICE), [], "the vehicle is out of service"),
        (crew(vehicle=VehicleState.IN_SERVICE), [], ""),  # until its shift begins
        (crew(vehicle=VehicleState.CHARGING), [], ""),
        (
            crew(DriverState.INACTIVE, VehicleState.OUT_OF_SERVICE),
            ["shift"],
            "the driver is inactive",
        ),
    ],
)
def test_a_crew_is_free_while_both_can_work_and_the_shift_has_no_route(
    known: Crew, busy: list[str], why: str
) -> None:
    violations = gate.taken_crews([route(".")], {"shift": known}, busy)

    expected = [PlanViolation(K.RESOURCE_TAKEN, route_id="r", detail=why)] if why else []
    assert violations == expected


def test_a_carrier_s_crew_is_the_carrier_s_affair() -> None:
    assert gate.taken_crews([route(".", shift_id="")], {}, [""]) == []


def test_what_others_found_stands_before_what_compliance_found() -> None:
    zone = PlanViolation(K.ACCESS_DENIED)
    clearance = Clearance((zone,), {"r": ("dec",)}, {"r": 5})

    whole = gate.together(clearance, [found("a")], [], [found("b")])

    assert whole == replace(clearance, violations=(found("a"), found("b"), zone))


@pytest.mark.parametrize(
    ("route_id", "decisions", "charge"), [("r", ("dec_1", "dec_2"), 500), ("other", (), 0)]
)
def test_a_route_rests_on_its_own_decisions_and_no_old_ones(
    route_id: str, decisions: tuple[str, ...], charge: int
) -> None:
    before = route(".", route_id=route_id, decision_ids=("old",), access_charge_micros=9)

    after = gate.decided(before, Clearance((), {"r": ("dec_1", "dec_2")}, {"r": 500}))

    assert (after.decision_ids, after.access_charge_micros) == (decisions, charge)

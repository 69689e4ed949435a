"""
Shifts: SCHEDULED -> STARTED <-> ON_BREAK -> ENDED, and nothing else by anybody.

Method: the machine as a table of (state, command) over a real PostgreSQL; a shift moves by what the
driver commands and by what the duty log says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_service_pb2, fleet_service_pb2, route_pb2
from meshkit.caller import Caller, Role
from meshkit.errors import MeshError, NotReady
from meshkit.testing import TENANT
from services.dispatch.domain.duty import DutyRecord, DutyStatus
from services.dispatch.domain.fleet import Driver, Place, PlaceKind, Shift, ShiftState, Vehicle
from services.dispatch.domain.values import Window
from services.dispatch.ports import Stores
from services.dispatch.servicer.tools import Tools
from services.dispatch.tests.conftest import MORNING
from services.dispatch.tests.domain.samples import VAN, place
from services.dispatch.tests.office import Office, ask
from services.dispatch.usecases import duty, shifts
from services.dispatch.usecases.shifts import Dials, Start

pytestmark = pytest.mark.pg

ADA = Caller("ada", Role.DRIVER, TENANT, driver_id="ada")
READ = Dials(0, 0, MORNING)
LATER = Window(MORNING + timedelta(hours=1), MORNING + timedelta(hours=9))


async def log(stores: Stores, status: DutyStatus) -> None:
    record = DutyRecord("r1", "ada", status, MORNING)
    await duty.record(stores, ADA, record, MORNING)


async def move(stores: Stores) -> None:
    shift = await stores.shifts.find("shift")
    assert shift is not None
    asked = replace(shift, interval=LATER)
    await shifts.update(stores, asked, ["interval"], str(shift.revision), MORNING)


COMMANDS: dict[str, Callable[[Stores], Awaitable[Any]]] = {
    "start": lambda stores: shifts.start(stores, "shift", Start("van", (), ()), READ, MORNING),
    "end": lambda stores: shifts.end(stores, ADA, "shift", READ, MORNING),
    "change": move,
    "rest": lambda stores: log(stores, DutyStatus.OFF_DUTY),
    "sleep": lambda stores: log(stores, DutyStatus.SLEEPER),
    "drive": lambda stores: log(stores, DutyStatus.DRIVING),
    "unload": lambda stores: log(stores, DutyStatus.ON_DUTY_NOT_DRIVING),
}
# What each state answers, in the order of COMMANDS: the state after it, or a refusal.
OVER = "SHIFT_NOT_SCHEDULED SHIFT_NOT_STARTED SHIFT_NOT_SCHEDULED"
ANSWERS = {
    "SCHEDULED": "STARTED SHIFT_NOT_STARTED SCHEDULED SCHEDULED SCHEDULED SCHEDULED SCHEDULED",
    "STARTED": "SHIFT_NOT_SCHEDULED ENDED SHIFT_NOT_SCHEDULED ON_BREAK ON_BREAK STARTED STARTED",
    "ON_BREAK": "SHIFT_NOT_SCHEDULED ENDED SHIFT_NOT_SCHEDULED ON_BREAK ON_BREAK STARTED STARTED",
    "ENDED": f"{OVER} ENDED ENDED ENDED ENDED",
    "NO_SHOW": f"{OVER} NO_SHOW NO_SHOW NO_SHOW NO_SHOW",
    "CANCELLED": f"{OVER} CANCELLED CANCELLED CANCELLED CANCELLED",
}


def shift(state: ShiftState) -> Shift:
    interval = Window(MORNING, MORNING + timedelta(hours=8))
    return Shift("shift", "ada", "van", interval, "depot", state=state)


class Undo(Exception):
    """Ends a transaction without an effect."""


async def answer(kit: Tools, found: Shift, command: str, status: DutyStatus | None = None) -> str:
    """The state after a command, or the reason why not; nothing of it is kept."""
    told = ""
    try:
        async with kit.db.transaction(TENANT) as tx:
            stores = kit.stores(tx)
            await stores.drivers.add(Driver("ada", duty_status=status))
            await stores.vehicles.add(Vehicle("van", VAN))
            await stores.places.add(Place("depot", PlaceKind.DEPOT, place(0)))
            await stores.shifts.add(found)
            await COMMANDS[command](stores)
            after = await stores.shifts.find("shift")
            told = after.state.value if after else "gone"
            raise Undo
    except Undo:
        return told
    except MeshError as refusal:
        return refusal.reason


@pytest.mark.parametrize("state", ShiftState)
async def test_each_state_answers_each_command_as_written(kit: Tools, state: ShiftState) -> None:
    answers = {command: await answer(kit, shift(state), command) for command in COMMANDS}

    assert answers == dict(zip(COMMANDS, ANSWERS[state.value].split(), strict=True))


@pytest.mark.parametrize(
    ("state", "status", "command", "after"),
    [
        (ShiftState.STARTED, DutyStatus.OFF_DUTY, "rest", "ON_BREAK"),  # home, then started
        (ShiftState.STARTED, DutyStatus.SLEEPER, "sleep", "ON_BREAK"),
        (ShiftState.ON_BREAK, DutyStatus.DRIVING, "drive", "STARTED"),
        (ShiftState.STARTED, DutyStatus.DRIVING, "drive", "STARTED"),
    ],
)
async def test_a_shift_follows_the_log_also_where_the_log_repeats_itself(
    kit: Tools, state: ShiftState, status: DutyStatus, command: str, after: str
) -> None:
    assert await answer(kit, shift(state), command, status) == after


async def test_a_vehicle_is_swapped_where_all_work_of_the_route_is_gone(office: Office) -> None:
    await office.hire("ada")
    await office.buy("spare")
    await office.order("d1")
    (route,) = await office.plan_day()
    cancel = ask(delivery_service_pb2.CancelDeliveryRequest, delivery_id="d1")
    await office.desk.deliveries.CancelDelivery(cancel)

    await office.start("ada", "spare")

    (driven,) = await office.routes(route.route_plan_id)
    assert (driven.vehicle_id, len(driven.stops)) == ("spare", 0)
    assert driven.state == route_pb2.ROUTE_STATE_ACTIVE


async def test_a_shift_is_ended_once(office: Office) -> None:
    await office.hire("ada")
    await office.start("ada")
    end = fleet_service_pb2.EndShiftRequest
    ada = office.driver("ada").fleet
    await ada.EndShift(ask(end, shift_id="shift-ada"))

    with pytest.raises(NotReady) as caught:
        await ada.EndShift(ask(end, shift_id="shift-ada"))

    assert caught.value.reason == "SHIFT_NOT_STARTED"

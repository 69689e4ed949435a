"""
Fleet over the wire: named once, changed by mask, never in two places at one time.

Method: a real server over a real PostgreSQL.
"""

from __future__ import annotations

import pytest

from doorstep.dispatch.v1 import driver_pb2, vehicle_pb2
from doorstep.dispatch.v1 import fleet_service_pb2 as pb
from meshkit.errors import AlreadyExists, Conflict, Invalid, NotFound, NotReady
from services.dispatch.tests.office import Office, ask, interval, shift

pytestmark = pytest.mark.pg


async def test_what_is_derived_a_client_cannot_bring(office: Office) -> None:
    asked = {"driver_id": "ada", "duty_status": "DUTY_STATUS_DRIVING", "etag": "77"}

    reply = await office.desk.fleet.CreateDriver(ask(pb.CreateDriverRequest, driver=asked))

    assert reply.driver.duty_status == 0
    assert reply.driver.etag == "1"
    assert reply.driver.state == driver_pb2.DRIVER_STATE_ACTIVE


async def test_a_name_is_given_once(office: Office) -> None:
    await office.hire("ada")

    with pytest.raises(AlreadyExists) as caught:
        await office.buy("van-ada")

    assert caught.value.reason == "VEHICLE_EXISTS"


async def test_what_a_shift_names_must_be_there(office: Office) -> None:
    with pytest.raises(NotFound) as caught:
        await office.desk.fleet.CreateShift(ask(pb.CreateShiftRequest, shift=shift("nobody")))

    assert caught.value.reason == "DRIVER_UNKNOWN"


@pytest.mark.parametrize(
    ("hours", "fits"), [((13, 15), False), ((14, 16), True), ((4, 6), True), ((5, 7), False)]
)
async def test_a_driver_has_one_shift_at_a_time(
    office: Office, hours: tuple[int, int], fits: bool
) -> None:
    await office.hire("ada")
    await office.buy("spare")
    second = shift("ada", hours) | {"shift_id": "second", "vehicle_id": "spare"}
    request = ask(pb.CreateShiftRequest, shift=second)

    if fits:
        await office.desk.fleet.CreateShift(request)
        return
    with pytest.raises(NotReady) as caught:
        await office.desk.fleet.CreateShift(request)
    assert caught.value.reason == "SHIFT_OVERLAP"


async def test_a_shift_that_began_is_not_changed(office: Office) -> None:
    await office.hire("ada")
    await office.start("ada")
    request = ask(
        pb.UpdateShiftRequest,
        shift={"shift_id": "shift-ada", "interval": interval(7, 15)},
        update_mask={"paths": ["interval"]},
        etag="2",
    )

    with pytest.raises(NotReady) as caught:
        await office.desk.fleet.UpdateShift(request)

    assert caught.value.reason == "SHIFT_NOT_SCHEDULED"


async def test_a_vehicle_out_of_service_starts_no_shift(office: Office) -> None:
    await office.hire("ada")
    state = {"vehicle_id": "van-ada", "state": "VEHICLE_STATE_OUT_OF_SERVICE"}
    request = ask(
        pb.UpdateVehicleRequest, vehicle=state, update_mask={"paths": ["state"]}, etag="1"
    )

    after = (await office.desk.fleet.UpdateVehicle(request)).vehicle
    with pytest.raises(NotReady) as caught:
        await office.start("ada")

    assert after.state == vehicle_pb2.VEHICLE_STATE_OUT_OF_SERVICE
    assert caught.value.reason == "VEHICLE_UNFIT"


@pytest.mark.parametrize("state", ["IN_SERVICE", "CHARGING"])
async def test_a_vehicles_state_that_follows_from_events_is_set_by_nobody(
    office: Office, state: str
) -> None:
    await office.hire("ada")
    vehicle = {"vehicle_id": "van-ada", "state": f"VEHICLE_STATE_{state}"}
    request = ask(
        pb.UpdateVehicleRequest, vehicle=vehicle, update_mask={"paths": ["state"]}, etag="1"
    )

    with pytest.raises(Invalid) as caught:
        await office.desk.fleet.UpdateVehicle(request)

    assert [fault.field for fault in caught.value.violations] == ["vehicle.state"]


async def test_a_stale_etag_changes_nothing(office: Office) -> None:
    await office.hire("ada")
    request = ask(
        pb.UpdateDriverRequest,
        driver={"driver_id": "ada", "display_name": "Countess"},
        update_mask={"paths": ["display_name"]},
        etag="7",
    )

    with pytest.raises(Conflict) as caught:
        await office.desk.fleet.UpdateDriver(request)

    assert caught.value.reason == "ETAG_STALE"


async def test_an_odometer_does_not_run_backward(office: Office) -> None:
    await office.hire("ada")
    ada = office.driver("ada").fleet
    await ada.StartShift(ask(pb.StartShiftRequest, shift_id="shift-ada", odometer_meters=1_000))

    with pytest.raises(Invalid) as caught:
        await ada.EndShift(ask(pb.EndShiftRequest, shift_id="shift-ada", odometer_meters=999))

    assert caught.value.reason == "ODOMETER_BACKWARD"

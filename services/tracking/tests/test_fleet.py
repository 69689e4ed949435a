"""
Fleets on a map.

Goal: each watcher sees what changed inside its part of the map and that a vehicle left it, one
state per vehicle and second; however many watch, the store is looked at once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import tracking_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit.testing import TENANT, TestMesh
from services.tracking.domain.fix import Fix, RecordedFix, TimeQuality
from services.tracking.domain.progress import Progress, RunState
from services.tracking.ports import Driven
from services.tracking.servicer import fleet as fleets
from services.tracking.servicer.common import Desk
from services.tracking.servicer.fleet import Fleets, Screen, Seen, in_turn, newest
from services.tracking.tests.calls import planned, tracking_of
from services.tracking.tests.test_ingest import batch, opened, positions, sent
from services.tracking.tests.town import EPOCH, at, place, route


def vehicle(latitude: float, longitude: float, name: str = "van-1") -> Seen:
    """A vehicle somewhere."""
    made = tracking_pb2.FleetVehicle(
        vehicle_id=name, location=LatLng(latitude=latitude, longitude=longitude)
    )
    return made, made.SerializeToString(deterministic=True)


def screen(south: float, west: float, north: float, east: float, **fields: Any) -> Screen:
    """A watcher of a part of the map."""
    viewport = pb.Viewport(
        southwest=LatLng(latitude=south, longitude=west),
        northeast=LatLng(latitude=north, longitude=east),
    )
    return Screen(pb.WatchFleetRequest(viewport=viewport, **fields))


def names(told: Sequence[tracking_pb2.FleetVehicle]) -> list[str]:
    return [one.vehicle_id for one in told]


def test_a_vehicle_is_told_when_it_changes_and_not_again() -> None:
    helsinki = screen(60, 24, 61, 26)

    told = [len(helsinki.news([vehicle(60.1, lng)])) for lng in (25.0, 25.0, 25.1, 25.1)]

    assert told == [1, 0, 1, 0]


def test_a_vehicle_that_leaves_is_told_once_more_and_anew_when_it_comes_back() -> None:
    helsinki = screen(60, 24, 61, 26)
    way = [(60.5, 25), (61.5, 25), (61.6, 25), (60.5, 25)]

    told = [helsinki.news([vehicle(*place)]) for place in way]

    assert [len(one) for one in told] == [1, 1, 0, 1]
    assert told[1][0].location.latitude == 61.5, "its place outside says that it is gone"


def test_whoever_was_never_inside_is_never_told() -> None:
    assert screen(60, 24, 61, 26).news([vehicle(10, 10)]) == []


@pytest.mark.parametrize(
    ("longitude", "seen"), [(179.5, True), (-179.5, True), (170, False), (-170, False), (0, False)]
)
def test_a_map_may_cross_the_antimeridian(longitude: float, seen: bool) -> None:
    fiji = screen(-20, 178, -15, -178)

    assert bool(fiji.news([vehicle(-17, longitude)])) is seen


def test_a_watch_of_some_vehicles_or_routes_sees_these() -> None:
    fleet = [vehicle(60, 25, "van-1"), vehicle(60, 25, "van-2")]
    fleet[0][0].route_id = "rte_1"

    assert names(Screen(pb.WatchFleetRequest(vehicle_ids=["van-2"])).news(fleet)) == ["van-2"]
    assert names(Screen(pb.WatchFleetRequest(route_ids=["rte_1"])).news(fleet)) == ["van-1"]


def test_a_vehicle_that_is_no_longer_part_of_the_answer_is_named_as_gone_once() -> None:
    watcher = Screen(pb.WatchFleetRequest(route_ids=["rte_1"]))
    van, other, elsewhere = vehicle(60, 25, "van-1"), vehicle(60, 25, "rte_2"), vehicle(60, 25)
    van[0].route_id = other[0].route_id = "rte_1"
    elsewhere[0].route_id = "rte_9"  # van-1 again, on a route that was not asked for
    looks: list[list[Seen]] = [[van, other], [elsewhere, other], [elsewhere], []]

    told = [(names(watcher.news(look)), watcher.gone(look)) for look in looks]

    assert told == [(["van-1", "rte_2"], []), ([], ["van-1"]), ([], ["rte_2"]), ([], [])]


def test_an_idle_vehicle_with_two_devices_is_one_vehicle_where_the_newest_saw_it() -> None:
    phone = recorded("phone-1", 3)
    box = recorded("box-1", 5)
    lone = replace(recorded("phone-2", 4), vehicle_id="")

    for latest in ([phone, box, lone], [box, lone, phone]):
        found = newest(latest)
        assert sorted(one.device_id for one in found) == ["box-1", "phone-2"]


def recorded(device_id: str, minutes: float) -> RecordedFix:
    """The last position of a device in van-1."""
    fix = Fix(EPOCH, 1, at(minutes), place(1))
    return RecordedFix(device_id, fix, at(minutes), TimeQuality.OK, vehicle_id="van-1")


def test_the_route_under_way_says_what_a_vehicle_does() -> None:
    def driven(route_id: str, minutes: float, state: RunState) -> Driven:
        planned = replace(route(), route_id=route_id, start_time=at(minutes))
        return Driven(planned, Progress(route_id, state=state))

    later = driven("later", 300, RunState.PUBLISHED)
    soon = driven("soon", 100, RunState.PUBLISHED)
    now = driven("now", 0, RunState.ACTIVE)

    assert [one.route.route_id for one in in_turn([now, soon, later])] == ["later", "soon", "now"]


@pytest.mark.pg
async def test_many_watchers_share_one_look(desk: Desk) -> None:
    await planned(desk)
    looked = []

    class Counted(Fleets):
        async def _look(self, of: str) -> Sequence[Seen]:
            looked.append(of)
            return await super()._look(of)

    counted = Counted(desk)
    seen = await asyncio.gather(*(counted.now(TENANT) for _ in range(200)))

    assert looked == [TENANT]
    assert {len(one) for one in seen} == {1}


@pytest.mark.pg
async def test_a_watcher_that_leaves_does_not_end_the_look_of_others(desk: Desk) -> None:
    await planned(desk)
    shared = Fleets(desk)
    leaving = asyncio.create_task(shared.now(TENANT))
    staying = asyncio.create_task(shared.now(TENANT))
    await asyncio.sleep(0)
    leaving.cancel()

    assert len(await staying) == 1


@pytest.mark.pg
async def test_a_fleet_begins_with_a_snapshot_and_goes_on_with_what_moves(mesh: TestMesh) -> None:
    epochs = {name: await opened(mesh, name) for name in ("phone-1", "phone-2")}
    for name, epoch in epochs.items():
        await sent(mesh, [batch(epoch, positions(1, 3), name)])
    fleet = aiter(tracking_of(mesh).WatchFleet(pb.WatchFleetRequest()))
    snapshot = await anext(fleet)
    await sent(mesh, [batch(epochs["phone-2"], positions(4, 6), "phone-2")])
    news = await anext(fleet)

    assert (snapshot.snapshot, sorted(names(snapshot.vehicles))) == (True, ["phone-1", "phone-2"])
    assert (news.snapshot, names(news.vehicles)) == (False, ["phone-2"])


@pytest.mark.pg
async def test_a_quiet_fleet_beats(mesh: TestMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleets, "HEARTBEAT_SECONDS", 2 * fleets.LOOK_SECONDS)
    watched = aiter(tracking_of(mesh).WatchFleet(pb.WatchFleetRequest()))

    async with asyncio.timeout(20):
        first, beat = await anext(watched), await anext(watched)

    assert (first.snapshot, beat.snapshot) == (True, False)
    assert not beat.vehicles

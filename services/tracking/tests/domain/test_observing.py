"""
What fixes say: a drive up the street, with noise, red lights, traffic and a break.

Method: a vehicle sends a fix every ten seconds; a fence proposes, the driver's word confirms.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.event import (
    DistanceBasis,
    IdlingEnded,
    LegCompleted,
    RouteStarted,
    StopArrived,
    StopDeparted,
)
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.incident import Alarm, AllClear, IncidentType
from services.tracking.domain.legs import settle
from services.tracking.domain.observing import observe
from services.tracking.domain.progress import RunState
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.ticking import tick
from services.tracking.domain.words import Ignition, Source
from services.tracking.tests.town import DEPOT, Drive, at, delivered, fact, place, route, run


def told(of: Run, kind: type) -> list[object]:
    return [event for event in of.events if isinstance(event, kind)]


def taken(of: Run, *fixes: object) -> None:
    for some in fixes:
        for fix in some:  # type: ignore[attr-defined]
            observe(of, fix)


def noisy(fix: Fix, source: random.Random, meters: float = 12) -> Fix:
    """A fix with the error of a good receiver in a street."""
    north, east = (source.gauss(0, meters) / 111_195 for _ in range(2))
    return replace(fix, point=Point(fix.point.latitude + north, fix.point.longitude + 2 * east))


def test_leaving_the_depot_starts_the_route_at_the_last_moment_there() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(60), van.to(place(1), 120))

    started = told(day, RouteStarted)
    assert len(started) == 1
    assert at(1) <= started[0].at <= at(1.5)  # type: ignore[attr-defined]


def test_a_route_that_was_never_at_its_depot_is_not_started_by_driving() -> None:
    day, van = run(), Drive(where=place(9))
    taken(day, van.to(place(8), 120))

    assert not told(day, RouteStarted)


def test_a_fence_proposes_and_the_driver_confirms_with_the_fences_time() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(120))
    proposed = day.progress.visit("stp_1").proposed_at

    assert not told(day, StopArrived), "a fence alone tells nobody"
    assert proposed is not None
    day.close(delivered(1, 4.5))
    assert [one.at for one in told(day, StopArrived)] == [proposed]  # type: ignore[attr-defined]


def test_a_red_light_beside_a_stop_is_no_arrival() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(30), van.to(place(2), 120))

    assert day.progress.visit("stp_1").proposed_at is None


def test_a_long_halt_that_nobody_confirms_is_taken_back() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(180))
    assert day.progress.visit("stp_1").proposed_at is not None

    taken(day, van.to(place(2), 120))

    assert day.progress.visit("stp_1").proposed_at is None
    assert not told(day, StopArrived)


def test_driving_off_is_seen_without_a_word() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(180))
    day.close(delivered(1, 5))
    taken(day, van.to(place(2), 120))

    departed = told(day, StopDeparted)
    assert [one.stop_id for one in departed] == ["stp_1"]  # type: ignore[attr-defined]
    assert departed[0].source is Source.GEOFENCE  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", [1, 2, 3, 4711])
def test_a_noisy_halt_arrives_once_and_leaves_once(seed: int) -> None:
    day, van, source = run(), Drive(), random.Random(seed)
    ways = (van.stand(20), van.to(place(1), 120), van.stand(600), van.to(place(2), 120))
    for number, way in enumerate(ways):
        for fix in way:
            observe(day, noisy(fix, source))
            if number == 2 and fix.at == at(8):
                day.close(delivered(1, 8))

    assert len(told(day, StopArrived)) == len(told(day, StopDeparted)) == 1


def test_a_driver_who_parks_around_the_corner_still_leaves() -> None:
    corner = Point(place(1).latitude, place(1).longitude + 0.004)  # 220 m from the stop
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(corner, 120), van.stand(60))
    day.arrive("stp_1", van.at, Source.DRIVER)
    taken(day, van.stand(120), van.to(place(2), 120))

    assert [one.stop_id for one in told(day, StopDeparted)] == ["stp_1"]  # type: ignore[attr-defined]


def test_a_fix_without_accuracy_moves_no_fence() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120))
    vague = [replace(fix, accuracy_meters=400) for fix in van.stand(300)]
    taken(day, vague)

    assert day.progress.visit("stp_1").proposed_at is None


def test_coming_home_with_nothing_left_ends_the_route() -> None:
    day, van = run(route(1)), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(120))
    day.close(delivered(1, 4))
    taken(day, van.to(DEPOT, 120), van.stand(120))
    settle(day, tracked=True)

    assert day.progress.state is RunState.COMPLETED


def test_coming_home_for_a_forgotten_parcel_does_not() -> None:
    day, van = run(route(2)), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(120))
    day.close(delivered(1, 4))
    taken(day, van.to(DEPOT, 120), van.stand(300))

    assert day.progress.ended_at is None


def test_distance_is_the_odometers_where_it_is_read() -> None:
    day, van = run(route(1)), Drive()
    start = list(van.stand(20, odometer_meters=50_000))
    way = list(van.to(place(1), 120))
    meters = [50_000 + round(1_500 * (n + 1) / len(way)) for n in range(len(way))]
    driven = [replace(fix, odometer_meters=m) for fix, m in zip(way, meters, strict=True)]
    taken(day, start, driven, van.stand(60, odometer_meters=51_500))
    day.close(delivered(1, 3.2))
    settle(day, tracked=True)

    leg = told(day, LegCompleted)[0]
    assert leg.basis is DistanceBasis.ODOMETER  # type: ignore[attr-defined]
    assert leg.meters == pytest.approx(1_500, abs=120)  # type: ignore[attr-defined]


def test_distance_by_fixes_is_near_the_road_and_standing_adds_none() -> None:
    day, van, source = run(route(1)), Drive(), random.Random(1)
    for way in (van.stand(20), van.to(place(1), 120), van.stand(600)):
        taken(day, (noisy(fix, source, 4) for fix in way))
    day.close(delivered(1, 10))
    settle(day, tracked=True)

    leg = told(day, LegCompleted)[0]
    assert leg.basis is DistanceBasis.POSITIONS  # type: ignore[attr-defined]
    assert leg.meters == pytest.approx(1_112, rel=0.1)  # type: ignore[attr-defined]


def test_energy_is_what_the_battery_lost() -> None:
    day, van = run(route(1)), Drive()
    taken(day, van.stand(20, charge_ratio=0.80), van.to(place(1), 120))
    taken(day, van.stand(60, charge_ratio=0.79))
    day.close(delivered(1, 3))
    settle(day, tracked=True)

    leg = told(day, LegCompleted)[0]
    assert leg.watt_hours == pytest.approx(500, abs=60)  # type: ignore[attr-defined]


def test_an_engine_that_runs_at_a_halt_is_told_when_it_stops() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(300, ignition=Ignition.ON))
    taken(day, van.stand(20, ignition=Ignition.OFF))

    (idling,) = told(day, IdlingEnded)
    assert idling.seconds == pytest.approx(300, abs=20)  # type: ignore[attr-defined]


def test_a_van_that_stands_still_on_the_way_is_stalled_until_it_moves() -> None:
    day, van, limits = run(), Drive(), Thresholds()
    halfway = Point(place(1).latitude - 0.005, DEPOT.longitude)
    taken(day, van.stand(20), van.to(halfway, 60), van.stand(600))
    tick(day, van.at, limits)
    raised = [one.type for one in day.alarms if isinstance(one, Alarm)]
    tick(day, van.at, limits)

    assert raised == [IncidentType.STALLED]
    assert len(day.alarms) == 1, "raised once"
    taken(day, van.to(place(1), 60))
    tick(day, van.at, limits)
    assert [one.key for one in day.alarms if isinstance(one, AllClear)] == ["STALLED.rte_1"]


def test_a_van_at_a_stop_is_not_stalled() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120), van.stand(60))
    day.arrive("stp_1", van.at, Source.DRIVER)
    taken(day, van.stand(900))
    tick(day, van.at, Thresholds())

    assert day.alarms == []


def test_a_silent_van_raises_an_alarm_and_a_waiting_one_does_not() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120))
    later = van.at + timedelta(minutes=10)
    tick(day, later, Thresholds())

    assert IncidentType.SIGNAL_LOST in {one.type for one in day.alarms if isinstance(one, Alarm)}


def test_a_route_that_does_not_leave_raises_an_alarm() -> None:
    day = run()
    tick(day, at(14.9), Thresholds())
    assert day.alarms == []

    tick(day, at(15), Thresholds())
    assert [one.type for one in day.alarms if isinstance(one, Alarm)] == [
        IncidentType.LATE_DEPARTURE
    ]


def test_an_old_fix_from_a_buffer_moves_nothing_back() -> None:
    day, van = run(), Drive()
    taken(day, van.stand(20), van.to(place(1), 120))
    latest = day.progress.fix
    observe(day, replace(next(iter(van.stand(10))), at=at(0.1), point=DEPOT))

    assert day.progress.fix == latest


def test_an_unknown_fact_kind_is_a_bug_and_not_a_silence() -> None:
    with pytest.raises(KeyError):
        _ = fact(object(), 1).name  # type: ignore[arg-type]

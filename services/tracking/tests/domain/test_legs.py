"""
Settling legs: when, how far, with what energy.

Method: a van drives the street once, and what is known of its way is taken away piece by piece;
the leg must say on what its distance rests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.event import DistanceBasis, LegCompleted, RouteCompleted
from services.tracking.domain.fact import Telemetry
from services.tracking.domain.fix import Fix
from services.tracking.domain.legs import PATIENCE, settle
from services.tracking.domain.load import hauls
from services.tracking.domain.observing import observe
from services.tracking.domain.run import Run
from services.tracking.domain.words import Source, TaskKind
from services.tracking.tests.town import LEG_METERS, NINE, Drive, at, place, route, run, stop, task

Change = Callable[[Fix], Fix]


def same(fix: Fix) -> Fix:
    """A fix as it was."""
    return fix


def driven(fixes: Iterable[Fix]) -> Run:
    """A van that left at nine, sent some fixes and says that it reached the first stop."""
    one = run()
    one.start(NINE)
    for fix in fixes:
        observe(one, fix)
    one.arrive("stp_1", at(2), Source.DRIVER)
    return one


def way(change: Change = same) -> Iterator[Fix]:
    """The fixes of the way to the first stop, changed."""
    drive = Drive(NINE - timedelta(seconds=10))
    return map(change, (*drive.stand(10), *drive.to(place(1), 120), *drive.stand(30)))


def leg_of(one: Run, *, tracked: bool = True) -> LegCompleted:
    """Its leg, settled."""
    settle(one, tracked=tracked)
    (leg,) = (event for event in one.events if isinstance(event, LegCompleted))
    return leg


def counting(fix: Fix) -> Fix:
    """A vehicle whose odometer counts 1,500 m on the way, round a corner that no fix shows."""
    share = min(1.0, (fix.at - NINE) / timedelta(minutes=2))
    return replace(fix, odometer_meters=100_000 + round(1_500 * share))


# When.


def test_a_leg_waits_for_the_positions_of_its_end() -> None:
    one = driven(list(way())[:8])

    settle(one, tracked=True)
    assert one.progress.open_legs

    one.real_now += PATIENCE
    assert leg_of(one).to_stop_id == "stp_1"


def test_a_leg_whose_positions_have_come_waits_for_nothing() -> None:
    assert leg_of(driven(way())).end == at(2)


def test_a_route_without_a_device_waits_for_nothing() -> None:
    assert leg_of(driven([]), tracked=False).basis is DistanceBasis.PLAN


def test_legs_are_told_in_order_and_the_route_after_them() -> None:
    one = driven([])
    one.arrive("stp_2", at(9), Source.DRIVER)
    one.end(at(30))
    settle(one, tracked=True)
    assert not any(isinstance(event, LegCompleted) for event in one.events)

    one.real_now += PATIENCE
    settle(one, tracked=True)

    told = [event for event in one.events if isinstance(event, (LegCompleted, RouteCompleted))]
    assert [getattr(event, "leg_rank", "over") for event in told] == [1, 2, 3, "over"]


def test_a_route_is_as_long_as_its_legs() -> None:
    one = driven(way())
    one.arrive("stp_2", at(9), Source.DRIVER)
    one.end(at(30))
    one.real_now += PATIENCE
    settle(one, tracked=True)

    legs = [event.meters for event in one.events if isinstance(event, LegCompleted)]
    (over,) = (event for event in one.events if isinstance(event, RouteCompleted))
    assert over.meters == sum(legs) == one.progress.meters


# How far.


def test_the_odometer_goes_before_the_fixes() -> None:
    leg = leg_of(driven(way(counting)))

    assert (leg.basis, leg.meters) == (DistanceBasis.ODOMETER, 1_500)


def test_without_an_odometer_the_fixes_are_summed() -> None:
    leg = leg_of(driven(way()))

    assert leg.basis is DistanceBasis.POSITIONS
    assert leg.meters == pytest.approx(LEG_METERS, rel=0.1)


def test_without_either_the_plan_stands_in_and_says_so() -> None:
    leg = leg_of(driven([]), tracked=False)

    assert (leg.basis, leg.meters) == (DistanceBasis.PLAN, LEG_METERS)


def test_an_odometer_that_was_read_at_one_end_only_is_none() -> None:
    def early(fix: Fix) -> Fix:
        return counting(fix) if fix.at <= at(1) else fix

    assert leg_of(driven(way(early))).basis is DistanceBasis.POSITIONS


def test_the_odometer_of_another_vehicle_is_none() -> None:
    def swapped(fix: Fix) -> Fix:
        return replace(fix, odometer_meters=250_000 if fix.at > at(1) else 100_000)

    assert leg_of(driven(way(swapped))).basis is DistanceBasis.POSITIONS


def test_fixes_that_end_long_before_the_leg_are_no_measure_of_it() -> None:
    one = run()
    one.start(NINE)
    for fix in way():
        observe(one, fix)
    one.arrive("stp_1", at(40), Source.DRIVER)
    one.real_now += PATIENCE

    assert leg_of(one).basis is DistanceBasis.PLAN


def test_what_the_driver_reads_off_counts_as_the_odometer() -> None:
    one = run()
    one.start(NINE, Telemetry(odometer_meters=50_000))
    one.arrive("stp_1", at(2), Source.DRIVER, Telemetry(odometer_meters=51_300))

    leg = leg_of(one, tracked=False)

    assert (leg.basis, leg.meters) == (DistanceBasis.ODOMETER, 1_300)


# What for.


def test_a_leg_knows_what_was_planned_of_it() -> None:
    leg = leg_of(driven(way()))

    assert (leg.planned_meters, leg.planned_seconds) == (LEG_METERS, 120)
    assert leg.polyline == route().legs[0].polyline
    assert (leg.start_point, leg.end_point) == (place(0), place(1))
    assert leg.leg_id == "rte_1.1"


def test_a_way_that_nobody_planned_has_no_planned_length() -> None:
    one = run()
    one.start(NINE)
    one.arrive("stp_3", at(10), Source.DRIVER)

    leg = leg_of(one, tracked=False)

    assert (leg.planned_meters, leg.planned_seconds, leg.meters) == (0, None, 0)
    assert leg.basis is DistanceBasis.PLAN


@pytest.mark.parametrize(
    ("start", "end", "watt_hours"),
    [(0.80, 0.78, 1_000), (0.80, 0.80, 0), (0.30, 0.80, None)],  # of 50 kWh; charged on the way
)
def test_energy_is_what_the_battery_lost_and_nothing_when_it_gained(
    start: float, end: float, watt_hours: int | None
) -> None:
    def drained(fix: Fix) -> Fix:
        return replace(fix, charge_ratio=start if fix.at < at(1) else end)

    assert leg_of(driven(way(drained))).watt_hours == watt_hours


def test_a_battery_that_nobody_read_has_no_energy_to_tell() -> None:
    assert leg_of(driven(way())).watt_hours is None


# For whom.


def test_a_share_tells_how_many_parcels_go_how_far_from_the_start() -> None:
    full = [stop(n, task(n, parcel_ids=tuple(f"p{n}{i}" for i in range(n)))) for n in (1, 2, 3)]
    one = run(route(stops=tuple(full)))
    one.start(NINE)
    one.arrive("stp_1", at(2), Source.DRIVER)

    leg = leg_of(one, tracked=False)

    assert [one.item_count for one in leg.shares] == [1, 2, 3]
    far = [one.great_circle_meters for one in leg.shares]
    assert far == [pytest.approx(LEG_METERS * n, abs=2) for n in (1, 2, 3)]


def test_goods_of_a_pickup_are_hauled_from_there_and_to_the_end_where_nobody_gets_them() -> None:
    fetched = replace(task(1), kind=TaskKind.PICKUP, delivery_id="del_3")
    kept = replace(task(2), kind=TaskKind.PICKUP)
    day = replace(route(), stops=(stop(1, fetched), stop(2, kept), stop(3)))

    far = hauls(day)

    assert far["tsk_3"] == pytest.approx(LEG_METERS * 2, abs=2)
    assert far["tsk_2"] == pytest.approx(LEG_METERS * 2, abs=2), "back to the depot"


def test_a_haul_from_nobody_knows_where_is_not_known() -> None:
    assert hauls(replace(route(), start=None)) == {}

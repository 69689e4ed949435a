"""
What a van does at tenants' own geofences.

Method: a van drives up the street past fences at written places; receivers are as bad as `noise`
says. Entering and leaving alternate, whatever the noise.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain import halt
from services.tracking.domain.event import Crew, FencePassed
from services.tracking.domain.fence import Circle, Fence, Polygon
from services.tracking.domain.fix import Fix
from services.tracking.domain.passing import Inside, Passing, at_hand, boxed, passed
from services.tracking.domain.words import FencePassage
from services.tracking.tests.domain.noise import drifting, gapped, noisy, shifted
from services.tracking.tests.town import LEG_METERS, NINE, Drive, place

CREW = Crew("rte_1", vehicle_id="van-1")
YARD = Fence("yard", Circle(place(1), 150))
GATE = Fence("gate", Circle(shifted(place(1), -LEG_METERS / 2, 0), 20))
ENTER, EXIT = FencePassage.ENTER, FencePassage.EXIT
DWELL, CROSSED = FencePassage.DWELL, FencePassage.CROSSED


def watched(fixes: Iterable[Fix], *fences: Fence) -> list[FencePassed]:
    """What was told of some fixes."""
    samples: tuple[halt.Sample, ...] = ()
    passing, told = Passing(), list[FencePassed]()
    for fix in fixes:
        samples = halt.extended(samples, fix)
        passing, events = passed(passing, samples, fences, CREW)
        told += events
    return told


def passages(told: list[FencePassed]) -> list[FencePassage]:
    """What was done."""
    return [one.passage for one in told]


def visit(stay: int) -> list[Fix]:
    """Up to the yard, a stay, and on."""
    drive = Drive()
    return [*drive.to(place(1), 120), *drive.stand(stay), *drive.to(place(2), 120)]


def test_a_visit_is_entering_and_leaving() -> None:
    entered, left = watched(visit(300), YARD)

    assert (entered.passage, left.passage) == (ENTER, EXIT)
    assert abs(entered.at - (NINE + timedelta(seconds=104))) <= timedelta(seconds=10)
    assert left.since == entered.at
    assert abs(left.at - (NINE + timedelta(seconds=440))) <= timedelta(seconds=20)


@pytest.mark.parametrize(("seconds", "told"), [(200, [ENTER, DWELL, EXIT]), (100, [ENTER, EXIT])])
def test_staying_for_the_dwell_time_is_told_once(seconds: int, told: list[FencePassage]) -> None:
    yard = replace(YARD, dwell=timedelta(seconds=180))

    assert passages(watched(visit(seconds), yard)) == told


def test_a_dwell_is_told_at_the_moment_it_was_full() -> None:
    entered, dwelt, _ = watched(visit(600), replace(YARD, dwell=timedelta(minutes=5)))

    assert dwelt.at == entered.at + timedelta(minutes=5)


def test_a_fence_between_two_fixes_was_crossed() -> None:
    drive = Drive()
    fixes = [*drive.stand(20), *drive.to(place(1), 120), *drive.stand(60)]
    offs = [fix for fix in fixes if abs(fix.point.latitude - GATE.area.center.latitude) < 2e-4]  # type: ignore[union-attr]
    between = [fix for fix in fixes if fix not in offs]

    (crossed,) = watched(between, GATE)

    assert crossed.passage is CROSSED
    assert abs(crossed.at - (NINE + timedelta(seconds=80))) <= timedelta(seconds=5)


def test_a_thin_gate_across_the_road_is_crossed() -> None:
    middle = GATE.area.center  # type: ignore[union-attr]
    line = [shifted(middle, north, east) for north, east in ((0, -50), (0, 50), (3, 50), (3, -50))]

    assert passages(watched(visit(60), Fence("line", Polygon(tuple(line))))) == [CROSSED]


def test_a_fence_beside_the_road_is_not_crossed() -> None:
    beside = Fence("beside", Circle(shifted(place(1), -LEG_METERS / 2, 60), 20))

    assert watched(visit(60), beside) == []


def test_one_fix_that_strays_into_a_fence_neither_enters_nor_crosses() -> None:
    fixes = list(Drive().stand(300))
    fixes[10] = replace(fixes[10], point=place(1))

    assert watched(fixes, YARD) == []


@pytest.mark.parametrize("seed", range(20))
def test_noise_outliers_and_gaps_make_a_visit_neither_more_nor_less(seed: int) -> None:
    dice = random.Random(seed)
    fixes = noisy(gapped(visit(900), dice, share=0.01), dice)

    assert passages(watched(fixes, YARD)) == [ENTER, EXIT]


@pytest.mark.parametrize("seed", range(10))
def test_a_van_parked_at_the_edge_does_not_flap(seed: int) -> None:
    drive = Drive(where=shifted(place(1), 150, 0))
    dice = random.Random(seed)

    told = passages(watched(noisy(drive.stand(3_600), dice), YARD))

    assert told in ([], [ENTER])


@pytest.mark.parametrize("seed", range(10))
def test_a_receiver_that_creeps_inside_stays_in(seed: int) -> None:
    fixes = drifting(Drive(where=place(1)).stand(3_600), random.Random(seed), most=170)

    assert passages(watched(fixes, YARD)) == [ENTER]


def test_fixes_that_were_looked_at_are_not_looked_at_again() -> None:
    fixes = visit(300)

    assert passages(watched([*fixes, *fixes], YARD)) == [ENTER, EXIT]


def test_only_what_the_way_may_touch_is_measured_and_nothing_is_missed() -> None:
    city = [
        Fence(f"f{n:03}", Circle(shifted(place(1), 900 * (n // 16), 900 * (n % 16)), 100))
        for n in range(64)
    ]
    ready, measured = boxed(city), 0
    samples: tuple[halt.Sample, ...] = ()
    passing, told = Passing(), list[FencePassed]()
    fixes = visit(60)
    for fix in fixes:
        samples = halt.extended(samples, fix)
        near = at_hand(passing, samples, ready)
        measured += len(near)
        passing, events = passed(passing, samples, near, CREW)
        told += events

    assert told == watched(fixes, *city)
    assert told
    assert measured <= 2 * len(fixes)


def test_a_fence_that_it_is_in_is_measured_wherever_the_way_leads() -> None:
    inside = Passing((Inside("yard", NINE),))
    (sample,) = halt.extended((), next(iter(Drive(where=place(3)).stand(20))))

    assert at_hand(inside, (sample,), boxed([YARD, GATE])) == [YARD]

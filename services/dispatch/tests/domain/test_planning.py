"""
What the planner is asked: places, windows and goods; vehicles, intervals and skills; nobody's name.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.domain.delivery import (
    HandoverAlternative,
    HandoverKind,
    Recipient,
)
from services.dispatch.domain.fleet import Driver, Place, PlaceKind, RateCard, ShiftBreak, Vehicle
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.planning import (
    Crew,
    PlanTask,
    Problem,
    UnderWay,
    allowing,
    plan_shift,
    plan_task,
    spread,
)
from services.dispatch.domain.route import StopTask
from services.dispatch.domain.task import TaskType
from services.dispatch.domain.values import AccessProfile, Address, Skill
from services.dispatch.tests.domain import samples
from services.dispatch.tests.domain.samples import DAY, VAN, at, delivery, place, task, window

PERSONAL: dict[str, Any] = {
    "recipient": Recipient("Grace", "+358401234567", "grace@example.org"),
    "address": Address(address_lines=("Katu 1",), locality="Espoo"),
    "access_profile": AccessProfile(floor=2, gate_code="4711", note="dog"),
    "instructions": "bell",
    "alternatives": (HandoverAlternative(HandoverKind.NEIGHBOR, note="Ada"),),
}


def test_a_task_takes_its_delivery_s_windows_goods_and_demands() -> None:
    found = delivery(
        windows=(window(0, 60),),
        promise_window=window(0, 90),
        service_duration=timedelta(seconds=60),
        access_profile=AccessProfile(floor=2),
        parcels=(Parcel("p1", 1_500, 20), Parcel("p2", 500, 2)),
        required_skills=("cold",),
        any_skills=("lift", "crane"),
        excluded_skills=("petrol",),
        priority=7,
    )

    assert plan_task(task(attempt_number=2), found, {}, pickup_task_id="t-fetch") == PlanTask(
        stop_task=StopTask(
            task_id="t",
            delivery_id="d",
            type=TaskType.DELIVERY,
            attempt_number=2,
            windows=(window(0, 60),),
            promise_window=window(0, 90),
            service_duration=timedelta(seconds=110),
            mass_grams=2_000,
            volume_cubic_centimeters=22,
            parcel_ids=("p1", "p2"),
            priority=7,
            required_skills=("cold",),
        ),
        location=place(0),
        parcel_count=2,
        any_skills=("lift", "crane"),
        excluded_skills=("petrol",),
        pickup_task_id="t-fetch",
    )


@pytest.mark.parametrize(
    ("declined_by", "excluded"),
    [
        ((), ()),
        (("bob",), ("shift-bob",)),
        (("ada",), ("early-ada", "late-ada")),  # two shifts in one day
        (("bob", "ada"), ("shift-bob", "early-ada", "late-ada")),
        (("eve",), ()),  # works no shift that is planned
    ],
)
def test_whoever_declined_is_not_asked_again(
    declined_by: tuple[str, ...], excluded: tuple[str, ...]
) -> None:
    shifts_of = {"ada": ["early-ada", "late-ada"], "bob": ["shift-bob"]}

    asked = plan_task(task(excluded_driver_ids=declined_by), delivery(), shifts_of)

    assert asked.excluded_shift_ids == excluded


def test_goods_are_fetched_at_any_time_where_they_are() -> None:
    pickup = task(type=TaskType.PICKUP, location=place(7), place_id="depot")
    found = delivery(windows=(window(0, 60),), promise_window=window(0, 60), excluded_skills=("a",))

    asked = plan_task(pickup, found, {})

    assert (asked.location, asked.place_id) == (place(7), "depot")
    assert (asked.stop_task.windows, asked.stop_task.promise_window) == ((), None)
    assert asked.stop_task.service_duration == timedelta(seconds=60)
    assert asked.stop_task.mass_grams == 1_000
    assert asked.is_pickup


def test_goods_without_a_place_of_their_own_are_at_the_delivery_s() -> None:
    assert plan_task(task(type=TaskType.PICKUP), delivery(), {}).location == place(0)


@pytest.mark.parametrize("kind", [TaskType.DELIVERY, TaskType.PICKUP])
def test_the_planner_learns_nothing_about_a_person(kind: TaskType) -> None:
    told = str(asdict(plan_task(task(type=kind), delivery(**PERSONAL), {})))

    for secret in ("Grace", "+358", "grace@", "Katu", "Espoo", "4711", "dog", "bell", "Ada"):
        assert secret not in told


def crew() -> Crew:
    pause = ShiftBreak(window(60, 120), timedelta(minutes=30))
    return Crew(
        shift=samples.shift(
            breaks=(pause,), driving_duration_max=timedelta(hours=9), start_charge_watt_hours=40_000
        ),
        driver=Driver("ada", display_name="Ada L.", skills=(Skill("adr"), Skill("old", at(5)))),
        vehicle=Vehicle("van", VAN, display_name="Blue", skills=(Skill("tail-lift"),)),
        start=Place("depot", PlaceKind.DEPOT, place(-1), loading_duration=timedelta(minutes=10)),
        end=Place("home", PlaceKind.ADDRESS, place(4), loading_duration=timedelta(minutes=99)),
        rate_card=RateCard("card", "EUR", hour_cost_micros=1),
    )


def test_a_shift_takes_what_its_crew_brings() -> None:
    known = crew()
    asked = plan_shift(known)

    assert (asked.shift_id, asked.vehicle_id, asked.vehicle) == ("shift", "van", VAN)
    assert asked.interval == DAY
    assert (asked.start_location, asked.start_place_id) == (place(-1), "depot")
    assert (asked.end_location, asked.end_place_id) == (place(4), "home")
    assert asked.loading_duration == timedelta(minutes=10), "where it starts, not where it ends"
    assert asked.skills == {"adr", "tail-lift"}, "what expires on the way does not count"
    assert (asked.breaks, asked.rate_card) == (known.shift.breaks, known.rate_card)
    assert asked.driving_duration_max == timedelta(hours=9)
    assert asked.start_charge_watt_hours == 40_000
    assert asked.under_way is None
    assert "Ada" not in str(asdict(asked))


def test_a_shift_on_the_road_says_where_it_stands() -> None:
    state = UnderWay(at(5), place(1), at(0), ("t",))

    assert plan_shift(crew(), state).under_way == state


def test_only_the_tasks_named_are_held_to_certain_shifts() -> None:
    tasks = tuple(map(samples.plan_task, ("t1", "t2")))

    after = allowing(Problem(tasks, (samples.plan_shift(),)), {"t1": ["shift"], "t9": ["other"]})

    assert after.task["t1"].allowed_shift_ids == ("shift",)
    assert after.task["t2"].allowed_shift_ids == ()
    assert after.shift == {"shift": samples.plan_shift()}


def served(name: str, seconds: int) -> PlanTask:
    """A task of that many seconds."""
    task = samples.plan_task(name)
    stop_task = replace(task.stop_task, service_duration=timedelta(seconds=seconds))
    return replace(task, stop_task=stop_task)


@pytest.mark.parametrize(
    ("seconds", "shifts", "paid"),
    [
        ((600, 300), 2, timedelta(seconds=450)),
        ((600, 301), 2, timedelta(seconds=450)),  # whole seconds
        ((80_000, 40_000), 2, DAY.length),  # no more than the shift
        ((), 1, timedelta()),
    ],
)
def test_an_even_share_of_the_work_is_paid_on_every_shift(
    seconds: tuple[int, ...], shifts: int, paid: timedelta
) -> None:
    tasks = tuple(served(f"t{rank}", one) for rank, one in enumerate(seconds))
    crews = tuple(replace(samples.plan_shift(), shift_id=f"s{rank}") for rank in range(shifts))

    after = spread(Problem(tasks, crews))

    assert [shift.paid_duration for shift in after.shifts] == [paid] * shifts
    assert after.tasks == tasks


@pytest.mark.parametrize(
    ("lasted", "micros"),
    [
        (timedelta(minutes=30), 12_000_000),
        (timedelta(hours=1), 24_000_000),
        (timedelta(hours=3), 24_000_000),  # what is beyond the share is the planner's to price
        (timedelta(seconds=1), 6_667),  # rounded half up, as the planner rounds
    ],
)
def test_hours_that_are_paid_anyway_still_cost_what_the_card_says(
    lasted: timedelta, micros: int
) -> None:
    card = RateCard("card", "EUR", hour_cost_micros=24_000_000)
    shift = replace(samples.plan_shift(rate_card=card), paid_duration=timedelta(hours=1))

    assert shift.paid_micros(lasted) == micros
    assert replace(shift, rate_card=None).paid_micros(lasted) == 0

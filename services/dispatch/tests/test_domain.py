"""
Values, tasks, tenders, manifests, revisions: what is pure.

Method: small literal data; times are minutes of one hour.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshkit.errors import Conflict, NotFound, NotReady
from services.dispatch.domain import polyline, tender
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.fleet import FuelType, TravelProfile, VehicleAttributes
from services.dispatch.domain.manifest import apply, difference, manifest_of
from services.dispatch.domain.no_way import has_no_way, straightened
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.planning import PlanShift, PlanTask, Problem, TimedRoute, TimedStop
from services.dispatch.domain.revision import dropped, has_left, under_way
from services.dispatch.domain.route import (
    Leg,
    Progress,
    RevisionCause,
    Route,
    RouteState,
    Stop,
    StopState,
    StopTask,
    advanced,
    frozen_count,
    laid_over,
)
from services.dispatch.domain.task import (
    FailureReason,
    Outcome,
    Task,
    TaskOutcome,
    TaskType,
    closed,
)
from services.dispatch.domain.tender import OfferState, Tender, TenderState, TenderStrategy
from services.dispatch.domain.values import (
    AccessProfile,
    Money,
    Point,
    Skill,
    Unsound,
    Window,
    skills_held,
)
from services.dispatch.domain.vehicle_papers import category, euro_class, permits, stickers

HOUR = datetime(2026, 5, 12, 8, tzinfo=UTC)
VAN = VehicleAttributes(TravelProfile.VAN, FuelType.DIESEL, capacity_mass_grams=900_000)
LEG = Leg(1_000, timedelta(minutes=2), HOUR, polyline=polyline.encode([(0, 0), (5, 5)]))


def at(minute: float) -> datetime:
    return HOUR + timedelta(minutes=minute)


def place(rank: int) -> Point:
    return Point(60.17, 24.94 + rank / 100)


def route(count: int = 3, **fields: Any) -> Route:
    """Stops every ten minutes, two minutes of way before each."""
    stops = tuple(
        Stop(
            stop_id=f"s{rank}",
            rank=rank,
            location=place(rank),
            tasks=(StopTask(f"t{rank}", f"d{rank}", TaskType.DELIVERY),),
            arrival_time=at(10 * rank + 2),
            service_start_time=at(10 * rank + 2),
            departure_time=at(10 * rank + 10),
        )
        for rank in range(count)
    )
    legs = tuple(
        replace(
            LEG,
            departure_time=at(10 * rank),
            polyline=polyline.encode([(rank, rank), (rank + 1, rank + 1)]),
        )
        for rank in range(count + 1)
    )
    known: dict[str, Any] = {
        "route_id": "r",
        "route_plan_id": "p",
        "revision": 1,
        "state": RouteState.PUBLISHED,
        "vehicle": VAN,
        "start_location": place(-1),
        "end_location": place(-1),
        "start_time": at(0),
        "end_time": at(10 * count + 2),
        "stops": stops,
        "legs": legs,
        "revise_time": at(-60),
        "shift_id": "shift",
    }
    return Route(**known | fields)


def reached(found: Route, *states: StopState) -> Route:
    told = {
        stop.stop_id: Progress("r", stop.stop_id, state)
        for stop, state in zip(found.stops, states, strict=False)
    }
    return laid_over(found, told)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Point(90.1, 0),
        lambda: Point(0, 180.1),
        lambda: Point(0, 0),
        lambda: Point(float("nan"), 24),
        lambda: Window(HOUR, HOUR),
        lambda: Window(at(1), at(0)),
        lambda: Money("EURO", 1),
    ],
)
def test_what_cannot_be_does_not_exist(make: Any) -> None:
    with pytest.raises(Unsound):
        make()


@pytest.mark.parametrize("make", [lambda: Point(90, 180), lambda: Window(at(0), at(0.001))])
def test_what_lies_at_the_edge_exists(make: Any) -> None:
    assert make()


def test_nothing_personal_is_in_a_repr() -> None:
    parcel = Parcel("p", 5)
    made = Delivery("d", "depot", Point(60.17, 24.94), (parcel,), instructions="ring twice")

    assert "60.17" not in repr(made)
    assert "ring" not in repr(made)


@pytest.mark.parametrize(
    ("floor", "lift", "walk", "seconds"),
    [(0, False, 30, 30), (4, False, 0, 100), (4, True, 0, 60), (-1, False, 0, 25)],
)
def test_stairs_walk_and_lift_take_time(floor: int, lift: bool, walk: int, seconds: int) -> None:
    access = AccessProfile(floor, lift, timedelta(seconds=walk))

    assert access.extra_duration() == timedelta(seconds=seconds)


def test_an_expired_certificate_does_not_count() -> None:
    skills = (Skill("lift", at(10)), Skill("adr"))

    assert skills_held(skills, at(9)) == {"lift", "adr"}
    assert skills_held(skills, at(10)) == {"adr"}


def test_a_task_is_closed_once() -> None:
    task = Task("t", "d", TaskType.DELIVERY, at(0), at(0))
    success = Outcome(TaskOutcome.SUCCEEDED, at(5), "e1")
    failure = Outcome(TaskOutcome.FAILED, at(6), "e2", FailureReason.REFUSED)

    done = closed(task, success, at(7))

    assert done is not None
    assert (done.outcome, done.revision) == (TaskOutcome.SUCCEEDED, 2)
    assert closed(done, failure, at(8)) is None
    assert closed(done, success, at(8)) is None


@pytest.mark.parametrize(
    ("states", "count"),
    [
        ((), 0),
        ((StopState.PENDING, StopState.PENDING), 0),
        ((StopState.EN_ROUTE,), 0),
        ((StopState.ARRIVED,), 1),
        ((StopState.DEPARTED, StopState.PENDING), 1),
        ((StopState.PENDING, StopState.ARRIVED), 2),  # what was passed by is behind too
    ],
)
def test_what_is_behind_the_vehicle_is_frozen(states: tuple[StopState, ...], count: int) -> None:
    assert frozen_count(reached(route(), *states)) == count


def test_a_stop_never_goes_back() -> None:
    left = Progress("r", "s", StopState.DEPARTED, departure_time=at(9))
    came = Progress("r", "s", StopState.ARRIVED, arrival_time=at(3))

    after = advanced(left, came)

    assert after is not None
    assert (after.state, after.arrival_time) == (StopState.DEPARTED, at(3))
    assert advanced(after, came) is None


@pytest.mark.parametrize(
    ("minute", "sequence", "begins", "from_rank"),
    [
        (-5, ["t0"], None, None),  # not left yet
        (5, ["t0", "t1"], 0, -1),  # on the way to a stop that stays: the way counts
        (5, ["t1", "t0"], 5, -1),  # something else comes next: it begins now
        (25, ["t2"], 20, 1),  # left the second stop at 20
    ],
)
def test_the_rest_begins_where_the_vehicle_is(
    minute: float, sequence: list[str], begins: float | None, from_rank: int | None
) -> None:
    behind = [StopState.DEPARTED] * (2 if minute > 20 else 0)
    found = reached(route(), *behind)

    state = under_way(found, sequence, sequence, at(minute))

    if begins is None:
        assert state is None
        assert not has_left(found, at(minute))
        return
    assert state is not None
    assert state.state_time == at(begins)
    assert from_rank is not None
    assert state.location == place(from_rank)
    assert state.onboard_task_ids == tuple(sequence)


def test_a_dropped_stop_joins_the_ways_and_leaves_the_times() -> None:
    found = route()

    after = dropped(found, ["t1"], RevisionCause.CANCELLATION, at(0))

    assert [stop.stop_id for stop in after.stops] == ["s0", "s2"]
    assert [stop.rank for stop in after.stops] == [0, 1]
    assert after.stops[1].arrival_time == found.stops[2].arrival_time
    assert [leg.distance_meters for leg in after.legs] == [1_000, 2_000, 1_000]
    assert polyline.decode(after.legs[1].polyline) == [(1, 1), (2, 2), (3, 3)]
    assert after.distance_meters == 4_000
    assert after.revision == 2


def test_of_an_emptied_route_the_way_home_is_left() -> None:
    after = dropped(route(), ["t0", "t1", "t2"], RevisionCause.BREAKDOWN, at(0))

    assert after.stops == ()
    assert len(after.legs) == 1
    assert after.legs[0].distance_meters == 4_000


def test_a_delta_applied_to_a_manifest_gives_the_next() -> None:
    deliveries = {
        f"d{n}": Delivery(f"d{n}", "depot", place(n), (Parcel(f"p{n}"),)) for n in range(3)
    }
    open_tasks = frozenset({"t0", "t1", "t2"})
    first = manifest_of(route(), deliveries, open_tasks)
    revised = dropped(route(), ["t1"], RevisionCause.CANCELLATION, at(0))
    second = manifest_of(revised, deliveries, open_tasks - {"t1"})

    delta = difference(first, second)

    assert apply(first, delta) == second
    assert delta.removed_task_ids == ("t1",)
    assert [stop.stop.stop_id for stop in delta.changed_stops] == ["s2"]  # its rank changed
    with pytest.raises(ValueError, match="revision 1"):
        apply(second, delta)


def offered(strategy: TenderStrategy, *carriers: str) -> Tender:
    offers = tuple(tender.TenderOffer(c, f"q-{c}", Money("EUR", 1)) for c in carriers)
    blank = Tender("x", strategy, ("t",), ("d",), offers, timedelta(minutes=5), at(0), at(0))
    return tender.opened(blank, at(0))


@pytest.mark.parametrize(
    ("strategy", "asked"),
    [(TenderStrategy.SEQUENTIAL, ("a",)), (TenderStrategy.BROADCAST, ("a", "b"))],
)
def test_carriers_are_asked_in_turn_or_at_once(
    strategy: TenderStrategy, asked: tuple[str, ...]
) -> None:
    assert offered(strategy, "a", "b").open_carrier_ids == asked


@pytest.mark.parametrize(
    ("carrier", "minute", "error", "reason"),
    [
        ("b", 6, Conflict, "TENDER_TAKEN"),
        ("a", 6, NotReady, "TENDER_CLOSED"),
        ("c", 1, NotFound, "TENDER_UNKNOWN"),
    ],
)
def test_an_accepted_tender_is_accepted_by_nobody_else(
    carrier: str, minute: float, error: type[Exception], reason: str
) -> None:
    held = tender.accepted(offered(TenderStrategy.BROADCAST, "a", "b"), "a", VAN, "r", at(1))

    with pytest.raises(error) as caught:
        tender.require_acceptable(held, carrier, at(minute))

    assert getattr(caught.value, "reason", "") == reason


@pytest.mark.parametrize(("minute", "open_still"), [(4.99, True), (5, False)])
def test_an_offer_ends_at_its_time(minute: float, open_still: bool) -> None:
    found = offered(TenderStrategy.SEQUENTIAL, "a")

    if open_still:
        assert tender.require_acceptable(found, "a", at(minute))
        assert tender.expired(found, at(minute)) is None
        return
    with pytest.raises(NotReady) as caught:
        tender.require_acceptable(found, "a", at(minute))
    assert caught.value.reason == "TENDER_EXPIRED"
    after = tender.expired(found, at(minute))
    assert after is not None
    assert after.state is TenderState.EXPIRED


def test_when_all_decline_the_tender_is_declined() -> None:
    no = tender.TenderDeclineReason.PRICE
    first = tender.declined(offered(TenderStrategy.SEQUENTIAL, "a", "b"), "a", no, at(1))
    second = tender.declined(first, "b", no, at(2))

    assert first.open_carrier_ids == ("b",)
    assert second.state is TenderState.DECLINED


def test_a_carrier_sees_its_own_offer_and_nobody_s_else() -> None:
    held = tender.accepted(offered(TenderStrategy.BROADCAST, "a", "b"), "a", VAN, "r", at(1))

    seen = tender.seen_by(held, "b")

    assert seen is not None
    assert [offer.carrier_id for offer in seen.offers] == ["b"]
    assert (seen.carrier_id, seen.route_id, seen.vehicle) == ("", "", None)
    assert seen.offers[0].state is OfferState.CLOSED
    assert tender.seen_by(held, "c") is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "UNSPECIFIED"),
        ({"gross_mass_grams": 3_500_000}, "N1"),
        ({"gross_mass_grams": 3_500_001}, "N2"),
        ({"gross_mass_grams": 12_000_001}, "N3"),
        ({"profile": TravelProfile.CARGO_BIKE}, "CYCLE"),
        ({"vehicle_category": "n1"}, "N1"),
    ],
)
def test_papers_say_the_category(fields: dict[str, Any], expected: str) -> None:
    assert category(replace(VAN, **fields)) == expected


@pytest.mark.parametrize(("text", "number"), [("6d", 6), ("Euro 5", 5), ("", None), ("x", None)])
def test_papers_say_the_emission_class(text: str, number: int | None) -> None:
    assert euro_class(replace(VAN, emission_class=text)) == number


def test_a_sticker_has_a_grade_and_a_permit_has_none() -> None:
    known = replace(VAN, permit_ids=("de-plakette.4", "gb-dvs"))

    assert list(stickers(known)) == [("de-plakette", 4)]
    assert permits(known) == ["gb-dvs"]


@given(
    st.lists(st.tuples(st.integers(-9_000_000, 9_000_000), st.integers(-18_000_000, 18_000_000)))
)
def test_a_polyline_is_what_it_was(points: list[tuple[int, int]]) -> None:
    assert polyline.decode(polyline.encode(points)) == points


def test_the_published_example_is_read_as_published() -> None:
    """The example of Google's description of the format."""
    assert polyline.decode("_p~iF~ps|U_ulLnnqC_mqNvxq`@") == [
        (3_850_000, -12_020_000),
        (4_070_000, -12_095_000),
        (4_325_200, -12_645_300),
    ]


def test_a_leg_without_a_way_is_a_straight_line_and_what_follows_is_in_time() -> None:
    endless = timedelta(seconds=100_000_000)
    never, all_day = at(0) + endless, Window(at(0), at(500))
    stops = tuple(
        TimedStop((f"t{n}",), place(n), "", never, never, never + timedelta(minutes=5), 0)
        for n in range(2)
    )
    legs = tuple(replace(LEG, travel_duration=endless) for _ in range(3))
    timed = TimedRoute("s", at(0), at(9) + endless, stops, legs, (), 0, endless, 0, 0)
    tasks = tuple(
        PlanTask(StopTask(f"t{n}", f"d{n}", TaskType.DELIVERY, windows=(all_day,)), place(n))
        for n in range(2)
    )
    shift = PlanShift("s", "v", VAN, Window(at(0), at(600)), place(-1), place(-1))

    assert has_no_way(timed)
    found = straightened(timed, Problem(tasks, (shift,)))

    assert not has_no_way(found)
    assert all(leg.straight_line for leg in found.legs)
    arrivals = [stop.arrival_time for stop in found.stops]
    assert at(0) < arrivals[0] < arrivals[1] < found.end_time < at(120)
    assert found.stops[0].departure_time - found.stops[0].service_start_time == timedelta(minutes=5)

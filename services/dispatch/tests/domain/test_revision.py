"""
From one revision of a route to the next: what lies behind or under the vehicle stays as it was.

Method: roads as strings, one letter for each stop (`D` departed, `A` arrived, `S` being served,
`.` ahead), ten minutes from stop to stop: two on the way, eight at the door.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.dispatch.domain.planning import Problem, TimedRoute
from services.dispatch.domain.polyline import decode
from services.dispatch.domain.revision import (
    Carriage,
    assembled,
    dropped,
    has_left,
    last_departure,
    remaining_task_ids,
    shift_of_route,
    spliced,
    under_way,
)
from services.dispatch.domain.route import (
    Leg,
    RevisionCause,
    Route,
    RouteBreak,
    RouteState,
    StopState,
    frozen_count,
)
from services.dispatch.tests.domain.samples import (
    TICK,
    VAN,
    at,
    leg,
    numbered,
    place,
    plan_shift,
    plan_task,
    route,
    stop,
    timed,
)

CAUSE = RevisionCause.LATE_DELIVERY
PAUSE = timedelta(minutes=5)


def problem(*names: str, found: Route | None = None, now: datetime | None = None) -> Problem:
    """Some tasks and the shift; under way on a route, if one is given."""
    shift = plan_shift()
    if found is not None and now is not None:
        shift = shift_of_route(found, shift, under_way(found, names, names, now))
    return Problem(tuple(map(plan_task, names)), (shift,))


def pause(minute: float, before_rank: int) -> RouteBreak:
    return RouteBreak(at(minute), PAUSE, before_rank)


def revised(found: Route, answer: TimedRoute, now: datetime, *names: str) -> Route:
    asked = problem(*names, found=found, now=now)
    return spliced(found, answer, asked, CAUSE, now, numbered())


# The first revision.


def test_a_route_of_ours_names_shift_driver_and_vehicle() -> None:
    carriage = Carriage("plan", driver_id="ada")

    made = assembled(
        timed(["t0 t1", "t2"]), problem("t0", "t1", "t2"), carriage, at(-5), numbered()
    )

    assert (made.shift_id, made.driver_id, made.vehicle_id) == ("shift", "ada", "van")
    assert (made.carrier_id, made.tender_id, made.route_plan_id) == ("", "", "plan")
    assert (made.revision, made.state, made.cause) == (1, RouteState.PLANNED, None)
    assert (made.revise_time, made.start_time, made.end_time) == (at(-5), at(0), at(22))
    assert [s.task_ids for s in made.stops] == [("t0", "t1"), ("t2",)]
    assert [s.rank for s in made.stops] == [0, 1]
    assert [s.stop_id for s in made.stops] == ["stp_2", "stp_3"]
    assert made.stops[0].service_duration == timedelta(minutes=7)
    assert (made.distance_meters, made.energy_watt_hours) == (3_000, 600)


def test_a_route_of_a_carrier_names_neither_shift_nor_vehicle_of_ours() -> None:
    carriage = Carriage("plan", carrier_id="bikes", tender_id="x")

    made = assembled(timed(["t0"]), problem("t0"), carriage, at(0), numbered())

    assert (made.shift_id, made.driver_id, made.vehicle_id) == ("", "", "")
    assert (made.carrier_id, made.tender_id) == ("bikes", "x")
    assert made.vehicle == VAN


# Where the vehicle is.


@pytest.mark.parametrize(
    ("road", "state", "now", "left"),
    [
        ("..", RouteState.PUBLISHED, at(0) - TICK, False),
        ("..", RouteState.PUBLISHED, at(0), False),
        ("..", RouteState.PUBLISHED, at(0) + TICK, True),
        ("..", RouteState.ACTIVE, at(-30), True),
        ("A.", RouteState.PUBLISHED, at(-30), True),
        ("e.", RouteState.PUBLISHED, at(-30), False),
    ],
)
def test_a_vehicle_has_left_by_state_by_stop_or_by_the_clock(
    road: str, state: RouteState, now: datetime, left: bool
) -> None:
    assert has_left(route(road, state=state), now) is left


@pytest.mark.parametrize(
    ("road", "now", "minute", "rank"),
    [
        ("...", at(5), 0, -1),  # from the depot
        ("D..", at(12), 10, 0),  # as planned
        ("D..", at(7), 7, 0),  # earlier than planned
        ("D..", at(1), 2, 0),  # not before service can have begun
        ("DD.", at(40), 20, 1),
        ("A..", at(5), 10, 0),  # still being served: it sets out when that is done
        ("S..", at(5), 10, 0),
        ("A..", at(14), 14, 0),  # still there, and late: not before now
        ("DA.", at(13), 20, 1),
    ],
)
def test_a_vehicle_sets_out_from_the_last_stop_it_reached(
    road: str, now: datetime, minute: float, rank: int
) -> None:
    assert last_departure(route(road), now) == (at(minute), place(rank))


@pytest.mark.parametrize(
    ("road", "open_ids", "left"),
    [
        ("...", "t0 t1 t2", "t0 t1 t2"),
        ("...", "t2 t0", "t0 t2"),  # closed in between
        ("A..", "t0 t1 t2", "t1 t2"),
        ("DDD", "t0 t1 t2", ""),
    ],
)
def test_what_remains_is_open_and_ahead(road: str, open_ids: str, left: str) -> None:
    assert remaining_task_ids(route(road), set(open_ids.split())) == left.split()


@pytest.mark.parametrize(
    ("road", "sequence", "now", "minute", "rank"),
    [
        ("...", "t0 t1", at(1), 0, -1),  # on the way to a stop that stays: the way counts
        ("...", "t1 t0", at(1), 1, -1),  # something else comes first: it begins now
        ("...", "", at(1), 1, -1),
        ("DD.", "t2", at(21), 20, 1),
        ("DD.", "t9 t2", at(21), 21, 1),
        ("A..", "t1", at(5), 10, 0),
        ("A..", "t2", at(5), 10, 0),  # nothing else begins while it is being served
    ],
)
def test_the_rest_begins_where_the_vehicle_is(
    road: str, sequence: str, now: datetime, minute: float, rank: int
) -> None:
    state = under_way(route(road), sequence.split(), ["t1"], now)

    assert state is not None
    assert (state.state_time, state.location) == (at(minute), place(rank))
    assert state.onboard_task_ids == ("t1",)
    assert state.route_start_time == at(0)


def test_a_vehicle_that_has_not_left_begins_nowhere_yet() -> None:
    assert under_way(route("..."), ["t0"], ["t0"], at(0)) is None


@pytest.mark.parametrize(
    ("sequence", "now", "taken"),
    [("t2", at(21), ()), ("t9 t2", at(25), ()), ("t9 t2", at(25) + TICK, (0,))],
)
def test_a_break_is_taken_once_it_has_begun(
    sequence: str, now: datetime, taken: tuple[int, ...]
) -> None:
    found = route("DD.", breaks=(pause(25, 2), pause(400, 3)))

    state = under_way(found, sequence.split(), [], now)

    assert state is not None
    assert state.taken_breaks == taken


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (at(21), at(21)),
        (at(21) + TICK, at(26)),
        (at(25), at(26)),
        (at(26), at(26)),
        (at(27), at(27)),
    ],
)
def test_a_break_that_has_begun_is_finished_before_anything_new_begins(
    now: datetime, begins: datetime
) -> None:
    found = route("DD.", breaks=(pause(21, 2),))

    state = under_way(found, ["t9", "t2"], [], now)

    assert state is not None
    assert state.state_time == begins


def test_a_route_is_timed_again_with_the_vehicle_that_drives_it() -> None:
    other = replace(VAN, capacity_mass_grams=1)
    found = route("..", vehicle_id="spare", vehicle=other)

    shift = shift_of_route(found, plan_shift(), None)

    assert (shift.shift_id, shift.vehicle_id, shift.vehicle) == ("shift", "spare", other)
    assert shift.under_way is None


# The next revision, timed by the planner.


def test_a_revision_keeps_what_is_behind_and_takes_the_rest() -> None:
    found = route("DD..")
    answer = timed(["t9", "t3", "t2"], start=25, first=2)

    after = revised(found, answer, at(25), "t9", "t3", "t2")

    assert after.stops[:2] == found.stops[:2]
    assert after.legs == found.legs[:2] + answer.legs
    assert [s.task_ids for s in after.stops[2:]] == [("t9",), ("t3",), ("t2",)]
    assert [s.rank for s in after.stops] == [0, 1, 2, 3, 4]
    assert (after.start_time, after.end_time) == (found.start_time, at(57))
    assert (after.revision, after.cause, after.revise_time) == (2, CAUSE, at(25))
    assert after.distance_meters == 1_000 * 6
    assert after.driving_duration == timedelta(minutes=12)
    assert after.energy_watt_hours == 200 * 6


def test_a_vehicle_that_has_not_left_may_leave_at_another_time() -> None:
    after = revised(route(".."), timed(["t1", "t0"], start=15), at(-5), "t1", "t0")

    assert after.start_time == at(15)


def test_a_stop_keeps_its_name_for_as_long_as_its_first_task_is_done_there() -> None:
    after = revised(route("..."), timed(["t2", "t9", "t0"]), at(-5), "t2", "t9", "t0")

    assert [s.stop_id for s in after.stops] == ["s2", "stp_1", "s0"]


def test_of_a_stop_that_is_split_the_second_half_gets_a_name_of_its_own() -> None:
    found = replace(route("."), stops=(stop(0, "t1", "t2"),))

    after = revised(found, timed(["t1", "t2"]), at(-5), "t1", "t2")

    first, second = after.stops
    assert first.stop_id == "s0"
    assert second.stop_id not in ("", "s0")


def test_two_stops_that_become_one_keep_the_name_of_the_first() -> None:
    after = revised(route(".."), timed(["t1 t0"]), at(-5), "t0", "t1")

    assert [(s.stop_id, s.task_ids) for s in after.stops] == [("s1", ("t1", "t0"))]


def test_breaks_behind_stay_and_breaks_ahead_count_from_the_first_stop_of_all() -> None:
    found = route("DD..", breaks=(pause(11, 1), pause(35, 3)))
    answer = timed(["t2", "t3"], start=20, first=2, breaks=(pause(33, 1),))

    after = revised(found, answer, at(21), "t2", "t3")

    assert after.breaks == (pause(11, 1), pause(33, 3))


def test_a_break_taken_on_the_way_to_the_next_stop_is_not_forgotten() -> None:
    """
    It lies before a stop that is still ahead. The planner, told that it is taken, leaves it out; a
    revision that forgot it would have the next one plan it a second time.
    """
    found = route("DD..", breaks=(pause(21, 2),))
    after = revised(found, timed(["t3", "t2"], start=27, first=2), at(27), "t3", "t2")

    assert after.breaks == (pause(21, 2),)
    state = under_way(after, ["t2", "t3"], [], at(28))
    assert state is not None
    assert state.taken_breaks == (0,)


# The next revision, when work only goes away.


def test_a_dropped_stop_joins_the_ways_and_leaves_the_times() -> None:
    found = route("...")

    after = dropped(found, ["t1"], CAUSE, at(-5))

    assert after.stops == (found.stops[0], replace(found.stops[2], rank=1))
    assert [one.distance_meters for one in after.legs] == [1_000, 2_000, 1_000]
    assert [one.energy_watt_hours for one in after.legs] == [200, 400, 200]
    assert after.legs[1].departure_time == found.legs[1].departure_time
    assert decode(after.legs[1].polyline) == [(1, 1), (2, 2), (3, 3)]
    assert (after.revision, after.cause, after.end_time) == (2, CAUSE, found.end_time)
    assert after.distance_meters == 4_000


@pytest.mark.parametrize(
    ("road", "gone", "stops", "legs"),
    [
        ("...", "t0", "s1 s2", [2, 1, 1]),
        ("...", "t2", "s0 s1", [1, 1, 2]),
        ("...", "t0 t1 t2", "", [4]),  # the way home is left
        ("...", "", "s0 s1 s2", [1, 1, 1, 1]),
        ("...", "t9", "s0 s1 s2", [1, 1, 1, 1]),
        ("DA.", "t0 t1", "s0 s1 s2", [1, 1, 1, 1]),  # reached: it stays
        ("DA.", "t0 t1 t2", "s0 s1", [1, 1, 2]),
        ("DDD", "t0 t1 t2", "s0 s1 s2", [1, 1, 1, 1]),
    ],
)
def test_only_what_is_ahead_goes_and_the_way_stays_as_long(
    road: str, gone: str, stops: str, legs: list[int]
) -> None:
    found = route(road)

    after = dropped(found, gone.split(), CAUSE, at(-5))

    assert " ".join(s.stop_id for s in after.stops) == stops
    assert [one.distance_meters // 1_000 for one in after.legs] == legs
    assert after.distance_meters == sum(one.distance_meters for one in found.legs)
    assert after.stops[: frozen_count(found)] == found.stops[: frozen_count(found)]


def test_a_stop_stays_for_the_tasks_that_are_left() -> None:
    found = replace(route("."), stops=(stop(0, "t1", "t2"),))

    after = dropped(found, ["t1"], CAUSE, at(-5))

    assert [s.task_ids for s in after.stops] == [("t2",)]


def test_a_joined_way_is_straight_if_a_part_of_it_is_and_has_no_slices() -> None:
    ways: list[Leg] = [
        leg(0),
        leg(1, straight_line=True, polyline=""),
        leg(2, slice_travel_seconds=(60, 90)),
    ]

    after = dropped(route("..", legs=tuple(ways)), ["t1"], CAUSE, at(-5))

    assert after.legs[0] == leg(0)
    assert after.legs[1].straight_line
    assert after.legs[1].slice_travel_seconds == ()
    assert after.legs[1].polyline == leg(2).polyline


@pytest.mark.parametrize(
    ("gone", "rank"), [("t0", 1), ("t1", 1), ("t2", 2), ("t0 t1", 0), ("t0 t1 t2", 0)]
)
def test_a_break_stays_before_the_stop_that_is_served_after_it(gone: str, rank: int) -> None:
    """The break lies between the second stop and the third."""
    found = route("...", breaks=(pause(20.5, 2),))

    after = dropped(found, gone.split(), CAUSE, at(-5))

    assert after.breaks == (pause(20.5, rank),)


def test_a_revision_does_not_change_the_one_before() -> None:
    found = route("D..", acknowledged_revision=1)
    kept = replace(found)

    after = dropped(found, ["t1"], CAUSE, at(12))

    assert found == kept
    assert after.acknowledged_revision == 1, "the driver has not seen the new one"
    assert after.stops[0].state is StopState.DEPARTED

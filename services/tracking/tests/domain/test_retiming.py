"""
When the planner is asked again, and what becomes of its answer.

Method: the street of `town`; the vehicle is on its way, then one thing is made different at a time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.tracking.domain.eta import expect
from services.tracking.domain.event import EtaBasis
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, encode
from services.tracking.domain.observing import observe
from services.tracking.domain.retiming import Wish, asked, miss, retime
from services.tracking.domain.route import Leg
from services.tracking.domain.run import Run
from services.tracking.domain.words import Source
from services.tracking.tests.town import EPOCH, NINE, at, place, route, run

ON_WAY = Point(place(1).latitude - 0.005, place(1).longitude)
OFF_WAY = Point(ON_WAY.latitude, ON_WAY.longitude + 0.02)  # about a kilometer east


def driving(minutes: float = 1, where: Point = ON_WAY, **changes: object) -> Run:
    """A route that left at nine, with a position."""
    one = run(route(**changes))  # type: ignore[arg-type]
    one.start(NINE)
    observe(one, Fix(EPOCH, 1, at(minutes), where, 8, speed_centimeters_per_second=900))
    return one


def wished(one: Run, minutes: float = 1) -> Wish:
    """What is to be asked, for sure."""
    wish = asked(one, at(minutes))
    assert wish is not None
    return wish


def test_a_route_that_does_as_planned_asks_nobody() -> None:
    assert asked(driving(), at(1)) is None


def test_a_route_that_has_not_started_asks_nobody() -> None:
    assert asked(run(route(revision=2)), at(1)) is None


def test_a_revised_route_asks_once() -> None:
    one = driving(revision=2)
    wish = wished(one)
    retime(one, wish, {})

    assert [halt.stop_id for halt in wish.halts] == ["stp_1", "stp_2", "stp_3"]
    assert (wish.start, wish.from_stop_id) == (ON_WAY, "")
    assert asked(one, at(1)) is None


def test_a_vehicle_off_its_way_asks_and_again_a_few_minutes_later() -> None:
    one = driving(where=OFF_WAY)
    retime(one, wished(one), {})

    assert asked(one, at(2)) is None
    assert asked(one, at(7)) is not None


def test_an_hour_off_the_plan_other_traffic_meets_it() -> None:
    one = driving()
    one.arrive("stp_1", at(2), Source.DRIVER)

    assert asked(one, at(20)) is None
    wish = wished(one, 70)
    assert (wish.start, wish.from_stop_id) == (place(1), "stp_1")


def test_expectations_go_by_the_planners_legs_until_the_next_revision() -> None:
    one = driving(revision=2)
    line = encode((ON_WAY, place(1)))
    legs = {"stp_1": Leg(556, 600, line), "stp_2": Leg(1_112, 900)}
    retime(one, wished(one), legs)

    first, second, third = expect(one, at(1))
    one.revise(route(revision=3))

    assert abs(first.p50 - at(11)) < timedelta(seconds=5)
    assert abs(second.p50 - at(11 + 3 + 15)) < timedelta(seconds=5)
    assert abs(third.p50 - at(11 + 3 + 15 + 3 + 2)) < timedelta(seconds=5)
    assert abs(next(iter(expect(one, at(1)))).p50 - at(2)) < timedelta(seconds=5)


def test_an_answer_about_an_older_revision_changes_nothing() -> None:
    one = driving(revision=2)
    wish = wished(one)
    one.revise(route(revision=3))
    retime(one, wish, {"stp_1": Leg(1, 1)})
    miss(one, wish)

    assert (one.progress.retimed, one.progress.untimed) == ({}, False)


def test_without_the_planner_expectations_rest_on_the_plan_and_are_never_blank() -> None:
    one = driving(revision=2)
    wish = wished(one)
    miss(one, wish)
    flagged = list(expect(one, at(1)))
    assert asked(one, at(1)) == wish  # and it is asked again
    retime(one, wish, {})

    assert [eta.basis for eta in flagged] == [EtaBasis.PLAN] * 3
    assert {eta.basis for eta in expect(one, at(1))} == {EtaBasis.LIVE}


def test_what_the_planner_missed_is_forgotten_once_the_plan_holds_again() -> None:
    one = driving()
    one.progress = replace(one.progress, untimed=True)

    assert asked(one, at(1)) is None
    assert not one.progress.untimed

"""
No insight is a constant: for every field of an expectation and of a risk there is something that
happens, or is known, and changes it (trap T3: delays that are always nought, risks always low).

Method: a base case on the street of `town`, and a table of one change each with the fields that it
must move. Every field of both classes must stand in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

import pytest

from services.tracking.domain.calibration import Bend, Calibration
from services.tracking.domain.eta import Outlook, expect
from services.tracking.domain.event import Eta, EtaChanged, Risk, RiskChanged, StopArrived
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.observing import observe
from services.tracking.domain.pace import Pace
from services.tracking.domain.risk import assess
from services.tracking.domain.route import Window
from services.tracking.domain.run import Run
from services.tracking.domain.service_time import Service
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.ticking import tick
from services.tracking.domain.words import Source
from services.tracking.tests.town import EPOCH, NINE, at, place, route, run, stop, task

SOON = Window(at(0), at(13))  # a promise that the third stop just about keeps
HALFWAY = Point(place(1).latitude - 0.005, place(1).longitude)


@dataclass(frozen=True)
class Case:
    """Everything that an insight rests on."""

    run: Run
    now: datetime = NINE
    outlook: Outlook = field(default_factory=Outlook)

    @property
    def eta(self) -> Eta:
        """What is expected at the last stop ahead."""
        return list(expect(self.run, self.now, self.outlook))[-1]

    @property
    def risk(self) -> Risk:
        """The risk of the promise there."""
        return next(assess(self.run.route, self.eta))


def base(**changes: object) -> Case:
    """Three stops, under way since nine, seen just now."""
    stops = (stop(1), stop(2), stop(3, task(3, promise=SOON)))
    one = run(route(stops=stops, **changes))  # type: ignore[arg-type]
    one.start(NINE)
    return seen(Case(one), at(0.1), place(0))


def seen(case: Case, when: datetime, where: Point) -> Case:
    """A position, and the moment of it."""
    observe(case.run, Fix(EPOCH, 1, when, where, 8, speed_centimeters_per_second=900))
    return replace(case, now=when)


def later() -> Case:
    return seen(base(), at(6), HALFWAY)


def silent() -> Case:
    return replace(base(), now=at(8))


def slow_stops() -> Case:
    services = {f"stp_{n}": Service(400, 0.5, failure=0.3) for n in (1, 2, 3)}
    return replace(base(), outlook=Outlook(services=services))


def in_snow() -> Case:
    return replace(base(), outlook=Outlook(slower=lambda point, when: 1.5))


def in_traffic() -> Case:
    pace = Pace(traffic=0.3, traffic_doubt=0.01, learned=True)
    return replace(base(), outlook=Outlook(pace=pace))


def unsure() -> Case:
    bends = (Bend(shift=0.5, low=2.0, high=3.0),) * 6
    return replace(base(), outlook=Outlook(calibration=Calibration(bends)))


def one_stop_done() -> Case:
    case = base()
    case.run.arrive("stp_1", at(2), Source.DRIVER)
    case.run.depart("stp_1", at(5), Source.DRIVER)
    return seen(case, at(5), place(1))


def only_the_plan() -> Case:
    stops = (stop(1), stop(2), stop(3, task(3, promise=SOON)))
    return Case(run(route(stops=stops)))


def revised() -> Case:
    case = base()
    stops = (stop(1), stop(3, task(3, promise=SOON)))
    case.run.revise(route(2, stops=stops, revision=2))
    return case


def elsewhere() -> Case:
    case = base(route_id="rte_2")
    case.run.skip("stp_3")
    return case


def urgent() -> Case:
    case = base()
    stops = (*case.run.route.stops[:2], stop(3, task(3, promise=Window(at(0), at(8)), priority=7)))
    case.run.revise(route(stops=stops, revision=2))
    return case


ETA_CHANGES: list[tuple[Callable[[], Case], set[str]]] = [
    (later, {"p10", "p50", "p90", "computed_at", "fix_at", "remaining_meters"}),
    (silent, {"basis", "p90", "computed_at"}),
    (slow_stops, {"p50", "p90", "service_seconds", "service_spread", "failure", "raw"}),
    (in_snow, {"p50", "slowed", "raw"}),
    (in_traffic, {"p50", "p90", "raw"}),
    (unsure, {"p10", "p50", "p90"}),
    (one_stop_done, {"remaining_stops", "remaining_meters"}),
    (only_the_plan, {"basis", "fix_at"}),
    (revised, {"revision", "remaining_stops"}),
    (elsewhere, {"route_id", "stop_id", "planned_at"}),
]
RISK_CHANGES: list[tuple[Callable[[], Case], set[str]]] = [
    (later, {"probability", "late_seconds", "level", "stake", "eta"}),
    (slow_stops, {"probability", "late_seconds", "level", "stake", "eta"}),
    (in_snow, {"probability", "stake", "eta"}),
    (urgent, {"promise", "priority", "stake", "level"}),
    (elsewhere, {"route_id", "stop_id", "task"}),
]


@pytest.mark.parametrize(
    ("change", "moved"), ETA_CHANGES, ids=lambda one: getattr(one, "__name__", "")
)
def test_what_happens_moves_an_expectation(change: Callable[[], Case], moved: set[str]) -> None:
    before, after = base().eta, change().eta

    same = {name for name in moved if getattr(before, name) == getattr(after, name)}
    assert same == set()


@pytest.mark.parametrize(
    ("change", "moved"), RISK_CHANGES, ids=lambda one: getattr(one, "__name__", "")
)
def test_what_happens_moves_a_risk(change: Callable[[], Case], moved: set[str]) -> None:
    before, after = base().risk, change().risk

    same = {name for name in moved if getattr(before, name) == getattr(after, name)}
    assert same == set()


def test_no_field_is_left_out() -> None:
    assert set().union(*(moved for _, moved in ETA_CHANGES)) == {one.name for one in fields(Eta)}
    assert set().union(*(moved for _, moved in RISK_CHANGES)) == {one.name for one in fields(Risk)}


def test_every_reason_and_a_wider_interval_are_told() -> None:
    case, told = base(), list[EtaChanged]()
    snow = Outlook(slower=lambda point, when: 4.0)
    story: list[tuple[Callable[[], Case], Outlook]] = [
        (lambda: seen(case, at(0.5), place(0)), Outlook()),
        (lambda: seen(case, at(9), HALFWAY), Outlook()),
        (lambda: seen(case, at(10.5), HALFWAY), snow),
        (lambda: replace(case, now=at(18)), snow),
        (lambda: _revised_at(case, at(40)), Outlook()),
    ]
    for happens, outlook in story:
        tick(case.run, happens().now, Thresholds(), outlook)
        told += [one for one in case.run.events if isinstance(one, EtaChanged)]
        case.run.events = []

    last = [one for one in told if one.eta.stop_id == "stp_3"]
    assert [one.reason for one in last] == [
        "FIRST",
        "PROGRESS",
        "WEATHER",
        "POSITION_LOST",
        "PLAN_REVISED",
    ]
    assert [one.wider for one in last] == [False, True, True, True, True]
    assert last[1].previous == last[0].eta.p50


def _revised_at(case: Case, when: datetime) -> Case:
    case.run.revise(replace(case.run.route, revision=2))
    return seen(case, when, HALFWAY)


def test_an_interval_that_firms_up_is_told_and_is_no_wider() -> None:
    wide = Outlook(calibration=Calibration((Bend(low=4.0, high=4.0),) * 6))
    case = base()
    tick(case.run, at(0.1), Thresholds(), wide)
    case.run.events = []
    seen(case, at(1.2), HALFWAY)
    tick(case.run, at(1.2), Thresholds(), Outlook())

    (told,) = [e for e in case.run.events if isinstance(e, EtaChanged) and e.eta.stop_id == "stp_3"]
    assert (told.reason, told.wider) == ("FIRMER", False)


def test_a_risk_that_changes_says_what_it_was_and_an_arrival_judges_what_was_expected() -> None:
    case = base()
    tick(case.run, case.now, Thresholds(), Outlook())
    seen(case, at(12), HALFWAY)
    tick(case.run, at(12), Thresholds(), Outlook())
    case.run.arrive("stp_1", at(13), Source.DRIVER)

    changed = [one for one in case.run.events if isinstance(one, RiskChanged)]
    (arrived,) = [one for one in case.run.events if isinstance(one, StopArrived)]
    assert [(one.previous, one.risk.level) for one in changed][-1][1] == "CERTAIN"
    assert [mark.horizon_minutes for mark in arrived.marks] == [5]
    assert arrived.marks[0].p50 < at(13) - timedelta(minutes=8)

"""
What a recipient sees, and when.

Method: the rules of the contract's VisibilityRule at their bounds; then whole views, with the
defaults of the contract, at each state of a delivery.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import (
    Charge,
    Eta,
    EtaBasis,
    MilestoneReached,
    Risk,
    RiskLevel,
)
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, decode, meters
from services.tracking.domain.link import LIFE, Link, LinkScope
from services.tracking.domain.route import Window
from services.tracking.domain.view import Known, View, seen, shown_point
from services.tracking.domain.visibility import Rule, Visibility, coarse
from services.tracking.domain.words import Milestone, Outcome, Source, TrackingState
from services.tracking.tests.town import EPOCH, at, place

S = TrackingState
NEAR = Eta("rte_1", "stp_2", at(8), at(10), at(12), EtaBasis.LIVE, at(0), at(9), 2, 1_500)
FAR = replace(NEAR, remaining_stops=20, remaining_meters=9_000, p50=at(120))
FIX = Fix(EPOCH, 1, at(0), Point(60.1712345, 24.9412345))
LINE = (place(1), place(2))
ALWAYS, NEVER = Rule(always=True), Rule(never=True)
RISK = Risk(
    Charge("tsk_2", "del_2"), "stp_2", "rte_1", 0.6, 0, RiskLevel.HIGH, Window(at(0), at(9)), NEAR
)


def link(visibility: Visibility | None = None) -> Link:
    """A recipient's link."""
    return Link("lnk_1", "del_2", (LinkScope.TRACK,), at(0), at(600), visibility or Visibility())


def entry(milestone: Milestone) -> MilestoneReached:
    """An entry of the timeline."""
    return MilestoneReached("", "del_2", milestone, at(0), at(0), Source.SYSTEM)


def view(
    state: TrackingState = S.OUT_FOR_DELIVERY,
    eta: Eta | None = NEAR,
    rules: Visibility | None = None,
    who: str = "recipient",
) -> View:
    """What somebody sees of a delivery in a state."""
    one = Delivery("del_2", state, task_id="tsk_2")
    if state in (S.DELIVERED, S.ATTEMPT_FAILED):
        ended = Outcome.SUCCEEDED if state is S.DELIVERED else Outcome.FAILED
        one = replace(one, outcome=ended, outcome_task_id="tsk_2")
    known = Known(one, eta, FIX, LINE, tuple(map(entry, Milestone)), (), RISK)
    return seen(known, link(rules) if who == "recipient" else None, at(0))


def shown(one: View) -> set[str]:
    """The names of what is shown."""
    things = {
        "position": one.fix,
        "eta": one.eta,
        "stops": one.remaining_stops,
        "distance": one.remaining_meters,
        "polyline": one.polyline or None,
    }
    return {name for name, thing in things.items() if thing is not None}


# Rules.


@pytest.mark.parametrize(
    ("rule", "shows"),
    [
        (Rule(stops=3), True),  # two before it: the third
        (Rule(stops=2), False),
        (Rule(time=timedelta(minutes=10)), True),
        (Rule(time=timedelta(minutes=10, microseconds=-1)), False),
        (Rule(meters=1_500), True),
        (Rule(meters=1_499), False),
        (Rule(stops=0), False),
        (ALWAYS, True),
        (NEVER, False),
        (Rule(), False),
    ],
)
def test_a_thing_is_shown_up_to_its_threshold_and_not_beyond(rule: Rule, shows: bool) -> None:
    assert rule.shows(NEAR, under_way=True) is shows


@pytest.mark.parametrize(
    ("rule", "shows"),
    [
        (Rule(stops=100), False),
        (Rule(time=timedelta(days=1)), False),
        (Rule(meters=10**6), False),
        (ALWAYS, True),
    ],
)
def test_no_threshold_shows_anything_before_the_start_or_after_the_end(
    rule: Rule, shows: bool
) -> None:
    assert rule.shows(NEAR, under_way=False) is shows
    assert rule.shows(None, under_way=True) is shows


# Views with the contract's defaults.


def test_a_recipient_whose_turn_is_third_sees_all_but_the_way() -> None:
    assert shown(view()) == {"position", "eta", "stops", "distance"}


def test_a_recipient_who_is_next_sees_the_way_too() -> None:
    one = view(eta=replace(NEAR, remaining_stops=0))

    assert shown(one) == {"position", "eta", "stops", "distance", "polyline"}


@pytest.mark.parametrize(
    ("before", "things"),
    [
        (3, {"eta", "stops"}),
        (9, {"eta", "stops"}),
        (10, {"eta"}),
    ],
)
def test_a_recipient_far_down_the_route_sees_when_and_little_else(
    before: int, things: set[str]
) -> None:
    assert shown(view(eta=replace(FAR, remaining_stops=before))) == things


@pytest.mark.parametrize("state", [S.CREATED, S.PLANNED, S.ASSIGNED])
def test_before_the_vehicle_leaves_a_recipient_sees_only_when(state: TrackingState) -> None:
    assert shown(view(state)) == {"eta"}


ALL = {"position", "eta", "stops", "distance", "polyline"}
MOST = ALL - {"polyline"}


@pytest.mark.parametrize(
    ("who", "state", "before", "things"),
    [
        ("recipient", S.CREATED, 0, {"eta"}),
        ("recipient", S.PLANNED, 0, {"eta"}),
        ("recipient", S.ASSIGNED, 0, {"eta"}),
        ("recipient", S.OUT_FOR_DELIVERY, 0, ALL),
        ("recipient", S.OUT_FOR_DELIVERY, 1, MOST),
        ("recipient", S.OUT_FOR_DELIVERY, 2, MOST),
        ("recipient", S.OUT_FOR_DELIVERY, 3, {"eta", "stops"}),
        ("recipient", S.OUT_FOR_DELIVERY, 9, {"eta", "stops"}),
        ("recipient", S.OUT_FOR_DELIVERY, 10, {"eta"}),
        ("recipient", S.ARRIVING, 0, ALL),
        ("recipient", S.ARRIVING, 2, MOST),
        ("recipient", S.DELIVERED, 0, set()),
        ("recipient", S.ATTEMPT_FAILED, 0, set()),
        ("recipient", S.HELD_AT_PUDO, 0, {"eta"}),
        ("recipient", S.RETURNING, 0, set()),
        ("recipient", S.RETURNED, 0, set()),
        ("dispatcher", S.ASSIGNED, 10, ALL),
        ("dispatcher", S.OUT_FOR_DELIVERY, 10, ALL),
        ("dispatcher", S.RETURNING, 10, ALL),
        ("dispatcher", S.DELIVERED, 0, {"position", "polyline"}),
    ],
)
def test_each_audience_sees_each_thing_from_its_threshold_on(
    who: str, state: TrackingState, before: int, things: set[str]
) -> None:
    assert shown(view(state, replace(NEAR, remaining_stops=before), who=who)) == things


@pytest.mark.parametrize("name", ["position", "eta", "stops", "distance", "polyline"])
@pytest.mark.parametrize(
    ("rule", "bound", "beyond"),
    [
        (Rule(stops=1), {"remaining_stops": 0}, {"remaining_stops": 1}),
        (Rule(time=timedelta(minutes=10)), {"p50": at(10)}, {"p50": at(10.1)}),
        (Rule(meters=900), {"remaining_meters": 900}, {"remaining_meters": 901}),
    ],
)
def test_every_kind_of_threshold_holds_for_every_thing(
    name: str, rule: Rule, bound: dict[str, object], beyond: dict[str, object]
) -> None:
    hidden = dict.fromkeys(("position", "eta", "stops", "distance", "polyline"), NEVER)
    besides = {"position"} if name == "polyline" else set()  # the way begins at the vehicle
    shows = dict.fromkeys(besides, ALWAYS)
    rules = Visibility(**{**hidden, **shows, name: rule})

    inside = view(eta=replace(NEAR, **bound), rules=rules)  # type: ignore[arg-type]
    outside = view(eta=replace(NEAR, **beyond), rules=rules)  # type: ignore[arg-type]

    assert shown(inside) == {name} | besides
    assert shown(outside) == besides


def test_a_recipient_sees_nothing_of_the_way_back_whatever_the_link_says() -> None:
    rules = Visibility(*(ALWAYS for _ in range(5)))

    assert shown(view(S.RETURNING, rules=rules)) == set()


@pytest.mark.parametrize("state", [S.DELIVERED, S.ATTEMPT_FAILED])
def test_once_the_task_has_ended_nothing_moves_any_more(state: TrackingState) -> None:
    assert shown(view(state)) == set()


@pytest.mark.parametrize("state", list(S))
def test_a_link_that_says_always_follows_nobody_to_the_stops_of_others(
    state: TrackingState,
) -> None:
    before = {S.CREATED, S.PLANNED, S.ASSIGNED, S.OUT_FOR_DELIVERY, S.ARRIVING}
    others = {S.DELIVERED, S.ATTEMPT_FAILED, S.RETURNING, S.RETURNED, S.COLLECTED}
    gone = {S.CANCELLED, S.LOST, S.DAMAGED}
    rules = Visibility(*(ALWAYS for _ in range(5)))

    things = shown(view(state, rules=rules))
    assert before | others | gone | {S.UNSPECIFIED, S.HELD_AT_PUDO} == set(S)
    if state in before:
        assert things >= {"position", "polyline"}
    if state in others | gone:
        assert not things & {"position", "polyline"}


def test_a_link_that_says_never_hides_even_what_is_near() -> None:
    hidden = Visibility(*(NEVER for _ in range(5)))

    assert shown(view(S.ARRIVING, eta=replace(NEAR, remaining_stops=0), rules=hidden)) == set()


def test_the_way_is_not_shown_without_the_vehicle() -> None:
    rules = Visibility(position=NEVER, polyline=ALWAYS)

    assert "polyline" not in shown(view(rules=rules))


def test_the_way_begins_where_the_vehicle_is() -> None:
    one = view(eta=replace(NEAR, remaining_stops=0))
    line = decode(one.polyline)

    assert meters(line[0], place(1)) < 100
    assert meters(line[-1], place(2)) < 2


# Who sees what.


def test_a_recipient_never_learns_how_the_work_is_organised() -> None:
    words = {one.milestone for one in view().entries}

    internal = {Milestone.PLAN_CHANGED, Milestone.INCIDENT_OPENED, Milestone.INCIDENT_RESOLVED}
    assert words == set(Milestone) - internal
    assert view().risk is None


def test_those_who_run_the_work_see_all() -> None:
    one = view(eta=FAR, who="dispatcher")

    assert shown(one) == {"position", "eta", "stops", "distance", "polyline"}
    assert {entry.milestone for entry in one.entries} == set(Milestone)
    assert one.risk == RISK


def test_a_recipient_sees_the_street_and_not_the_door() -> None:
    theirs, ours = shown_point(view()), shown_point(view(who="dispatcher"))

    assert theirs == coarse(FIX.point) == Point(60.1712, 24.9412)
    assert ours == FIX.point
    assert shown_point(view(S.DELIVERED)) is None


@pytest.mark.parametrize("state", list(S))
def test_a_view_has_ended_when_nothing_more_will_happen(state: TrackingState) -> None:
    final = {S.DELIVERED, S.COLLECTED, S.RETURNED, S.CANCELLED, S.LOST, S.DAMAGED}

    assert view(state).ended is (state in final)


# Surveys.

SURVEYED = (LinkScope.TRACK, LinkScope.SURVEY)


@pytest.mark.parametrize(
    ("scopes", "state", "answered", "can_answer"),
    [
        (SURVEYED, S.OUT_FOR_DELIVERY, False, False),
        (SURVEYED, S.DELIVERED, False, True),
        (SURVEYED, S.ATTEMPT_FAILED, False, True),
        (SURVEYED, S.DELIVERED, True, False),
        ((LinkScope.TRACK,), S.DELIVERED, False, False),
    ],
)
def test_a_survey_is_open_from_the_end_of_an_attempt_to_its_answer(
    scopes: tuple[LinkScope, ...], state: TrackingState, answered: bool, can_answer: bool
) -> None:
    one = Delivery("del_2", state, task_id="tsk_2")
    if state is not S.OUT_FOR_DELIVERY:
        one = replace(one, outcome=Outcome.FAILED, outcome_task_id="tsk_2")
    known = Known(one, survey_answered=answered)

    assert seen(known, replace(link(), scopes=scopes), at(0)).survey_open is can_answer


# Links.


@pytest.mark.parametrize(
    ("minutes", "revoked", "works"),
    [(0, None, True), (599.9, None, True), (600, None, False), (10, at(5), False)],
)
def test_a_link_works_until_its_end_or_its_revocation(
    minutes: float, revoked: object, works: bool
) -> None:
    one = replace(link(), revoke_time=revoked)  # type: ignore[arg-type]

    assert one.works(at(minutes)) is works


def test_a_link_lives_for_a_month_unless_told_otherwise() -> None:
    assert timedelta(days=30) == LIFE

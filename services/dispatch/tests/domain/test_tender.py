"""
Tenders: offered in turn or at once, taken by the first, and never by a second.

Method: the machine as a table of (state, command). Each state is reached by the moves that lead to
it, so that offers and times in it are real ones: carrier `a` is asked first, `b` after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from meshkit.errors import MeshError, NotFound, NotReady
from services.dispatch.domain import tender as tenders
from services.dispatch.domain.tender import (
    OfferState,
    Tender,
    TenderDeclineReason,
    TenderOffer,
    TenderState,
    TenderStrategy,
)
from services.dispatch.domain.values import Money
from services.dispatch.tests.domain.samples import TICK, VAN, at, reason

ONE_BY_ONE, AT_ONCE = TenderStrategy.SEQUENTIAL, TenderStrategy.BROADCAST
NO = TenderDeclineReason.PRICE
ANSWER = timedelta(minutes=5)


def blank(strategy: TenderStrategy = ONE_BY_ONE, carriers: str = "ab") -> Tender:
    offers = tuple(TenderOffer(c, f"q-{c}", Money("EUR", 1_000)) for c in carriers)
    return Tender("x", strategy, ("t",), ("d",), offers, ANSWER, at(0), at(0))


def offered(strategy: TenderStrategy = ONE_BY_ONE, carriers: str = "ab") -> Tender:
    return tenders.opened(blank(strategy, carriers), at(0))


def taken(strategy: TenderStrategy = ONE_BY_ONE) -> Tender:
    return tenders.accepted(offered(strategy), "a", VAN, "route", at(1))


def real(after: Tender | None) -> Tender:
    assert after is not None
    return after


def spent(carriers: str = "ab") -> Tender:
    """Nobody answered, neither in his turn."""
    once = real(tenders.expired(offered(carriers=carriers), at(5)))
    return real(tenders.expired(once, at(10)))


def refused(carriers: str = "ab") -> Tender:
    found = offered(carriers=carriers)
    for carrier in carriers:
        found = tenders.declined(found, carrier, NO, at(1))
    return found


STATES: dict[TenderState, Callable[[], Tender]] = {
    TenderState.DRAFT: blank,
    TenderState.OFFERED: offered,
    TenderState.ACCEPTED: taken,
    TenderState.DECLINED: refused,
    TenderState.EXPIRED: spent,
    TenderState.WITHDRAWN: lambda: tenders.withdrawn(offered(), at(1)),
    TenderState.IN_PROGRESS: lambda: real(tenders.begun(taken(), at(2))),
    TenderState.COMPLETED: lambda: real(tenders.completed(taken(), at(2))),
    TenderState.FELL_OFF: lambda: tenders.fell_off(taken(), at(2)),
    TenderState.CANCELLED: lambda: replace(taken(), state=TenderState.CANCELLED),
}
COMMANDS: dict[str, Callable[[Tender], Tender | None]] = {
    "a accepts": lambda found: tenders.accepted(found, "a", VAN, "route", at(3)),
    "b accepts": lambda found: tenders.accepted(found, "b", VAN, "route", at(3)),
    "a declines": lambda found: tenders.declined(found, "a", NO, at(3)),
    "withdraw": lambda found: tenders.withdrawn(found, at(3)),
    "falls off": lambda found: tenders.fell_off(found, at(3)),
    "begins": lambda found: tenders.begun(found, at(3)),
    "completes": lambda found: tenders.completed(found, at(3)),
    "time runs out": lambda found: tenders.expired(found, at(60)),
}
UNCHANGED = "-"
# What each state answers, in the order of COMMANDS: a state, a refusal, or nothing.
ANSWERS = {
    "DRAFT": "TENDER_UNKNOWN TENDER_UNKNOWN TENDER_UNKNOWN WITHDRAWN TENDER_NOT_ACCEPTED - - -",
    "OFFERED": "ACCEPTED TENDER_UNKNOWN OFFERED WITHDRAWN TENDER_NOT_ACCEPTED - - OFFERED",
    "ACCEPTED": "TENDER_CLOSED TENDER_UNKNOWN TENDER_CLOSED TENDER_CLOSED"
    " FELL_OFF IN_PROGRESS COMPLETED -",
    "IN_PROGRESS": "TENDER_CLOSED TENDER_UNKNOWN TENDER_CLOSED TENDER_CLOSED"
    " FELL_OFF - COMPLETED -",
    "DECLINED": "TENDER_CLOSED TENDER_CLOSED TENDER_CLOSED TENDER_CLOSED TENDER_NOT_ACCEPTED - - -",
    "EXPIRED": "TENDER_EXPIRED TENDER_EXPIRED TENDER_EXPIRED TENDER_CLOSED"
    " TENDER_NOT_ACCEPTED - - -",
    "WITHDRAWN": "TENDER_CLOSED TENDER_UNKNOWN TENDER_CLOSED TENDER_CLOSED"
    " TENDER_NOT_ACCEPTED - - -",
    "COMPLETED": "TENDER_CLOSED TENDER_UNKNOWN TENDER_CLOSED TENDER_CLOSED"
    " TENDER_NOT_ACCEPTED - - -",
    "FELL_OFF": "TENDER_CLOSED TENDER_UNKNOWN TENDER_CLOSED TENDER_CLOSED"
    " TENDER_NOT_ACCEPTED - - -",
    "CANCELLED": "TENDER_CLOSED TENDER_UNKNOWN TENDER_CLOSED TENDER_CLOSED"
    " TENDER_NOT_ACCEPTED - - -",
}


def answer(found: Tender, command: str) -> str:
    try:
        after = COMMANDS[command](found)
    except MeshError as refusal:
        return refusal.reason
    return UNCHANGED if after is None else after.state.value


@pytest.mark.parametrize("state", TenderState)
def test_each_state_answers_each_command_as_written(state: TenderState) -> None:
    found = STATES[state]()
    assert found.state is state

    answers = {command: answer(found, command) for command in COMMANDS}

    assert answers == dict(zip(COMMANDS, ANSWERS[state.value].split(), strict=True))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", TenderState)
def test_whatever_changes_a_tender_makes_one_revision(state: TenderState, command: str) -> None:
    found = STATES[state]()
    try:
        after = COMMANDS[command](found)
    except MeshError:
        return
    if after is not None:
        assert after.revision == found.revision + 1
        assert after.update_time > found.update_time


@pytest.mark.parametrize(
    ("strategy", "asked"), [(ONE_BY_ONE, [("a",), ("b",), ()]), (AT_ONCE, [("a", "b"), ("b",), ()])]
)
def test_carriers_are_asked_in_turn_or_at_once(
    strategy: TenderStrategy, asked: list[tuple[str, ...]]
) -> None:
    first = offered(strategy)
    second = tenders.declined(first, "a", NO, at(1))
    third = tenders.declined(second, "b", NO, at(2))

    assert [one.open_carrier_ids for one in (first, second, third)] == asked
    assert third.state is TenderState.DECLINED


def test_the_next_carrier_has_as_long_as_the_first() -> None:
    after = tenders.declined(offered(), "a", NO, at(3))

    first, second = after.offers
    assert (first.state, first.decline_reason) == (OfferState.DECLINED, NO)
    assert (second.state, second.expire_time) == (OfferState.OPEN, at(8))
    assert after.expire_time == at(8)


@pytest.mark.parametrize(
    ("now", "answers"),
    [
        (at(5) - TICK, ["ACCEPTED", "OFFERED", "-"]),
        (at(5), ["TENDER_EXPIRED", "TENDER_EXPIRED", "OFFERED"]),
    ],
)
def test_an_offer_ends_at_its_time_whether_or_not_anybody_looked(
    now: datetime, answers: list[str]
) -> None:
    asked: list[Callable[[Tender], Tender | None]] = [
        lambda found: tenders.accepted(found, "a", VAN, "route", now),
        lambda found: tenders.declined(found, "a", NO, now),
        lambda found: tenders.expired(found, now),
    ]

    told = []
    for ask in asked:
        try:
            after = ask(offered())
            told.append(UNCHANGED if after is None else after.state.value)
        except NotReady as refusal:
            told.append(refusal.reason)

    assert told == answers


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ("declines declines", TenderState.DECLINED),
        ("expires expires", TenderState.EXPIRED),
        ("declines expires", TenderState.EXPIRED),  # not every carrier declined
        ("expires declines", TenderState.EXPIRED),
    ],
)
def test_a_tender_is_declined_when_every_carrier_declined(answers: str, state: TenderState) -> None:
    found = offered()
    for turn, said in enumerate(answers.split()):
        if said == "declines":
            found = tenders.declined(found, "ab"[turn], NO, at(4 * turn + 1))
        else:
            found = real(tenders.expired(found, at(5 * turn + 5)))

    assert found.state is state


def test_what_ran_out_at_once_runs_out_together() -> None:
    after = real(tenders.expired(offered(AT_ONCE), at(5)))

    assert after.state is TenderState.EXPIRED
    assert {offer.state for offer in after.offers} == {OfferState.EXPIRED}
    assert tenders.expired(after, at(6)) is None


def test_of_all_who_were_asked_at_once_one_has_it_and_the_others_hear_so() -> None:
    held = taken(AT_ONCE)

    assert (held.carrier_id, held.route_id, held.vehicle) == ("a", "route", VAN)
    assert [o.state for o in held.offers] == [OfferState.ACCEPTED, OfferState.CLOSED]
    for ask in (COMMANDS["b accepts"], lambda found: tenders.declined(found, "b", NO, at(3))):
        with pytest.raises(MeshError) as caught:
            ask(held)
        assert (caught.value.code, reason(caught.value)) == ("ABORTED", "TENDER_TAKEN")


def test_whoever_declined_keeps_that_answer_when_another_accepts() -> None:
    declined = tenders.declined(offered(), "a", NO, at(1))

    held = tenders.accepted(declined, "b", VAN, "route", at(2))

    assert [o.state for o in held.offers] == [OfferState.DECLINED, OfferState.ACCEPTED]
    with pytest.raises(MeshError) as caught:
        tenders.accepted(held, "a", VAN, "route", at(3))
    assert reason(caught.value) == "TENDER_TAKEN"


def test_a_withdrawn_tender_keeps_the_answers_it_had() -> None:
    declined = tenders.declined(offered(carriers="abc"), "a", NO, at(1))

    after = tenders.withdrawn(declined, at(2))

    states = [offer.state for offer in after.offers]
    assert states == [OfferState.DECLINED, OfferState.CLOSED, OfferState.CLOSED]


@pytest.mark.parametrize(
    ("state", "carriers"),
    [
        (TenderState.DRAFT, ""),
        (TenderState.OFFERED, "a"),
        (TenderState.ACCEPTED, "a"),
        (TenderState.WITHDRAWN, "a"),  # b's turn never came
        (TenderState.COMPLETED, "a"),
        (TenderState.FELL_OFF, "a"),
        (TenderState.DECLINED, "ab"),
        (TenderState.EXPIRED, "ab"),
    ],
)
def test_a_carrier_sees_a_tender_once_its_turn_has_come(state: TenderState, carriers: str) -> None:
    found = STATES[state]()

    assert "".join(c for c in "abc" if tenders.seen_by(found, c) is not None) == carriers


def test_a_carrier_sees_its_own_offer_and_not_who_has_the_work() -> None:
    held = taken(AT_ONCE)

    winner, loser = real(tenders.seen_by(held, "a")), real(tenders.seen_by(held, "b"))

    assert winner == replace(held, offers=held.offers[:1])
    assert loser == replace(held, offers=held.offers[1:], carrier_id="", route_id="", vehicle=None)


@pytest.mark.parametrize("carrier", ["c", ""])
def test_to_whom_nothing_was_offered_no_tender_exists(carrier: str) -> None:
    with pytest.raises(NotFound) as caught:
        tenders.require_acceptable(offered(AT_ONCE), carrier, at(1))

    assert reason(caught.value) == "TENDER_UNKNOWN"

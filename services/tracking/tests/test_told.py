"""What recipients are told: by a message the same as by the page that its link leads to."""

from __future__ import annotations

from dataclasses import replace

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Eta, EtaBasis
from services.tracking.domain.progress import Progress, RunState, Told
from services.tracking.domain.route import Window
from services.tracking.domain.telling import tell
from services.tracking.domain.thresholds import Thresholds
from services.tracking.ports import Driven
from services.tracking.tests.town import at, route, run
from services.tracking.usecases.notifying import expected
from services.tracking.usecases.viewing import told_of

FIRST = Eta("rte_1", "stp_1", at(60), at(75), at(90), EtaBasis.LIVE, at(0), at(75), 2, 1_500)
# A little wider on both sides: too little to be told anew.
LATER = replace(FIRST, p10=at(58), p90=at(92), computed_at=at(5))
DELIVERY = Delivery("del_1", task_id="tsk_1", promise=Window(at(0), at(240)))


def told(*etas: Eta) -> Driven:
    """A route after some ticks, each of which told what was news to it."""
    made = run(route(), Progress("rte_1", state=RunState.ACTIVE))
    for eta in etas:
        tell(made, eta, Thresholds())
    return Driven(made.route, made.progress, (etas[-1],))


def test_a_message_tells_what_was_told_and_not_a_wider_window_that_is_no_news() -> None:
    driven = told(FIRST, LATER)
    page = told_of(driven, "tsk_1")

    assert page is not None
    assert (page.p10, page.p50, page.p90) == (at(60), at(75), at(90))
    assert expected(DELIVERY, driven) == Window(page.p10, page.p90)


def test_before_anything_was_told_both_tell_what_is_expected() -> None:
    driven = replace(told(LATER), progress=Progress("rte_1", told={"stp_1": Told()}))
    page = told_of(driven, "tsk_1")

    assert page == LATER
    assert expected(DELIVERY, driven) == Window(at(55), at(95)), "to five minutes"


def test_a_message_about_what_is_not_expected_tells_the_promise_and_of_what_is_over_nothing() -> (
    None
):
    assert expected(DELIVERY, None) == DELIVERY.promise
    assert expected(replace(DELIVERY, cancelled=True), told(FIRST)) is None

"""
The audit of a delivery, from its journal.

Method: the story of two deliveries, one of which is revised, scanned, paid, handed over and proved.
"""

from __future__ import annotations

from dataclasses import replace

from services.tracking.domain import event as told
from services.tracking.domain import heard
from services.tracking.domain.audit import Decision
from services.tracking.domain.customer import Said
from services.tracking.domain.fact import Amount, Scan
from services.tracking.domain.incident import About, Alarm, IncidentType, opened
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.payment import PaymentState
from services.tracking.domain.replan import PlanShift
from services.tracking.domain.words import PaymentMethod, PlanCause, ProofKind, ScanKind, Source
from services.tracking.projections.audit import (
    TELLERS,
    Row,
    about,
    decisions,
    lines,
    revisions,
    trace_of,
)
from services.tracking.tests.projections.story import (
    arrived,
    charges,
    crew,
    emission,
    known,
    outcome,
    placed,
    started,
)
from services.tracking.tests.town import at

ORDER, LATER = "a" * 32, "b" * 32
INCIDENT = opened(
    Alarm(IncidentType.NO_ACCESS, About(delivery_id="del_1"), "a gate", at(8)), "inc_1", at(8)
)


def first() -> heard.RoutePlaced:
    """The route as it was published."""
    shift = PlanShift("tsk_1", at(7))
    return replace(placed(1, 2), decision_ids=("dec_1",), shifts=(shift,), plan_id="rpl_1")


def second() -> heard.RoutePlaced:
    """The route after a late order came."""
    base = placed(1, 2, 3, by=crew(revision=2), added=(3,), minutes=1)
    shift = PlanShift("tsk_1", at(17), at(7))
    return replace(
        base, cause=PlanCause.LATE_DELIVERY, decision_ids=("dec_1", "dec_2"), shifts=(shift,)
    )


def story() -> list[Event]:
    """One day."""
    (task,) = charges(1)
    scan = Scan(ScanKind.LOADED, "pcl_1")
    euros = Amount("EUR", 5_000_000)
    return [
        known(1),
        known(2),
        first(),
        told.ParcelScanned(crew(), scan, at(-1), Source.DRIVER, "del_1"),
        started(1, 2),
        second(),
        emission(1, 100),
        arrived(1, 17),
        told.AmountCollected(
            crew(),
            task,
            euros,
            PaymentMethod.CARD,
            at(18),
            euros,
            euros,
            PaymentState.PAID,
            Source.DRIVER,
        ),
        outcome(1, 19),
        told.ProofAccepted("prf_1", "tsk_1", "del_1", (ProofKind.PHOTO,), at(19), at(20), "d-1"),
        told.IncidentOpened(INCIDENT),
        told.CommentAdded("cmt_1", "e", "del_1", at(30), "anna"),
        outcome(2, 40),
    ]


def rows(events: list[Event], name: str = "del_1") -> list[Row]:
    """The rows of a journal that are looked up under a name."""
    return [
        Row(one, moment(one), ORDER if moment(one) < at(25) else LATER)
        for one in events
        if name in about(one)
    ]


def test_every_event_that_has_an_audience_in_the_audit_can_be_told() -> None:
    kinds = {*told.Told.__args__, *heard.Heard.__args__, *Said.__args__}
    left_out = {
        told.LegCompleted,
        told.RouteCompleted,
        told.EtaChanged,
        told.RiskChanged,
        told.MilestoneReached,
        told.IdlingEnded,
        told.FencePassed,
        told.VehicleCharged,
        heard.TenderPriced,
        heard.EmissionRecorded,
        heard.DecisionHeard,
        heard.ZoneCharged,
        heard.StopNear,
    }

    assert set(TELLERS) == kinds - left_out


def test_an_audit_tells_of_one_delivery_and_of_no_other() -> None:
    found = list(lines(rows(story()), "del_1"))

    assert [line.type for line in found] == [
        "delivery_created",
        "route_published",
        "parcel_scanned",
        "route_started",
        "route_revised",
        "stop_arrived",
        "amount_collected",
        "task_outcome_recorded",
        "proof_accepted",
        "incident_opened",
        "comment_added",
    ]
    assert {line.task_id for line in found} == {"tsk_1", ""}


def test_an_audit_says_who_did_what() -> None:
    who = {line.type: line.actor for line in lines(rows(story()), "del_1")}

    assert who == {
        "delivery_created": "dispatch",
        "route_published": "dispatch",
        "parcel_scanned": "driver:driver-1",
        "route_started": "system",
        "route_revised": "dispatch",
        "stop_arrived": "driver:driver-1",
        "amount_collected": "driver:driver-1",
        "task_outcome_recorded": "driver:driver-1",
        "proof_accepted": "d-1",
        "incident_opened": "system",
        "comment_added": "anna",
    }


def test_one_trace_leads_from_the_order_to_the_proof() -> None:
    found = rows(story())
    told_of = {line.type: line.trace_id for line in lines(found, "del_1")}

    assert trace_of(found) == ORDER
    assert told_of["proof_accepted"] == told_of["delivery_created"] == ORDER
    assert told_of["comment_added"] == LATER
    assert trace_of([]) == ""


def test_revisions_say_why_and_when() -> None:
    published, revised = revisions(rows(story()), "del_1")

    assert (published.plan_id, published.arrival, published.cause) == (
        "rpl_1",
        at(7),
        PlanCause.UNSPECIFIED,
    )
    assert (revised.crew.revision, revised.arrival, revised.cause) == (
        2,
        at(17),
        PlanCause.LATE_DELIVERY,
    )


def test_a_revision_that_takes_a_delivery_off_says_so() -> None:
    off = placed(2, by=crew(revision=3), added=(), removed=(1,), minutes=2)

    (found,) = revisions(rows([off]), "del_1")

    assert (found.removed, found.arrival) == (True, None)


def test_decisions_without_news_are_named_and_have_no_verdict() -> None:
    decided = heard.DecisionHeard("dec_1", "rte_1", "ALLOW", at(-31))
    known_revisions = list(revisions(rows(story()), "del_1"))

    found = decisions(known_revisions, rows([decided], "dec_1"))

    assert found == (
        Decision("dec_1", "rte_1", "ALLOW", at(-31)),
        Decision("dec_2", "rte_1"),
    )

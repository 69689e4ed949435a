"""
Partners: quotes, tenders, the race for one, and what a carrier may see.

Method: a real server over a real PostgreSQL, two carriers, and a clock that is moved by hand.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_pb2, quote_pb2, route_pb2, tender_pb2
from doorstep.dispatch.v1 import delivery_service_pb2 as deliveries
from doorstep.dispatch.v1 import dispatch_service_pb2 as dispatch
from doorstep.dispatch.v1 import tender_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.errors import Conflict, Invalid, NotFound, NotReady, Unavailable
from meshkit.testing import TENANT
from services.dispatch.domain.fleet import FuelType
from services.dispatch.domain.task import Outcome, TaskOutcome
from services.dispatch.servicer.ticks import Ticks
from services.dispatch.servicer.tools import Tools
from services.dispatch.tests.office import Office, ask, stamp, van
from services.dispatch.tests.peers import Streets
from services.dispatch.usecases import fold

pytestmark = pytest.mark.pg

PRICE = {"currency_code": "EUR", "units": 42, "nanos": 500_000_000}


async def quoted(office: Office, *names: str) -> tuple[list[str], list[Any]]:
    """Two tasks, and a submitted quote of each carrier."""
    for name in names:
        carrier = {"carrier_id": name, "display_name": name}
        await office.desk.tenders.CreateCarrier(ask(pb.CreateCarrierRequest, carrier=carrier))
    tasks = await office.order("d1", "d2")
    asked = await office.desk.tenders.RequestQuotes(
        ask(
            pb.RequestQuotesRequest,
            task_ids=tasks,
            carrier_ids=names,
            answer_expire_time=stamp(6),
        )
    )
    return tasks, [await submit(office, quote) for quote in asked.quotes]


async def submit(office: Office, quote: Any, **fields: Any) -> Any:
    known = {"price": PRICE, "expire_time": stamp(8)} | fields
    request = ask(pb.SubmitQuoteRequest, quote_id=quote.quote_id, **known)
    return (await office.carrier(quote.carrier_id).tenders.SubmitQuote(request)).quote


async def tender(office: Office, quotes: list[Any], strategy: str = "BROADCAST") -> Any:
    request = ask(
        pb.CreateTenderRequest,
        quote_ids=[quote.quote_id for quote in quotes],
        strategy=f"TENDER_STRATEGY_{strategy}",
        answer_duration={"seconds": 600},
    )
    return (await office.desk.tenders.CreateTender(request)).tender


def accept(office: Office, carrier: str, tender_id: str, **fields: Any) -> Any:
    request = ask(
        pb.AcceptTenderRequest, tender_id=tender_id, **({"vehicle": van("ELECTRIC")} | fields)
    )
    return office.carrier(carrier).tenders.AcceptTender(request)


async def test_a_quote_tells_a_carrier_enough_to_price_and_not_who(office: Office) -> None:
    _, quotes = await quoted(office, "velo")

    (quote,) = quotes
    assert quote.state == quote_pb2.QUOTE_STATE_SUBMITTED
    assert quote.tasks[0].mass_grams == 10_000
    near = quote.tasks[0].approximate_location
    assert (near.latitude, near.longitude) == (60.17, 24.942)
    assert b"Grace" not in quote.SerializeToString()


async def test_the_carrier_that_accepts_gets_a_route_and_what_to_do(office: Office) -> None:
    tasks, quotes = await quoted(office, "velo")
    offered = await tender(office, quotes)

    reply = await accept(office, "velo", offered.tender_id)

    assert reply.tender.state == tender_pb2.TENDER_STATE_ACCEPTED
    assert reply.route.carrier_id == "velo"
    assert not reply.route.shift_id
    assert reply.route.state == route_pb2.ROUTE_STATE_PUBLISHED
    assert reply.route.cost_micros == 42_500_000
    assert reply.route.decision_ids
    assert reply.manifest.stops[0].tasks[0].recipient.display_name == "Grace H."
    assert (await office.delivery("d1")).state == delivery_pb2.DELIVERY_STATE_ASSIGNED
    mine = await office.carrier("velo").deliveries.ListTasks(deliveries.ListTasksRequest())
    assert sorted(task.task_id for task in mine.tasks) == sorted(tasks)


async def test_of_two_that_accept_at_once_one_has_it(office: Office) -> None:
    _, quotes = await quoted(office, "velo", "swift")
    offered = await tender(office, quotes)

    outcomes = await asyncio.gather(
        accept(office, "velo", offered.tender_id),
        accept(office, "swift", offered.tender_id),
        return_exceptions=True,
    )

    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert isinstance(lost, Conflict)
    assert lost.reason == "TENDER_TAKEN"
    routes = await office.desk.dispatch.ListRoutes(dispatch.ListRoutesRequest())
    assert len(routes.routes) == 1


async def test_fifty_times_the_same_acceptance_is_one_acceptance(office: Office) -> None:
    _, quotes = await quoted(office, "velo")
    offered = await tender(office, quotes)
    request = ask(pb.AcceptTenderRequest, tender_id=offered.tender_id, vehicle=van("ELECTRIC"))
    velo = office.carrier("velo").tenders

    replies = await asyncio.gather(*(velo.AcceptTender(request) for _ in range(50)))

    assert len({reply.route.route_id for reply in replies}) == 1
    assert all(reply == replies[0] for reply in replies)


async def test_a_vehicle_that_may_not_go_there_is_refused_and_the_tender_stays_open(
    office: Office, streets: Streets
) -> None:
    _, quotes = await quoted(office, "velo")
    offered = await tender(office, quotes)
    streets.forbidden = {FuelType.DIESEL}

    with pytest.raises(NotReady) as caught:
        await accept(office, "velo", offered.tender_id, vehicle=van("DIESEL"))
    assert caught.value.reason == "PLAN_VIOLATED"

    streets.down = True
    with pytest.raises(Unavailable) as unreachable:
        await accept(office, "velo", offered.tender_id)
    assert unreachable.value.reason == "COMPLIANCE_UNAVAILABLE"

    streets.down = False
    reply = await accept(office, "velo", offered.tender_id)
    assert reply.tender.state == tender_pb2.TENDER_STATE_ACCEPTED


async def test_a_carrier_knows_nothing_of_what_is_another_s(office: Office) -> None:
    _, quotes = await quoted(office, "velo", "swift")
    offered = await tender(office, quotes, "SEQUENTIAL")
    swift = office.carrier("swift").tenders

    for call in (
        swift.GetTender(pb.GetTenderRequest(tender_id=offered.tender_id)),
        swift.GetCarrier(pb.GetCarrierRequest(carrier_id="velo")),
        swift.SubmitQuote(
            ask(
                pb.SubmitQuoteRequest,
                quote_id=quotes[0].quote_id,
                price=PRICE,
                expire_time=stamp(8),
            )
        ),
        accept(office, "swift", offered.tender_id),
    ):
        with pytest.raises(NotFound):
            await call
    assert not (await swift.ListTenders(pb.ListTendersRequest())).tenders
    assert [q.carrier_id for q in (await swift.ListQuotes(pb.ListQuotesRequest())).quotes] == [
        "swift"
    ]


async def test_after_a_no_the_next_carrier_is_asked(office: Office) -> None:
    _, quotes = await quoted(office, "velo", "swift")
    offered = await tender(office, quotes, "SEQUENTIAL")

    await office.carrier("velo").tenders.DeclineTender(
        ask(
            pb.DeclineTenderRequest,
            tender_id=offered.tender_id,
            reason="TENDER_DECLINE_REASON_CAPACITY",
        )
    )

    seen = await office.carrier("swift").tenders.GetTender(
        pb.GetTenderRequest(tender_id=offered.tender_id)
    )
    assert [offer.carrier_id for offer in seen.tender.offers] == ["swift"]
    assert seen.tender.offers[0].state == tender_pb2.TENDER_OFFER_STATE_OPEN


async def test_what_nobody_accepts_in_time_runs_out_and_frees_its_tasks(
    office: Office, kit: Tools, clock: StoppedClock
) -> None:
    tasks, quotes = await quoted(office, "velo")
    offered = await tender(office, quotes)
    clock.advance(timedelta(seconds=600))

    with pytest.raises(NotReady) as caught:
        await accept(office, "velo", offered.tender_id)
    await Ticks(kit, seconds=1, acknowledge_within=timedelta(minutes=3)).tick()

    assert caught.value.reason == "TENDER_EXPIRED"
    after = await office.desk.tenders.GetTender(pb.GetTenderRequest(tender_id=offered.tender_id))
    assert after.tender.state == tender_pb2.TENDER_STATE_EXPIRED
    listed = await office.desk.deliveries.ListTasks(deliveries.ListTasksRequest())
    assert [task.tender_id for task in listed.tasks] == [""] * len(tasks)


async def test_an_expired_quote_is_neither_tendered_nor_honored(
    office: Office, clock: StoppedClock
) -> None:
    _, quotes = await quoted(office, "velo")
    clock.advance(timedelta(hours=3))

    with pytest.raises(NotReady) as caught:
        await tender(office, quotes)

    assert caught.value.reason == "QUOTE_EXPIRED"


@pytest.mark.parametrize(
    ("fields", "error", "reason"),
    [
        ({"price": {"currency_code": "USD", "units": 1}}, Invalid, "CURRENCY_WRONG"),
        ({"expire_time": stamp(1)}, Invalid, "EXPIRY_PAST"),
        ({"price": {"currency_code": "EUR", "units": -1}}, Invalid, "FIELD_INVALID"),
    ],
)
async def test_a_price_that_cannot_be_is_refused(
    office: Office, fields: dict[str, Any], error: type[Exception], reason: str
) -> None:
    carrier = {"carrier_id": "velo", "display_name": "velo"}
    await office.desk.tenders.CreateCarrier(ask(pb.CreateCarrierRequest, carrier=carrier))
    tasks = await office.order("d1")
    asked = await office.desk.tenders.RequestQuotes(
        ask(
            pb.RequestQuotesRequest,
            task_ids=tasks,
            carrier_ids=["velo"],
            answer_expire_time=stamp(6),
        )
    )

    with pytest.raises(error) as caught:
        await submit(office, asked.quotes[0], **fields)

    assert getattr(caught.value, "reason", "") == reason


async def test_tendered_tasks_are_not_planned_for_our_own_vans(office: Office) -> None:
    await office.hire("ada")
    _, quotes = await quoted(office, "velo")
    await tender(office, quotes)

    with pytest.raises(NotReady) as caught:
        await office.draft()

    assert caught.value.reason == "NOTHING_TO_PLAN"


async def test_a_tender_follows_what_happens_to_its_tasks(office: Office, kit: Tools) -> None:
    tasks, quotes = await quoted(office, "velo")
    offered = await tender(office, quotes)
    await accept(office, "velo", offered.tender_id)

    async def told(task_id: str, delivery_id: str) -> int:
        outcome = Outcome(TaskOutcome.SUCCEEDED, kit.now(), f"event-{task_id}")
        async with kit.db.transaction(TENANT) as tx:
            end = fold.OutcomeTold(task_id, delivery_id, outcome)
            await fold.take_outcome(kit.stores(tx), end, kit.now())
        got = await office.desk.tenders.GetTender(pb.GetTenderRequest(tender_id=offered.tender_id))
        return int(got.tender.state)

    assert await told(tasks[0], "d1") == tender_pb2.TENDER_STATE_IN_PROGRESS
    assert await told(tasks[1], "d2") == tender_pb2.TENDER_STATE_COMPLETED
    routes = await office.desk.dispatch.ListRoutes(dispatch.ListRoutesRequest(carrier_id="velo"))
    assert routes.routes[0].state == route_pb2.ROUTE_STATE_COMPLETED


async def test_a_carrier_that_falls_off_gives_its_tasks_back(office: Office) -> None:
    _, quotes = await quoted(office, "velo")
    offered = await tender(office, quotes)
    await accept(office, "velo", offered.tender_id)

    reply = await office.carrier("velo").tenders.ReportFallOff(
        ask(pb.ReportFallOffRequest, tender_id=offered.tender_id)
    )

    assert reply.tender.state == tender_pb2.TENDER_STATE_FELL_OFF
    assert (await office.delivery("d1")).state == delivery_pb2.DELIVERY_STATE_CREATED
    await office.hire("ada")
    assert len((await office.draft()).route_ids) == 1

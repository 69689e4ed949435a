"""
A carrier accepts a tender with a named vehicle.

The planner times the run, compliance is asked about that very vehicle, and only then is the tender
taken, by compare-and-set: of two carriers that accept at the same moment one has it and the other
hears `TENDER_TAKEN`. What the gate refuses leaves the tender open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from meshkit.caller import Caller
from meshkit.errors import NotReady
from meshkit.ids import NewId
from services.dispatch.domain.carrier import Carrier, require_priced, require_working
from services.dispatch.domain.events import (
    Fact,
    RoutePlanPublished,
    RoutePublished,
    TenderAccepted,
)
from services.dispatch.domain.fleet import VehicleAttributes
from services.dispatch.domain.planning import PlanShift, PlanTask, Problem, Proposal
from services.dispatch.domain.revision import Carriage, assembled
from services.dispatch.domain.route import Route, RouteState
from services.dispatch.domain.route_plan import RoutePlan, RoutePlanState, violated
from services.dispatch.domain.tender import (
    Tender,
    TenderOffer,
    accepted,
    require_acceptable,
    unknown,
)
from services.dispatch.domain.values import Point, Window, skills_held, span_of
from services.dispatch.ports import Compliance, Planner, Stores
from services.dispatch.usecases import gate, plans
from services.dispatch.usecases.common import Reading, require_etag, required
from services.dispatch.usecases.crews import plan_tasks_of

SEARCH = timedelta(seconds=2)  # one vehicle and at most 200 tasks
APPROACH = timedelta(hours=2)  # a run begins at most so long before its first window
RUN_MAX = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Bid:
    """What a carrier brings: its vehicle, and when it leaves, if it says."""

    tender_id: str
    etag: str
    vehicle: VehicleAttributes
    start_time: datetime | None


@dataclass(frozen=True, slots=True)
class Run:
    """The run as planned and let through, not stored yet."""

    plan: RoutePlan
    route: Route
    offer: TenderOffer


async def prepare(
    read: Reading,
    planner: Planner,
    compliance: Compliance,
    caller: Caller,
    bid: Bid,
    now: datetime,
    new_id: NewId,
) -> Run:
    """Plans the run and asks the gate; nothing is stored but compliance's decision."""
    async with read() as stores:
        tender = await _tender(stores, bid, caller, now)
        offer = require_acceptable(tender, caller.carrier_id, now)
        carrier = await _working(stores, caller.carrier_id, offer, now)
        problem = await _problem(stores, tender, carrier, bid, now)
    proposal = await planner.optimize(problem, SEARCH, seed=0)
    _require_whole(proposal, problem)
    carriage = Carriage(new_id("rpl"), carrier_id=caller.carrier_id, tender_id=tender.tender_id)
    route = assembled(proposal.routes[0], problem, carriage, now, new_id)
    clearance = await compliance.clear(carriage.route_plan_id, [route], kept=True)
    if clearance.violations:
        raise violated(clearance.violations)
    cleared = replace(
        gate.decided(route, clearance),
        state=RouteState.PUBLISHED,
        cost_micros=offer.price.micros,  # what we pay; the carrier's own costs are its own
    )
    return Run(_plan(cleared, proposal, now), cleared, offer)


async def _tender(stores: Stores, bid: Bid, caller: Caller, now: datetime) -> Tender:
    found = await stores.tenders.find(bid.tender_id)
    tender = required(found, "TENDER_UNKNOWN", bid.tender_id)
    if tender.offer_of(caller.carrier_id) is None:
        raise unknown(bid.tender_id)
    require_acceptable(tender, caller.carrier_id, now)  # a taken one says so, not that etags differ
    require_etag(bid.etag, tender.revision, bid.tender_id)
    return tender


async def _working(stores: Stores, carrier_id: str, offer: TenderOffer, now: datetime) -> Carrier:
    carrier = required(await stores.carriers.find(carrier_id), "CARRIER_UNKNOWN", carrier_id)
    require_working(carrier, now)
    quote = required(await stores.quotes.find(offer.quote_id), "QUOTE_UNKNOWN", offer.quote_id)
    require_priced(quote, now)
    return carrier


async def _problem(
    stores: Stores, tender: Tender, carrier: Carrier, bid: Bid, now: datetime
) -> Problem:
    tasks = await plan_tasks_of(stores, list(tender.task_ids), [])
    delivery = await stores.deliveries.find(tender.delivery_ids[0])
    place_id = required(delivery, "DELIVERY_UNKNOWN", tender.delivery_ids[0]).origin_place_id
    origin = required(await stores.places.find(place_id), "PLACE_UNKNOWN", place_id)
    interval = _interval(tasks, bid.start_time, now)
    shift = _shift(tender, carrier, bid.vehicle, interval, origin.location, place_id)
    return Problem(tuple(tasks), (shift,))


def _interval(tasks: list[PlanTask], start_time: datetime | None, now: datetime) -> Window:
    """When the run may be: around the windows of its tasks, and never in the past."""
    span = span_of(tuple(w for task in tasks for w in task.stop_task.windows))
    first = max(now, span.start_time - APPROACH) if span else now
    start = max(now, start_time) if start_time else first
    return Window(start, max(start, span.end_time if span else start) + RUN_MAX)


def _shift(
    tender: Tender,
    carrier: Carrier,
    vehicle: VehicleAttributes,
    interval: Window,
    origin: Point,
    place_id: str,
) -> PlanShift:
    return PlanShift(
        shift_id=tender.tender_id,
        vehicle_id=tender.tender_id,
        vehicle=vehicle,
        interval=interval,
        start_location=origin,
        end_location=origin,
        start_place_id=place_id,
        end_place_id=place_id,
        skills=skills_held(carrier.skills, interval.end_time),
    )


def _require_whole(proposal: Proposal, problem: Problem) -> None:
    """Raises NotReady `NO_FEASIBLE_PLACE` unless the run serves every task."""
    missing = gate.left_out(proposal, problem)
    if not missing:
        return
    why = next((u.detail or u.reason or "" for u in proposal.unassigned), "")
    raise NotReady(
        "NO_FEASIBLE_PLACE",
        f"{len(missing)} tasks do not fit this vehicle",
        task_id=missing[0],
        detail=why,
    )


def _plan(route: Route, proposal: Proposal, now: datetime) -> RoutePlan:
    return RoutePlan(
        route_plan_id=route.route_plan_id,
        interval=route.interval,
        route_ids=(route.route_id,),
        create_time=now,
        state=RoutePlanState.PUBLISHED,
        access_checked=True,
        decision_ids=route.decision_ids,
        access_charge_micros=route.access_charge_micros,
        cost_micros=route.cost_micros,
        distance_meters=route.distance_meters,
        route_duration=route.end_time - route.start_time,
        engine_version=proposal.engine_version,
        seed=proposal.seed,
        map_version=proposal.map_version,
        check_time=now,
        publish_time=now,
        tender_id=route.tender_id,
    )


async def accept(stores: Stores, caller: Caller, bid: Bid, run: Run, now: datetime) -> Tender:
    """Takes the tender and publishes its run in one commit."""
    found = await stores.tenders.claim(bid.tender_id)
    tender = required(found, "TENDER_UNKNOWN", bid.tender_id)
    after = accepted(tender, caller.carrier_id, bid.vehicle, run.route.route_id, now)
    require_etag(bid.etag, tender.revision, bid.tender_id)
    await plans.bind(stores, [run.route], now)
    await stores.route_plans.add(run.plan)
    await stores.routes.add(run.route)
    await stores.tenders.save(after)
    event = TenderAccepted(
        tender_id=tender.tender_id,
        carrier_id=caller.carrier_id,
        route_id=run.route.route_id,
        price=run.offer.price,
        task_ids=tender.task_ids,
    )
    stores.tell(
        Fact(tender.tender_id, now, event),
        Fact(run.plan.route_plan_id, now, RoutePlanPublished(run.plan)),
        Fact(run.route.route_id, now, RoutePublished(run.route)),
    )
    return after

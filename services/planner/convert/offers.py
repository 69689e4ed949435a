"""Windows on offer: wire to domain, domain to wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from google.type.interval_pb2 import Interval

from doorstep.planner.v1 import insertion_pb2 as pb
from services.planner.convert.insertions import task_rank
from services.planner.convert.moments import duration, first_second, last_second, timestamp
from services.planner.convert.reasons import why_not_to_proto
from services.planner.domain.contradictions import Fault
from services.planner.domain.footprint import delta_milligrams, meters_of
from services.planner.domain.plan import Route
from services.planner.domain.task import Window
from services.planner.search.insert import Insertion
from services.planner.search.offers import Offer
from services.planner.usecases.answers import OffersAnswer


def windows_from_proto(messages: Iterable[Interval]) -> tuple[Window | Fault, ...]:
    """Windows to price, and a fault in the place of each that is none."""
    return tuple(
        window_or_fault(f"windows[{rank}]", message) for rank, message in enumerate(messages)
    )


def window_or_fault(path: str, message: Interval) -> Window | Fault:
    """A window, or what is wrong with it."""
    try:
        return window(message)
    except ValueError as fault:
        return Fault(path, str(fault))


def window(message: Interval) -> Window:
    """A window; raises ValueError where it has no two ends, or nothing between them."""
    if not (message.HasField("start_time") and message.HasField("end_time")):
        raise ValueError("a window to price has a start and an end")
    return Window(first_second(message), last_second(message))


def offers_to_proto(answer: OffersAnswer, asked: Iterable[Interval]) -> Iterator[pb.WindowOffer]:
    """The offers, in the order of the windows; those of lowest known emissions are green."""
    emitted = [milligrams_of(answer, offer) for offer in answer.offers]
    lowest = min((own for own in emitted if own is not None), default=None)
    ranks = cost_ranks(answer.offers)
    for rank, (offer, interval) in enumerate(zip(answer.offers, asked, strict=True)):
        message = pb.WindowOffer(window=interval, feasible=offer.insertion is not None)
        if offer.insertion is None:
            message.reasons.extend(map(why_not_to_proto, offer.reasons))
        else:
            message.MergeFrom(price_to_proto(answer, offer, offer.insertion, emitted[rank]))
            message.cost_rank = ranks[rank]
            message.green = emitted[rank] is not None and emitted[rank] == lowest
        yield message


def milligrams_of(answer: OffersAnswer, offer: Offer) -> int | None:
    """By how much an offer raises emissions; None when that is unknown, or it is not feasible."""
    if offer.insertion is None:
        return None
    base, route = answer.base_routes[offer.insertion.line], offer.insertion.route
    return delta_milligrams(answer.prepared.instance, base, route)


def cost_ranks(offers: Sequence[Offer]) -> dict[int, int]:
    """The place of each feasible offer by its cost, from 1."""
    priced = [
        (offer.insertion.delta_micros, rank)
        for rank, offer in enumerate(offers)
        if offer.insertion is not None
    ]
    return {rank: place for place, (_, rank) in enumerate(sorted(priced), start=1)}


def price_to_proto(
    answer: OffersAnswer, offer: Offer, insertion: Insertion, milligrams: int | None
) -> pb.WindowOffer:
    """What a feasible offer costs."""
    instance = answer.prepared.instance
    base, route = answer.base_routes[insertion.line], insertion.route
    shift, visit = instance.problem.shifts[insertion.line], route.visits[insertion.rank]
    factors = shift.vehicle.emissions
    return pb.WindowOffer(
        delta_cost_micros=insertion.delta_micros,
        delta_co2e_milligrams=milligrams,
        shift_id=shift.shift_id,
        failure_cost_micros=offer.failure_micros,
        delta_distance_meters=meters_of(instance, route)
        - (meters_of(instance, base) if base else 0),
        delta_duration=duration(lasting(route) - lasting(base)),
        alternative_id=instance.option(visit.node).alternative_id,
        service_start_time=timestamp(visit.start_second),
        rank=task_rank(insertion),
        factor_set_version=factors.factor_set_version if factors else "",
    )


def lasting(route: Route | None) -> int:
    """How long a route takes, in seconds; 0 for none."""
    return route.end_second - route.start_second if route else 0

"""Looking at deliveries and routes, as each audience may."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from meshkit.errors import NotFound
from services.tracking.domain import risk as risks
from services.tracking.domain.event import Eta, Risk
from services.tracking.domain.geo import Point, decode
from services.tracking.domain.link import Link
from services.tracking.domain.note import Audience
from services.tracking.domain.telling import held
from services.tracking.domain.view import Known, View, seen
from services.tracking.ports import Driven, World

ENTRIES_MAX = 100  # the contract states it at Tracking.entries


async def view(
    world: World,
    delivery_id: str,
    link: Link | None,
    at: datetime,
    audiences: Collection[Audience],
) -> View:
    """What a delivery looks like, with the comments for some audiences."""
    known = (await world.deliveries.get([delivery_id])).get(delivery_id)
    if known is None:
        raise NotFound("DELIVERY_UNKNOWN", f"no delivery {delivery_id!r}", delivery_id=delivery_id)
    entries = tuple(await world.timeline.of(delivery_id, ENTRIES_MAX))
    proofs = tuple(await world.proofs.of_delivery(delivery_id))
    comments = tuple(await world.timeline.comments(delivery_id, audiences))
    ended = known.outcome is not None
    bare = Known(
        delivery=known,
        entries=entries,
        proofs=proofs,
        comments=comments,
        survey_answered=ended and await world.surveys.answered(known.outcome_task_id),
    )
    driven = await world.routes.get(known.route_id) if known.route_id else None
    if driven is None:
        return seen(bare, link, at)
    eta = eta_of(driven, known.task_id)
    # Whoever runs the work sees every tick.
    shown = told_of(driven, known.task_id) if link else eta
    return seen(
        replace(
            bare,
            eta=shown,
            fix=driven.progress.fix,
            line=_line(driven, eta),
            risk=risk_of(driven, eta, known.task_id),
        ),
        link,
        at,
    )


async def etas(
    world: World,
    stop_ids: Collection[str],
    route_ids: Collection[str],
    delivery_ids: Collection[str],
) -> Sequence[tuple[Driven, Eta]]:
    """Expected arrivals of stops, routes and deliveries."""
    deliveries = await world.deliveries.get(delivery_ids) if delivery_ids else {}
    named = {*route_ids, *(one.route_id for one in deliveries.values() if one.route_id)}
    tasks = {one.task_id for one in deliveries.values()}
    found = []
    for driven in await world.routes.get_many(named):
        whole = driven.route.route_id in route_ids
        for eta in driven.etas:
            stop = driven.route.stop(eta.stop_id)
            asked = stop is not None and any(task.task_id in tasks for task in stop.tasks)
            if whole or asked or eta.stop_id in stop_ids:
                found.append((driven, eta))
    return found


def eta_of(driven: Driven, task_id: str) -> Eta | None:
    """The expected arrival at the stop of a task."""
    stop = driven.route.stop_of(task_id)
    return next((eta for eta in driven.etas if stop and eta.stop_id == stop.stop_id), None)


def told_of(driven: Driven, task_id: str) -> Eta | None:
    """The expected arrival as it was last told: what a recipient holds on to, however asked."""
    eta = eta_of(driven, task_id)
    return held(eta, driven.progress.told.get(eta.stop_id)) if eta else None


def risk_of(driven: Driven, eta: Eta | None, task_id: str) -> Risk | None:
    """The risk of the promise of a task."""
    if eta is None:
        return None
    found = risks.assess(driven.route, eta)
    return next((risk for risk in found if risk.task.task_id == task_id), None)


def _line(driven: Driven, eta: Eta | None) -> tuple[Point, ...]:
    if eta is None:
        return ()
    leg = driven.route.leg_between(driven.progress.last_stop, eta.stop_id)
    return decode(leg.polyline) if leg and leg.polyline else ()

"""
Finishes a plan: draws its legs, asks compliance about every leg and stop at its planned time, and
adds what zones charge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from services.planner.domain.access import Charge, Finding
from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import CostKind, Plan, Route, Visit
from services.planner.domain.travel import UNREACHABLE, Basis, Leg
from services.planner.ports import AccessRules, Presence, TravelTimes
from services.planner.usecases.world import COMPLIANCE_AWAY, Prepared

LEGS_AT_ONCE = 2_000  # drawn before others get their turn

Ways = dict[tuple[int, int, int], Leg]  # table, here, there


@dataclass(frozen=True, slots=True)
class Finished:
    """A plan with its legs."""

    plan: Plan
    ways: Ways
    access_checked: bool
    access_rules_version: int


def bare(prepared: Prepared, plan: Plan) -> Finished:
    """A plan on the way: without lines, and nobody was asked about it."""
    return Finished(
        plan, {}, access_checked=False, access_rules_version=prepared.access_rules_version
    )


async def finish(
    travel: TravelTimes,
    access: AccessRules,
    prepared: Prepared,
    plan: Plan,
    *,
    omit_polylines: bool,
) -> Finished:
    """The plan with legs, findings and charges."""
    version = prepared.access_rules_version
    if omit_polylines and not prepared.access_checked:
        return Finished(plan, {}, access_checked=False, access_rules_version=version)
    ways = await ways_of(travel, prepared, plan.routes)
    shown = without_lines(ways) if omit_polylines else ways
    if not prepared.access_checked:
        return Finished(plan, shown, access_checked=False, access_rules_version=version)
    asked = await asyncio.to_thread(all_presences, prepared, plan, ways)
    try:
        answer = await access.check(len(plan.routes), asked)
    except COMPLIANCE_AWAY:
        return Finished(plan, shown, access_checked=False, access_rules_version=version)
    routes = tuple(
        checked(route, findings, charges)
        for route, findings, charges in zip(
            plan.routes, answer.findings, answer.charges, strict=True
        )
    )
    return Finished(
        plan.with_routes(routes),
        shown,
        access_checked=True,
        access_rules_version=max(version, answer.rules_version),
    )


def without_lines(ways: Ways) -> Ways:
    """The legs as a caller wants them who draws nothing."""
    return {pair: replace(leg, polyline="") for pair, leg in ways.items()}


def checked(route: Route, findings: tuple[Finding, ...], charges: tuple[Charge, ...]) -> Route:
    """A route with what compliance says about it; charges are a term of its cost."""
    due = sum(charge.amount_micros for charge in charges)
    costs = tuple(term for term in route.costs if term[0] is not CostKind.ACCESS)
    if due:
        costs = (*costs, (CostKind.ACCESS, due))
    return replace(route, findings=findings, charges=charges, costs=costs)


async def ways_of(travel: TravelTimes, prepared: Prepared, routes: Sequence[Route]) -> Ways:
    """The legs of all routes as lines, each way once."""
    instance, ways = prepared.instance, Ways()
    for table, question in enumerate(prepared.questions):
        pairs = await asyncio.to_thread(pairs_on, instance, table, routes)
        for first in range(0, len(pairs), LEGS_AT_ONCE):
            some = pairs[first : first + LEGS_AT_ONCE]
            legs = await travel.legs(question, some)
            ways |= {(table, *pair): leg for pair, leg in zip(some, legs, strict=True)}
    return ways


def pairs_on(instance: Instance, table: int, routes: Sequence[Route]) -> list[tuple[int, int]]:
    """The different ways of all routes that take one travel table."""
    return sorted(
        {
            (here, there)
            for route in routes
            if instance.table_of_shift[route.shift] == table
            for here, there in pairs_of(instance, route)
            if here != there
        }
    )


def pairs_of(instance: Instance, route: Route) -> list[tuple[int, int]]:
    """The places between which a route's legs lie; the last ends where the route does."""
    return pairs_between(instance, route.shift, route.sequence)


def pairs_between(instance: Instance, shift: int, nodes: Sequence[Node]) -> list[tuple[int, int]]:
    """The places between which the legs of a sequence lie."""
    places = [instance.places.starts[shift]]
    places += [instance.place_on(shift, node) for node in nodes]
    places.append(instance.end_place(shift, places[-1]))
    return list(pairwise(places))


def all_presences(prepared: Prepared, plan: Plan, ways: Ways) -> list[Presence]:
    """Every leg and stay of all routes."""
    ranks = range(len(plan.routes))
    return [one for rank in ranks for one in presences(prepared, plan, rank, ways)]


def presences(prepared: Prepared, plan: Plan, rank: int, ways: Ways) -> Iterator[Presence]:
    """Every leg and stay of a route, in order of time."""
    instance, route = prepared.instance, plan.routes[rank]
    shift = instance.problem.shifts[route.shift]
    table = instance.table_of_shift[route.shift]
    points = instance.places.points
    for leg, (here, there) in enumerate(pairs_of(instance, route)):
        is_stay = leg < len(route.visits)
        if here != there:
            arrival = route.visits[leg].arrival_second if is_stay else route.end_arrival_second
            driven = drive_seconds(instance, route, leg, here, there)
            way = ways.get((table, here, there))
            line = way.polyline if way else ""
            ends = (points[here], points[there])
            yield Presence(rank, 2 * leg, shift.vehicle, ends, line, arrival - driven, driven)
        if is_stay:
            visit: Visit = route.visits[leg]
            stayed = visit.end_second - visit.arrival_second
            own = (points[there],)
            yield Presence(rank, 2 * leg + 1, shift.vehicle, own, "", visit.arrival_second, stayed)


def drive_seconds(instance: Instance, route: Route, leg: int, here: int, there: int) -> int:
    """How long the vehicle is on the way of a leg, breaks on it included."""
    travel = instance.travel_seconds(route.shift, here, there)
    if travel >= UNREACHABLE:
        return 0
    departed = route.visits[leg - 1].end_second if leg else route.start_second
    arrival = (
        route.visits[leg].arrival_second if leg < len(route.visits) else route.end_arrival_second
    )
    rules = instance.problem.shifts[route.shift].breaks
    paused = sum(
        rules[held.rule].length_seconds
        for held in route.breaks
        if held.leg == leg and held.start_second < arrival
    )
    return max(0, min(travel + paused, arrival - departed))


def basis_of(prepared: Prepared, table: int, here: int, there: int, ways: Ways) -> Basis | None:
    """What a leg's travel rests on; None where there is nothing to travel."""
    if here == there:
        return None
    way = ways.get((table, here, there))
    if way is not None:
        return way.basis
    if prepared.matrices[table].seconds[here, there] >= UNREACHABLE:
        return Basis.UNREACHABLE
    snaps = prepared.matrices[table].snaps
    on_road = snaps[here].has_road and snaps[there].has_road
    return Basis.ROAD if on_road else Basis.STRAIGHT_LINE


def denied_areas(plan: Plan) -> Iterator[tuple[int, Finding]]:
    """Everything that keeps a route's vehicle out, with the route's rank."""
    for rank, route in enumerate(plan.routes):
        for finding in route.findings:
            if finding.verdict.forbids:
                yield rank, finding

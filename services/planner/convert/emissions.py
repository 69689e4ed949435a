"""Emissions and the driver's clocks of a route: domain to wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from doorstep.planner.v1 import plan_pb2 as pb
from services.planner.convert.moments import duration
from services.planner.domain.emissions import shared
from services.planner.domain.footprint import footprint
from services.planner.domain.plan import Visit
from services.planner.domain.problem import MASS
from services.planner.rules.duty import readings
from services.planner.rules.timeline import Activity, Span, timeline
from services.planner.rules.walk import Walk

Stay = tuple[int, Sequence[Visit]]  # the rank of the first visit of a stop, and its visits


def add_emissions(whole: pb.Route, walk: Walk, stays: Iterable[Stay]) -> None:
    """What a route emits, and each stop's and task's share; nothing where it is unknown."""
    found = footprint(walk.instance, walk.route)
    if found is None:
        return
    whole.factor_set_version = found.factor_set_version
    whole.metrics.co2e_milligrams = found.milligrams
    stops = [
        (stop, first, visits)
        for stop, (first, visits) in zip(whole.stops, stays, strict=True)
        if not visits[0].is_reload
    ]
    weights = [sum(found.weights[first : first + len(visits)]) for _, first, visits in stops]
    for (stop, _, visits), share in zip(stops, shared(found.milligrams, weights), strict=True):
        stop.co2e_milligrams = share
        masses = [walk.instance.problem.tasks[visit.task].loads[MASS] for visit in visits]
        for task, own in zip(stop.tasks, shared(share, masses), strict=True):
            task.co2e_milligrams = own


def duty_readings(walk: Walk) -> Iterator[pb.DutyReading]:
    """Where the driver's clocks stand; each is read once more when the route is over."""
    limits, route = walk.shift.duty_limits, walk.route
    over = Span(Activity.DRIVING, route.end_second, route.end_second)
    spans = (*timeline(walk), over) if limits else ()
    for limit in limits:
        shown = list(readings(limit, spans))
        yield pb.DutyReading(
            limit_id=limit.limit_id,
            highest_duration=duration(max(shown)),
            left_duration=duration(limit.limit_seconds - max(shown)),
            end_duration=duration(shown[-1]),
        )

"""
What a vehicle carries, as its route and what was done so far say. Pure.

A delivery is aboard once, however many tasks of it the route has: from the start, or from the
pickup that takes it over on the way, until it is handed over. What failed comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.tracking.domain.event import Charge
from services.tracking.domain.geo import meters
from services.tracking.domain.progress import Note
from services.tracking.domain.route import Route
from services.tracking.domain.wording import charge
from services.tracking.domain.words import Outcome, TaskKind

HANDED_OVER = (TaskKind.DELIVERY, TaskKind.PUDO_DROP, TaskKind.RETURN, TaskKind.UNSPECIFIED)


@dataclass(frozen=True, slots=True)
class _Work:
    """A task as far as the load depends on it."""

    task: Charge
    kind: TaskKind
    done: bool


def aboard(route: Route, notes: Mapping[str, Note]) -> tuple[Charge, ...]:
    """Every delivery aboard, by the task that will hand it over."""
    works = _works(route, notes)
    handed = [work for work in works if work.kind in HANDED_OVER]
    pickups = [work for work in works if work.kind is TaskKind.PICKUP]
    fetched = {work.task.delivery_id for work in pickups if work.done}
    gone = {work.task.delivery_id for work in handed if work.done}
    gone |= {work.task.delivery_id for work in pickups} - fetched  # still elsewhere
    brought = [work for work in pickups if work.done]
    load = {work.task.delivery_id: work.task for work in (*brought, *handed)}
    return tuple(task for delivery_id, task in load.items() if delivery_id not in gone)


def hauls(route: Route) -> dict[str, int]:
    """
    How far the goods of each task go on a route, in great-circle meters, at least one.

    From the pickup on the way, else from the start, to where they are handed over; what is only
    picked up goes to the end. What lacks one of the two is left out.
    """
    places = [(task, stop.location) for stop in route.stops for task in stop.tasks]
    origins = {t.delivery_id: place for t, place in places if t.kind is TaskKind.PICKUP}
    found = {}
    for task, place in places:
        start = origins.get(task.delivery_id, route.start)
        end = route.end if task.kind is TaskKind.PICKUP else place
        if start is not None and end is not None:
            found[task.task_id] = max(1, round(meters(start, end)))
    return found


def _works(route: Route, notes: Mapping[str, Note]) -> list[_Work]:
    """What was tried, then what is open: a later attempt stands for the delivery."""
    tried = [_Work(n.task, n.kind, n.outcome is Outcome.SUCCEEDED) for n in notes.values()]
    fresh = (task for task in route.tasks if task.task_id not in notes)
    return [*tried, *(_Work(charge(task), task.kind, done=False) for task in fresh)]

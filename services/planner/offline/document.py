"""A plan as a document for people and other programs: routes in order, with times and positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route, Unassigned, Visit

Position = tuple[float, float]  # x and y, or longitude and latitude
Locate = Callable[[int], Position]  # of a place, by its rank
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """How people state what a plan costs, and what one route of it does."""

    whole: Callable[[int], str]
    of_route: Callable[[int], str]


def document(instance: Instance, plan: Plan, locate: Locate, figures: Figures) -> Document:
    """The whole plan."""
    return {
        "cost": plan.cost_micros,
        "figure": figures.whole(plan.cost_micros),
        "costs": {kind.value.lower(): micros for kind, micros in plan.costs},
        "routes": [route(instance, own, locate, figures) for own in in_order(plan)],
        "unserved": [unserved(instance, left) for left in plan.unassigned],
    }


def in_order(plan: Plan) -> list[Route]:
    """Routes by shift."""
    return sorted(plan.routes, key=lambda own: own.shift)


def route(instance: Instance, own: Route, locate: Locate, figures: Figures) -> Document:
    """One route; `path` leads from its start over every stop to its end."""
    start = instance.places.starts[own.shift]
    places = [start, *(instance.place_on(own.shift, visit.node) for visit in own.visits)]
    places.append(instance.end_place(own.shift, places[-1]))
    return {
        "shift": instance.problem.shifts[own.shift].shift_id,
        "cost": own.cost_micros,
        "figure": figures.of_route(own.cost_micros),
        "start": own.start_second,
        "end": own.end_second,
        "visits": [visited(instance, own.shift, visit, locate) for visit in own.visits],
        "path": [locate(place) for place in places],
    }


def visited(instance: Instance, shift: int, visit: Visit, locate: Locate) -> Document:
    """One visit: a task, or a reload of the shift."""
    if visit.is_reload:
        named = {"reload": instance.problem.shifts[shift].reloads[visit.option].reload_id}
    else:
        task = instance.problem.tasks[visit.task]
        named = {"task": task.task_id}
        if alternative := task.options[visit.option].alternative_id:
            named["alternative"] = alternative
    return named | {
        "arrival": visit.arrival_second,
        "start": visit.start_second,
        "end": visit.end_second,
        "position": locate(instance.place_on(shift, visit.node)),
    }


def unserved(instance: Instance, left: Unassigned) -> Document:
    """One task left out, and why."""
    return {
        "task": instance.problem.tasks[left.task].task_id,
        "penalty": left.penalty_micros,
        "reasons": [
            {"reason": why.reason.value, "shifts": len(why.shift_ids)} for why in left.reasons
        ],
    }

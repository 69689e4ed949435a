"""
A valid plan with a reload, for the rules about trips.

A van with room for 10 kg brings two boxes of 6 kg: the second is loaded at a reload between them.
On the way it collects 3 kg, which leave at the reload. The times are driven here and not by the
search: every leg at once, every wait before the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.plan import Plan, Route, Visit
from services.planner.domain.problem import Problem
from services.planner.domain.shift import Reload
from services.planner.domain.task import TaskKind, Window
from services.planner.rules import cost
from services.planner.rules.verify import verify
from services.planner.rules.walk import Walk
from services.planner.tests.problems import MINUTE, at, on_plane, shift, spot, task
from services.planner.tests.rules.valid import Change

DOCK = Reload("dock", spot(500, 0), "dock", (Window(at(8), at(16)),), 10 * MINUTE)
FIRST, BACK, SECOND = 0, 1, 2  # the ranks of the tasks
ORDER: tuple[Node, ...] = ((FIRST, 0), (BACK, 0), (RELOAD, 0), (SECOND, 0))


def problem() -> Problem:
    """What is to be done."""
    tasks = (
        task("first", 2_000, 0, loads=(6_000, 0, 1)),
        task("back", 2_000, 500, kind=TaskKind.PICKUP, loads=(3_000, 0, 1)),
        task("second", 0, 2_000, loads=(6_000, 0, 1)),
    )
    van = shift("van", capacity=(10_000, 0, 0), reloads=(DOCK,), reload_limit=1)
    return Problem(tasks, (van,))


def valid() -> tuple[Instance, Plan]:
    """The instance, and its plan in the order of `ORDER`."""
    instance = on_plane(problem())
    return instance, Plan((driven(instance, ORDER),))


def driven(instance: Instance, nodes: Sequence[Node]) -> Route:
    """A route of the first shift that leaves when it opens and waits for nothing but windows."""
    shift_, visits = instance.problem.shifts[0], list[Visit]()
    here, now = instance.places.starts[0], shift_.ready_second
    for node in nodes:
        there = instance.place_on(0, node)
        arrival = now + instance.travel_seconds(0, here, there)
        setup, service = durations(instance, node, is_new=here != there)
        start, here = arrival + setup, there
        now = start + service
        visits.append(Visit(*node, arrival, arrival, start, now))
    arrival = now + instance.travel_seconds(0, here, instance.end_place(0, here))
    return with_due_costs(instance, Route(0, shift_.ready_second, arrival, arrival, tuple(visits)))


def durations(instance: Instance, node: Node, *, is_new: bool) -> tuple[int, int]:
    """Setup and service of a node."""
    if node[0] == RELOAD:
        return 0, instance.problem.shifts[0].reloads[node[1]].service_seconds
    option = instance.option(node)
    return option.setup_seconds if is_new else 0, option.service_seconds


def with_due_costs(instance: Instance, route: Route) -> Route:
    """The route that claims what is due."""
    due = cost.terms(Walk(instance, route))
    return replace(route, costs=tuple((kind, micros) for kind, micros in due.items() if micros))


def told_of(change: Change) -> list[tuple[str, str, str, int]]:
    """The hard rules that the plan breaks after a change: reason, task, subject, excess."""
    instance, plan = change(*valid())
    return [
        (one.reason.value, one.task_id, one.subject, one.excess_seconds or one.excess_amount)
        for one in verify(instance, plan)
        if one.hard
    ]


def reordered(*nodes: Node) -> Change:
    """The same tasks, driven in another order."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        return instance, plan.with_routes((driven(instance, nodes),))

    return change


def dock(**changes: object) -> Change:
    """Another statement about the reload; the plan stays."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        own = instance.problem.shifts[0]
        reload = replace(own.reloads[0], **changes)  # type: ignore[arg-type]
        shifts = (replace(own, reloads=(reload,)),)
        return replace(instance, problem=replace(instance.problem, shifts=shifts)), plan

    return change


def at_reload(**seconds: int) -> Change:
    """Some moments of the reload moved by seconds."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        visits = list(plan.routes[0].visits)
        rank = ORDER.index((RELOAD, 0))
        moments = {
            f"{name}_second": getattr(visits[rank], f"{name}_second") + by
            for name, by in seconds.items()
        }
        visits[rank] = replace(visits[rank], **moments)
        return instance, plan.with_routes((replace(plan.routes[0], visits=tuple(visits)),))

    return change

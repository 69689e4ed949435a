"""
One valid plan that every rule's test breaks in one place.

A van with a lunch break serves five tasks: two deliveries, a pickup with its delivery, and a call.
Each test changes one thing, in the problem or in the plan, so that one rule is broken and no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route, Violation
from services.planner.domain.problem import Problem
from services.planner.domain.shift import ShiftSkill
from services.planner.domain.task import TaskKind, Window
from services.planner.rules.verify import verify
from services.planner.search.answers import time_routes
from services.planner.tests.problems import at, lunch, on_plane, shift, task

Change = Callable[[Instance, Plan], tuple[Instance, Plan]]
ORDER = ("early", "parcel", "call", "pick", "drop")


def problem() -> Problem:
    """What is to be done."""
    tasks = (
        task("early", 2_000, 0, windows=(Window(at(9), at(10)),)),
        task("parcel", 2_000, 2_000, loads=(3_000, 2_000, 2)),
        task("call", 0, 3_000, kind=TaskKind.SERVICE, loads=(0, 0, 0)),
        task("pick", -2_000, 2_000, kind=TaskKind.PICKUP, loads=(9_000, 500, 1),
             windows=(Window(at(12), at(14)),)),
        task("drop", -3_000, 0, loads=(9_000, 500, 1), pickup_task_id="pick",
             windows=(Window(at(13), at(15)),)),
    )  # fmt: skip
    van = shift("van", breaks=(lunch(),), skills=(ShiftSkill("lift"),), loading_seconds=600)
    return Problem(tasks, (van,))


def valid() -> tuple[Instance, Plan]:
    """The instance, and its plan in the order of `ORDER`."""
    instance = on_plane(problem())
    nodes = tuple((instance.problem.rank_of_task[name], 0) for name in ORDER)
    plan = time_routes(instance, [nodes], verify)
    return instance, plan


def with_task(task_id: str, **changes: object) -> Change:
    """Another statement about one task; the plan stays."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        tasks = tuple(
            replace(own, **changes) if own.task_id == task_id else own  # type: ignore[arg-type]
            for own in instance.problem.tasks
        )
        return replace(instance, problem=replace(instance.problem, tasks=tasks)), plan

    return change


def with_option(task_id: str, **changes: object) -> Change:
    """Another statement about the place of one task."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        rank = instance.problem.rank_of_task[task_id]
        option = replace(instance.problem.tasks[rank].options[0], **changes)  # type: ignore[arg-type]
        return with_task(task_id, options=(option,))(instance, plan)

    return change


def with_shift(**changes: object) -> Change:
    """Another statement about the shift."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        own = replace(instance.problem.shifts[0], **changes)  # type: ignore[arg-type]
        return replace(instance, problem=replace(instance.problem, shifts=(own,))), plan

    return change


def with_vehicle(**changes: object) -> Change:
    """Another statement about the vehicle."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        vehicle = replace(instance.problem.shifts[0].vehicle, **changes)  # type: ignore[arg-type]
        return with_shift(vehicle=vehicle)(instance, plan)

    return change


def with_problem(**changes: object) -> Change:
    """Another statement about the problem as a whole."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        made = replace(instance.problem, **changes)  # type: ignore[arg-type]
        return replace(instance, problem=made), plan

    return change


def with_route(**changes: object) -> Change:
    """Another claim of the route."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        route: Route = replace(plan.routes[0], **changes)  # type: ignore[arg-type]
        return instance, plan.with_routes((route,))

    return change


def nothing(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
    """No change."""
    return instance, plan


def broken(change: Change) -> list[Violation]:
    """The hard rules that the plan breaks after a change."""
    instance, plan = change(*valid())
    return [violation for violation in verify(instance, plan) if violation.hard]


def told(change: Change) -> list[tuple[str, str, str, int]]:
    """The same in short: reason, task, subject, excess."""
    return [
        (one.reason.value, one.task_id, one.subject, one.excess_seconds or one.excess_amount)
        for one in broken(change)
    ]


def visit_of(task_id: str) -> int:
    """The rank of a task's visit in the route."""
    return ORDER.index(task_id)


def moved(task_id: str, **seconds: int) -> Change:
    """One visit with some of its moments moved by seconds."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        visits = list(plan.routes[0].visits)
        own = visits[visit_of(task_id)]
        moments = {
            f"{name}_second": getattr(own, f"{name}_second") + by for name, by in seconds.items()
        }
        visits[visit_of(task_id)] = replace(own, **moments)
        return with_route(visits=tuple(visits))(instance, plan)

    return change

"""Suspicions about a problem as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.geometry import ranks_inside
from services.planner.domain.plan import Notice
from services.planner.domain.problem import Problem
from services.planner.domain.task import Task


def notices(problem: Problem) -> Iterator[Notice]:
    """All of them."""
    for field in problem.unsearched:
        cause = f"{field} is read, and not followed by the search of this release"
        yield Notice("NOT_SEARCHED", cause, "leave it out, or check the plan for it", field)
    yield from about_priorities(problem)
    yield from about_capacity(problem)
    yield from about_skills(problem)
    yield from about_territories(problem)
    yield from about_goods(problem)
    yield from about_balance(problem)
    yield from about_doubles(problem)


def about_priorities(problem: Problem) -> Iterator[Notice]:
    """Priorities that tell no task from another."""
    tiers = {task.priority for task in problem.tasks}
    if len(tiers) == 1 and len(problem.tasks) > 1 and tiers != {0}:
        cause = f"all tasks have priority {tiers.pop()}, which then means nothing"
        yield Notice("PRIORITIES_EQUAL", cause, "raise the tasks that matter more", "tasks")


def about_capacity(problem: Problem) -> Iterator[Notice]:
    """Work that is more than all shifts together can do, each with all its reloads."""
    action = "add shifts, or leave tasks out"
    for dimension, name in enumerate(problem.dimensions):
        limits = [
            shift.vehicle.capacity[dimension] * (1 + shift.reload_limit * bool(shift.reloads))
            for shift in problem.shifts
        ]
        needed = sum(task.loads[dimension] for task in problem.tasks if not task.pickup_task_id)
        if all(limits) and needed > sum(limits):
            cause = f"{name}: {needed} to carry, room for {sum(limits)}"
            yield Notice("CAPACITY_SHORT", cause, action, "shifts")
    work = sum(
        min(option.service_seconds for option in task.options)
        for task in problem.tasks
        if not any(option.profile_service_seconds for option in task.options)
    )
    time = sum(max(0, shift.end_second - shift.ready_second) for shift in problem.shifts)
    if work > time:
        cause = f"service alone takes {work} s, all shifts last {time} s"
        yield Notice("CAPACITY_SHORT", cause, action, "shifts")


def about_skills(problem: Problem) -> Iterator[Notice]:
    """Skills that shifts hold and no task asks for or refuses, each told once."""
    asked: set[str] = set()
    for task in problem.tasks:
        asked |= task.skills.all_of | task.skills.one_of | task.skills.none_of
    for rank, shift in enumerate(problem.shifts):
        for skill in sorted({own.skill for own in shift.skills} - asked):
            asked.add(skill)
            cause = f"no task asks for {skill}"
            action = "check its spelling, or leave it out"
            yield Notice("SKILL_UNUSED", cause, action, f"shifts[{rank}].skills", shift.shift_id)


def about_territories(problem: Problem) -> Iterator[Notice]:
    """Territories that no shift has, or that hold no task."""
    assigned = {own.territory_id for shift in problem.shifts for own in shift.territories}
    named: set[str] = set().union(*(task.territory_ids for task in problem.tasks))
    points = [task.options[0].point for task in problem.tasks]
    for rank, area in enumerate(problem.territories):
        filled = area.territory_id in named or bool(area.ring and ranks_inside(points, area.ring))
        if area.territory_id not in assigned or not filled:
            cause = "no shift has the territory" if filled else "no task lies in the territory"
            path, action = f"territories[{rank}]", "assign it, or leave it out"
            yield Notice("TERRITORY_UNUSED", cause, action, path, area.territory_id)


def about_goods(problem: Problem) -> Iterator[Notice]:
    """Classes of goods that may not meet others, and that no task has."""
    present = {task.goods_class for task in problem.tasks}
    named = {name for pair in problem.incompatible_goods for name in pair}
    for name in sorted(named - present):
        cause, action = f"no task has goods of class {name}", "check its spelling, or leave it out"
        yield Notice("GOODS_UNUSED", cause, action, "incompatible_goods", name)


def about_balance(problem: Problem) -> Iterator[Notice]:
    """Balance that may cost nothing, and so changes next to nothing."""
    asked = problem.objective
    if asked.balance is not None and not asked.balance_cost_percent_max:
        cause = "balance may cost nothing, so that only ties are settled by it"
        field = "objective.balance_cost_percent_max"
        yield Notice("BALANCE_UNPAID", cause, "allow it some percent", field)


def about_doubles(problem: Problem) -> Iterator[Notice]:
    """Tasks that look like one told twice: equal in all but their id; each group told once."""
    first: dict[object, int] = {}
    doubles: dict[int, list[int]] = {}
    for rank, task in enumerate(problem.tasks):
        origin = first.setdefault(likeness(task), rank)
        if origin != rank:
            doubles.setdefault(origin, []).append(rank)
    for origin, ranks in doubles.items():
        second, own = problem.tasks[ranks[0]], problem.tasks[origin]
        more = f", and {len(ranks) - 1} more" if len(ranks) > 1 else ""
        cause = f"{second.task_id} looks like {own.task_id}{more}"
        path, action = f"tasks[{ranks[0]}]", "leave it out, if it was sent twice"
        yield Notice("TASKS_ALIKE", cause, action, path, second.task_id)


def likeness(task: Task) -> tuple[object, ...]:
    """Equal for tasks that do the same at one place and time with goods that weigh the same."""
    own, pickup = task.options[0], task.pickup_task_id
    return (task.kind, own.place_key, own.windows, own.service_seconds, task.loads, pickup)

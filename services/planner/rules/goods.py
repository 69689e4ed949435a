"""
Goods: classes that may not be together are never on board together.

Hard. A delivery from the depot is on board from the start, or the reload before it, until it is
served; a pickup until its delivery, the next reload, or the end. Reason GOODS; cure: use another
shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.task import Task, TaskKind
from services.planner.rules.walk import Walk, task_named

REASON = Reason.GOODS
CURE = "use another shift"


def violations(walk: Walk) -> Iterator[Violation]:
    """One per moment at which something is taken in beside what it may not be with."""
    if not walk.instance.problem.incompatible_goods:
        return
    trips = iter(walk.trips)
    aboard = {task_id: task_named(walk, task_id).goods_class for task_id in walk.onboard_ids}
    aboard |= classes_of(next(trips).loaded)
    yield from clashes(walk, aboard)
    tasks = walk.instance.problem.tasks
    for visit in walk.route.visits:
        if visit.is_reload:
            aboard = staying(walk, aboard) | classes_of(next(trips).loaded)
            yield from clashes(walk, aboard)
        elif tasks[visit.task].kind is TaskKind.PICKUP:
            aboard[tasks[visit.task].task_id] = tasks[visit.task].goods_class
            yield from clashes(walk, aboard)
        else:
            aboard.pop(tasks[visit.task].pickup_task_id or tasks[visit.task].task_id, None)


def classes_of(tasks: tuple[Task, ...]) -> dict[str, str]:
    """The class of each task's goods."""
    return {task.task_id: task.goods_class for task in tasks}


def staying(walk: Walk, aboard: dict[str, str]) -> dict[str, str]:
    """What stays on board at a reload: deliveries, and pickups that are delivered later."""
    return {
        task_id: name
        for task_id, name in aboard.items()
        if task_named(walk, task_id).kind is TaskKind.DELIVERY or task_id in walk.ridden_ids
    }


def clashes(walk: Walk, aboard: dict[str, str]) -> Iterator[Violation]:
    """Pairs of classes on board that may not be together."""
    classes = {name for name in aboard.values() if name}
    for pair in walk.instance.problem.incompatible_goods:
        if pair <= classes:
            yield walk.broken(REASON, subject="|".join(sorted(pair)))

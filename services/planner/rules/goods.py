"""
Goods: classes that may not be together are never on board together.

Hard. A delivery from the start is on board until it is served, a pickup until its delivery, or to
the end. Reason GOODS; cure: use another shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.domain.task import Task, TaskKind
from services.planner.rules.walk import broken, shift_of, task_of

REASON = Reason.GOODS
CURE = "use another shift"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """One per leg on which two classes meet that may not."""
    forbidden = instance.problem.incompatible_goods
    if not forbidden:
        return
    aboard = {task.task_id: task.goods_class for task in loaded_at_start(instance, route)}
    yield from clashes(instance, route, aboard)
    for visit in route.visits:
        task = task_of(instance, visit)
        aboard.pop(task.pickup_task_id or task.task_id, None)
        if task.kind is TaskKind.PICKUP:
            aboard[task.task_id] = task.goods_class
            yield from clashes(instance, route, aboard)


def loaded_at_start(instance: Instance, route: Route) -> Iterator[Task]:
    """The deliveries whose goods are on board from the start."""
    state = shift_of(instance, route).start_state
    onboard = state.onboard_task_ids if state else frozenset()
    served = {visit.task for visit in route.visits}
    for rank, task in enumerate(instance.problem.tasks):
        own = rank in served and task.kind is TaskKind.DELIVERY and not task.pickup_task_id
        if own or task.task_id in onboard:
            yield task


def clashes(instance: Instance, route: Route, aboard: dict[str, str]) -> Iterator[Violation]:
    """Pairs of classes on board that may not be together."""
    classes = {name for name in aboard.values() if name}
    for pair in instance.problem.incompatible_goods:
        if pair <= classes and len(pair) > 1:
            yield broken(REASON, instance, route, subject="|".join(sorted(pair)))

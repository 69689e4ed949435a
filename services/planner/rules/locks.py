"""
Locks: what is decided stays decided, and goods on board stay with their vehicle.

Hard. Pins bind a task to a shift, to the frozen head of its route in order, and to a moment. A
shift under way delivers from the start only what it has on board. Reason LOCK; cure: lift the pin,
or bring the goods by a pickup.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation, Visit
from services.planner.domain.problem import Pin, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task, TaskKind
from services.planner.rules.walk import broken, shift_of, task_of

REASON = Reason.LOCK
CURE = "lift the pin, or bring the goods by a pickup"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Visits by the wrong shift, and frozen heads that are not as decided."""
    shift = shift_of(instance, route)
    shift_of_pin = {pin.task_id: pin.shift_id for pin in instance.problem.pins}
    for visit in route.visits:
        task = task_of(instance, visit)
        if shift_of_pin.get(task.task_id, shift.shift_id) != shift.shift_id:
            yield broken(REASON, instance, route, visit, subject="pin")
        if not carries(instance.problem, task, shift):
            yield broken(REASON, instance, route, visit, subject="goods")
    yield from head_faults(instance, route, shift)


def carries(problem: Problem, task: Task, shift: Shift) -> bool:
    """Whether a shift can have the goods of a delivery that is not picked up on the way."""
    if task.kind is not TaskKind.DELIVERY or task.pickup_task_id:
        return True
    onboard_of = problem.onboard_shift_of.get(task.task_id)
    if onboard_of is not None:
        return onboard_of == shift.shift_id
    return not shift.is_under_way


def head_faults(instance: Instance, route: Route, shift: Shift) -> Iterator[Violation]:
    """Frozen tasks that do not come first in their order, or not at their moment."""
    frozen = sorted(
        (pin for pin in instance.problem.pins if pin.is_frozen and pin.shift_id == shift.shift_id),
        key=lambda pin: pin.rank,
    )
    served = {task_of(instance, visit).task_id for visit in route.visits}
    kept = [pin for pin in frozen if pin.task_id in served]
    for pin, visit in zip(kept, route.visits, strict=False):
        if task_of(instance, visit).task_id != pin.task_id:
            yield broken(REASON, instance, route, visit, subject="order")
        elif late(pin, visit):
            excess = abs(visit.start_second - (pin.service_start_second or 0))
            yield broken(REASON, instance, route, visit, subject="time", excess_seconds=excess)


def late(pin: Pin, visit: Visit) -> bool:
    """Whether service does not start when a pin says so."""
    decided = pin.service_start_second
    return decided is not None and visit.start_second != decided

"""
Locks: what is decided stays decided, and goods on board stay with their vehicle.

Hard. Pins bind a task to a shift, to the frozen head of its route in order, and to a moment. A task
of a frozen head is left out only where a rule keeps it from its shift, which the plan then names. A
shift under way delivers only what it has on board, or loads at a reload. Reason LOCK; cure: lift
the pin, or bring the goods by a pickup or a reload.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Unassigned, Violation, Visit
from services.planner.domain.problem import Pin
from services.planner.domain.reason import OF_THE_SEARCH, Reason
from services.planner.rules.walk import Walk

REASON = Reason.LOCK
CURE = "lift the pin, or bring the goods by a pickup or a reload"


def violations(walk: Walk) -> Iterator[Violation]:
    """Visits by the wrong shift, goods on another vehicle, and heads that are not as decided."""
    pins, shift_id = walk.instance.problem.pin_of, walk.shift.shift_id
    if pins:
        for visit, task in walk.served:
            pin = pins.get(task.task_id)
            if pin is not None and pin.shift_id != shift_id:
                yield walk.broken(REASON, visit, subject="pin")
        yield from head_faults(walk)
    yield from goods_elsewhere(walk)


def goods_elsewhere(walk: Walk) -> Iterator[Violation]:
    """Deliveries whose goods another vehicle carries, or that a vehicle under way never loaded."""
    carriers, missing = walk.instance.problem.onboard_shift_of, set[str]()
    if walk.shift.is_under_way:
        missing = {task.task_id for task in walk.trips[0].loaded}
    if not (carriers or missing):
        return
    for visit, task in walk.served:
        carrier = carriers.get(task.task_id, walk.shift.shift_id)
        is_elsewhere = task.is_from_depot and carrier != walk.shift.shift_id
        if is_elsewhere or task.task_id in missing:
            yield walk.broken(REASON, visit, subject="goods")


def head_faults(walk: Walk) -> Iterator[Violation]:
    """Frozen tasks that do not come first in their order, or not at their moment."""
    frozen = walk.instance.problem.frozen_heads.get(walk.shift.shift_id, ())
    served = {task.task_id for _, task in walk.served}
    kept = [pin for pin in frozen if pin.task_id in served]
    for pin, (visit, task) in zip(kept, walk.served, strict=False):
        if task.task_id != pin.task_id:
            yield walk.broken(REASON, visit, subject="order")
        elif moved(pin, visit):
            excess = abs(visit.start_second - (pin.service_start_second or 0))
            yield walk.broken(REASON, visit, subject="time", excess_seconds=excess)


def dropped(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """Frozen tasks that a plan leaves out, though it names no rule that their shift would break."""
    tasks, pins = instance.problem.tasks, instance.problem.pin_of
    for left in plan.unassigned if pins else ():
        task_id = tasks[left.task].task_id
        pin = pins.get(task_id)
        if pin is not None and pin.is_frozen and not is_kept_out(left, pin.shift_id):
            yield Violation(REASON, pin.shift_id, task_id, subject="dropped")


def is_kept_out(left: Unassigned, shift_id: str) -> bool:
    """Whether a rule is told that keeps a task from a shift."""
    return any(
        shift_id in why.shift_ids and why.reason not in OF_THE_SEARCH for why in left.reasons
    )


def moved(pin: Pin, visit: Visit) -> bool:
    """Whether service does not start when a pin says so."""
    decided = pin.service_start_second
    return decided is not None and visit.start_second != decided

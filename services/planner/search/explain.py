"""
Why a task is not served: per shift, the first rule that keeps it out even when the shift does
nothing else, or that there is no room beside what it does. Counterfactual, never a cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan, Route, Unassigned, Violation, WhyNot
from services.planner.domain.reason import Reason
from services.planner.search.evaluate import evaluate
from services.planner.search.insert import best, members
from services.planner.search.solution import Solution
from services.planner.search.view import ShiftView

ABLE = {Reason.NO_ROOM, Reason.TOO_DEAR, Reason.TIME}  # of shifts that could serve the task alone
Check = Callable[[Instance, Route], Iterable[Violation]]  # the rules, asked about a finished route


def explained(solution: Solution, check: Check) -> Plan:
    """The plan as it stands, each task left out with its reasons."""
    plan = solution.plan()
    left = tuple(
        Unassigned(one.task, one.penalty_micros, reasons(solution, one.task, check))
        for one in plan.unassigned
    )
    return Plan(plan.routes, left, churn_drop_micros=plan.churn_drop_micros)


def reasons(solution: Solution, task: int, check: Check) -> tuple[WhyNot, ...]:
    """The reasons for one task: of shifts that could serve it alone, then the most frequent."""
    return grouped(
        (*why_not(solution, task, rank, check), line.view.shift.shift_id)
        for rank, line in enumerate(solution.lines)
    )


def grouped(told: Iterable[tuple[Reason, str, str]]) -> tuple[WhyNot, ...]:
    """Reason, message and shift of many shifts, those told the same together."""
    groups: dict[tuple[Reason, str], list[str]] = {}
    for reason, message, shift_id in told:
        groups.setdefault((reason, message), []).append(shift_id)
    return tuple(
        sorted(
            (WhyNot(reason, tuple(ids), text) for (reason, text), ids in groups.items()),
            key=lambda one: (one.reason not in ABLE, -len(one.shift_ids), one.reason.value),
        )
    )


def why_not(solution: Solution, task: int, rank: int, check: Check) -> tuple[Reason, str]:
    """What keeps a task out of one shift."""
    instance, view = solution.instance, solution.lines[rank].view
    alone = [alone_nodes(instance, task, option) for option in option_ranks(instance, task)]
    if all(evaluate(view, nodes).reason is not None for nodes in alone):
        return first_broken(view, alone[0], check)
    delivery = delivery_of(instance, task)
    found = best(solution, task if delivery is None else delivery, [rank])
    if found is not None:
        group = members(instance, task if delivery is None else delivery)
        penalty = sum(instance.penalties[member] for member in group)
        if found.delta_micros < penalty:
            return Reason.TIME, "the search ended before it was placed"
        return Reason.TOO_DEAR, f"serving it would cost {found.delta_micros} micros more"
    return Reason.NO_ROOM, "the shift could serve it alone, but not beside its other tasks"


def option_ranks(instance: Instance, task: int) -> range:
    """The options of a task."""
    return range(len(instance.problem.tasks[task].options))


def alone_nodes(instance: Instance, task: int, option: int) -> tuple[Node, ...]:
    """A task as the only work of a shift, with its pickup where it has one."""
    group = members(instance, task)
    if len(group) == 1:
        delivery = delivery_of(instance, task)
        return ((task, option), (delivery, 0)) if delivery is not None else ((task, option),)
    return tuple((member, 0) for member in group)


def delivery_of(instance: Instance, task: int) -> int | None:
    """The delivery that waits for a pickup."""
    own = instance.problem.tasks[task].task_id
    if not instance.problem.deliveries_of_pickup[own]:
        return None
    return next(r for r, t in enumerate(instance.problem.tasks) if t.pickup_task_id == own)


def first_broken(view: ShiftView, nodes: tuple[Node, ...], check: Check) -> tuple[Reason, str]:
    """The first rule that a route of these nodes alone breaks, in words of the verifier."""
    for node in nodes:
        closed = view.instance.closing_verdict(view.rank, view.instance.place(node))
        if closed is not None:  # its roads are left out, so that it also looks cut off
            return closed.reason, "closed to the vehicle during the whole shift"
    evaluated = evaluate(view, nodes)
    for violation in check(view.instance, evaluated.route):
        if violation.hard:
            return violation.reason, words(violation)
    return evaluated.reason or Reason.NO_ROOM, ""


def words(violation: Violation) -> str:
    """What a violation says to people."""
    said = []
    if violation.subject:
        said.append(violation.subject)
    if violation.excess_seconds:
        said.append(f"over by {-(-violation.excess_seconds // 60)} min")
    if violation.excess_amount:
        said.append(f"over by {violation.excess_amount}")
    if violation.message:
        said.append(violation.message)
    return ", ".join(said)

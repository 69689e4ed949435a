"""
Why a task is not served: per shift, the first rule that keeps it out even when the shift does
nothing else, or that there is no room beside what it does. Counterfactual, never a cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from services.planner.domain.access import CLOSED
from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.plan import Plan, Route, Violation, WhyNot
from services.planner.domain.reason import OF_THE_SEARCH, Reason
from services.planner.search.evaluate import evaluate, holding
from services.planner.search.insert import EXACT_TRIES, Candidate, candidates, exact, members
from services.planner.search.solution import Solution
from services.planner.search.view import ShiftView

BESIDE_HEAD = "beside the rest of the frozen head"
NO_ROOM = "the shift could serve it alone, but not beside its other tasks"
NOT_PLACED = (WhyNot(Reason.TIME, (), "the search ended before it was placed"),)
UNTRIED = (Reason.TIME, "time ended before the shift was tried")
TRIES_MAX = 5_000  # insertions timed over all tasks of a plan: about a second
Twin = tuple[int, int]  # a class of shifts, and the rank of one of them where it matters
GoesOn = Callable[[], bool]  # whether time is left
Check = Callable[[Instance, Route], Iterable[Violation]]  # the rules, asked about a finished route


def explained(solution: Solution, check: Check, goes_on: GoesOn = lambda: True) -> Plan:
    """
    The plan as it stands, each task left out with its reasons.

    While time is left; those that come later only hear that the search has not placed them. Frozen
    tasks are always explained: without a rule, none may be left out.
    """
    plan, judge = solution.plan(), Judge(solution, check)
    problem = solution.instance.problem
    frozen = {problem.rank_of_task[pin.task_id] for pin in problem.pins if pin.is_frozen}
    left = tuple(
        replace(one, reasons=judge.reasons(one.task))
        if one.task in frozen or goes_on()
        else replace(one, reasons=NOT_PLACED)
        for one in plan.unassigned
    )
    return replace(plan, unassigned=left)


def reasons(
    solution: Solution, task: int, check: Check, goes_on: GoesOn = lambda: True
) -> tuple[WhyNot, ...]:
    """The reasons for one task, whatever was asked about others."""
    return Judge(solution, check, goes_on).reasons(task)


def grouped(told: Iterable[tuple[Reason, str, str]]) -> tuple[WhyNot, ...]:
    """Reason, message and shift of many shifts, those told the same together."""
    groups: dict[tuple[Reason, str], list[str]] = {}
    for reason, message, shift_id in told:
        groups.setdefault((reason, message), []).append(shift_id)
    return tuple(
        sorted(
            (WhyNot(reason, tuple(ids), text) for (reason, text), ids in groups.items()),
            key=lambda one: (
                one.reason not in OF_THE_SEARCH,
                -len(one.shift_ids),
                one.reason.value,
            ),
        )
    )


Told = tuple[Reason, str]  # the reason, and its words


class Judge:
    """Says for each shift what keeps a task out of it; equal shifts are asked once."""

    def __init__(self, solution: Solution, check: Check, goes_on: GoesOn = lambda: True) -> None:
        """Counts how many insertions were timed, over all tasks; without time none is."""
        self.solution, self.check, self.goes_on = solution, check, goes_on
        self.tries_left = TRIES_MAX

    def reasons(self, task: int) -> tuple[WhyNot, ...]:
        """The reasons for one task: of shifts that could serve it alone, then the most frequent."""
        return grouped(self.told(task))

    def told(self, task: int) -> Iterator[tuple[Reason, str, str]]:
        """Reason, words and id for each shift."""
        delivery = delivery_of(self.solution.instance, task)
        moved = task if delivery is None else delivery
        alone: dict[Twin, Told | None] = {}
        beside: dict[Twin, Told] = {}
        found = by_line(self.solution, moved) if self.goes_on() else {}
        for line in self.solution.lines:
            view, shift_id = line.view, line.view.shift.shift_id
            if not self.goes_on():
                yield *UNTRIED, shift_id
                continue
            own = view.rank if task in view.naming else -1
            kind = (view.class_rank, own)
            if kind not in alone:
                alone[kind] = self.alone(view, task)
            reason = alone[kind]
            if reason is None:
                twin = (view.class_rank, view.rank if line.nodes else own)
                if twin not in beside:
                    beside[twin] = self.beside(moved, found.get(view.rank, []))
                reason = beside[twin]
            yield (*reason, shift_id)

    def alone(self, view: ShiftView, task: int) -> Told | None:
        """What keeps a task out of a shift that does no more than was decided; None: nothing."""
        instance = self.solution.instance
        ways = [alone_nodes(instance, task, option) for option in option_ranks(instance, task)]
        if any(is_able(view, nodes) for nodes in ways):
            return head_fault(view, task, self.check)
        return first_broken(view, ways, self.check)

    def beside(self, task: int, found: list[Candidate]) -> Told:
        """What keeps a task out of a route that could serve it alone."""
        instance, cheapest = self.solution.instance, None
        for candidate in found[:EXACT_TRIES]:
            if not self.tries_left:
                return Reason.TIME, "too many tasks are left out to try every shift"
            self.tries_left -= 1
            timed = exact(self.solution, candidate, task)
            if timed is not None:
                known = timed.delta_micros if cheapest is None else cheapest
                cheapest = min(timed.delta_micros, known)
        if cheapest is None:
            return Reason.NO_ROOM, NO_ROOM
        if self.solution.is_worth(members(instance, task), cheapest):
            return NOT_PLACED[0].reason, NOT_PLACED[0].message
        return Reason.TOO_DEAR, f"serving it would cost {cheapest} micros more"


def by_line(solution: Solution, task: int) -> dict[int, list[Candidate]]:
    """The candidates for a task by their line, the most promising first."""
    found: dict[int, list[Candidate]] = {}
    for candidate in sorted(candidates(solution, task), key=lambda one: one.estimate_micros):
        found.setdefault(candidate.line, []).append(candidate)
    return found


def is_able(view: ShiftView, nodes: tuple[Node, ...]) -> bool:
    """Whether a shift can serve nodes and nothing else, from its start or after a reload."""
    if any(view.refusal(node) is not None for node in nodes):
        return False
    reloads = range(len(view.shift.reloads)) if view.shift.reload_limit else ()
    ways = [nodes, *(((RELOAD, rank), *nodes) for rank in reloads)]
    return any(holding(view, way) is not None for way in ways)


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


def first_broken(
    view: ShiftView, ways: Iterable[tuple[Node, ...]], check: Check
) -> tuple[Reason, str]:
    """The first rule that the best of some routes alone breaks, in words of the verifier."""
    broken = fewest_broken(view, ways, check)
    return (broken[0].reason, words(broken[0])) if broken else (Reason.NO_ROOM, "")


def fewest_broken(
    view: ShiftView, ways: Iterable[tuple[Node, ...]], check: Check
) -> tuple[Violation, ...]:
    """What is broken by the one of some routes, each alone in a shift, that breaks the fewest."""
    return min((tuple(broken_alone(view, nodes, check)) for nodes in ways), key=len)


def broken_alone(view: ShiftView, nodes: tuple[Node, ...], check: Check) -> Iterator[Violation]:
    """The hard rules that nodes break as the only work of a shift."""
    for node in nodes:
        place = view.instance.place(node)
        area = view.instance.closing_area(view.rank, place)
        closed = view.instance.closing_verdict(view.rank, place)
        if area and closed:  # its roads are left out, so that it also looks cut off
            yield Violation(closed.reason, subject=area.area_id, message=CLOSED)
            return
    evaluated = evaluate(view, nodes)
    told = False
    for violation in check(view.instance, evaluated.route):
        if violation.hard:
            told = True
            yield replace(violation, shift_id="")
    if not told and evaluated.reason is not None:
        yield Violation(evaluated.reason)


def head_fault(view: ShiftView, task: int, check: Check) -> Told | None:
    """
    What the frozen head of a shift breaks, for a task of it; None where the head holds.

    Its tasks are served at their own places, and those that the shift cannot serve are no part.
    """
    instance = view.instance
    head = [instance.problem.rank_of_task[pin.task_id] for pin in view.frozen]
    if task not in head:
        return None
    if not is_able(view, alone_nodes(instance, task, 0)):
        return first_broken(view, [alone_nodes(instance, task, 0)], check)
    head = [one for one in head if is_able(view, alone_nodes(instance, one, 0))]
    found = (delivery_of(instance, one) for one in head)
    ends = [end for end in found if end is not None and end not in head]
    ways = [tuple((one, 0) for one in (*head, *rest)) for rest in (ends, ends[::-1])]
    if any(holding(view, nodes) is not None for nodes in ways):
        return None
    reason, said = first_broken(view, ways[:1], check)
    return reason, ", ".join(filter(None, (said, BESIDE_HEAD)))


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

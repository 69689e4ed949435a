"""
Windows that could be offered for a task beside given routes, each priced by the cheapest insertion.

All windows are priced in one pass: the task gets one place per window and place of its own, so that
routes are looked through once. A delivery that waits for its pickup has one place only; there each
window is a pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Route, Violation, WhyNot
from services.planner.domain.reason import Reason
from services.planner.domain.relaxation import with_task
from services.planner.domain.task import Task, Window
from services.planner.search.evaluate import holding
from services.planner.search.explain import NO_ROOM, Check, first_broken, grouped, reasons
from services.planner.search.given import given_solution
from services.planner.search.insert import Insertion, proposals
from services.planner.search.sift import Sifted, reasons_of, sifted
from services.planner.search.solution import Solution

ALL_PROPOSALS = 1_000_000  # shifts times windows times places: never cut
CHOICES_MAX = 3  # shifts told per window: compliance may deny the way of the cheapest


@dataclass(frozen=True, slots=True)
class Offer:
    """What one window would cost, or why nobody can serve it."""

    insertion: Insertion | None
    failure_micros: int = 0
    """The part of its cost that failing in this window costs on average."""
    reasons: tuple[WhyNot, ...] = ()
    others: tuple[Offer, ...] = ()
    """The next in cost, each of another shift, should this one not do."""
    refused: tuple[Violation, ...] = ()
    """What the rules name against insertions that are left out for it: a fault of ours."""

    @property
    def insertions(self) -> tuple[Insertion, ...]:
        """Its own and those of the others, the cheapest first."""
        found = (one.insertion for one in (self, *self.others))
        return tuple(insertion for insertion in found if insertion is not None)


Offers = tuple[tuple[Route | None, ...], tuple[Offer, ...]]  # the routes as they are, the offers


def price_windows(
    instance: Instance,
    sequences: Sequence[Sequence[Node]],
    task: int,
    windows: Sequence[Window],
    check: Check,
) -> Offers:
    """The routes as they are, and an offer per window; the task's own windows do not hold."""
    own = instance.problem.tasks[task]
    if own.pickup_task_id:
        each = [priced_alone(instance, sequences, task, window, check) for window in windows]
        return routes_of(given_solution(instance, sequences)), tuple(each)
    solution = given_solution(spread(instance, task, windows), sequences)
    cheapest = cheapest_of(solution, task, len(own.options))
    offers = []
    for rank in range(len(windows)):
        found = sifted(solution.instance, cheapest.get(rank, ()), check)
        if found.insertions or found.refused:
            offers.append(offered(own, found, len(own.options)))
        else:
            why = why_none(solution, task, rank, len(own.options), check)
            offers.append(Offer(None, reasons=tuple(why)))
    return routes_of(solution), tuple(offers)


def routes_of(solution: Solution) -> tuple[Route | None, ...]:
    """The present route of each shift."""
    return tuple(line.route for line in solution.lines)


def offered(task: Task, found: Sifted, places: int) -> Offer:
    """The cheapest of some insertions into a window, with the others."""
    made = [priced(task, at_own_place(one, places)) for one in found.insertions]
    if not made:
        return Offer(None, reasons=reasons_of(found.refused), refused=found.refused)
    return replace(made[0], others=tuple(made[1:]), refused=found.refused)


def priced(task: Task, insertion: Insertion) -> Offer:
    """One insertion with what failing then costs."""
    visit = next(visit for visit in insertion.route.visits if visit.node == _node(insertion))
    return Offer(insertion, task.slot_cost_micros(visit.start_second))


def _node(insertion: Insertion) -> Node:
    return insertion.nodes[insertion.rank]


def spread(instance: Instance, task: int, windows: Sequence[Window]) -> Instance:
    """The instance in which the task has, for each window, each of its places."""
    own = instance.problem.tasks[task]
    options = tuple(
        replace(option, windows=(window,)) for window in windows for option in own.options
    )
    return replace(instance, problem=with_task(instance.problem, replace(own, options=options)))


def cheapest_of(solution: Solution, task: int, places: int) -> dict[int, list[Insertion]]:
    """The cheapest insertions per window, each of another shift."""
    found: dict[int, list[Insertion]] = {}
    for insertion in proposals(solution, task, ALL_PROPOSALS):
        own = found.setdefault(insertion.option // places, [])
        # They come cheapest first.
        if len(own) < CHOICES_MAX and all(insertion.line != other.line for other in own):
            own.append(insertion)
    return found


def at_own_place(insertion: Insertion, places: int) -> Insertion:
    """An insertion whose places are those of the problem as it was asked."""
    task, option = insertion.nodes[insertion.rank][0], insertion.option % places
    nodes = tuple((task, option) if node[0] == task else node for node in insertion.nodes)
    visits = tuple(
        replace(visit, option=option) if visit.task == task else visit
        for visit in insertion.route.visits
    )
    route = replace(insertion.route, visits=visits)
    return replace(insertion, option=option, nodes=nodes, route=route)


def why_none(
    solution: Solution, task: int, window: int, places: int, check: Check
) -> Iterator[WhyNot]:
    """Why no shift can serve the task in a window."""
    nodes = [(task, option) for option in range(window * places, (window + 1) * places)]

    def told() -> Iterator[tuple[Reason, str, str]]:
        for line in solution.lines:
            if any(holding(line.view, (node,)) is not None for node in nodes):
                yield Reason.NO_ROOM, NO_ROOM, line.view.shift.shift_id
            else:
                reason, text = first_broken(line.view, [(node,) for node in nodes], check)
                yield reason, text, line.view.shift.shift_id

    yield from grouped(told())


def priced_alone(
    instance: Instance,
    sequences: Sequence[Sequence[Node]],
    task: int,
    window: Window,
    check: Check,
) -> Offer:
    """The offer of one window for a task with one place."""
    own = instance.problem.tasks[task]
    solution = given_solution(spread(instance, task, (window,)), sequences)
    found = sifted(solution.instance, proposals(solution, task, CHOICES_MAX), check)
    if found.insertions or found.refused:
        return offered(own, found, len(own.options))
    return Offer(None, reasons=reasons(solution, task, check))

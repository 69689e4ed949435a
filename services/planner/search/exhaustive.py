"""
Small problems: every route that can hold is tried, and the best plan of them is taken.

A sequence is only extended at its end, so what a beginning breaks stays broken: its windows when
it is driven as early as can be, its room, and deliveries before their pickups. The plan is put
together from the cheapest route of each shift for each set of tasks. Ends by its count of
sequences, so that it is the same on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from services.planner.domain.instance import RELOAD, Node, is_reload
from services.planner.search.evaluate import carried, holding
from services.planner.search.kernel import Sequences
from services.planner.search.late import open_at
from services.planner.search.order import tasks_of
from services.planner.search.view import ShiftView

TASKS_MAX = 7
Subset = frozenset[int]
Routes = dict[Subset, tuple[int, tuple[Node, ...]]]
Plans = dict[Subset, tuple[int, Sequences]]
Score = Callable[[Subset, int], tuple[tuple[int, ...], int]]  # of what is served, and its cost


class Counted:
    """How many sequences may still be tried."""

    def __init__(self, limit: int) -> None:
        """Starts with all."""
        self.left = limit


def best_plan(views: Sequence[ShiftView], score: Score, counted: Counted) -> Sequences | None:
    """The sequences of the best plan, by shift; None where there are too many to try."""
    tasks = len(views[0].instance.problem.tasks) if views else 0
    if not 0 < tasks <= TASKS_MAX:
        return None
    plans: Plans = {frozenset(): (0, ())}
    known: dict[tuple[int, int], Routes | None] = {}
    for view in views:
        kind = (view.class_rank, view.rank if view.naming or view.frozen else -1)
        if kind not in known:
            known[kind] = best_routes(view, counted)
        own = known[kind]
        if own is None:
            return None
        plans = with_shift(plans, own)
    served = min(plans, key=lambda one: (score(one, plans[one][0]), sorted(one)))
    return plans[served][1]


def with_shift(plans: Plans, own: Routes) -> Plans:
    """The cheapest plans by what they serve, when one more shift may drive."""
    found: Plans = {}
    for served, (cost, sequences) in plans.items():
        for more, (micros, nodes) in own.items():
            union = served | more
            if served & more or (union in found and found[union][0] <= cost + micros):
                continue
            found[union] = (cost + micros, (*sequences, nodes))
    return found


def best_routes(view: ShiftView, counted: Counted) -> Routes | None:
    """The cheapest route of a shift by what it serves; None once too much was tried."""
    found: Routes = {frozenset(): (0, ())}
    for nodes in beginnings(view, (), view.ready_second + view.shift.loading_left_seconds):
        counted.left -= 1
        if counted.left < 0:
            return None
        route = None if is_reload(nodes[-1]) else holding(view, nodes)
        if route is not None:
            served = frozenset(tasks_of(nodes))
            if served not in found or route.cost_micros < found[served][0]:
                found[served] = (route.cost_micros, nodes)
    return found


def beginnings(view: ShiftView, begun: tuple[Node, ...], leave: int) -> Iterator[tuple[Node, ...]]:
    """Every sequence that goes on from a beginning and may still hold."""
    here = view.stay(begun[-1]).place if begun else view.start_place
    for node in next_nodes(view, begun):
        stay = view.stay(node)
        setup = stay.setup_seconds if stay.place != here else 0
        start, missed = open_at(stay.windows, leave + view.seconds(here, stay.place) + setup)
        nodes = (*begun, node)
        if not missed and start <= view.shift.end_second and has_room(view, nodes):
            yield nodes
            yield from beginnings(view, nodes, start + stay.service_seconds)


def next_nodes(view: ShiftView, begun: tuple[Node, ...]) -> Iterator[Node]:
    """What can follow a beginning: tasks not served whose pickup is, and reloads."""
    problem, served = view.instance.problem, {node[0] for node in begun}
    for rank, task in enumerate(problem.tasks):
        waits = task.pickup_task_id and problem.rank_of_task[task.pickup_task_id] not in served
        if rank in served or waits:
            continue
        for option in range(len(task.options)):
            if view.refusal((rank, option)) is None:
                yield rank, option
    reloads = sum(map(is_reload, begun))
    if reloads < view.shift.reload_limit and not (begun and is_reload(begun[-1])):
        for rank in range(len(view.shift.reloads)):
            if view.refusal((RELOAD, rank)) is None:
                yield RELOAD, rank


def has_room(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether a beginning stays within the vehicle's capacity, which what follows never mends."""
    loads = carried(view, nodes) if view.limited else None
    if loads is None:
        return True
    return all(load[dimension] <= most for load in loads for dimension, most in view.limited)

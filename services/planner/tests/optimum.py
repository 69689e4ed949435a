"""
The optimum of a small problem, by trying every route: orders, places, reloads and assignments.

Times come from the exact scheduler, which `test_scheduler_is_exact` holds against the rules alone;
the plan that wins here is asked of the rules as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.score import Score
from services.planner.search.evaluate import holding, views_of
from services.planner.search.order import tasks_of
from services.planner.search.solution import Solution
from services.planner.search.view import ShiftView

Subset = frozenset[int]
Best = dict[Subset, tuple[int, tuple[Node, ...]]]


def optimum(made: Instance) -> Score:
    """The score of the best plan."""
    solution = Solution(made)
    for line, nodes in zip(solution.lines, best_sequences(made), strict=True):
        solution.put(line, nodes, holding(line.view, nodes) if nodes else None)
    return solution.score()


def best_sequences(made: Instance) -> list[tuple[Node, ...]]:
    """The sequences of the best plan, by shift."""
    routes = [best_routes(view) for view in views_of(made)]
    plans: Best = {frozenset(): (0, ())}
    choices: dict[Subset, list[tuple[Node, ...]]] = {frozenset(): []}
    for own in routes:
        plans, choices = with_shift(plans, choices, own)
    solution = Solution(made)

    def score(served: Subset) -> Score:
        solution.left_out = set(range(len(made.problem.tasks))) - served
        tiers, lost = solution.score()
        return tiers, lost + plans[served][0]

    return choices[min(plans, key=score)]


def with_shift(
    plans: Best, choices: dict[Subset, list[tuple[Node, ...]]], own: Best
) -> tuple[Best, dict[Subset, list[tuple[Node, ...]]]]:
    """The cheapest plans by what they serve when one more shift may drive."""
    found: Best = {}
    chosen: dict[Subset, list[tuple[Node, ...]]] = {}
    for served, (cost, _) in plans.items():
        for more, (micros, nodes) in own.items():
            union = served | more
            if not served & more and (union not in found or cost + micros < found[union][0]):
                found[union] = (cost + micros, ())
                chosen[union] = [*choices[served], nodes]
    return found, chosen


def best_routes(view: ShiftView) -> Best:
    """The cheapest route of a shift by what it serves."""
    found: Best = {frozenset(): (0, ())}
    for nodes in sequences(view, ()):
        served = frozenset(tasks_of(nodes))
        route = holding(view, nodes)
        if route is not None and (served not in found or route.cost_micros < found[served][0]):
            found[served] = (route.cost_micros, nodes)
    return found


def sequences(view: ShiftView, begun: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    """Every order of any tasks that a shift may serve, at any place, with reloads between."""
    own, tasks = view.shift, view.instance.problem.tasks
    served = {node[0] for node in begun}
    reloads = sum(node[0] == RELOAD for node in begun)
    if begun and begun[-1][0] != RELOAD:
        yield begun
    for task in range(len(tasks)):
        for option in range(len(tasks[task].options)) if task not in served else ():
            if view.refusal((task, option)) is None:
                yield from sequences(view, (*begun, (task, option)))
    if reloads < own.reload_limit and (not begun or begun[-1][0] != RELOAD):
        for rank in range(len(own.reloads)):
            yield from sequences(view, (*begun, (RELOAD, rank)))

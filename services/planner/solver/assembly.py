"""
Sequences made into plans: timed by the exact scheduler, priced, verified.

What was timed and verified once is kept: from one plan of a search to the next few routes change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.planner.domain.instance import Instance, Node, is_reload
from services.planner.domain.plan import Plan, Route, Unassigned, Violation
from services.planner.domain.score import Score, drop_micros, score_of
from services.planner.rules import locks
from services.planner.rules.verify import plan_violations, route_violations
from services.planner.search.evaluate import holding, views_of
from services.planner.search.kernel import Sequences
from services.planner.search.solution import Solution, hold_of

Key = tuple[int, tuple[Node, ...]]
KEPT_MAX = 50_000  # routes timed or verified; beyond, all are forgotten


class Assembly:
    """Plans of one instance."""

    def __init__(self, instance: Instance) -> None:
        """Compiles the shifts."""
        self.instance = instance
        self.views = views_of(instance)
        self.tiers = instance.problem.tiers
        self._timed: dict[Key, Route | None] = {}
        self._faults: dict[Route, tuple[Violation, ...]] = {}

    def route(self, shift: int, nodes: tuple[Node, ...]) -> Route | None:
        """The timed route of a sequence; None when it does not hold or is empty."""
        if not nodes:
            return None
        key = (shift, nodes)
        if key not in self._timed:
            if len(self._timed) > KEPT_MAX:
                self._timed.clear()
            self._timed[key] = holding(self.views[shift], nodes)
        return self._timed[key]

    def held(self, sequences: Iterable[Sequence[Node]]) -> Sequences:
        """What holds of each sequence, each task served once at the most."""
        seen: set[int] = set()
        held = []
        for shift, nodes in enumerate(sequences):
            own = first_of_each(nodes, seen)
            if own and self.route(shift, own) is None:
                own = hold_of(self.views[shift], own)
                own = own if self.route(shift, own) else ()
            seen |= {node[0] for node in own if not is_reload(node)}
            held.append(own)
        return tuple(held)

    def plan(self, sequences: Sequences) -> Plan:
        """The plan of sequences that hold, without reasons."""
        routes = [self.route(shift, nodes) for shift, nodes in enumerate(sequences)]
        penalties, left_out = self.instance.penalties, self.left_out(sequences)
        left = tuple(Unassigned(task, penalties[task]) for task in left_out)
        kept = tuple(route for route in routes if route is not None)
        return Plan(kept, left, churn_drop_micros=drop_micros(self.instance, left_out))

    def solution(self, sequences: Sequences) -> Solution:
        """Sequences that hold as a solution to work on; what is timed already is not again."""
        solution = Solution(self.instance, self.views)
        for line, nodes in zip(solution.lines, sequences, strict=True):
            line.place(nodes, self.route(line.view.rank, nodes))
        solution.count_left_out()
        return solution

    def left_out(self, sequences: Sequences) -> list[int]:
        """The tasks that no sequence serves, by rank."""
        served = {node[0] for nodes in sequences for node in nodes}
        return [task for task in range(len(self.instance.problem.tasks)) if task not in served]

    def score(self, plan: Plan) -> Score:
        """How good a plan is: compare with `<`."""
        left = [one.task for one in plan.unassigned]
        return score_of(self.instance, left, sum(route.cost_micros for route in plan.routes))

    def verified(self, plan: Plan) -> tuple[Violation, ...]:
        """Every rule that a plan breaks; the rules of one route are asked once about it."""
        found = [*plan_violations(self.instance, plan), *locks.dropped(self.instance, plan)]
        for route in plan.routes:
            if route not in self._faults:
                if len(self._faults) > KEPT_MAX:
                    self._faults.clear()
                self._faults[route] = tuple(route_violations(self.instance, route))
            found += self._faults[route]
        return tuple(found)


def first_of_each(nodes: Iterable[Node], seen: set[int]) -> tuple[Node, ...]:
    """The nodes whose tasks were not seen yet, each task once; reloads stay."""
    kept, own = list[Node](), set(seen)
    for node in nodes:
        if is_reload(node):
            kept.append(node)
        elif node[0] not in own:
            kept.append(node)
            own.add(node[0])
    return tuple(kept)

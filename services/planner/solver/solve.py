"""
A solve from beginning to end: a plan at once, then better ones, each verified before it is told.

Build, move what can move, let the engine propose another start, ruin and recreate from the better
of both, and place whatever is still left out. Steps end by their number, so that a seed gives the
same plan; time only guards, and the outcome says when it cut something.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan, SolveEnd, Violation
from services.planner.domain.settings import ENGINE_SHARE, SearchSettings
from services.planner.rules.verify import route_violations, verify
from services.planner.search.construct import fill, make_room, place_frozen, relocate
from services.planner.search.explain import explained
from services.planner.search.ruin import Ruin
from services.planner.search.solution import Solution
from services.planner.solver.routing import propose

Sequences = Sequence[Sequence[Node]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan, whether it passed the verifier, and how the search came to it."""

    plan: Plan
    broken: tuple[Violation, ...]
    solution_count: int
    end: SolveEnd
    is_final: bool = False


class Solve:
    """One solve of one instance."""

    def __init__(
        self,
        instance: Instance,
        settings: SearchSettings,
        tell: Callable[[Outcome], None],
        go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """`tell` hears of every plan; `go_on` says whether anybody still listens."""
        self.instance, self.settings, self.tell = instance, settings, tell
        self.until = time.monotonic() + settings.seconds
        self._listens = go_on
        self.solution_count = 0
        self.was_cut = False

    def run(self, seed_routes: Sequences = ()) -> Outcome:
        """Solves; the last outcome told is also returned."""
        solution = self.first(seed_routes)
        self.report(solution)
        if not self.is_decided():
            solution = self.better(solution)
        return self.report(solution, is_final=True)

    def first(self, seed_routes: Sequences) -> Solution:
        """A plan at once: given routes as far as they hold, then the cheapest insertions."""
        solution = Solution(self.instance)
        if seed_routes:
            solution.load(seed_routes)
        place_frozen(solution)
        self.solution_count += fill(solution, self.go_on)
        return solution

    def is_decided(self) -> bool:
        """Whether nothing is left to decide: every task is pinned to its rank."""
        frozen = {pin.task_id for pin in self.instance.problem.pins if pin.is_frozen}
        return all(task.task_id in frozen for task in self.instance.problem.tasks)

    def better(self, solution: Solution) -> Solution:
        """The rest of the search."""
        self.polish(solution)
        solution = self.engine(solution)
        rounds = self.settings.rounds(len(self.instance.problem.tasks))
        ruin = Ruin(solution, self.settings.seed)
        done = ruin.run(rounds, self.go_on)
        self.solution_count += done
        self.was_cut |= done < rounds and bool(ruin.movable)
        self.polish(solution)
        return solution

    def polish(self, solution: Solution) -> None:
        """Moves what can move, and tries every task that is left out in every route."""
        relocate(solution, self.go_on)
        if solution.left_out:
            make_room(solution, self.go_on)
            fill(solution, self.go_on)

    def engine(self, solution: Solution) -> Solution:
        """The better of a plan and of what OR-Tools proposes, mended."""
        tasks = len(self.instance.problem.tasks)
        limit = self.settings.engine_solutions(tasks)
        seconds = (self.until - time.monotonic()) * ENGINE_SHARE
        if not limit or seconds <= 0:
            self.was_cut |= bool(limit)
            return solution
        proposal = propose(
            self.instance,
            [line.view for line in solution.lines],
            seed=self.settings.seed,
            solution_limit=limit,
            time_limit=timedelta(seconds=seconds),
        )
        if proposal is None:
            return solution
        self.was_cut |= proposal.ran_out_of_time
        self.solution_count += proposal.solution_count
        other = Solution(self.instance)
        other.load(proposal.sequences)
        fill(other, self.go_on)
        self.polish(other)
        return min(solution, other, key=Solution.score)

    def go_on(self) -> bool:
        """Whether time is left and somebody listens."""
        if time.monotonic() < self.until and self._listens():
            return True
        self.was_cut = True
        return False

    def report(self, solution: Solution, *, is_final: bool = False) -> Outcome:
        """Explains and verifies a plan, and tells it."""
        plan = explained(solution, route_violations) if is_final else solution.plan()
        found = verify(self.instance, plan)
        soft = tuple(violation for violation in found if not violation.hard)
        broken = tuple(violation for violation in found if violation.hard)
        plan = Plan(plan.routes, plan.unassigned, soft, plan.churn_drop_micros)
        end = SolveEnd.DEADLINE if self.was_cut else SolveEnd.LIMIT
        outcome = Outcome(plan, broken, self.solution_count, end, is_final)
        self.tell(outcome)
        return outcome

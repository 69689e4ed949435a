"""
A solve from beginning to end: a plan at once, then better ones, each verified before it is told.

Given routes as far as they hold, the portfolio's engines, the master over the routes that they
found, every task still left out tried in every route, and the verifier. Steps decide when a search
ends, so that a seed gives the same plan; what was run is written down, so that it can be run again
even where the clock cut it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.planner.domain.instance import Instance, Node
from services.planner.domain.phases import WHOLE, Chunk, Phase
from services.planner.domain.plan import Plan, SolveEnd, Violation
from services.planner.domain.score import Score
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.rules.balance import PERCENT, evenness_of
from services.planner.rules.verify import route_violations, verify
from services.planner.search.construct import fill, make_room
from services.planner.search.explain import NOT_PLACED, explained
from services.planner.search.kernel import Sequences
from services.planner.solver import ladder, master, rounds, small, spread
from services.planner.solver.assembly import Assembly
from services.planner.solver.fleet import classes_of
from services.planner.solver.heads import headed
from services.planner.solver.ladder import Changed
from services.planner.solver.master import Limits, Master
from services.planner.solver.pace import clock_of
from services.planner.solver.pool import Pool
from services.planner.solver.portfolio import Budget, Portfolio
from services.planner.solver.searched import searched
from services.planner.solver.spread import Measure

TELL_SECONDS_MIN = 0.4  # between two plans that are told
TELL_SHARE = 0.1  # of the time so far, between two plans that are told
TELL_SECONDS_MAX = 3.0  # between two plans that are told
TELLING_TIMES = 10  # between two plans that are told, of what telling the last one took
FINISH_SECONDS_PER_TASK = 0.00004  # what timing and verifying the last plan takes
EXPLAIN_SHARE = 0.01  # of the time so far, for the reasons of a plan on the way
MASTER_RESERVE = 0.4  # of the master's time: its own measure mostly ends it sooner


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan, whether it passed the verifier, and how the search came to it."""

    plan: Plan
    broken: tuple[Violation, ...]
    solution_count: int
    end: SolveEnd
    is_final: bool = False
    phases: tuple[Phase, ...] = ()
    bound_micros: int | None = None
    """What no plan of the instance costs less than; known where every route was tried."""
    rejected: Outcome | None = None
    """The last plan, where that broke a rule and this one stands in its place."""


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
        self.listens = go_on
        self.now = clock_of(settings.pace)
        self.begun = self.now()
        self.most_seconds = settings.most_seconds(time.monotonic())
        self.searched = Assembly(searched(instance))
        same = self.searched.instance is instance
        self.assembly = self.searched if same else Assembly(instance)
        self.classes = classes_of(instance)
        self.pool = Pool(self.classes)
        self.portfolio = Portfolio(self.searched, self.pool, settings)
        self.smallest: Sequences | None = None
        self.verified: Outcome | None = None
        self._told_at = 0.0
        self._told_score: Score | None = None
        self._telling_seconds = 0.0
        self.rung = ""

    def run(self, seed_routes: Sequence[Sequence[Node]] = ()) -> Outcome:
        """Solves; the last outcome told is also returned."""
        begin = self.first(seed_routes)
        start, moves = begin.sequences, self.moves()
        finish = FINISH_SECONDS_PER_TASK * len(self.instance.problem.tasks)
        until = self.begun + self.most_seconds - finish - spread.MOVE_SECONDS * moves
        if not (self.is_decided() or self.is_tried()):
            end = until - master.seconds_of(self.sure_seconds) * MASTER_RESERVE
            budget = Budget(self.settings, self.now, end, self.listens)
            start = self.portfolio.run(begin, budget, self.hear)
        is_clocked = self.settings.pace is not Pace.CPU  # CP-SAT knows the wall's clock only
        guard = until - self.now() if is_clocked else master.UNGUARDED_SECONDS
        limits = Limits.of(master.seconds_of(self.settings.seconds), guard, None)
        return self.finish(self.smallest or start, limits, moves)

    @property
    def sure_seconds(self) -> float:
        """Of what is planned, as much as there is time for."""
        return min(self.settings.seconds, self.most_seconds)

    def moves(self) -> int:
        """How many moves to even routes: those planned, or what there is time for."""
        if self.instance.problem.objective.balance is None:
            return 0
        moves = spread.moves_of(self.sure_seconds)
        self.portfolio.was_cut |= moves < spread.moves_of(self.settings.seconds)
        return moves

    def is_tried(self) -> bool:
        """Whether every route was tried, as far as there is time for that."""
        limit = small.sequences_for(self.sure_seconds)
        counted = small.Counted(limit)
        is_small = self.is_small(counted)
        if counted.left < 0:
            self.portfolio.was_cut |= limit < small.sequences_for(self.settings.seconds)
        return is_small

    def replay(
        self, phases: tuple[Phase, ...], seed_routes: Sequence[Sequence[Node]] = ()
    ) -> Outcome:
        """
        Runs what a solve ran, step by step; its routes are the same.

        Where the solve did not come to its master, they are those of the last plan that it told.
        """
        start = self.portfolio.replay(phases, self.first(seed_routes), self.hear)
        if phases[0].engine == ladder.GIVEN:
            start = self.given(seed_routes)
        if any(one.engine == small.ENGINE for one in phases):
            self.is_small(small.Counted(small.SEQUENCES_MAX))
        before = next((one for one in phases if one.engine == master.ENGINE), None)
        if before is None:
            return self.as_told(start)
        moves = sum(one.iterations for one in phases if one.engine == spread.ENGINE)
        return self.finish(self.smallest or start, Limits.of(0.0, 0.0, before), moves)

    def as_told(self, sequences: Sequences) -> Outcome:
        """A plan that was told on the way, now as the last one."""
        solution = self.assembly.solution(self.assembly.held(sequences))
        return self.report(self.measured(explained(solution, route_violations)), is_final=True)

    def given(self, seed_routes: Sequence[Sequence[Node]]) -> Sequences:
        """Given routes as far as they hold, behind what is decided."""
        problem, nothing = self.instance.problem, [()] * len(self.instance.problem.shifts)
        held = self.searched.held(headed(problem, seed_routes or nothing))
        heads = enumerate(headed(problem, nothing))
        return self.searched.held([self.with_head(rank, head, held[rank]) for rank, head in heads])

    def with_head(
        self, shift: int, head: tuple[Node, ...], own: tuple[Node, ...]
    ) -> Sequence[Node]:
        """What holds of a given route; what is decided alone, where the rest kept it out."""
        is_whole = {node[0] for node in head} <= {node[0] for node in own}
        return own if is_whole or self.searched.route(shift, head) is None else head

    def first(self, seed_routes: Sequence[Sequence[Node]]) -> Changed:
        """Given routes told at once; then with a few new tasks inserted."""
        given = self.given(seed_routes)
        if not any(seed_routes):
            return Changed(given)
        self.rung = ladder.GIVEN
        self.report(self.reasoned(given, 0.0))
        if not 0 < len(self.searched.left_out(given)) <= ladder.NEW_TASKS_MAX:
            return Changed(given)
        changed = ladder.inserted(self.searched, given)
        self.rung = ladder.INSERTED
        self.report(self.reasoned(self.assembly.held(changed.sequences), 0.0))
        return changed

    def phases(self) -> tuple[Phase, ...]:
        """What the plan that is told now came from."""
        so_far = self.portfolio.phases_so_far()
        return so_far or ((Phase(self.rung, ()),) if self.rung else ())

    def is_small(self, counted: small.Counted) -> bool:
        """Whether every route could be tried; the best plan of them is then kept."""
        if self.instance.problem.objective.balance is not None:
            return False
        found = small.solved(self.searched, counted)
        if found is None:
            return False
        self.smallest, phase = found
        self.portfolio.phases.append(phase)
        return True

    def is_decided(self) -> bool:
        """Whether nothing is left to decide: every task is pinned to its rank."""
        frozen = {pin.task_id for pin in self.instance.problem.pins if pin.is_frozen}
        return all(task.task_id in frozen for task in self.instance.problem.tasks)

    def hear(self, better: Callable[[], Sequences]) -> bool:
        """Tells a better plan, when the last one was told long enough ago; says whether it was."""
        elapsed = self.now() - self.begun
        if self._told_at and elapsed - self._told_at < self.pause(elapsed):
            return False
        self._told_at = elapsed
        held = self.searched.held(better())
        score = self.searched.score(self.searched.plan(held))
        if self._told_score is None or score < self._told_score:
            self._told_score = score
            self.report(self.reasoned(held, elapsed * EXPLAIN_SHARE))
            self._telling_seconds = self.now() - self.begun - elapsed
        return True

    def pause(self, elapsed: float) -> float:
        """How long nothing is told: a kill loses no more than that."""
        usual = min(max(TELL_SECONDS_MIN, TELL_SHARE * elapsed), TELL_SECONDS_MAX)
        return max(usual, TELLING_TIMES * self._telling_seconds)

    def reasoned(self, sequences: Sequences, seconds: float) -> Plan:
        """A plan on the way with reasons, as far as they are found in time: it may be the last."""
        if not self.assembly.left_out(sequences):
            return self.assembly.plan(sequences)
        until = self.now() + seconds
        solution = self.assembly.solution(sequences)
        return explained(solution, route_violations, lambda: self.now() < until)

    def finish(self, sequences: Sequences, limits: Limits, moves: int) -> Outcome:
        """The master's choice of routes, what is left out tried everywhere, and the last word."""
        problem = self.instance.problem
        own = Master(
            self.searched,
            self.classes,
            Measure.of(self.instance),
            problem.objective.balance_cost_percent_max,
        )
        if own.measure is not None:
            self.portfolio.phases.append(Phase(spread.ENGINE, (Chunk(moves, 0, WHOLE),)))
            self.pool.add(spread.evened(self.searched, own.measure, sequences, moves))
        choice = own.choose(sequences, self.pool.routes(), limits)
        self.portfolio.phases.append(choice.phase)
        self.portfolio.was_cut |= own.was_cut
        plan = self.last_plan(choice.sequences)
        if problem.objective.balance is not None:
            plan = self.balanced(plan, sequences)
        outcome = self.report(plan, is_final=True)
        if outcome.broken and self.verified is not None:
            lost = SolveEnd.ENGINE_LOST
            return replace(self.verified, is_final=True, end=lost, rejected=outcome)
        return outcome

    def balanced(self, plan: Plan, before: Sequences) -> Plan:
        """A plan that says how even it is; the one before it, if balance costs more than it may."""
        cheapest = self.assembly.plan(before).cost_micros
        percent = self.instance.problem.objective.balance_cost_percent_max
        if plan.cost_micros * PERCENT > cheapest * (PERCENT + percent):
            plan = self.last_plan(before)
        return replace(plan, evenness=evenness_of(self.instance, plan, cheapest))

    def measured(self, plan: Plan) -> Plan:
        """A plan on the way that says how even it is, where that is asked: it may be the last."""
        return replace(plan, evenness=evenness_of(self.instance, plan, plan.cost_micros))

    def last_plan(self, sequences: Sequences) -> Plan:
        """A plan with a reason for every task that no route can take."""
        if not self.assembly.left_out(sequences):
            return self.assembly.plan(sequences)
        solution = self.assembly.solution(sequences)
        make_room(solution, self.listens)
        fill(solution, self.listens)
        return explained(solution, route_violations)

    def bound_micros(self) -> int | None:
        """
        What no plan costs less than: the cost of the best one, where all were tried.

        The master's bound is none, for it holds for the routes of its pool alone. Where tiers or
        the number of shifts come before cost, a worse plan may cost less.
        """
        is_by_cost = self.searched is self.assembly and len(self.assembly.tiers) == 1
        if self.smallest is None or not is_by_cost:
            return None
        return self.assembly.plan(self.smallest).cost_micros

    def report(self, plan: Plan, *, is_final: bool = False) -> Outcome:
        """Verifies a plan and tells it; the last one by every rule anew."""
        if is_final:
            found = verify(self.instance, plan, is_answer=True)
        else:
            plan = self.measured(not_placed(plan))
            found = self.assembly.verified(plan)
        soft = tuple(violation for violation in found if not violation.hard)
        broken = tuple(violation for violation in found if violation.hard)
        phases = self.phases()
        outcome = Outcome(
            replace(plan, violations=soft),
            broken,
            rounds.steps_of(phases, len(self.instance.problem.tasks)),
            SolveEnd.DEADLINE if self.portfolio.was_cut else SolveEnd.LIMIT,
            is_final,
            phases,
            self.bound_micros() if is_final else None,
        )
        if not broken:
            self.verified = outcome
        self.tell(outcome)
        return outcome


def not_placed(plan: Plan) -> Plan:
    """A plan that may be the last one told: what has no reason yet was not placed in time."""
    if all(one.reasons for one in plan.unassigned):
        return plan
    left = (one if one.reasons else replace(one, reasons=NOT_PLACED) for one in plan.unassigned)
    return replace(plan, unassigned=tuple(left))

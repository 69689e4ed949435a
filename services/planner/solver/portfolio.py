"""
The portfolio: which engines search a problem, in which order, for which share of the time.

Our kernel searches every problem; the lean one where it suits. Where PyVRP models all there is, and
routes are long or only the full kernel suits, PyVRP goes on from the kernel's plan: its local
search moves whole segments, which pays the more the longer they are. Where tasks are left out by
choice, PyVRP begins: it weighs whom to serve better than one insertion at a time does. The kernel
has the last word, and the whole time where it still tries to serve everybody.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial

from services.planner.domain.instance import Instance
from services.planner.domain.phases import WHOLE, Chunk, Phase
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.search.kernel import Kernel, PoolRoute, Sequences
from services.planner.solver import ladder, pyvrp_engine, rounds, routing, shares
from services.planner.solver.assembly import Assembly
from services.planner.solver.kernels import LEAN, Kernels, kernel_of, kind_of, per_second
from services.planner.solver.ladder import Changed
from services.planner.solver.pace import (
    CHUNK_SECONDS,
    LivePacer,
    Now,
    Pacer,
    ReplayPacer,
    Stretch,
)
from services.planner.solver.partition import PART_TASKS, Partition
from services.planner.solver.parts import Beside, Here, Parts
from services.planner.solver.pool import Pool
from services.planner.solver.pyvrp_engine import Hear, PyvrpEngine
from services.planner.solver.rounds import Effort, Rounds
from services.planner.solver.shares import Stage

PYVRP, ROUTING = pyvrp_engine.ENGINE, routing.ENGINE
PYVRP_TASKS = range(20, 1_201)
ROUTING_PER_SECOND = 20.0  # solutions
HASTE_SECONDS = 1.5  # with less, a live change is searched around once, and nothing else runs
PYVRP_PER_SECOND = 600.0  # iterations, on a machine slower than most
CHOICE_SHARE, CHOICE_FROM = 0.7, 0.8  # PyVRP's share where tasks are left out by choice
WARM_FROM = 0.3
WHOLE_TASKS_MAX = 1_200  # beyond, a problem is searched part by part
FIRST_STEPS = 200  # of the kernel: a plan to tell of at once, and to see how long routes are
FIRST_LIMIT_SHARE = 0.25  # of a limit of solutions, at most, for what is searched at first


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may spend."""

    settings: SearchSettings
    now: Now
    until: float
    go_on: Callable[[], bool]

    @property
    def seconds_left(self) -> float:
        """Until the search must end."""
        return max(0.0, self.until - self.now())

    @property
    def is_counted(self) -> bool:
        """Whether steps decide, and the clock only guards."""
        return self.settings.pace is Pace.STEPS

    @property
    def planned_seconds(self) -> float:
        """What is planned by: what was asked for; what is left, where the clock decides."""
        return self.settings.seconds if self.is_counted else self.seconds_left


class Portfolio:
    """One search of one instance."""

    def __init__(self, assembly: Assembly, pool: Pool, settings: SearchSettings) -> None:
        """Makes the kernel that suits."""
        self.assembly, self.pool, self.settings = assembly, pool, settings
        self.instance: Instance = assembly.instance
        self.kernel_name = kind_of(self.instance)
        self.per_second = per_second(self.kernel_name, len(self.instance.problem.tasks))
        self.phases: list[Phase] = []
        self.was_cut = False
        self._begun_with = 0
        self._running: Callable[[], Phase] | None = None

    def run(self, changed: Changed, budget: Budget, hear: Hear) -> Sequences:
        """Searches from a plan for a budget; the best plan."""
        is_live = bool(changed.shifts) and Kernels.are_ready
        start = self._look_near(changed, budget, hear) if is_live else changed.sequences
        if changed.shifts and self._is_hasty(budget):
            return start
        best, left = start if self.is_large else self._first(start, hear), 1.0
        self._begun_with = self._looked_through()
        for stage in self.stages(best, budget.planned_seconds):
            if stage.engine == PYVRP and Kernels.are_ready and self._lacks(best):
                stage = Stage(self.kernel_name, stage.share, round(WARM_FROM * WHOLE))
            seconds = budget.seconds_left * stage.share / max(left, stage.share)
            left -= stage.share
            if stage.engine == rounds.ENGINE:
                best = self._run_parts(best, seconds, budget, hear)
            elif (stretch := self._stretch(stage, seconds)).steps != 0:
                pacer = LivePacer(stretch, budget.now, budget.go_on)
                best = self._stage(stage.engine, best, pacer, hear)
            if not budget.go_on():
                break
        return best

    def phases_so_far(self) -> tuple[Phase, ...]:
        """What was run, with as much as was run of what runs now."""
        return (*self.phases, self._running()) if self._running else tuple(self.phases)

    def _first(self, start: Sequences, hear: Hear) -> Sequences:
        """A plan to tell of at once, and to see the shape of."""
        if not Kernels.are_ready:
            return ladder.inserted(self.assembly, start).sequences
        steps = self._at_first(FIRST_STEPS)
        if not steps:
            return start
        first = Phase(self.kernel_name, (Chunk(steps, 0, 0),))
        return self._stage(first.engine, start, ReplayPacer(first), hear)

    def replay(self, phases: tuple[Phase, ...], changed: Changed, hear: Hear) -> Sequences:
        """Runs what was run before."""
        best = changed.sequences
        if phases and phases[0].engine in (PYVRP, ROUTING):  # where it began without a kernel
            best = ladder.inserted(self.assembly, best).sequences
        for before in phases:
            if before.engine == ladder.ENGINE:
                best = self._near(changed, ReplayPacer(before))
            elif before.engine == rounds.ENGINE:
                best = self._replay_parts(before, best)
            elif before.engine in (self.kernel_name, PYVRP, ROUTING):
                best = self._stage(before.engine, best, ReplayPacer(before), hear)
        return best

    def _look_near(self, changed: Changed, budget: Budget, hear: Hear) -> Sequences:
        """The rung between an insertion and a search of the whole; all there is when in haste."""
        is_whole = len(self.instance.problem.tasks) <= ladder.NEAR_TASKS
        if is_whole:
            self.kernel.load(changed.sequences)  # made before the clock of its phase begins
        is_hasty = self._is_hasty(budget)
        pacer = LivePacer(self._near_stretch(budget, is_hasty), budget.now, budget.go_on)
        if is_hasty:
            hear = told_at_the_end
        if is_whole:
            return self._stage(self.kernel_name, changed.sequences, pacer, hear)
        found = self._near(changed, pacer)
        hear(lambda: found)
        return found

    def _is_hasty(self, budget: Budget) -> bool:
        """Whether there is time for nothing else; where that was not planned, the search is cut."""
        is_late = budget.seconds_left < HASTE_SECONDS
        if not budget.is_counted:
            return is_late
        is_planned = budget.planned_seconds < HASTE_SECONDS
        self.was_cut |= is_late and not is_planned
        return is_planned or is_late

    def _near_stretch(self, budget: Budget, is_hasty: bool) -> Stretch:
        """How long to search around what changed."""
        planned = budget.planned_seconds if is_hasty else ladder.NEAR_SECONDS
        steps, seconds, chunk = None, planned, self._chunk(self.per_second)
        if budget.is_counted:
            steps, seconds = round(self.per_second * planned), budget.seconds_left
            steps = self.settings.solution_limit or steps if is_hasty else self._at_first(steps)
        return Stretch(steps, seconds, round(ladder.WARM_FROM * WHOLE), WHOLE, chunk)

    def _at_first(self, steps: int) -> int:
        """So many steps before the stages, or a share of the limit as far as it goes."""
        limit = self.settings.solution_limit
        if not limit:
            return steps
        return min(steps, math.ceil(limit * FIRST_LIMIT_SHARE), limit - self._looked_through())

    def _looked_through(self) -> int:
        return sum(phase.iterations for phase in self.phases)

    def _near(self, changed: Changed, pacer: Pacer) -> Sequences:
        found = ladder.improved(self.assembly, self.pool, changed, pacer, self.settings.seed)
        self.phases.append(pacer.phase(ladder.ENGINE))
        self.was_cut |= pacer.was_cut
        return self._better(changed.sequences, found)

    def _better(self, one: Sequences, other: Sequences) -> Sequences:
        """The better of two plans; the first of equal ones."""
        return min(one, other, key=lambda plan: self.assembly.score(self.assembly.plan(plan)))

    @property
    def is_large(self) -> bool:
        """Whether it is searched part by part."""
        return Kernels.are_ready and len(self.instance.problem.tasks) > WHOLE_TASKS_MAX

    def _run_parts(self, start: Sequences, seconds: float, budget: Budget, hear: Hear) -> Sequences:
        """Searches part by part."""
        settings = self.settings
        processes = settings.processes if self.is_large and settings.pace is not Pace.CPU else 1
        rate = per_second(self.kernel_name, PART_TASKS)
        effort = Effort(seconds, rate, processes)
        if budget.is_counted:
            limit = settings.solution_limit and max(1, settings.solution_limit - self._begun_with)
            effort = Effort(seconds, rate, processes, budget.planned_seconds, limit)
        parts = Beside(self.instance, processes) if processes > 1 else Here(self.instance)
        with closing(parts):
            own = self._rounds(parts)
            self._running = own.phase
            found = own.run(start, effort, budget.now, budget.go_on, hear)
            self._running = None
        self.phases.append(own.phase())
        self.was_cut |= own.was_cut
        return found

    def _replay_parts(self, before: Phase, start: Sequences) -> Sequences:
        """The same rounds again, in this process."""
        own = self._rounds(Here(self.instance))
        found = own.replay(before.chunks, start)
        self.phases.append(own.phase())
        return found

    def _rounds(self, parts: Parts) -> Rounds:
        classes, seed = self.pool.classes, self.settings.seed
        partition = Partition(self.instance, classes, seed)
        return Rounds(self.instance, parts, partition, self.pool, seed, self.assembly.held)

    def stages(self, start: Sequences, seconds: float) -> Iterator[Stage]:
        """The engines' turns, by the shape of the problem."""
        if not Kernels.are_ready:
            yield Stage(PYVRP if self._pyvrp_models() else ROUTING, 1.0)
            return
        if self.is_large:
            yield Stage(rounds.ENGINE, 1.0)
            return
        if self._chooses(start) and self._pyvrp_models():
            yield Stage(PYVRP, CHOICE_SHARE)
            yield Stage(self.kernel_name, 1.0 - CHOICE_SHARE, round(CHOICE_FROM * WHOLE))
            return
        if self._begins_anew(start) and self._pyvrp_models():
            yield Stage(PYVRP, 1.0)
        elif self._is_for_pyvrp(start):
            yield from shares.in_turn(self.kernel_name, PYVRP, len(self.instance.problem.tasks))
        else:
            yield from self._coolings(seconds)

    def _coolings(self, seconds: float) -> Iterator[Stage]:
        """The kernel alone."""
        steps = self.per_second * seconds
        if self.settings.pace is Pace.STEPS:
            steps = self._planned(self.per_second)
        yield from shares.coolings(self.kernel_name, len(self.instance.problem.tasks), steps)

    def _is_for_pyvrp(self, start: Sequences) -> bool:
        """Where routes are long, or the kernel has more to look at than PyVRP."""
        is_slower = self.kernel_name != LEAN
        return (is_slower or shares.is_long(start)) and self._pyvrp_models()

    def _begins_anew(self, start: Sequences) -> bool:
        """Whether PyVRP does better from a plan of its own: where routes are longest."""
        is_plain = self.kernel_name == LEAN and not self._chooses(start)
        return is_plain and shares.is_longest(start, len(self.instance.problem.tasks))

    def _lacks(self, sequences: Sequences) -> bool:
        """
        Whether a task is left out that would pay for the dearest route by itself.

        That is no choice, but want of room: our kernel is the one to squeeze it in.
        """
        plan = self.assembly.plan(sequences)
        dearest = max((route.cost_micros for route in plan.routes), default=0)
        return dearest > 0 and any(left.penalty_micros > dearest for left in plan.unassigned)

    def _chooses(self, sequences: Sequences) -> bool:
        """Whether tasks are left out, and none of them for want of room."""
        return bool(self.assembly.left_out(sequences)) and not self._lacks(sequences)

    def _pyvrp_models(self) -> bool:
        tasks = len(self.instance.problem.tasks)
        return tasks in PYVRP_TASKS and pyvrp_engine.models(self.instance, self.assembly.views)

    def _stretch(self, stage: Stage, seconds: float) -> Stretch:
        """Steps of a stage: by its share of what is asked, and by no clock."""
        rates = {PYVRP: PYVRP_PER_SECOND, ROUTING: ROUTING_PER_SECOND}
        rate = rates.get(stage.engine, self.per_second)
        steps = None
        if self.settings.pace is Pace.STEPS:
            steps = int(self._planned(rate) * stage.share)
        ends = stage.from_millionths, stage.to_millionths
        return Stretch(steps, seconds, *ends, self._chunk(rate))

    def _planned(self, rate: float) -> int:
        """How many steps all stages together have; what was searched before them counts."""
        steps = self.settings.steps(len(self.instance.problem.tasks), rate)
        return max(0, steps - self._begun_with) if self.settings.solution_limit else steps

    def _chunk(self, rate: float) -> int:
        """How many steps are planned between two looks at the clock."""
        return max(1, round(rate * CHUNK_SECONDS))

    def _stage(self, engine: str, start: Sequences, pacer: Pacer, hear: Hear) -> Sequences:
        """One engine's turn; the better of what it began with and what it found."""
        self._running = partial(pacer.phase, engine)
        match engine:
            case pyvrp_engine.ENGINE:
                own = PyvrpEngine(self.instance, self.assembly.views, self.settings.seed)
                found = own.run(start, pacer, hear, anew=self._begins_anew(start))
            case routing.ENGINE:
                found = self._run_routing(start, pacer)
            case _:
                found = self._run_kernel(self.kernel, start, pacer, hear)
        self._running = None
        self.phases.append(pacer.phase(engine))
        self.was_cut |= pacer.was_cut
        found = self.assembly.held(found)
        self.pool.add(self._routes(found))
        return self._better(start, found)

    @cached_property
    def kernel(self) -> Kernel:
        """Made when first used: a large problem has one per part instead."""
        return kernel_of(self.instance, self.settings.seed, self.kernel_name)

    def _run_routing(self, start: Sequences, pacer: Pacer) -> Sequences:
        """OR-Tools' own plan, and what it leaves out inserted: where nothing else runs."""
        proposal = routing.propose(
            self.instance, self.assembly.views, seed=self.settings.seed, pacer=pacer
        )
        if proposal is None:
            return start
        held = self.assembly.held(proposal.sequences)
        return ladder.inserted(self.assembly, held).sequences

    def _run_kernel(self, kernel: Kernel, start: Sequences, pacer: Pacer, hear: Hear) -> Sequences:
        """Our kernel's turn; its pool is taken chunk by chunk, so that a replay takes the same."""
        kernel.load(start)
        told = None
        for chunk in pacer.chunks():
            kernel.run(chunk.iterations, chunk.progress_from, chunk.progress_to)
            self.pool.add(kernel.take_pool())
            if (told is None or kernel.score() < told) and hear(kernel.best):
                told = kernel.score()
        return kernel.best()

    def _routes(self, sequences: Sequences) -> Iterator[PoolRoute]:
        """The routes of a plan, for the pool."""
        for shift, nodes in enumerate(sequences):
            route = self.assembly.route(shift, nodes)
            if route is not None:
                yield PoolRoute(shift, nodes, route.cost_micros)


def told_at_the_end(_: Callable[[], Sequences]) -> bool:
    """In haste nobody hears of plans on the way: to time and verify one takes from the search."""
    return True

"""
The portfolio: which engines search a problem, in which order, for which share of the time.

Our kernel searches every problem; the lean one where it suits. Where routes are long and PyVRP
models all there is, PyVRP goes on from the kernel's plan: its local search moves whole segments,
which pays the more the longer they are. The kernel then has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.planner.domain.instance import Instance
from services.planner.domain.phases import WHOLE, Chunk, Phase
from services.planner.domain.settings import SearchSettings
from services.planner.search.kernel import Kernel, PoolRoute, Sequences
from services.planner.solver import pyvrp_engine
from services.planner.solver.assembly import Assembly
from services.planner.solver.kernels import kernel_of
from services.planner.solver.pace import LivePacer, Now, Pacer, ReplayPacer, Stretch
from services.planner.solver.pool import Pool
from services.planner.solver.pyvrp_engine import Hear, PyvrpEngine

PYVRP = pyvrp_engine.ENGINE
LONG_ROUTE_STOPS = 25  # stops per route from which PyVRP pays; measured, see docs/benchmarks.md
PYVRP_TASKS = range(20, 1_201)
PYVRP_PER_SECOND = 60_000  # iterations times tasks
FIRST_STEPS = 10  # of the kernel: a plan to tell of at once, and to see the shape of


@dataclass(frozen=True, slots=True)
class Stage:
    """One engine's turn."""

    engine: str
    share: float
    """Of the time of the whole search."""
    from_millionths: int = 0
    to_millionths: int = WHOLE


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


class Portfolio:
    """One search of one instance."""

    def __init__(self, assembly: Assembly, pool: Pool, settings: SearchSettings) -> None:
        """Makes the kernel that suits."""
        self.assembly, self.pool, self.settings = assembly, pool, settings
        self.instance: Instance = assembly.instance
        self.kernel_name, self.kernel, self.per_second = kernel_of(self.instance, settings.seed)
        self.phases: list[Phase] = []
        self.was_cut = False

    def run(self, start: Sequences, budget: Budget, hear: Hear) -> Sequences:
        """Searches from a plan for a budget; the best plan."""
        first = Phase(self.kernel_name, (Chunk(FIRST_STEPS, 0, 0),))
        best, left = self._stage(first.engine, start, ReplayPacer(first), hear), 1.0
        for stage in self.stages(best):
            seconds = budget.seconds_left * stage.share / max(left, stage.share)
            left -= stage.share
            pacer = LivePacer(self._stretch(stage, seconds), budget.now, budget.go_on)
            best = self._stage(stage.engine, best, pacer, hear)
            if not budget.go_on():
                break
        return best

    def replay(self, phases: tuple[Phase, ...], start: Sequences, hear: Hear) -> Sequences:
        """Runs what was run before."""
        best = start
        for before in phases:
            if before.engine in (self.kernel_name, PYVRP):
                best = self._stage(before.engine, best, ReplayPacer(before), hear)
        return best

    def stages(self, start: Sequences) -> Iterator[Stage]:
        """The engines' turns, by the shape of the problem."""
        if not self._has_long_routes(start) or not self._pyvrp_models():
            yield Stage(self.kernel_name, 1.0)
            return
        yield Stage(self.kernel_name, 0.4, 0, WHOLE)
        yield Stage(PYVRP, 0.45)
        yield Stage(self.kernel_name, 0.15, WHOLE * 7 // 10, WHOLE)

    def _has_long_routes(self, start: Sequences) -> bool:
        """By the plan at hand."""
        used = [len(nodes) for nodes in start if nodes]
        return bool(used) and sum(used) >= LONG_ROUTE_STOPS * len(used)

    def _pyvrp_models(self) -> bool:
        tasks = len(self.instance.problem.tasks)
        return tasks in PYVRP_TASKS and pyvrp_engine.models(self.instance, self.assembly.views)

    def _stretch(self, stage: Stage, seconds: float) -> Stretch:
        """Steps of a stage: by its share of what is asked, and by no clock."""
        tasks = len(self.instance.problem.tasks)
        rate = PYVRP_PER_SECOND / tasks if stage.engine == PYVRP else self.per_second
        steps = None
        if self.settings.pace is type(self.settings.pace).STEPS:
            steps = max(1, round(self.settings.steps(tasks, rate) * stage.share))
        return Stretch(steps, seconds, stage.from_millionths, stage.to_millionths)

    def _stage(self, engine: str, start: Sequences, pacer: Pacer, hear: Hear) -> Sequences:
        """One engine's turn; the better of what it began with and what it found."""
        if engine == PYVRP:
            found = PyvrpEngine(self.instance, self.assembly.views, self.settings.seed).run(
                start, pacer, hear
            )
        else:
            found = self._run_kernel(self.kernel, start, pacer, hear)
        self.phases.append(pacer.phase(engine))
        self.was_cut |= pacer.was_cut
        found = self.assembly.held(found)
        self.pool.add(self._routes(found))
        return min(start, found, key=lambda one: self.assembly.score(self.assembly.plan(one)))

    def _run_kernel(self, kernel: Kernel, start: Sequences, pacer: Pacer, hear: Hear) -> Sequences:
        """Our kernel's turn; its pool is taken chunk by chunk, so that a replay takes the same."""
        kernel.load(start)
        score = None
        for chunk in pacer.chunks():
            kernel.run(chunk.iterations, chunk.progress_from, chunk.progress_to)
            self.pool.add(kernel.take_pool())
            if score is None or kernel.score() < score:
                score = kernel.score()
                hear(kernel.best)
        return kernel.best()

    def _routes(self, sequences: Sequences) -> Iterator[PoolRoute]:
        """The routes of a plan, for the pool."""
        for shift, nodes in enumerate(sequences):
            route = self.assembly.route(shift, nodes)
            if route is not None:
                yield PoolRoute(shift, nodes, route.cost_micros)

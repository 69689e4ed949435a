"""
Decomposition: a large plan is searched part by part, round by round, with other borders each time.

A part is searched as a problem of its own, so that quality and speed are those of a small problem.
The first round builds: it deals tasks and shifts by where they lie. Each round is written down as
one chunk, which every part runs; the same list of chunks gives the same routes, however many
processes do the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.planner.domain.instance import Instance, Node
from services.planner.domain.phases import WHOLE, Chunk, Phase
from services.planner.search.kernel import Sequences
from services.planner.solver.pace import QUICK_TIMES, Now
from services.planner.solver.partition import PART_TASKS, Partition
from services.planner.solver.parts import PartJob, PartPlan, Parts
from services.planner.solver.pool import Pool

ENGINE = "parts"
ROUND_SECONDS = 2.5  # of one part in one round
ROUNDS_MIN, ROUNDS_MAX = 3, 16
TRIAL_STEPS = 20_000  # per part of the first round, by which the speed is told
WARM_FROM, WARM_LAST = 0.45, 0.7  # where cooling begins in the second round, and in the last
Hear = Callable[[Callable[[], Sequences]], bool]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much may be spent on all rounds together."""

    seconds: float
    """On the clock."""
    steps_per_second: float
    """Of one kernel in one process."""
    processes: int
    planned_seconds: float | None = None
    """What steps are planned by, where the clock only guards; None where it decides."""
    solution_limit: int = 0
    """The most steps of all parts together; 0: as many as are planned."""

    def waves(self, tasks: int) -> float:
        """How often each process has a part to search in a round."""
        return part_count(tasks) / self.processes


@dataclass
class Rounds:
    """One decomposed search."""

    instance: Instance
    parts: Parts
    partition: Partition
    pool: Pool
    seed: int
    held: Callable[[Sequences], Sequences]
    chunks: list[Chunk] = field(default_factory=list)
    was_cut: bool = False
    _first_seconds: float = field(default=0.0, init=False)

    def run(
        self, start: Sequences, effort: Effort, now: Now, go_on: Callable[[], bool], hear: Hear
    ) -> Sequences:
        """Round after round while there is time."""
        begun, best = now(), start
        count = round_count(len(self.instance.problem.tasks), effort)
        for rank in range(count):
            spent = now() - begun
            if not go_on() or (rank > 1 and spent >= effort.seconds):
                self.was_cut = True
                break
            steps = self._steps(rank, count, effort, spent)
            best = self.round(best, Chunk(steps, *cooling(rank, count)))
            self._first_seconds = self._first_seconds or now() - begun
            hear(lambda found=best: found)  # type: ignore[misc]
        return best

    def replay(self, chunks: tuple[Chunk, ...], start: Sequences) -> Sequences:
        """The same rounds again."""
        for chunk in chunks:
            start = self.round(start, chunk)
        return start

    def round(self, start: Sequences, chunk: Chunk) -> Sequences:
        """One round: all parts searched, their plans put together."""
        number = len(self.chunks)
        parts = self.partition.parts(start, number)
        seeds = (self.seed * 1_000_003 + number * 1_009 + rank for rank in range(len(parts)))
        jobs = [
            PartJob(part, part.inside(start), chunk, seed % (1 << 31))
            for part, seed in zip(parts, seeds, strict=False)
        ]
        plans = self.parts.search(jobs)
        self.chunks.append(chunk)
        return self.held(self._together(start, plans))

    def phase(self) -> Phase:
        """What was run."""
        return Phase(ENGINE, tuple(self.chunks))

    def _together(self, start: Sequences, plans: list[PartPlan]) -> Sequences:
        whole: list[tuple[Node, ...]] = list(start)
        for plan in plans:
            self.pool.add(plan.pool)
            for shift, nodes in plan.part.outside(plan.sequences):
                whole[shift] = nodes
        return tuple(whole)

    def _steps(self, rank: int, count: int, effort: Effort, spent: float) -> int:
        """Of each part in a round: planned, or by what the rounds so far took."""
        tasks = len(self.instance.problem.tasks)
        if effort.planned_seconds is not None:
            planned = planned_steps(tasks, count, effort, effort.planned_seconds)
            fitting = self._fitting(rank, count, effort, spent)
            self.was_cut |= fitting < planned
            return max(1, min(planned, fitting))
        if not rank:
            return max(1, min(TRIAL_STEPS, planned_steps(tasks, count, effort, effort.seconds)))
        rate = sum(chunk.iterations for chunk in self.chunks) / max(spent, 1e-6)
        return max(1, round(rate * max(0.0, effort.seconds - spent) / (count - rank)))

    def _fitting(self, rank: int, count: int, effort: Effort, spent: float) -> int:
        """
        How many steps of each part the time left has room for.

        By the pace so far; that of the first round says little, for processes start in it.
        """
        waves = effort.waves(len(self.instance.problem.tasks))
        rate = QUICK_TIMES * effort.steps_per_second / waves
        if rank > 1:
            ran = sum(chunk.iterations for chunk in self.chunks[1:])
            rate = ran / max(spent - self._first_seconds, 1e-6)
        return round(rate * max(0.0, effort.seconds - spent) / (count - rank))


def planned_steps(tasks: int, count: int, effort: Effort, seconds: float) -> int:
    """How many steps of each part are planned for each of so many rounds."""
    if effort.solution_limit:
        return effort.solution_limit // (part_count(tasks) * count)
    return round(effort.steps_per_second * seconds / effort.waves(tasks) / count)


def steps_of(phases: Iterable[Phase], tasks: int) -> int:
    """How many steps phases had; each chunk of a decomposed search was run by every part."""
    parts = part_count(tasks)
    return sum(one.iterations * (parts if one.engine == ENGINE else 1) for one in phases)


def part_count(tasks: int) -> int:
    """Into how many parts so many tasks fall."""
    return max(1, round(tasks / PART_TASKS))


def round_count(tasks: int, effort: Effort) -> int:
    """How many rounds there are, by what is planned."""
    planned = effort.seconds if effort.planned_seconds is None else effort.planned_seconds
    seconds = planned / effort.waves(tasks)
    count = min(ROUNDS_MAX, max(ROUNDS_MIN, round(seconds / ROUND_SECONDS)))
    limit = effort.solution_limit // part_count(tasks)
    return min(count, max(1, limit)) if effort.solution_limit else count


def cooling(rank: int, count: int) -> tuple[int, int]:
    """From where to where a round cools, in millionths; later ones begin cooler."""
    if rank == 0:
        return 0, WHOLE
    share = (rank - 1) / max(1, count - 2)
    return round((WARM_FROM + (WARM_LAST - WARM_FROM) * share) * WHOLE), WHOLE

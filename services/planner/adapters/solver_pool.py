"""
The solver pool: warm processes for searches that somebody waits for, others for optimizations that
take minutes, and one more for what must never wait behind either.

A search that does not end in time is killed, and the best plan that it told before is the answer. A
cancelled call kills its process, which frees the core; a spare takes its place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import metrics

from meshkit.errors import Internal, Unavailable
from meshkit.ids import new_id
from services.planner.adapters import rejected
from services.planner.adapters.rejected import Rejected
from services.planner.adapters.solver_jobs import Job, Sequences, tables_on_disk, without_tables
from services.planner.adapters.solver_lane import Lane
from services.planner.adapters.solver_process import SolverLost, SolverProcess
from services.planner.adapters.solver_spare import Spare
from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan, Route, SolveEnd, Violation, WhyNot
from services.planner.domain.settings import SearchSettings
from services.planner.domain.task import Window
from services.planner.ports import Solved
from services.planner.search.answers import TaskProposals
from services.planner.search.explanations import Explanations
from services.planner.search.offers import Offers
from services.planner.solver.solve import Outcome

GRACE_SECONDS = 0.15  # after its time is up a search has so long to say its last word
WORTH_SECONDS = 0.3  # with less left nobody's search begins who had to wait
QUICK_SECONDS_MAX = 20.0  # for exact answers: the contract gives their methods as long
QUICK_WINDOWS_MAX = 20_000  # windows times visits; 200 beside 400 take 6 s; the contract states it
RETRY = timedelta(seconds=2)
VIOLATIONS_LOGGED_MAX = 20
PHASES_LOGGED_MAX = 20

Tell = Callable[[Solved], None]

log = structlog.get_logger()
solve_seconds = metrics.get_meter("planner").create_histogram(
    "planner_solve_seconds", "s", "Time from the question to the last plan, waiting included."
)


@dataclass(slots=True)
class Lanes:
    """The processes of one planner by what they do, and what keeps one more ready."""

    searches: Lane
    jobs: Lane
    quick: Lane
    spare: Spare
    rejected_folder: Path
    """Where plans lie that no rule should have let come so far."""
    engine: str = ""
    """Which engine searches; known once they are open."""

    @property
    def all(self) -> tuple[Lane, ...]:
        """Every lane."""
        return self.searches, self.jobs, self.quick


class SolverPool:
    """Implements `ports.Solver`. Use as a context: it owns processes."""

    def __init__(self, lanes: Lanes, searches: Lane, version: str) -> None:
        """Searches in one of some lanes."""
        self._lanes, self._searches, self._version = lanes, searches, version

    @classmethod
    def of(
        cls,
        solvers: int,
        waiting_max: int,
        version: str,
        rejected_folder: Path,
        job_solvers: int = 1,
    ) -> SolverPool:
        """A pool with so many processes for searches, and for optimizations."""
        spare = Spare()
        searches, jobs, quick = (
            Lane(count, waiting_max, spare) for count in (solvers, job_solvers, 1)
        )
        return cls(Lanes(searches, jobs, quick, spare, rejected_folder), searches, version)

    @property
    def for_jobs(self) -> SolverPool:
        """The same pool for optimizations that nobody waits for: they keep to their own lane."""
        return SolverPool(self._lanes, self._lanes.jobs, self._version)

    async def __aenter__(self) -> SolverPool:
        """Starts all processes, side by side."""
        try:
            async with asyncio.TaskGroup() as starts:
                for lane in self._lanes.all:
                    starts.create_task(lane.open())
        except* SolverLost as error:
            await self.__aexit__()
            raise lost() from error
        self._lanes.engine = next(iter(self._lanes.quick.members)).engine
        self._lanes.spare.prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(lane.close() for lane in self._lanes.all))
        await self._lanes.spare.close()

    @property
    def engine_version(self) -> str:
        """Which engine searches, in which version."""
        return f"{self._version}+{self._lanes.engine}"

    async def solve(
        self,
        instance: Instance,
        settings: SearchSettings,
        seed_routes: Sequence[Sequence[Node]],
        tell: Tell | None = None,
    ) -> Solved:
        """The best plan found in time that passed the verifier; `tell` hears of those before it."""
        async with tables_on_disk(instance.tables) as files:
            sequences = tuple(map(tuple, seed_routes))
            whole = without_tables(instance)
            job = Job("solve", whole, files, sequences, settings, phases=settings.replay)
            best, begun = Best(tell), time.monotonic()
            async with self._searches.turn(settings.answer_by - WORTH_SECONDS) as process:
                seconds = settings.most_seconds(time.monotonic())
                await watched(process, job, seconds + GRACE_SECONDS, best)
        if best.rejected is not None:
            await self._keep(found_by(best.rejected, instance, settings, sequences))
        solved = best.solved()
        note(solved, len(instance.problem.tasks), time.monotonic() - begun)
        return solved

    async def keep_rejected(self, instance: Instance, plan: Plan) -> None:
        """Keeps an answer that breaks a rule."""
        await self._keep(Rejected(instance, plan, is_answer=True))

    async def _keep(self, own: Rejected) -> None:
        folder = self._lanes.rejected_folder
        file = await asyncio.to_thread(rejected.keep, folder, new_id("plan"), own)
        log.error("rejected_plan_kept", file=str(file))

    async def time_routes(self, instance: Instance, sequences: Sequence[Sequence[Node]]) -> Plan:
        """Given sequences timed as they are."""
        job = Job("time", without_tables(instance), (), tuple(map(tuple, sequences)))
        plan: Plan = await self._answer(instance, job)
        return plan

    async def propose_insertions(
        self,
        instance: Instance,
        sequences: Sequence[Sequence[Node]],
        tasks: Sequence[int],
        count: int,
    ) -> tuple[tuple[Route | None, ...], tuple[TaskProposals, ...]]:
        """The cheapest insertions of each task."""
        given: Sequences = tuple(map(tuple, sequences))
        job = Job("insert", without_tables(instance), (), given, tasks=tuple(tasks), count=count)
        answer: tuple[tuple[Route | None, ...], tuple[TaskProposals, ...]]
        answer = await self._answer(instance, job)
        note_refused(own.refused for own in answer[1])
        return answer

    async def keep(self, instance: Instance, sequences: Sequence[Sequence[Node]]) -> Plan:
        """Given sequences as far as they hold."""
        job = Job("keep", without_tables(instance), (), tuple(map(tuple, sequences)))
        plan: Plan = await self._answer(instance, job)
        return plan

    async def price_windows(
        self,
        instance: Instance,
        sequences: Sequence[Sequence[Node]],
        task: int,
        windows: Sequence[Window],
    ) -> Offers:
        """What each window would cost; what takes seconds waits its turn among the searches."""
        given: Sequences = tuple(map(tuple, sequences))
        small = without_tables(instance)
        job = Job("windows", small, (), given, tasks=(task,), windows=tuple(windows))
        lane = self._lanes.quick if are_quick(given, len(windows)) else self._searches
        answer: Offers = await self._answer(instance, job, lane)
        note_refused(offer.refused for offer in answer[1])
        return answer

    async def reasons(
        self, instance: Instance, sequences: Sequence[Sequence[Node]], tasks: Sequence[int]
    ) -> tuple[tuple[WhyNot, ...], ...]:
        """Why tasks are not served, for every shift."""
        given: Sequences = tuple(map(tuple, sequences))
        job = Job("reasons", without_tables(instance), (), given, tasks=tuple(tasks))
        answer: tuple[tuple[WhyNot, ...], ...] = await self._answer(instance, job)
        return answer

    async def explain(
        self,
        instance: Instance,
        sequences: Sequence[Sequence[Node]],
        tasks: Sequence[int],
        seconds: float,
    ) -> Explanations:
        """What keeps tasks out; takes seconds, so it waits its turn among the searches."""
        given: Sequences = tuple(map(tuple, sequences))
        small, ends = without_tables(instance), time.monotonic() + seconds
        job = Job("explain", small, (), given, tasks=tuple(tasks), answer_by=ends)
        answer: Explanations = await self._answer(instance, job, self._searches)
        return answer

    async def _answer(self, instance: Instance, job: Job, lane: Lane | None = None) -> Any:
        """The one answer to a job, of the quick lane unless another is named."""
        async with tables_on_disk(instance.tables) as files:
            placed = replace(job, table_files=files)
            async with (lane or self._lanes.quick).turn() as process:
                try:
                    async with asyncio.timeout(QUICK_SECONDS_MAX):
                        return await anext(process.answers(placed))
                except (SolverLost, TimeoutError) as error:
                    await process.stop()
                    raise lost() from error


@dataclass
class Best:
    """The best plan so far of one search that passed the verifier."""

    tell: Tell | None = None
    outcome: Outcome | None = None
    rejected: Outcome | None = None
    end: SolveEnd = SolveEnd.LIMIT

    def hear(self, outcome: Outcome) -> None:
        """Takes a plan that passed; tells the log of one that did not."""
        refused = outcome if outcome.broken else outcome.rejected
        if refused is not None:
            self.rejected = refused
            log.error("plan_rejected", **as_logged(refused.broken), **way_to(refused))
        if not outcome.broken:
            self.outcome, self.end = outcome, outcome.end
            if self.tell and not outcome.is_final:
                self.tell(told(outcome, outcome.end))

    def solved(self) -> Solved:
        """The answer; an error when there is none."""
        if self.outcome is not None:
            end = SolveEnd.ENGINE_LOST if self.rejected else self.end
            return told(self.outcome, end)
        if self.rejected is not None:
            raise Internal("PLAN_UNVERIFIED", "no plan passed the verifier")
        raise lost()


def told(outcome: Outcome, end: SolveEnd) -> Solved:
    """A plan as the planner knows it."""
    return Solved(outcome.plan, outcome.solution_count, end, outcome.phases, outcome.bound_micros)


async def watched(process: SolverProcess, job: Job, seconds: float, best: Best) -> None:
    """Listens to a search until it ends, or ends it when its time is up."""
    try:
        async with asyncio.timeout(seconds), aclosing(process.answers(job)) as answers:
            async for outcome in answers:
                best.hear(outcome)
    except (SolverLost, TimeoutError) as error:
        log.warning("solver_lost", pid=process.process_id, cause=type(error).__name__)
        best.end = SolveEnd.DEADLINE if isinstance(error, TimeoutError) else SolveEnd.ENGINE_LOST
        await process.stop()


def are_quick(sequences: Sequences, windows: int) -> bool:
    """Whether so many windows beside given routes hold up nobody who asks a small question."""
    return windows * sum(map(len, sequences)) <= QUICK_WINDOWS_MAX


def found_by(
    outcome: Outcome, instance: Instance, settings: SearchSettings, seed_routes: Sequences
) -> Rejected:
    """A plan that broke a rule, with its search."""
    return Rejected(instance, outcome.plan, outcome.is_final, settings, seed_routes, outcome.phases)


def as_logged(broken: Sequence[Violation]) -> dict[str, Any]:
    """Broken rules as keys of a line, by the caller's own ids."""
    faults = [
        f"{one.reason.value} {one.shift_id} {one.task_id} {one.subject}".strip()
        for one in broken[:VIOLATIONS_LOGGED_MAX]
    ]
    return {"violations": faults, "violation_count": len(broken)}


def way_to(outcome: Outcome) -> dict[str, Any]:
    """What a plan came from, as keys of a line: with the request it can be run again."""
    ran = [f"{phase.engine} {phase.iterations}" for phase in outcome.phases]
    return {"phases": ran[:PHASES_LOGGED_MAX], "is_final": outcome.is_final}


def note_refused(refused: Iterable[Sequence[Violation]]) -> None:
    """Tells the log of insertions that the rules refused: the search took them for good."""
    broken = [one for own in refused for one in own]
    if broken:
        log.error("insertion_rejected", **as_logged(broken))


def note(solved: Solved, tasks: int, seconds: float) -> None:
    """What whoever runs the planner wants to know of a search."""
    solve_seconds.record(seconds, {"planner.solve.end": solved.end.value})
    log.info(
        "search_ended",
        task_count=tasks,
        route_count=len(solved.plan.routes),
        unassigned_count=len(solved.plan.unassigned),
        cost_micros=solved.plan.cost_micros,
        solution_count=solved.solution_count,
        end=solved.end.value,
        duration_ms=round(seconds * 1_000),
    )


def lost() -> Unavailable:
    """What a caller hears whose solver is gone."""
    return Unavailable("SOLVER_LOST", "the solver was lost before it had a plan", retry_after=RETRY)

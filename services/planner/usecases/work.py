"""
Works on one claimed optimization: searches, keeps every better plan on the way, and the last.

Whatever ends it - the caller, another runner, a drain - cancels the search, which frees its core.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from meshkit.caller import acting_for
from meshkit.clock import Clock
from meshkit.errors import Exhausted, MeshError, TooLate, Unavailable
from services.planner.domain.instance import Instance
from services.planner.domain.optimization import TASKS_MAX, Trail
from services.planner.domain.plan import Plan, SolveEnd
from services.planner.ports import Claim, Found, Progress, Queue, Solved
from services.planner.usecases.asked import Question, World, sequences_of
from services.planner.usecases.better import is_better
from services.planner.usecases.finish import Finished, bare
from services.planner.usecases.optimize import (
    Answer,
    planned,
    prepared_question,
    record_of,
    trail,
)
from services.planner.usecases.searches import Runs, Searches
from services.planner.usecases.world import Prepared

RENEW_SECONDS = 4.0  # a quarter of the lease: three signs of life may be lost
TELL_SECONDS = 0.5  # between two better plans that are kept; the newest counts
AGAIN_SECONDS = 2.0  # before another try, when somebody who is needed was away; twice as long each
AGAIN_SECONDS_MAX = 60.0
AWAY_MAX = 90  # such tries before it counts as failed: about an hour without a better plan
LOST_MAX = 8  # runners, or solvers, lost on it in a row: then the fault is its own
SEARCH_SECONDS_MIN = 1.0  # of one that is resumed at its end
DONE_PERCENT_MAX = 99  # of one that is not over
AWAY = (Unavailable, TooLate, Exhausted)
LOST = "SOLVER_LOST"


@dataclass(frozen=True, slots=True)
class Means:
    """What a runner needs. How requests and plans are kept comes from convert, by __main__."""

    world: World
    queue: Queue
    clock: Clock
    read: Callable[[bytes], Question]
    write: Callable[[Answer], bytes]


async def work(means: Means, claim: Claim) -> None:
    """Works on it until it is over, or no longer ours."""
    with acting_for(claim.tenant):
        job = Job(means, claim)
        parts = (job.run(), job.stay_alive(), job.tell_on(), means.queue.until_lost(claim))
        tasks = [asyncio.ensure_future(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await stopped(tasks)
            with suppress(MeshError):  # else its lease runs out
                await asyncio.shield(means.queue.release(claim))
            raise
        await stopped(tasks)
        for task in done:
            task.result()


async def stopped(tasks: Sequence[asyncio.Future[None]]) -> None:
    """Cancels what still runs and waits for its end."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@dataclass
class Job:
    """One optimization at work."""

    means: Means
    claim: Claim
    question: Question | None = None
    budget_seconds: float = 0.0
    begun: float | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    newest: tuple[Prepared, Solved, Runs] | None = None
    best: Plan | None = None
    """The best plan that is stored, as far as this runner knows."""

    async def run(self) -> None:
        """From the request to the last plan."""
        queue, clock = self.means.queue, self.means.clock
        if self.claim.lost_count > LOST_MAX:
            await queue.fail(self.claim, LOST, clock.now())
            return
        try:
            found, last = await self.solved()
            await queue.finish(self.claim, found, last, clock.now())
        except AWAY as error:
            if self.claim.away_count >= (LOST_MAX if error.reason == LOST else AWAY_MAX):
                await queue.fail(self.claim, error.reason, clock.now())
            else:
                await queue.postpone(self.claim, pause_seconds(self.claim.away_count))
        except MeshError as error:
            await queue.fail(self.claim, error.reason, clock.now())

    async def solved(self) -> tuple[Found, Trail]:
        """The last plan, and how to repeat the way to it."""
        question = await asyncio.to_thread(self.means.read, self.claim.request)
        self.budget_seconds = question.settings.seconds
        left = max(SEARCH_SECONDS_MIN, self.budget_seconds - self.claim.searched_milliseconds / 1e3)
        question = replace(question, settings=replace(question.settings, seconds=left))
        world = self.means.world
        prepared = await prepared_question(world, question, TASKS_MAX)
        self.question, self.begun = question, time.monotonic()
        searches = Searches(seeds=self.claim.sequences, tell=self.hear)
        prepared, solved, finished = await planned(world, question, prepared, searches)
        answer = self.answer(question, prepared, solved, finished)
        return await self.found(answer, solved.bound_micros), trail(answer, searches.runs)

    def hear(self, prepared: Prepared, solved: Solved, runs: Runs) -> None:
        """A better plan on the way."""
        self.newest = prepared, solved, runs
        self.news.set()

    async def tell_on(self) -> None:
        """Keeps better plans, the newest of those that come faster than they are written."""
        while True:
            await self.news.wait()
            self.news.clear()
            if self.newest is not None and self.question is not None:
                prepared, solved, runs = self.newest
                if await asyncio.to_thread(self.is_better, prepared.instance, solved.plan):
                    await self.keep(self.question, prepared, solved, runs)
            await asyncio.sleep(TELL_SECONDS)

    def is_better(self, instance: Instance, plan: Plan) -> bool:
        """Whether a plan is better than the stored one, by what is asked for and not by arrival."""
        if self.best is None and tuple(sequences_of(instance, plan)) == self.claim.sequences:
            self.best = plan  # where it goes on from: it is stored
            return False
        return self.best is None or is_better(instance, plan, self.best)

    async def keep(
        self, question: Question, prepared: Prepared, solved: Solved, runs: Runs
    ) -> None:
        """Stores a better plan; once more in a while where the store is away."""
        answer = self.answer(question, prepared, solved, bare(prepared, solved.plan))
        found = await self.found(answer)
        way = trail(answer, runs, is_whole=False)
        try:
            await self.means.queue.improve(self.claim, found, self.progress(), way)
        except AWAY:
            self.news.set()
        else:
            self.best = solved.plan

    async def stay_alive(self) -> None:
        """Says that it is at work; ends when it is no longer ours."""
        is_ours = True
        while is_ours:
            await asyncio.sleep(RENEW_SECONDS)
            is_ours = await unless_away(self.means.queue.renew(self.claim, self.progress()))

    def progress(self) -> Progress:
        """How far it is, by its time."""
        searched = self.claim.searched_milliseconds
        if self.begun is not None:
            searched += round((time.monotonic() - self.begun) * 1_000)
        share = searched / (self.budget_seconds * 1_000) if self.budget_seconds else 0.0
        return Progress(min(DONE_PERCENT_MAX, int(100 * share)), searched)

    def answer(
        self, question: Question, prepared: Prepared, solved: Solved, finished: Finished
    ) -> Answer:
        """A plan with how it came about."""
        record = record_of(self.means.world, question, prepared, solved, finished)
        if self.claim.searched_milliseconds and record.end is SolveEnd.LIMIT:
            # Where it went on, and for how long, another run would not repeat.
            record = replace(record, end=SolveEnd.DEADLINE)
        record = replace(record, solve_milliseconds=self.progress().searched_milliseconds)
        return Answer(prepared, finished, record, self.claim.optimization_id)

    async def found(self, answer: Answer, bound_micros: int | None = None) -> Found:
        """A plan as it is kept."""
        return await asyncio.to_thread(self.found_at_once, answer, bound_micros)

    def found_at_once(self, answer: Answer, bound_micros: int | None) -> Found:
        """The same, for a thread: a big plan takes a while."""
        plan: Plan = answer.plan
        return Found(
            plan=self.means.write(answer),
            sequences=tuple(sequences_of(answer.prepared.instance, plan)),
            cost_micros=plan.cost_micros,
            costs=plan.costs,
            unassigned_count=len(plan.unassigned),
            bound_micros=bound_micros,
            record=answer.record,
        )


def pause_seconds(tries: int) -> float:
    """How long to wait before the next of so many tries: twice as long each time, spread."""
    longest = min(AGAIN_SECONDS_MAX, AGAIN_SECONDS * (1 << min(tries, 10)))
    return longest * (1 + random.random()) / 2  # noqa: S311 - jitter is no secret


async def unless_away(write: Awaitable[bool]) -> bool:
    """What a write says; True while the store is away, where nobody else can claim it either."""
    try:
        return await write
    except AWAY:
        return True

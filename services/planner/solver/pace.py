"""
Pace: hands out the chunks of a phase by steps or by a clock, and writes down what was run.

Progress is the larger of two shares: of the steps planned, and of the time. On a machine that is
quick enough the steps decide, so that a seed gives the same routes; on a slow one the clock does,
and the search still cools to its end: then it was cut, even where it came to its last step. Either
way the chunks that were run can be run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from services.planner.domain.phases import WHOLE, Chunk, Phase
from services.planner.domain.settings import Pace

FIRST_STEPS = 100  # of a phase that goes by the clock: what its speed is told by
CHUNK_SECONDS = 0.1  # between two looks at the clock
CHUNKS_MIN = 10  # of a phase whose steps are planned
LEAD_FROM = 0.2  # of the time of such a phase: before, a slow start says nothing of its speed
QUICK_TIMES = 2.0  # what is planned a second, on a usual machine: see `kernels`
STEPS_MAX = 1 << 30
REPLAY_TIME_MAX = timedelta(hours=1)
LOOK_EVERY = 8  # steps between two looks at the clock of an engine that counts by itself

Now = Callable[[], float]


def clock_of(pace: Pace) -> Now:
    """The clock of a pace, in seconds."""
    return time.process_time if pace is Pace.CPU else time.monotonic


class Pacer(Protocol):
    """How far one phase goes."""

    was_cut: bool

    def chunks(self) -> Iterator[Chunk]:
        """What to run, chunk by chunk."""
        ...

    def goes_on(self, done: int) -> bool:
        """For an engine that counts by itself: whether it goes on after so many steps."""
        ...

    def whole(self) -> tuple[int, timedelta]:
        """For an engine that runs in one go: its steps and its time, at the most."""
        ...

    def ran(self, steps: int, was_cut: bool) -> None:
        """Writes down what such an engine did."""
        ...

    def phase(self, engine: str) -> Phase:
        """What was run."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """One phase as planned: how many steps, how long, and which part of the whole cooling."""

    steps: int | None
    """None: the clock alone decides."""
    seconds: float
    from_millionths: int = 0
    to_millionths: int = WHOLE
    chunk_steps: int = STEPS_MAX
    """The most between two looks at the clock, where steps are planned."""

    @property
    def lead_from(self) -> float:
        """The share of the time from which the clock may lead: at once where steps hardly fit."""
        fitting = QUICK_TIMES * self.chunk_steps / CHUNK_SECONDS * self.seconds
        return LEAD_FROM if self.steps is not None and self.steps <= fitting else 0.0


@dataclass(slots=True)
class LivePacer:
    """Paces a phase while it runs for the first time."""

    stretch: Stretch
    now: Now
    go_on: Callable[[], bool]
    was_cut: bool = False
    done: list[Chunk] = field(default_factory=list)
    _begun: float = field(init=False)
    _steps: int = 0

    def __post_init__(self) -> None:
        """The clock runs from here."""
        self._begun = self.now()

    def chunks(self) -> Iterator[Chunk]:
        """Chunks until the phase is over; each is written down when it was run."""
        share = 0.0
        while share < 1.0:
            if not self.go_on():
                self.was_cut = True
                return
            steps = self._next_steps()
            reached = self._share_after(steps)
            self.done.append(Chunk(steps, self._millionths(share), self._millionths(reached)))
            yield self.done[-1]
            self._steps += steps
            lead = self._lead()
            self.was_cut |= self._is_late() or (self._is_planned and lead > reached)
            share = max(reached, lead)

    def goes_on(self, done: int) -> bool:
        """Looks at the clock now and then; the steps planned are the most."""
        steps = self.stretch.steps
        is_over = steps is not None and done >= steps
        if not is_over and done % LOOK_EVERY == 0:
            is_late = self._clock_share() >= 1.0 or not self.go_on()
            self.was_cut |= is_late and steps is not None
            is_over = is_late
        if done:
            ends = self.stretch.from_millionths, self.stretch.to_millionths
            self.done = [Chunk(done, *ends)]
        return not is_over

    def whole(self) -> tuple[int, timedelta]:
        """All steps at once; without a number of them the time decides."""
        return self.stretch.steps or STEPS_MAX, timedelta(seconds=max(0.0, self.stretch.seconds))

    def ran(self, steps: int, was_cut: bool) -> None:
        """Writes down what an engine did in one go."""
        self.done = [Chunk(steps, self.stretch.from_millionths, self.stretch.to_millionths)]
        self.was_cut |= was_cut and self.stretch.steps is not None

    def phase(self, engine: str) -> Phase:
        """What was run."""
        return Phase(engine, tuple(self.done))

    @property
    def _is_planned(self) -> bool:
        return self.stretch.steps is not None

    def _lead(self) -> float:
        """How far the clock alone would be; for steps that fit it is not asked at their start."""
        share = min(1.0, self._clock_share())
        return share if share >= self.stretch.lead_from else 0.0

    def _clock_share(self) -> float:
        return (self.now() - self._begun) / max(self.stretch.seconds, 1e-9)

    def _is_late(self) -> bool:
        steps = self.stretch.steps
        return steps is not None and self._steps < steps and self._clock_share() >= 1.0

    def _next_steps(self) -> int:
        """How long the next chunk is: by the plan alone where there is one."""
        planned = self.stretch.steps
        if planned is not None:
            chunk = min(self.stretch.chunk_steps, max(1, planned // CHUNKS_MIN))
            return min(chunk, max(1, planned - self._steps))
        if self._steps == 0:
            return FIRST_STEPS
        left = self.stretch.seconds - (self.now() - self._begun)
        return max(1, round(self._rate() * min(CHUNK_SECONDS, left)))

    def _rate(self) -> float:
        return self._steps / max(self.now() - self._begun, 1e-6)

    def _share_after(self, steps: int) -> float:
        """By the steps; by the clock where that is ahead of them, as it will be then."""
        planned = self.stretch.steps
        by_steps, done = 0.0, 0.0
        if planned:
            by_steps, done = (self._steps + steps) / planned, self._steps / planned
        by_clock = self._lead()
        if self._steps and by_clock > done:
            by_clock += steps / self._rate() / max(self.stretch.seconds, 1e-9)
        self.was_cut |= self._is_planned and min(1.0, by_clock) > by_steps
        return min(1.0, max(by_steps, by_clock))

    def _millionths(self, share: float) -> int:
        first, last = self.stretch.from_millionths, self.stretch.to_millionths
        return first + round(share * (last - first))


@dataclass(slots=True)
class ReplayPacer:
    """Paces a phase as it ran before."""

    before: Phase
    was_cut: bool = False

    def chunks(self) -> Iterator[Chunk]:
        """The chunks that were run."""
        return iter(self.before.chunks)

    def goes_on(self, done: int) -> bool:
        """Until as many steps are done as were."""
        return done < self.before.iterations

    def whole(self) -> tuple[int, timedelta]:
        """As many steps as were done."""
        return max(1, self.before.iterations), REPLAY_TIME_MAX

    def ran(self, steps: int, was_cut: bool) -> None:
        """Nothing new is written down."""

    def phase(self, engine: str) -> Phase:
        """What was run, again."""
        return Phase(engine, self.before.chunks)

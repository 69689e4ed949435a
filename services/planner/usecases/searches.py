"""The searches of one solve: what they ran is kept, and can be run again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.planner.domain.optimization import Run
from services.planner.domain.phases import Chunk, Phase
from services.planner.domain.settings import SearchSettings
from services.planner.ports import Sequences, Solved, Solver
from services.planner.usecases.world import Prepared

WORTH_SECONDS = 0.3  # with less left no further search begins
CLEANED, RETURNED = "cleaned", "returned"  # what follows a search, in rounds
REPLAY_PATIENCE = 4.0  # times the seconds of the first time: this machine may be slower

Tell = Callable[[Solved], None]
Runs = tuple[Run, ...]


@dataclass(slots=True)
class Searches:
    """One solve's searches, in order."""

    seeds: Sequences = ()
    """Where the first begins, in place of the caller's seed routes."""
    tell: Callable[[Prepared, Solved, Runs], None] | None = None
    """Hears of every better plan on the way, and what it took to come to it."""
    again: Runs = ()
    """What was run before, to be run again."""
    is_whole: bool = True
    """Whether what is run again had come to its end."""
    runs: list[Run] = field(default_factory=list)
    """What was run."""
    was_cut: bool = False
    """Whether something was left out for want of time, beside what the searches say themselves."""

    async def search(
        self, solver: Solver, prepared: Prepared, settings: SearchSettings, seeds: Sequences
    ) -> Solved:
        """The next search."""
        if len(self.runs) < len(self.again):
            before = self.again[len(self.runs)]
            patience = REPLAY_PATIENCE if before.phases else 1.0
            settings = replace(
                settings, replay=before.phases, seconds=before.seconds, patience=patience
            )
            seeds = before.seeds
        elif not self.runs:
            seeds = self.seeds or seeds
        run = Run(tuple(map(tuple, seeds)), settings.seconds, ())
        tell = self._tell_of(prepared, run)
        solved = await solver.solve(prepared.instance, settings, seeds, tell)
        self.runs.append(replace(run, phases=solved.phases))
        return solved

    @property
    def end_here(self) -> bool:
        """Whether what is run again ended with the last search, before its plan was finished."""
        return not self.is_whole and len(self.runs) == len(self.again)

    def may_follow(self, settings: SearchSettings) -> bool:
        """Whether one more is worth it; what is run again has as many as there were."""
        if self.again:
            return len(self.runs) < len(self.again)
        return settings.answer_by - time.monotonic() >= WORTH_SECONDS

    def rounds(self, name: str, most: int) -> int:
        """How many rounds follow a search, at most: as many as the first time."""
        last = [phase for run in self.again[-1:] for phase in run.phases]
        return next((one.iterations for one in last if one.engine == name), most)

    def cut_rounds(self, name: str, done: int) -> None:
        """Notes how many there were, where time allowed no more."""
        self.was_cut, last = True, self.runs[-1]
        note = Phase(name, (Chunk(done, 0, 0),))
        self.runs[-1] = replace(last, phases=(*last.phases, note))

    def _tell_of(self, prepared: Prepared, run: Run) -> Tell | None:
        tell = self.tell
        if tell is None:
            return None
        before = tuple(self.runs)
        return lambda solved: tell(prepared, solved, (*before, replace(run, phases=solved.phases)))

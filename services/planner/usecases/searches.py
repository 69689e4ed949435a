"""The searches of one solve: what they ran is kept, and can be run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.planner.domain.optimization import Run
from services.planner.domain.settings import SearchSettings
from services.planner.ports import Sequences, Solved, Solver
from services.planner.usecases.world import Prepared

REPLAY_PATIENCE = 4.0  # times the seconds of the first time: this machine may be slower

Tell = Callable[[Solved], None]


@dataclass(slots=True)
class Searches:
    """One solve's searches, in order."""

    seeds: Sequences = ()
    """Where the first begins, in place of the caller's seed routes."""
    tell: Callable[[Prepared, Solved], None] | None = None
    """Hears of every better plan on the way."""
    again: tuple[Run, ...] = ()
    """What was run before, to be run again."""
    runs: list[Run] = field(default_factory=list)
    """What was run."""

    async def search(
        self, solver: Solver, prepared: Prepared, settings: SearchSettings, seeds: Sequences
    ) -> Solved:
        """The next search."""
        if len(self.runs) < len(self.again):
            before = self.again[len(self.runs)]
            patience = REPLAY_PATIENCE if before.phases else 1.0
            settings = replace(settings, replay=before.phases, seconds=before.seconds * patience)
            seeds = before.seeds
        elif not self.runs:
            seeds = self.seeds or seeds
        solved = await solver.solve(prepared.instance, settings, seeds, self._tell_of(prepared))
        begun = tuple(map(tuple, seeds))
        self.runs.append(Run(begun, settings.seconds, solved.phases))
        return solved

    def _tell_of(self, prepared: Prepared) -> Tell | None:
        tell = self.tell
        return (lambda solved: tell(prepared, solved)) if tell else None

"""What a search is told: its seed, how many steps, how long. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DEFAULT_SEED = 4711
STEPS_PER_TASK = 5_000  # beyond, a plan of so many tasks hardly gains
STEPS_MIN = 20_000
ROUNDS_TIMES_TASKS = 40_000  # a round over n tasks takes about n * 50 us: two seconds in all
ROUNDS_MIN, ROUNDS_MAX = 50, 400
ENGINE_TASKS_MAX = 400  # beyond, building the engine's matrices takes longer than it gains
ENGINE_SOLUTIONS = 100  # its first plan and a hundred steps down: about a second
ENGINE_SHARE = 0.3  # of the time, at the most


class Pace(Enum):
    """What measures out a search."""

    STEPS = "STEPS"
    """A number of steps planned from size and seconds; the clock only guards."""
    CPU = "CPU"
    """Seconds of this process's processor time; what was run is written down."""
    WALL = "WALL"
    """Seconds on the clock; what was run is written down."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How to search."""

    seed: int = DEFAULT_SEED
    solution_limit: int = 0
    """The most solutions to look through; 0: a number fit for the size and the seconds."""
    seconds: float = 20.0
    """The most time; for a pace of STEPS a guard."""
    pace: Pace = Pace.STEPS

    def steps(self, tasks: int, per_second: float) -> int:
        """How many steps are planned for an engine that takes so many per second."""
        if self.solution_limit:
            return self.solution_limit
        most = max(STEPS_MIN, STEPS_PER_TASK * tasks)
        return max(1, min(most, round(self.seconds * per_second)))

    def rounds(self, tasks: int) -> int:
        """How many rounds of ruin and recreate are planned."""
        if self.solution_limit:
            return self.solution_limit
        return min(ROUNDS_MAX, max(ROUNDS_MIN, ROUNDS_TIMES_TASKS // max(1, tasks)))

    def engine_solutions(self, tasks: int) -> int:
        """How many solutions the engine looks through; 0 leaves it out."""
        if tasks > ENGINE_TASKS_MAX:
            return 0
        return min(ENGINE_SOLUTIONS, self.solution_limit or ENGINE_SOLUTIONS)

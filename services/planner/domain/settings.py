"""What a search is told: its seed, how many steps, how long. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from services.planner.domain.phases import Phase

DEFAULT_SEED = 4711
STEPS_PER_TASK = 5_000  # beyond, a plan of so many tasks hardly gains
STEPS_MIN = 20_000


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
    """What is planned by, and the most time; for a pace of STEPS the clock only guards."""
    pace: Pace = Pace.STEPS
    processes: int = 2
    """How many search the parts of a large problem side by side; the routes are the same."""
    replay: tuple[Phase, ...] = ()
    """What to run again, instead of what seconds and size would ask for."""
    patience: float = 1.0
    """Times its seconds that a search may take on the clock: a replay may be slower."""
    answer_by: float = math.inf
    """When it must be over whatever was planned, monotonic; waiting for a turn counts."""

    def most_seconds(self, now: float) -> float:
        """How long it may take on the clock, from a monotonic moment on."""
        return max(0.0, min(self.seconds * self.patience, self.answer_by - now))

    def steps(self, tasks: int, per_second: float) -> int:
        """How many steps are planned for an engine that takes so many per second."""
        if self.solution_limit:
            return self.solution_limit
        most = max(STEPS_MIN, STEPS_PER_TASK * tasks)
        return max(1, min(most, round(self.seconds * per_second)))

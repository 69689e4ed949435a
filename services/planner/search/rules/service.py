"""Service: setup is spent where the place changes; both come with the stay of the class."""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.space import Record


@compiled
def setup_between(here: int, setup: int, there: int) -> int:
    """What a stop at `there` spends on setup when the vehicle comes from `here`."""
    return setup if here != there else 0


@compiled
def seconds_of(stay: Record, here: int) -> int:
    """Setup and service of a stay, when the vehicle comes from `here`."""
    return stay.service + setup_between(here, stay.setup, stay.place)

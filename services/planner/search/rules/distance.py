"""Distance: the sum of a route's ways is kept while it changes; one comparison."""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.space import Record


@compiled
def keeps_distance(line: Record, meters: int) -> bool:
    """Whether a route of this length is allowed."""
    return line.meter_limit == 0 or meters <= line.meter_limit

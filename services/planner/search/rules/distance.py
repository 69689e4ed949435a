"""Distance: the sum of a route's ways is kept while it changes; one comparison."""

from __future__ import annotations

import numpy as np

from services.planner.search.compiled import compiled


@compiled
def keeps_distance(line: np.void, meters: int) -> bool:
    """Whether a route of this length is allowed."""
    return line.meter_limit == 0 or meters <= line.meter_limit

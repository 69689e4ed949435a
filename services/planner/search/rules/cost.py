"""
Cost: rates are compared in grains while insertions are chosen; a changed route is priced in micros,
term by term, each rounded half up as the domain does.
"""

from __future__ import annotations

from services.planner.domain.money import METERS_PER_KILOMETER
from services.planner.search.compiled import compiled
from services.planner.search.full.space import Record
from services.planner.search.rules.windows import priced


@compiled
def route_micros(line: Record, own: Record) -> int:
    """What a route costs."""
    micros = line.fixed_micros + own.extra + line.stop_micros * own.stops
    micros += (
        line.kilometer_micros * own.meters + METERS_PER_KILOMETER // 2
    ) // METERS_PER_KILOMETER
    if line.is_timed:
        micros += priced(line.hour_micros, own.lasting)
        micros += priced(line.over_micros, max(0, own.lasting - line.over_after))
    return micros + own.moments


@compiled
def lasting_grains(line: Record, before: int, after: int) -> int:
    """What it costs that a route lasts longer."""
    over = max(0, after - line.over_after) - max(0, before - line.over_after)
    return line.second_grains * (after - before) + line.over_grains * over

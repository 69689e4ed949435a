"""Travel between places, for callers that plan nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meshkit.errors import Invalid
from services.planner.domain.access import AccessArea
from services.planner.domain.shift import Vehicle
from services.planner.domain.travel import (
    BLOCKED_AREAS_MAX,
    POINTS_MAX,
    BlockedArea,
    Point,
    Profile,
    TravelMatrix,
    TravelQuestion,
)
from services.planner.ports import AccessRules, AreasAnswer, TravelTimes
from services.planner.usecases.world import COMPLIANCE_AWAY

PAIRS_MAX = 200_000  # origins times destinations times departures; 4 MiB where none is reachable


@dataclass(frozen=True, slots=True)
class MatrixQuestion:
    """Between which places, by whom, leaving when."""

    origins: tuple[Point, ...]
    destinations: tuple[Point, ...]
    """Empty: the origins."""
    vehicle: Vehicle
    departures: tuple[datetime, ...]
    omit_access: bool


@dataclass(frozen=True, slots=True)
class MatrixAnswer:
    """One matrix over origins and then destinations per departure."""

    matrices: tuple[TravelMatrix, ...]
    access_checked: bool
    access_rules_version: int


async def compute_matrix(
    travel: TravelTimes, access: AccessRules, asked: MatrixQuestion
) -> MatrixAnswer:
    """Times and distances, with the areas left out that the vehicle may not enter then."""
    refuse_too_big(asked)
    points = (*asked.origins, *asked.destinations)
    known = await areas_of(access, asked)
    matrices = []
    for departure in asked.departures or (None,):
        blocked = closed_at(known.areas if known else (), departure)
        profile = asked.vehicle.profile
        question = TravelQuestion(
            points, Profile.VAN if profile is Profile.E_VAN else profile, departure, blocked
        )
        matrices.append(await travel.matrix(question))
    version = known.rules_version if known else 0
    return MatrixAnswer(tuple(matrices), known is not None, version)


def refuse_too_big(asked: MatrixQuestion) -> None:
    """Before anything is computed: more pairs than are answered at once."""
    destinations = len(asked.destinations) or len(asked.origins)
    pairs = len(asked.origins) * destinations * max(1, len(asked.departures))
    points = len(asked.origins) + len(asked.destinations)
    if pairs > PAIRS_MAX or points > POINTS_MAX:
        raise Invalid(
            "MATRIX_TOO_BIG",
            f"{pairs} pairs of {points} places; at most {PAIRS_MAX} pairs of {POINTS_MAX} places",
        )


async def areas_of(access: AccessRules, asked: MatrixQuestion) -> AreasAnswer | None:
    """The areas of the vehicle over all departures; None when they are not asked, or not known."""
    if asked.omit_access or not asked.departures:
        return None
    start = min(int(departure.timestamp()) for departure in asked.departures)
    end = max(int(departure.timestamp()) for departure in asked.departures) + 1
    try:
        return await access.areas(asked.vehicle, start, end)
    except COMPLIANCE_AWAY:
        return None


def closed_at(areas: Sequence[AccessArea], departure: datetime | None) -> tuple[BlockedArea, ...]:
    """The areas that the vehicle may not enter at a departure."""
    if departure is None:
        return ()
    second = int(departure.timestamp())
    closed = [area for area in areas if area.forbidden(second, second + 1)]
    parts = [part for area in closed for part in area.parts]
    return tuple(parts[:BLOCKED_AREAS_MAX])

"""What is written in a vehicle's papers, as access rules ask for it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.dispatch.domain.fleet import TravelProfile, VehicleAttributes

LIGHT_GOODS_MASS_MAX_GRAMS = 3_500_000  # N1: Regulation (EU) 2018/858, article 4(1)(b)(i)
MEDIUM_GOODS_MASS_MAX_GRAMS = 12_000_000  # N2: Regulation (EU) 2018/858, article 4(1)(b)(ii)

CATEGORIES = frozenset({"CYCLE", "L", "M1", "M2", "M3", "N1", "N2", "N3", "FOOT"})
BY_PROFILE = {
    TravelProfile.CARGO_BIKE: "CYCLE",
    TravelProfile.MOPED: "L",
    TravelProfile.FOOT: "FOOT",
    TravelProfile.CAR: "M1",
}
STICKER = re.compile(r"([a-z0-9-]+)\.(\d{1,2})")  # `de-plakette.4`: scheme and grade


def category(vehicle: VehicleAttributes) -> str:
    """The category, `N1` and so on; UNSPECIFIED when nothing says it."""
    named = vehicle.vehicle_category.upper()
    if named in CATEGORIES:
        return named
    if vehicle.profile in BY_PROFILE:
        return BY_PROFILE[vehicle.profile]
    return _goods_category(vehicle.gross_mass_grams)


def _goods_category(gross_mass_grams: int) -> str:
    if not gross_mass_grams:
        return "UNSPECIFIED"
    if gross_mass_grams <= LIGHT_GOODS_MASS_MAX_GRAMS:
        return "N1"
    return "N2" if gross_mass_grams <= MEDIUM_GOODS_MASS_MAX_GRAMS else "N3"


def euro_class(vehicle: VehicleAttributes) -> int | None:
    """The European emission class as a number, `6d` as 6; None when nothing says it."""
    digits = re.match(r"(?:euro ?)?([0-7])", vehicle.emission_class.lower())
    return int(digits[1]) if digits else None


def stickers(vehicle: VehicleAttributes) -> Iterator[tuple[str, int]]:
    """Scheme and grade of each sticker among the permits."""
    for name in vehicle.permit_ids:
        if found := STICKER.fullmatch(name):
            yield found[1], int(found[2])


def permits(vehicle: VehicleAttributes) -> list[str]:
    """Schemes whose permit is held."""
    return [name for name in vehicle.permit_ids if not STICKER.fullmatch(name)]

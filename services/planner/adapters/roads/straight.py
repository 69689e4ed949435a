"""Straight lines, for places that have no road: great circle times a factor. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.planner.adapters.roads.networks import Network
from services.planner.adapters.roads.streets import Array, great_circle_meters
from services.planner.domain.travel import Point

# Road over great circle: 1.417 on average, Boscoe, Henry and Zdeb, A Nationwide Comparison of
# Driving Distance Versus Straight-Line Distance, The Professional Geographer 64 (2012).
DETOUR_FACTOR = 1.417


def straight(network: Network, points: Sequence[Point]) -> tuple[Array, Array]:
    """(seconds, meters) between all points along straight lines."""
    lat = np.array([point.latitude for point in points], np.float64)
    lng = np.array([point.longitude for point in points], np.float64)
    line = great_circle_meters(lat[:, None], lng[:, None], lat[None, :], lng[None, :])
    meters = line * DETOUR_FACTOR
    seconds = np.ceil(meters * 3.6 / network.straight_kmh)
    return seconds.astype(np.int32), np.floor(meters + 0.5).astype(np.int32)

"""
Loggi's JSON of urban deliveries (loggibud): an origin, deliveries with a size, one kind of van.

Ways are great circles; the published solutions drive streets of a map that the file does not carry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from services.planner.domain.geometry import meters_between
from services.planner.domain.travel import Point
from services.planner.formats.lines import BadFile, Line
from services.planner.formats.sheet import ROUND, Carrier, Sheet


def is_loggi(document: Any) -> bool:
    """Whether a JSON document is of this kind."""
    return isinstance(document, dict) and {"origin", "deliveries"} <= document.keys()


def read_loggi(lines: Sequence[Line]) -> Sheet:
    """What the file says."""
    document = json.loads("\n".join(line.text for line in lines))
    path = lines[0].path
    try:
        capacity = int(document["vehicle_capacity"])
        sizes = [int(delivery["size"]) for delivery in document["deliveries"]]
        spots = [document["origin"], *(delivery["point"] for delivery in document["deliveries"])]
        points = [Point(float(spot["lat"]), float(spot["lng"])) for spot in spots]
    except (KeyError, TypeError, ValueError) as error:
        raise BadFile(path, 0, f"a field is missing or wrong: {error}") from None
    if not sizes or capacity <= 0:
        raise BadFile(path, 0, "deliveries and a vehicle_capacity above 0 are expected")
    distances = [[meters_between(here, there) for there in points] for here in points]
    return Sheet(
        name=str(document.get("name", path.stem)),
        kind="loggibud",
        scale=ROUND,
        positions=np.array([(point.longitude, point.latitude) for point in points]),
        distances=np.array(distances, dtype=np.int64),
        carriers=(Carrier(capacity),) * min(len(sizes), 2 * -(-sum(sizes) // capacity)),
        deliveries=(0, *sizes),
        on_globe=True,
    )

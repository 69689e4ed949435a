"""
The protocol of OsmAnd and of Traccar's clients, read into a position of the contract. Pure.

Two forms: parameters of the address or of a form (`id, lat, lon, timestamp, speed, bearing,
accuracy`), and the JSON that Traccar Client sends since version 9. What the contract has no field
for (altitude, the phone's own battery, activity) is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from meshkit.errors import Invalid, Violation

CENTIMETERS_PER_SECOND_A_KNOT = 1_852 * 100 / 3_600  # the international nautical mile, BIPM 2019
MILLISECONDS_FROM = 10**11  # a larger timestamp counts milliseconds: as seconds it is the year 5138
ACCURACY_METERS_MAX = 1_000_000
SPEED_MAX = 100_000  # centimeters per second


@dataclass(frozen=True, slots=True)
class Fix:
    """What a device told of one moment."""

    key: str = field(repr=False)  # whoever has it may report as the device
    taken: datetime
    latitude: float = field(repr=False)
    longitude: float = field(repr=False)
    accuracy_meters: int = 0  # rounded up; 0: not known
    speed_centimeters_per_second: int | None = None
    heading_degrees: float | None = None


def from_parameters(told: Mapping[str, str]) -> Fix:
    """A fix told by parameters; speed in knots. Raises Invalid `FIX_INVALID` with all faults."""
    latitude, _, longitude = told.get("location", "").partition(",")
    return _fix(
        {
            "id": told.get("id") or told.get("deviceid"),
            "timestamp": told.get("timestamp"),
            "lat": told.get("lat") or latitude,
            "lon": told.get("lon") or longitude,
            "accuracy": told.get("accuracy"),
            "speed": told.get("speed"),
            "bearing": told.get("bearing") or told.get("heading"),
        },
        CENTIMETERS_PER_SECOND_A_KNOT,
    )


def from_json(body: bytes) -> Fix:
    """A fix told in JSON; speed in m/s. Raises Invalid `FIX_INVALID` with all faults."""
    try:
        root = json.loads(body)
    except (ValueError, RecursionError):
        root = None
    location = _part(root, "location")
    coords = _part(location, "coords")
    return _fix(
        {
            "id": _part(root).get("device_id"),
            "timestamp": location.get("timestamp"),
            "lat": coords.get("latitude"),
            "lon": coords.get("longitude"),
            "accuracy": coords.get("accuracy"),
            "speed": coords.get("speed"),
            "bearing": coords.get("heading"),
        },
        100.0,
    )


def _fix(told: Mapping[str, Any], centimeters: float) -> Fix:
    faults: list[Violation] = []

    def needed(name: str, read: Callable[[str], Any], what: str) -> Any:
        try:
            return read(str(told[name] if told[name] is not None else ""))
        except (ValueError, OverflowError, OSError):
            faults.append(Violation(name, what))
            return None

    latitude = needed("lat", _finite, "degrees, WGS 84")
    longitude = needed("lon", _finite, "degrees, WGS 84")
    taken = needed("timestamp", moment, "seconds or milliseconds since 1970, or ISO 8601")
    if faults:
        raise Invalid("FIX_INVALID", "the fix cannot be read", violations=faults)
    speed = _known(told["speed"])
    accuracy = _known(told["accuracy"])
    return Fix(
        key=str(told["id"] or ""),
        taken=taken,
        latitude=latitude,
        longitude=longitude,
        accuracy_meters=0 if accuracy is None else min(math.ceil(accuracy), ACCURACY_METERS_MAX),
        speed_centimeters_per_second=_speed(speed, centimeters),
        heading_degrees=_known(told["bearing"]),
    )


def moment(text: str) -> datetime:
    """The device's time; what names no zone is UTC. Raises ValueError."""
    try:
        number = _finite(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromtimestamp(number / (1_000 if number >= MILLISECONDS_FROM else 1), UTC)


def _speed(told: float | None, centimeters: float) -> int | None:
    return None if told is None else min(round(told * centimeters), SPEED_MAX)


def _known(told: Any) -> float | None:
    """A number; None when it is not told, or by a negative one, as phones do."""
    try:
        number = _finite(str(told))
    except ValueError:
        return None
    return number if number >= 0 else None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


def _part(whole: Any, name: str = "") -> Mapping[str, Any]:
    found = whole.get(name) if name and isinstance(whole, dict) else whole
    return found if isinstance(found, dict) else {}

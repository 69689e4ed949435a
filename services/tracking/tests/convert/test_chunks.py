"""
Chunks for watchers.

Goal: the bytes of a chunk say of each position what listing it says, and messages may be joined.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.tracking.v1 import position_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from services.tracking.convert.chunks import chunk_to_wire, rest_to_wire
from services.tracking.convert.positions import recorded_to_proto
from services.tracking.convert.wire import EPOCH as WIRE_EPOCH
from services.tracking.domain.batch import Chunk, Columns
from services.tracking.domain.fix import Fix, RecordedFix, TimeQuality
from services.tracking.domain.geo import Point
from services.tracking.domain.words import Ignition
from services.tracking.tests.town import EPOCH, NINE

IGNITIONS = (Ignition.UNSPECIFIED, Ignition.OFF, Ignition.ON)


def columns(dice: random.Random, count: int) -> Columns:
    """Positions that say some things and leave others out."""

    def maybe(value: Any) -> Any:
        return value if dice.random() < 0.6 else None

    start = int((NINE - WIRE_EPOCH).total_seconds()) * 10**6
    return Columns(
        sequences=sorted(dice.sample(range(1, 1_000), count)),
        times=[start + dice.randint(0, 10**9) for _ in range(count)],
        qualities=[dice.choice(list(TimeQuality)) for _ in range(count)],
        latitudes=[dice.uniform(-90, 90) for _ in range(count)],
        longitudes=[dice.uniform(-180, 180) for _ in range(count)],
        accuracies=[dice.choice([0, 5]) for _ in range(count)],
        speeds=[maybe(dice.choice([0, 830])) for _ in range(count)],
        headings=[maybe(dice.choice([0.0, 90.5])) for _ in range(count)],
        uptimes=[maybe(dice.randint(0, 10**7)) for _ in range(count)],
        ignitions=[dice.choice([0, 1, 2]) for _ in range(count)],
        odometers=[maybe(dice.choice([0, 12_345])) for _ in range(count)],
        charges=[maybe(dice.choice([0.0, 0.5])) for _ in range(count)],
        auxiliaries=[dice.random() < 0.5 for _ in range(count)],
    )


def listed(one: Columns, place: int) -> position_pb2.RecordedPosition:
    """A position as a list tells it."""
    fix = Fix(
        EPOCH,
        one.sequences[place],
        WIRE_EPOCH + timedelta(microseconds=one.times[place]),
        Point(one.latitudes[place], one.longitudes[place]),
        one.accuracies[place],
        one.speeds[place],
        one.headings[place],
        IGNITIONS[one.ignitions[place]],
        one.odometers[place],
        one.charges[place],
        one.auxiliaries[place],
    )
    quality = TimeQuality(one.qualities[place])
    return recorded_to_proto(
        RecordedFix("phone-1", fix, NINE, quality, "van-1", "d-1", one.uptimes[place])
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_watched_position_is_the_listed_one(seed: int) -> None:
    one = columns(random.Random(seed), 30)

    raw = chunk_to_wire(Chunk("phone-1", UUID(EPOCH), NINE, "van-1", "d-1", one))

    told = pb.WatchPositionsResponse.FromString(raw).positions
    assert list(told) == [listed(one, place) for place in range(30)]


def test_the_bytes_of_chunks_and_of_the_rest_are_one_message() -> None:
    dice = random.Random(1)
    parts = [
        chunk_to_wire(Chunk(name, UUID(EPOCH), NINE, "", "", columns(dice, 2)))
        for name in ("phone-1", "phone-2")
    ]

    told = pb.WatchPositionsResponse.FromString(b"".join((*parts, rest_to_wire("cursor", NINE))))

    assert [one.device_id for one in told.positions] == ["phone-1"] * 2 + ["phone-2"] * 2
    assert (told.cursor, told.server_time.ToDatetime(NINE.tzinfo)) == ("cursor", NINE)
